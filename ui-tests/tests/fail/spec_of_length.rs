use vixen::{Buffer, Compute, node};

#[node(compute, shader = "sized.comp.spv")]
struct Sum {
    #[storage]
    weights: Buffer<[f32; 4]>,
    #[storage(write)]
    sum: Buffer<f32>,
    #[spec]
    count: u32,
}

#[node]
impl Compute for Sum {
    fn record(_view: &View, commands: &mut Commands) {
        commands.dispatch_over([1, 1, 1]);
    }
}

fn main() {}
