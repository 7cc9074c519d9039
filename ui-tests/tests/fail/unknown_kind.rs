use vixen::{Buffer, node};

#[node(computer, shader = "copy.comp.spv")]
struct Copy {
    #[storage]
    source: Buffer<[u32]>,
    #[storage(write)]
    destination: Buffer<[u32]>,
}

#[node]
impl vixen::Compute for Copy {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
