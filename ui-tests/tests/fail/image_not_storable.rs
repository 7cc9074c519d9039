use vixen::{Compute, Image, Rgba8Srgb, Rgba16Float, node};

#[node(compute, shader = "tone_map.comp.spv")]
struct ToneMap {
    #[sampled(linear)]
    hdr: Image<Rgba16Float>,
    #[storage(write)]
    ldr: Image<Rgba8Srgb>,
}

#[node]
impl Compute for ToneMap {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
