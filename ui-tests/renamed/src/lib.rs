//! What `#[node]` and `Block` generate finds `vixen` under whatever name the manifest gives it.

use gpu::{Block, Buffer, Compute, FrameInfo, Host, node};

/// Two numbers.
#[derive(Clone, Copy, Block)]
#[repr(C)]
pub struct Pair {
    /// One.
    pub first: u32,
    /// The other.
    pub second: u32,
}

/// Makes pairs.
#[node(host)]
pub struct Pairs {
    #[create(len = self.count)]
    pairs: Buffer<[Pair]>,
    #[create(len = self.count * 2)]
    words: Buffer<[u32]>,
    count: u32,
}

#[node]
impl Host for Pairs {
    fn run(view: &mut View, frame: &FrameInfo) {
        view.pairs.fill(Pair { first: frame.number as u32, second: *view.count });
        view.words.fill(1);
    }
}

/// Copies words.
#[node(compute, shader = "copy.comp.spv")]
pub struct Copy {
    #[storage]
    source: Buffer<[u32]>,
    #[storage(write)]
    destination: Buffer<[u32]>,
}

#[node]
impl Compute for Copy {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over([view.source.len() as u32, 1, 1]);
    }
}
