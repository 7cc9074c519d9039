use vixen::{Compute, Image, Rgba16Float, node};

#[node(compute, shader = "textures.comp.spv")]
struct Textures {
    #[sampled]
    layers: [Image<Rgba16Float>; 4],
    #[sampled(max = 0)]
    textures: Vec<Image<Rgba16Float>>,
    #[sampler(linear)]
    filtering: Sampler,
    #[storage(write)]
    result: Image<Rgba16Float>,
}

#[node]
impl Compute for Textures {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
