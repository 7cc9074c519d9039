use vixen::Block;

#[derive(Clone, Copy, Block)]
#[repr(u32)]
enum Mode {
    Day,
    Night,
}

fn main() {}
