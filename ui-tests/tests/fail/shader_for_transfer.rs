use vixen::{Buffer, node};

#[node(transfer, shader = "copy.comp.spv")]
struct Copy {
    #[transfer_source]
    source: Buffer<[u32]>,
    #[transfer_destination]
    destination: Buffer<[u32]>,
}

fn main() {}
