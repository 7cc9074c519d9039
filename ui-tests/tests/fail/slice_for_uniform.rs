use vixen::{Buffer, Compute, node};

#[node(compute, shader = "lights.comp.spv")]
struct Sum {
    #[uniform]
    lights: Buffer<[f32]>,
    #[storage(write)]
    sum: Buffer<f32>,
}

#[node]
impl Compute for Sum {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
