use vixen::{Buffer, Compute, node};

#[node(compute, shader = "count.comp.spv")]
struct Count {
    #[storage]
    items: Buffer<[u32]>,
    #[storage]
    total: Buffer<u32>,
}

#[node]
impl Compute for Count {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
