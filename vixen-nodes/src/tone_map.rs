//! From scene light to a picture.

use vixen::{Compute, Image, Rgba8Unorm, Rgba16Float, node};

/// A filmic curve, the sRGB transfer function, and dithering.
#[node(compute, shader = "tone_map.comp.spv")]
pub struct ToneMap {
    /// Linear light.
    #[storage]
    hdr: Image<Rgba16Float>,
    /// Display-ready colour.
    #[storage(write)]
    ldr: Image<Rgba8Unorm>,
}

#[node]
impl Compute for ToneMap {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.ldr.extent());
    }
}
