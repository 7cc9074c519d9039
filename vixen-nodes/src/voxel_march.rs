//! Passes that march rays through a voxel scene.

use vixen::graph::OutputId;
use vixen::{Buffer, Compute, Extent, Image, R32Float, Rgba16Float, Rgba32Int, node};

use crate::voxel::{Brick, CameraUniform, MarchParams, Material, Node};

/// One texel for each block of 8×8 pixels, whose rays start together.
pub(crate) const BEAMS: Extent = Extent::Scaled { output: OutputId::FIRST, numerator: 1, denominator: 8 };

/// One primary ray a pixel, lit by sun and sky: shadows, ambient occlusion, haze.
#[node(
    compute,
    pipeline(name = "beams", shader = "voxel_march_beams.comp.spv"),
    pipeline(name = "march", shader = "voxel_march.comp.spv")
)]
pub struct VoxelMarch {
    /// Where the rays start.
    #[uniform]
    camera: Buffer<CameraUniform>,
    /// Inner nodes of the scene's tree.
    #[storage]
    nodes: Buffer<[Node]>,
    /// Its leaves.
    #[storage]
    bricks: Buffer<[Brick]>,
    /// Occupancy of the leaves.
    #[storage]
    masks: Buffer<[u32]>,
    /// How far it is to the nearest voxel.
    #[storage]
    distances: Buffer<[u32]>,
    /// Materials and normals of voxels.
    #[storage]
    attributes: Buffer<[u32]>,
    /// What the materials look like.
    #[storage]
    palette: Buffer<[Material]>,
    /// Light that reaches the camera, linear.
    #[storage(write)]
    color: Image<Rgba16Float>,
    /// Where the rays of each block of pixels start.
    #[storage(create, extent = BEAMS)]
    starts: Image<R32Float>,
    /// Light and air.
    #[push]
    params: MarchParams,
}

#[node]
impl Compute for VoxelMarch {
    fn record(view: &View, commands: &mut Commands) {
        commands.bind(Self::BEAMS);
        commands.dispatch_over(view.starts.extent());
        commands.barrier();
        commands.bind(Self::MARCH);
        commands.dispatch_over(view.color.extent());
    }
}

/// Which voxel each pixel's primary ray hits, for comparison with [`voxel::reference`](crate::voxel::reference).
#[node(
    compute,
    pipeline(name = "beams", shader = "voxel_hits_beams.comp.spv"),
    pipeline(name = "march", shader = "voxel_hits.comp.spv")
)]
pub struct VoxelHits {
    /// Whether to count iterations: then each record says how many its ray took, in place of the face.
    #[spec]
    counts: bool,
    /// Where the rays start.
    #[uniform]
    camera: Buffer<CameraUniform>,
    /// Inner nodes of the scene's tree.
    #[storage]
    nodes: Buffer<[Node]>,
    /// Its leaves.
    #[storage]
    bricks: Buffer<[Brick]>,
    /// Occupancy of the leaves.
    #[storage]
    masks: Buffer<[u32]>,
    /// How far it is to the nearest voxel.
    #[storage]
    distances: Buffer<[u32]>,
    /// A [`HitRecord`](crate::voxel::HitRecord) a pixel.
    #[storage(write)]
    hits: Image<Rgba32Int>,
    /// Where the rays of each block of pixels start.
    #[storage(create, extent = BEAMS)]
    starts: Image<R32Float>,
    /// Only the size of the scene matters.
    #[push]
    params: MarchParams,
}

#[node]
impl Compute for VoxelHits {
    fn record(view: &View, commands: &mut Commands) {
        commands.bind(Self::BEAMS);
        commands.dispatch_over(view.starts.extent());
        commands.barrier();
        commands.bind(Self::MARCH);
        commands.dispatch_over(view.hits.extent());
    }
}
