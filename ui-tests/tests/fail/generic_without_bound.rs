use vixen::{Buffer, Compute, node};

#[node(compute, shader = "copy.comp.spv")]
struct Copy<T> {
    #[storage]
    source: Buffer<[T]>,
    #[storage(write)]
    destination: Buffer<[T]>,
}

#[node]
impl<T: vixen::Block> Compute for Copy<T> {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
