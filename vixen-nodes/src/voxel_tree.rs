//! Trees of voxels on the GPU, and the passes that march rays through them: the structures that the brick map is compared with.

use std::sync::Arc;

use bytemuck::{Pod, cast_slice};
use vixen::device::DeviceError;
use vixen::memory::{Buffer as DeviceBuffer, Memory};
use vixen::{Block, Buffer, Compute, Device, Graph, Image, Rgba16Float, Rgba32Int, Shared, Source, node};

use crate::voxel::{CameraUniform, MarchParams, Material, Node64, OctreeNode, VoxelTree};
use crate::voxel_scene::{desc, side_by_side};

/// The buffers of a [`VoxelTree`] in the device's memory, side by side in one allocation. Graphs share them.
pub struct TreeScene<N> {
    nodes: Arc<DeviceBuffer>,
    attributes: Arc<DeviceBuffer>,
    palette: Arc<DeviceBuffer>,
    memory: Arc<Memory>,
    levels: u32,
    node: std::marker::PhantomData<N>,
}

/// The tree's buffers as wires of one graph.
#[derive(Clone)]
pub struct TreeWires<N: Block> {
    /// The nodes.
    pub nodes: Shared<Buffer<[N]>>,
    /// Looks of voxels.
    pub attributes: Shared<Buffer<[u32]>>,
    /// What the materials look like.
    pub palette: Shared<Buffer<[Material]>>,
    /// Levels of nodes: what [`MarchParams::scene_levels`] has to say.
    pub levels: u32,
}

impl<N: Pod + Block> TreeScene<N> {
    /// Copies a tree to the device and waits until it is there.
    ///
    /// # Errors
    /// When the device's memory or budget does not suffice.
    pub fn upload(device: &Device, tree: &VoxelTree<N>) -> Result<Self, DeviceError> {
        let descs = [
            desc("voxel tree nodes", &tree.nodes),
            desc("voxel tree attributes", &tree.attributes),
            desc("voxel tree palette", &tree.palette),
        ];
        let contents = [cast_slice(&tree.nodes), cast_slice(&tree.attributes), cast_slice(&tree.palette)];
        let ([nodes, attributes, palette], memory) = side_by_side(device, "voxel tree", descs, contents)?;
        Ok(Self { nodes, attributes, palette, memory, levels: tree.levels, node: std::marker::PhantomData })
    }

    /// Bytes of device memory.
    pub fn bytes(&self) -> u64 {
        self.memory.bytes()
    }
}

impl<N: Pod + Block> Source for TreeScene<N> {
    const NAME: &'static str = "TreeScene";
    type Wires = TreeWires<N>;

    fn share(&self, graph: &Graph) -> TreeWires<N> {
        TreeWires {
            nodes: graph.share_buffer(&self.nodes),
            attributes: graph.share_buffer(&self.attributes),
            palette: graph.share_buffer(&self.palette),
            levels: self.levels,
        }
    }
}

/// What [`VoxelMarch`](crate::VoxelMarch) draws, through a 64-tree.
#[node(compute, shader = "tree64_march.comp.spv")]
pub struct Tree64March {
    /// Where the rays start.
    #[uniform]
    camera: Buffer<CameraUniform>,
    /// The nodes.
    #[storage]
    nodes: Buffer<[Node64]>,
    /// Looks of voxels.
    #[storage]
    attributes: Buffer<[u32]>,
    /// What the materials look like.
    #[storage]
    palette: Buffer<[Material]>,
    /// Light that reaches the camera, linear.
    #[storage(write)]
    color: Image<Rgba16Float>,
    /// Light and air, and the tree's levels.
    #[push]
    params: MarchParams,
}

#[node]
impl Compute for Tree64March {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.color.extent());
    }
}

/// What [`VoxelHits`](crate::VoxelHits) finds, through a 64-tree.
#[node(compute, shader = "tree64_hits.comp.spv")]
pub struct Tree64Hits {
    /// Whether to count iterations.
    #[spec]
    counts: bool,
    /// Where the rays start.
    #[uniform]
    camera: Buffer<CameraUniform>,
    /// The nodes.
    #[storage]
    nodes: Buffer<[Node64]>,
    /// A [`HitRecord`](crate::voxel::HitRecord) a pixel.
    #[storage(write)]
    hits: Image<Rgba32Int>,
    /// Only the scene's size and the tree's levels matter.
    #[push]
    params: MarchParams,
}

#[node]
impl Compute for Tree64Hits {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.hits.extent());
    }
}

/// What [`VoxelMarch`](crate::VoxelMarch) draws, through an octree.
#[node(compute, shader = "esvo_march.comp.spv")]
pub struct EsvoMarch {
    /// Where the rays start.
    #[uniform]
    camera: Buffer<CameraUniform>,
    /// The nodes.
    #[storage]
    nodes: Buffer<[OctreeNode]>,
    /// Looks of voxels.
    #[storage]
    attributes: Buffer<[u32]>,
    /// What the materials look like.
    #[storage]
    palette: Buffer<[Material]>,
    /// Light that reaches the camera, linear.
    #[storage(write)]
    color: Image<Rgba16Float>,
    /// Light and air, and the tree's levels.
    #[push]
    params: MarchParams,
}

#[node]
impl Compute for EsvoMarch {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.color.extent());
    }
}

/// What [`VoxelHits`](crate::VoxelHits) finds, through an octree.
#[node(compute, shader = "esvo_hits.comp.spv")]
pub struct EsvoHits {
    /// Whether to count iterations.
    #[spec]
    counts: bool,
    /// Where the rays start.
    #[uniform]
    camera: Buffer<CameraUniform>,
    /// The nodes.
    #[storage]
    nodes: Buffer<[OctreeNode]>,
    /// A [`HitRecord`](crate::voxel::HitRecord) a pixel.
    #[storage(write)]
    hits: Image<Rgba32Int>,
    /// Only the scene's size and the tree's levels matter.
    #[push]
    params: MarchParams,
}

#[node]
impl Compute for EsvoHits {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.hits.extent());
    }
}
