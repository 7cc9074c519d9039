//! The nodes that the cases in `tests/fail` and `tests/pass` wire, so that each case is only its mistake.

use glam::{Mat4, Vec3};
use vixen::{Block, Buffer, Compute, FrameInfo, Graph, Host, Image, Output, Rgba8Unorm, Rgba16Float, node};

/// A directional light.
#[derive(Clone, Copy, Block)]
#[repr(C)]
pub struct Sun {
    /// Where it shines to.
    pub direction: Vec3,
    /// How bright it is.
    pub intensity: f32,
}

/// What `voxel_march.comp` knows of the camera.
#[derive(Clone, Copy, Block)]
#[repr(C)]
pub struct CameraUniform {
    /// World to view.
    pub view: Mat4,
    /// Where it is.
    pub eye: Vec3,
    /// Vertical opening angle, in radians.
    pub fov: f32,
    /// The light.
    pub sun: Sun,
}

/// Occupancy of 128 voxels.
#[derive(Clone, Copy, Block)]
#[repr(C)]
pub struct Brick {
    /// One bit a voxel.
    pub mask: [u32; 4],
}

/// Push constants of `voxel_march.comp`.
#[derive(Clone, Copy, Block)]
#[repr(C)]
pub struct MarchParams {
    /// Most steps a ray.
    pub steps: u32,
    /// Offset of shadow rays.
    pub bias: f32,
}

impl MarchParams {
    /// Some values.
    pub const DEFAULT: Self = Self { steps: 64, bias: 0.01 };
}

/// A camera, and a scene of this many bricks.
#[node(host)]
pub struct OrbitCamera {
    #[create]
    uniform: Buffer<CameraUniform>,
    #[create(len = self.bricks)]
    scene: Buffer<[Brick]>,
    speed: f32,
    bricks: u32,
}

#[node]
impl Host for OrbitCamera {
    fn run(view: &mut View, frame: &FrameInfo) {
        view.uniform.fov += *view.speed * frame.delta_seconds;
        for brick in view.scene.iter_mut() {
            brick.mask = [*view.bricks; 4];
        }
    }
}

/// Casts one ray a pixel.
#[node(compute, shader = "voxel_march.comp.spv")]
pub struct VoxelMarch {
    #[uniform]
    camera: Buffer<CameraUniform>,
    #[storage]
    scene: Buffer<[Brick]>,
    #[storage(write)]
    color: Image<Rgba16Float>,
    #[push]
    params: MarchParams,
    #[spec]
    quality: u32,
}

#[node]
impl Compute for VoxelMarch {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.color.extent());
    }
}

/// Maps colours to what a screen shows.
#[node(compute, shader = "tone_map.comp.spv")]
pub struct ToneMap {
    #[sampled(linear, clamp)]
    hdr: Image<Rgba16Float>,
    #[storage(write)]
    ldr: Image<Rgba8Unorm>,
}

#[node]
impl Compute for ToneMap {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.ldr.extent());
    }
}

/// Adds an image to another, in place.
#[node(compute, shader = "accumulate.comp.spv")]
pub struct Accumulate {
    #[storage(read_write)]
    total: Image<Rgba16Float>,
    #[storage]
    addend: Image<Rgba16Float>,
}

#[node]
impl Compute for Accumulate {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.total.extent());
    }
}

/// A graph with an output.
pub fn graph() -> Graph {
    Graph::new(Output::headless(64, 64))
}

/// A graph, its camera and its marched picture.
pub fn marched(graph: &Graph) -> (OrbitCameraOutputs, VoxelMarchOutputs) {
    let camera = graph.add(OrbitCamera { speed: 1.0, bricks: 8 });
    let march = graph.add(VoxelMarch {
        camera: &camera.uniform,
        scene: &camera.scene,
        color: graph.image(vixen::Extent::Output),
        params: MarchParams::DEFAULT,
        quality: 2,
    });
    (camera, march)
}
