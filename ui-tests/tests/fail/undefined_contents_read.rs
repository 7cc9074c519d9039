use vixen::{Compute, Image, Rgba16Float, node};

#[node(compute, shader = "accumulate.comp.spv")]
struct Accumulate {
    #[storage(write)]
    total: Image<Rgba16Float>,
    #[storage]
    addend: Image<Rgba16Float>,
}

#[node]
impl Compute for Accumulate {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
