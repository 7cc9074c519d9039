use vixen::{Buffer, Compute, node};

#[node(compute, shader = "large_push.comp.spv")]
struct Sum {
    #[storage(write)]
    sum: Buffer<f32>,
    #[push]
    params: [[f32; 4]; 9],
}

#[node]
impl Compute for Sum {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
