use vixen::{Buffer, node};

#[node(compute, shadr = "copy.comp.spv")]
struct Copy {
    #[storage]
    source: Buffer<[u32]>,
    #[storage(write)]
    destination: Buffer<[u32]>,
}

fn main() {}
