//! Passes that march rays through a voxel scene.

use vixen::{Buffer, Compute, Graph, Image, Rgba16Float, Rgba32Int, Target, Wire, node};

use crate::VoxelSceneWires;
use crate::voxel::{Brick, CameraUniform, MarchParams, Material, Node};

/// One primary ray a pixel, lit by sun and sky: shadows, ambient occlusion, haze.
#[node(compute, shader = "voxel_march.comp.spv")]
pub struct VoxelMarch {
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
    /// Light that reaches the camera, linear.
    #[storage(write)]
    color: Image<Rgba16Float>,
    /// Light and air.
    #[push]
    params: MarchParams,
}

#[node]
impl Compute for VoxelMarch {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.color.extent());
    }
}

/// Which voxel each pixel's primary ray hits, for comparison with [`voxel::reference`](crate::voxel::reference).
#[node(compute, shader = "voxel_hits.comp.spv")]
pub struct VoxelHits {
    /// Whether to count iterations: then each record says how many its ray took, in place of the face.
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
    /// Occupancy of the leaves.
    #[storage]
    masks: Buffer<[u32]>,
    /// What stands where, and how far rays leap.
    #[storage]
    grid: Buffer<[u32]>,
    /// A [`HitRecord`](crate::voxel::HitRecord) a pixel.
    #[storage(write)]
    hits: Image<Rgba32Int>,
    /// Only the size of the scene matters.
    #[push]
    params: MarchParams,
}

#[node]
impl Compute for VoxelHits {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.hits.extent());
    }
}

impl VoxelSceneWires {
    /// Adds [`VoxelHits`] of the scene.
    #[track_caller]
    pub(crate) fn hits(
        &self,
        graph: &Graph,
        hits: Target<Image<Rgba32Int>>,
        camera: &Wire<Buffer<CameraUniform>>,
        params: MarchParams,
        counts: bool,
    ) -> Wire<Image<Rgba32Int>> {
        let &Self { ref nodes, ref bricks, ref masks, ref grid, grid_format, .. } = self;
        graph.add(VoxelHits { counts, grid_format, camera, nodes, bricks, masks, grid, hits, params }).hits
    }
}
