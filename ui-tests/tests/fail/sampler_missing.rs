use vixen::{Compute, Image, Rgba8Unorm, Rgba16Float, node};

#[node(compute, shader = "tone_map.comp.spv")]
struct ToneMap {
    #[sampled]
    hdr: Image<Rgba16Float>,
    #[storage(write)]
    ldr: Image<Rgba8Unorm>,
}

#[node]
impl Compute for ToneMap {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
