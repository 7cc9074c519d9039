//! Passes that trace rays and shade nothing, to count and to time them.

use vixen::{Buffer, Compute, Extent, Graph, Image, R32Uint, Wire, node};

use crate::voxel::{Brick, CameraUniform, MarchParams, Node, Node64, OctreeNode};
use crate::{StructureWires, TreeWires, VoxelSceneWires};

/// Which rays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RayKind {
    /// One a pixel.
    Primary,
    /// And from where it hits one towards the sun, if the face is turned to it.
    Shadow,
    /// And from where it hits one that bounces off diffusely.
    Bounce,
    /// None at all: what launching workgroups and storing pixels costs.
    None,
}

impl RayKind {
    /// All that trace rays.
    pub const ALL: [Self; 3] = [Self::Primary, Self::Shadow, Self::Bounce];
}

impl StructureWires {
    /// Adds a node that traces rays. Of each pixel the upper two bits say how many; the others depend on what they hit, or, with
    /// `counts`, are the iterations that they took.
    #[track_caller]
    pub fn rays(
        &self,
        graph: &Graph,
        camera: &Wire<Buffer<CameraUniform>>,
        params: MarchParams,
        kind: RayKind,
        counts: bool,
    ) -> Wire<Image<R32Uint>> {
        let (kind, traced) = (kind as u32, graph.image(Extent::Output));
        match self {
            Self::BrickMap(VoxelSceneWires { nodes, bricks, masks, grid, grid_format, .. }) => {
                graph
                    .add(VoxelRays {
                        counts,
                        kind,
                        grid_format: *grid_format,
                        camera,
                        nodes,
                        bricks,
                        masks,
                        grid,
                        traced,
                        params,
                    })
                    .traced
            }
            Self::Tree64(TreeWires { nodes, levels, .. }) => {
                let params = MarchParams { scene_levels: *levels, ..params };
                graph.add(Tree64Rays { counts, kind, camera, nodes, traced, params }).traced
            }
            Self::Esvo(TreeWires { nodes, levels, .. }) => {
                let params = MarchParams { scene_levels: *levels, ..params };
                graph.add(EsvoRays { counts, kind, camera, nodes, traced, params }).traced
            }
        }
    }
}

/// Rays through a brick map.
#[node(compute, shader = "voxel_rays.comp.spv")]
pub struct VoxelRays {
    /// Whether to count iterations.
    #[spec]
    counts: bool,
    /// A [`RayKind`].
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
    /// Occupancy of the leaves.
    #[storage]
    masks: Buffer<[u32]>,
    /// What stands where, and how far rays leap.
    #[storage]
    grid: Buffer<[u32]>,
    /// How many rays, and bits that depend on what they hit.
    #[storage(write)]
    traced: Image<R32Uint>,
    /// The size of the scene and the sun's direction.
    #[push]
    params: MarchParams,
}

#[node]
impl Compute for VoxelRays {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.traced.extent());
    }
}

/// Rays through a 64-tree.
#[node(compute, shader = "tree64_rays.comp.spv")]
pub struct Tree64Rays {
    /// Whether to count iterations.
    #[spec]
    counts: bool,
    /// A [`RayKind`].
    #[spec]
    kind: u32,
    /// Where the rays start.
    #[uniform]
    camera: Buffer<CameraUniform>,
    /// The nodes.
    #[storage]
    nodes: Buffer<[Node64]>,
    /// How many rays, and bits that depend on what they hit.
    #[storage(write)]
    traced: Image<R32Uint>,
    /// The size of the scene, the tree's levels and the sun's direction.
    #[push]
    params: MarchParams,
}

#[node]
impl Compute for Tree64Rays {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.traced.extent());
    }
}

/// Rays through an octree.
#[node(compute, shader = "esvo_rays.comp.spv")]
pub struct EsvoRays {
    /// Whether to count iterations.
    #[spec]
    counts: bool,
    /// A [`RayKind`].
    #[spec]
    kind: u32,
    /// Where the rays start.
    #[uniform]
    camera: Buffer<CameraUniform>,
    /// The nodes.
    #[storage]
    nodes: Buffer<[OctreeNode]>,
    /// How many rays, and bits that depend on what they hit.
    #[storage(write)]
    traced: Image<R32Uint>,
    /// The size of the scene, the tree's levels and the sun's direction.
    #[push]
    params: MarchParams,
}

#[node]
impl Compute for EsvoRays {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.traced.extent());
    }
}
