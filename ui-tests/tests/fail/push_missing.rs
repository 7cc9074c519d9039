use vixen::{Buffer, Compute, node};

#[node(compute, shader = "large_push.comp.spv")]
struct Sum {
    #[storage(write)]
    sum: Buffer<f32>,
}

#[node]
impl Compute for Sum {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
