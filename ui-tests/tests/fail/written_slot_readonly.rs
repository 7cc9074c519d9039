use vixen::{Buffer, Compute, node};

#[node(compute, shader = "count.comp.spv")]
struct Count {
    #[storage(write)]
    items: Buffer<[u32]>,
    #[storage(read_write)]
    total: Buffer<u32>,
}

#[node]
impl Compute for Count {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
