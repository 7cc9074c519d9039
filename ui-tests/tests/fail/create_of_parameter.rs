use vixen::{Block, Buffer, FrameInfo, Host, node};

#[node(host)]
struct Zeroed<T: Block> {
    #[create(len = self.len)]
    elements: Buffer<[T]>,
    len: u64,
}

#[node]
impl<T: Block> Host for Zeroed<T> {
    fn run(_view: &mut View, _frame: &FrameInfo) {}
}

fn main() {}
