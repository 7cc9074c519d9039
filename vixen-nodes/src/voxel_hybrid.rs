//! Voxels found in two steps: ray-tracing hardware finds where a ray enters a box of voxels, and compute marches on from there.

use vixen::{AccelerationStructure, Buffer, Compute, Image, R32Float, RayTracing, Rgba16Float, Rgba32Int, node};

use crate::acceleration::Cell;
use crate::voxel::{Brick, CameraUniform, MarchParams, Material, Node};

/// How far it is to the first cell that each pixel's ray enters, whether or not it hits a voxel there. No voxel is looked at.
#[node(
    ray_tracing,
    raygen = "voxel_find.rgen.spv",
    miss = "voxel_find.rmiss.spv",
    hit(closest = "voxel_find.rchit.spv", intersection = "voxel_find.rint.spv")
)]
pub struct VoxelFind {
    /// Where the rays start.
    #[uniform]
    camera: Buffer<CameraUniform>,
    /// Boxes of the scene's cells.
    #[acceleration_structure]
    boxes: AccelerationStructure,
    /// What the boxes stand for.
    #[storage]
    cells: Buffer<[Cell]>,
    /// In lengths of each pixel's ray; -1 where it enters none.
    #[storage(write)]
    found: Image<R32Float>,
    /// Only the size of the scene matters.
    #[push]
    params: MarchParams,
}

#[node]
impl RayTracing for VoxelFind {
    fn record(view: &View, commands: &mut Commands) {
        commands.trace_rays(view.found.extent());
    }
}

/// What [`VoxelMarch`](crate::VoxelMarch) draws, marching from where [`VoxelFind`] has found that rays enter cells.
#[node(compute, shader = "voxel_resume.comp.spv")]
pub struct VoxelResume {
    /// [How](crate::voxel::TopGrid::shader_format) the grid's cells lie in memory.
    #[spec]
    grid_format: i32,
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
    /// What stands where, and how far rays leap.
    #[storage]
    grid: Buffer<[u32]>,
    /// Materials and normals of voxels.
    #[storage]
    attributes: Buffer<[u32]>,
    /// What the materials look like.
    #[storage]
    palette: Buffer<[Material]>,
    /// How far it is to where the march begins, for each pixel.
    #[storage]
    found: Image<R32Float>,
    /// Light that reaches the camera, linear.
    #[storage(write)]
    color: Image<Rgba16Float>,
    /// Light and air.
    #[push]
    params: MarchParams,
}

#[node]
impl Compute for VoxelResume {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.color.extent());
    }
}

/// What [`VoxelHits`](crate::VoxelHits) finds, marching from where [`VoxelFind`] has found that rays enter cells.
#[node(compute, shader = "voxel_resume_hits.comp.spv")]
pub struct VoxelResumeHits {
    /// [How](crate::voxel::TopGrid::shader_format) the grid's cells lie in memory.
    #[spec]
    grid_format: i32,
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
    /// What stands where, and how far rays leap.
    #[storage]
    grid: Buffer<[u32]>,
    /// How far it is to where the march begins, for each pixel.
    #[storage]
    found: Image<R32Float>,
    /// A [`HitRecord`](crate::voxel::HitRecord) a pixel.
    #[storage(write)]
    hits: Image<Rgba32Int>,
    /// Only the size of the scene matters.
    #[push]
    params: MarchParams,
}

#[node]
impl Compute for VoxelResumeHits {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.hits.extent());
    }
}
