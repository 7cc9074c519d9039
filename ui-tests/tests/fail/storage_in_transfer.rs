use vixen::{Buffer, Transfer, node};

#[node(transfer)]
struct Copy {
    #[storage]
    source: Buffer<[u32]>,
    #[transfer_destination]
    destination: Buffer<[u32]>,
}

#[node]
impl Transfer for Copy {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
