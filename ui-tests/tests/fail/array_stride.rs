use vixen::{Buffer, Compute, node};

#[node(compute, shader = "lights.comp.spv")]
struct Sum {
    #[uniform]
    lights: Buffer<Lights>,
    #[storage(write)]
    sum: Buffer<f32>,
}

#[node]
impl Compute for Sum {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}

#[derive(Clone, Copy, vixen::Block)]
#[repr(C)]
struct Lights {
    count: u32,
    _pad: [u32; 3],
    power: [f32; 4],
}
