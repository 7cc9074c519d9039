use vixen::{Compute, Image, Rgba8Unorm, Rgba16Float, node};

#[node(compute, staging = 64, staging = 128, shader = "tone_map.comp.spv")]
struct Tone {
    #[sampled(linear)]
    hdr: Image<Rgba16Float>,
    #[storage(write)]
    ldr: Image<Rgba8Unorm>,
}

#[node]
impl Compute for Tone {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
