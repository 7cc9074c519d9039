//! Smooth edges: temporal anti-aliasing.
//!
//! B. Karis, "High Quality Temporal Supersampling", Advances in Real-Time Rendering, SIGGRAPH 2014.

use bytemuck::Zeroable;
use vixen::{Block, Buffer, Compute, Extent, FrameInfo, Graph, Host, Image, Rgba16Float, Wire, node};

use crate::voxel::CameraUniform;

/// Where a frame and the one before are seen from.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, bytemuck::Pod, Zeroable, Block)]
pub struct Views {
    /// This frame's camera.
    pub now: CameraUniform,
    /// The camera of the frame before.
    pub before: CameraUniform,
}

/// Moves a camera to another place of each pixel in every frame, on the CPU.
#[node(host)]
pub struct Jitter {
    /// The camera as the user has it.
    #[host]
    steady: Buffer<CameraUniform>,
    /// The camera to draw with.
    #[create]
    uniform: Buffer<CameraUniform>,
    /// What [`Antialias`] reads.
    #[create]
    views: Buffer<Views>,
    before: CameraUniform,
}

#[node]
impl Host for Jitter {
    fn run(view: &mut View, frame: &FrameInfo) {
        let now = *view.steady;
        let before = if frame.number == 0 { now } else { *view.before };
        *view.views = Views { now, before };
        *view.before = now;
        let [right, down] = jitter(frame.number);
        *view.uniform = now;
        (view.uniform.right[3], view.uniform.up[3]) = (right, down);
    }
}

/// Averages what frames saw through different places of a pixel, also while the camera moves.
#[node(compute, shader = "antialias.comp.spv")]
pub struct Antialias {
    /// Both cameras.
    #[uniform]
    views: Buffer<Views>,
    /// Linear light of a jittered camera; alpha is how far away it comes from, and 0 where that is endless.
    #[storage]
    hdr: Image<Rgba16Float>,
    /// What the frame before resolved.
    #[sampled(linear, clamp)]
    history: Image<Rgba16Float>,
    /// Linear light; alpha is the number of frames that it is the mean of.
    #[storage(write)]
    resolved: Image<Rgba16Float>,
}

#[node]
impl Compute for Antialias {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.resolved.extent());
    }
}

/// A picture with smooth edges: `draw` adds what draws linear light from a camera, as the voxel pipelines do, with the distance in
/// alpha. It gets a camera that is jittered; what comes back is the mean of the last frames.
///
/// A camera that stands still sees the mean of 65 frames at most, one that moves of 9. What moves in the scene while the camera
/// stands still leaves no trail: a pixel's past is kept within what its neighbours show now.
pub fn antialiased(
    graph: &Graph,
    camera: &Wire<Buffer<CameraUniform>>,
    draw: impl FnOnce(&Wire<Buffer<CameraUniform>>) -> Wire<Image<Rgba16Float>>,
) -> Wire<Image<Rgba16Float>> {
    let jitter = graph.add(Jitter { steady: camera, before: CameraUniform::default() });
    let hdr = draw(&jitter.uniform);
    let (history, resolved) = graph.history::<Rgba16Float, _, 1>(Extent::Output);
    graph.add(Antialias { views: &jitter.views, hdr: &hdr, history: history.ago::<1>(), resolved }).resolved
}

/// Where in its pixel a frame looks, from the centre: a Halton sequence of bases 2 and 3, which fills a pixel evenly whichever
/// frames are taken.
fn jitter(frame: u64) -> [f32; 2] {
    let step = (frame % 64) as u32 + 1;
    [radical_inverse(step, 2) - 0.5, radical_inverse(step, 3) - 0.5]
}

/// The digits of a number in a base, mirrored at the point.
fn radical_inverse(mut number: u32, base: u32) -> f32 {
    let (mut result, mut digit) = (0.0, 1.0);
    while number > 0 {
        digit /= base as f32;
        result += digit * (number % base) as f32;
        number /= base;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_jitter_fills_the_pixel_evenly() {
        let places: Vec<[f32; 2]> = (0..64).map(jitter).collect();
        assert!(places.iter().flatten().all(|place| (-0.5..0.5).contains(place)));
        for axis in 0..2 {
            let mean: f32 = places.iter().map(|place| place[axis]).sum::<f32>() / 64.0;
            assert!(mean.abs() < 0.02, "the picture moves by {mean} of a pixel");
        }
        let quarter = |place: &&[f32; 2]| place[0] < 0.0 && place[1] < 0.0;
        assert!((14..=18).contains(&places.iter().filter(quarter).count()));
    }
}
