use vixen::{Buffer, Compute, node};

#[node(compute, shader = "header.comp.spv")]
struct Sum {
    #[storage]
    particles: Buffer<[[f32; 4]]>,
    #[storage(write)]
    sum: Buffer<f32>,
}

#[node]
impl Compute for Sum {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
