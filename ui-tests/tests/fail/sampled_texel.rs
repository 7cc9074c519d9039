use vixen::{Buffer, Compute, D3, Image, R32Float, node};

#[node(compute, shader = "volume.comp.spv")]
struct Sum {
    #[sampled(nearest)]
    volume: Image<R32Float, D3>,
    #[storage(write)]
    sum: Buffer<u32>,
}

#[node]
impl Compute for Sum {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
