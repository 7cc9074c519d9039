use vixen::{Buffer, node};

#[node(compute, shader = "copy.comp.spv")]
struct Copy {
    #[storage]
    source: Buffer<[u32]>,
    #[storage(write)]
    destination: Buffer<[u32]>,
}

fn main() {}
