use vixen::{Buffer, Transfer, node};

#[node(compute, shader = "copy.comp.spv")]
struct Copy {
    #[storage]
    source: Buffer<[u32]>,
    #[storage(write)]
    destination: Buffer<[u32]>,
}

#[node]
impl Transfer for Copy {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
