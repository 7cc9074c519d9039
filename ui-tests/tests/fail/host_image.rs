use vixen::{FrameInfo, Host, Image, Rgba8Unorm, node};

#[node(host)]
struct Picture {
    #[host]
    picture: Image<Rgba8Unorm>,
}

#[node]
impl Host for Picture {
    fn run(_view: &mut View, _frame: &FrameInfo) {}
}

fn main() {}
