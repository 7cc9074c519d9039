//! The passes: those of the brick map, which also take note of the bricks that rays look into.

use vixen::{Buffer, Compute, Image, R32Uint, Rgba16Float, Rgba32Int, Transfer, node};

use crate::voxel::{Brick, CameraUniform, MarchParams, Material, Node};

/// No ray has looked into any brick.
#[node(transfer)]
pub struct StreamClear {
    /// A bit a brick.
    #[transfer_destination]
    uses: Buffer<[u32]>,
}

#[node]
impl Transfer for StreamClear {
    fn record(view: &View, commands: &mut Commands) {
        commands.fill(view.uses, 0);
    }
}

/// What [`VoxelMarch`](crate::VoxelMarch) draws.
#[node(compute, shader = "stream_march.comp.spv")]
pub struct StreamMarch {
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
    /// Occupancy of the leaves that are there.
    #[storage]
    masks: Buffer<[u32]>,
    /// What stands where, and how far rays leap.
    #[storage]
    grid: Buffer<[u32]>,
    /// Materials and normals of their voxels.
    #[storage]
    attributes: Buffer<[u32]>,
    /// What the materials look like.
    #[storage]
    palette: Buffer<[Material]>,
    /// Which leaves rays look into, a bit each.
    #[storage(read_write)]
    uses: Buffer<[u32]>,
    /// Light that reaches the camera, linear.
    #[storage(write)]
    color: Image<Rgba16Float>,
    /// Light and air.
    #[push]
    params: MarchParams,
}

#[node]
impl Compute for StreamMarch {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.color.extent());
    }
}

/// What [`VoxelHits`](crate::VoxelHits) finds.
#[node(compute, shader = "stream_hits.comp.spv")]
pub struct StreamHits {
    /// Whether to count iterations.
    #[spec]
    counts: bool,
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
    /// Occupancy of the leaves that are there.
    #[storage]
    masks: Buffer<[u32]>,
    /// What stands where, and how far rays leap.
    #[storage]
    grid: Buffer<[u32]>,
    /// Which leaves rays look into, a bit each.
    #[storage(read_write)]
    uses: Buffer<[u32]>,
    /// A [`HitRecord`](crate::voxel::HitRecord) a pixel.
    #[storage(write)]
    hits: Image<Rgba32Int>,
    /// Only the size of the scene matters.
    #[push]
    params: MarchParams,
}

#[node]
impl Compute for StreamHits {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.hits.extent());
    }
}

/// What [`VoxelRays`](crate::VoxelRays) traces.
#[node(compute, shader = "stream_rays.comp.spv")]
pub struct StreamRays {
    /// Whether to count iterations.
    #[spec]
    counts: bool,
    /// A [`RayKind`](crate::RayKind).
    #[spec]
    kind: u32,
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
    /// Occupancy of the leaves that are there.
    #[storage]
    masks: Buffer<[u32]>,
    /// What stands where, and how far rays leap.
    #[storage]
    grid: Buffer<[u32]>,
    /// Which leaves rays look into, a bit each.
    #[storage(read_write)]
    uses: Buffer<[u32]>,
    /// How many rays, and bits that depend on what they hit.
    #[storage(write)]
    traced: Image<R32Uint>,
    /// The size of the scene and the sun's direction.
    #[push]
    params: MarchParams,
}

#[node]
impl Compute for StreamRays {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.traced.extent());
    }
}
