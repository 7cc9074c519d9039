use vixen::{Compute, Image, Rgba8Unorm, Rgba16Float, node};

#[node(compute, shader = "tone_map.comp.spv")]
struct Tone {
    #[sampled(linear, clamp, compare = less)]
    hdr: Image<Rgba16Float>,
    #[storage(write)]
    ldr: Image<Rgba8Unorm>,
}

#[node]
impl Compute for Tone {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
