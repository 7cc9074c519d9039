//! Voxels found with ray-tracing hardware: it finds out which rays meet any box of voxels, and for these a closest-hit shader marches.

use vixen::{AccelerationStructure, Buffer, Image, RayTracing, Rgba16Float, Rgba32Int, node};

use crate::acceleration::Cell;
use crate::voxel::{Brick, CameraUniform, MarchParams, Material, Node};

/// What [`VoxelMarch`](crate::VoxelMarch) draws, with primary rays through an acceleration structure.
#[node(
    ray_tracing,
    raygen = "voxel_ray_trace.rgen.spv",
    miss = "voxel_ray.rmiss.spv",
    hit(closest = "voxel_ray.rchit.spv", intersection = "voxel_ray.rint.spv")
)]
pub struct VoxelRayTrace {
    /// [How](crate::voxel::TopGrid::shader_format) the grid's cells lie in memory.
    #[spec]
    grid_format: i32,
    /// Where the rays start.
    #[uniform]
    camera: Buffer<CameraUniform>,
    /// Inner nodes of the scene's tree: shadows go through them.
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
    /// Boxes of the scene's cells.
    #[acceleration_structure]
    boxes: AccelerationStructure,
    /// What the boxes stand for.
    #[storage]
    cells: Buffer<[Cell]>,
    /// Light that reaches the camera, linear.
    #[storage(write)]
    color: Image<Rgba16Float>,
    /// Light and air.
    #[push]
    params: MarchParams,
}

#[node]
impl RayTracing for VoxelRayTrace {
    fn record(view: &View, commands: &mut Commands) {
        commands.trace_rays(view.color.extent());
    }
}

/// What [`VoxelHits`](crate::VoxelHits) finds, through an acceleration structure.
#[node(
    ray_tracing,
    raygen = "voxel_ray_hits.rgen.spv",
    miss = "voxel_ray.rmiss.spv",
    hit(closest = "voxel_ray.rchit.spv", intersection = "voxel_ray.rint.spv")
)]
pub struct VoxelRayHits {
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
    /// Boxes of the scene's cells.
    #[acceleration_structure]
    boxes: AccelerationStructure,
    /// What the boxes stand for.
    #[storage]
    cells: Buffer<[Cell]>,
    /// A [`HitRecord`](crate::voxel::HitRecord) a pixel.
    #[storage(write)]
    hits: Image<Rgba32Int>,
    /// Only the size of the scene matters.
    #[push]
    params: MarchParams,
}

#[node]
impl RayTracing for VoxelRayHits {
    fn record(view: &View, commands: &mut Commands) {
        commands.trace_rays(view.hits.extent());
    }
}

/// What [`VoxelHits`](crate::VoxelHits) finds, through an acceleration structure with a box for every voxel: to compare with.
#[node(
    ray_tracing,
    raygen = "voxel_cube.rgen.spv",
    miss = "voxel_ray.rmiss.spv",
    hit(closest = "voxel_cube.rchit.spv", intersection = "voxel_cube.rint.spv")
)]
pub struct VoxelCubeHits {
    /// Where the rays start.
    #[uniform]
    camera: Buffer<CameraUniform>,
    /// Boxes of the scene's voxels.
    #[acceleration_structure]
    boxes: AccelerationStructure,
    /// Where the voxels are: [`VoxelBoxes`](crate::acceleration::VoxelBoxes).
    #[storage]
    cubes: Buffer<[[u32; 2]]>,
    /// A [`HitRecord`](crate::voxel::HitRecord) a pixel.
    #[storage(write)]
    hits: Image<Rgba32Int>,
    /// Only the size of the scene matters.
    #[push]
    params: MarchParams,
}

#[node]
impl RayTracing for VoxelCubeHits {
    fn record(view: &View, commands: &mut Commands) {
        commands.trace_rays(view.hits.extent());
    }
}
