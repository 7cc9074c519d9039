use vixen::{Buffer, Compute, node};

#[node(compute, vertex = "mesh.vert.spv")]
struct Copy {
    #[storage]
    source: Buffer<[u32]>,
    #[storage(write)]
    destination: Buffer<[u32]>,
}

#[node]
impl Compute for Copy {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
