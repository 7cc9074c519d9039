use vixen::{Buffer, FrameInfo, Host, node};

#[node(host)]
struct Words {
    #[host]
    sources: [Buffer<[u32]>; 2],
    #[create(len = 4)]
    words: Buffer<[u32]>,
}

#[node]
impl Host for Words {
    fn run(_view: &mut View, _frame: &FrameInfo) {}
}

fn main() {}
