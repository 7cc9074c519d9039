//! The structures that voxels can lie in on the GPU, of which a program chooses one. Compute marches through each.

use vixen::device::DeviceError;
use vixen::{Buffer, Device, Extent, Graph, Image, Rgba16Float, Rgba32Int, Source, Wire};

use crate::voxel::{BrickMap, CameraUniform, MarchParams, Node64, OctreeNode, SceneError, VoxelTree};
use crate::voxel_tree::{EsvoHits, EsvoMarch, Tree64Hits, Tree64March, TreeScene, TreeWires};
use crate::{VoxelPipeline, VoxelScene, VoxelSceneWires};

/// A structure for voxels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Structure {
    /// A tree over bricks of 8×8×8 voxels: the fastest, and the only one that can be edited.
    #[default]
    BrickMap,
    /// A plain [64-tree](Node64).
    Tree64,
    /// An efficient sparse voxel [octree](OctreeNode).
    Esvo,
}

impl Structure {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::BrickMap, Self::Tree64, Self::Esvo];

    /// What it is called on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::BrickMap => "brick",
            Self::Tree64 => "tree64",
            Self::Esvo => "esvo",
        }
    }
}

/// Voxels in the device's memory, in a structure of one's choice.
pub struct StructuredScene {
    buffers: Buffers,
    /// Bytes that tell which voxels are solid, and how far it is to them.
    pub geometry_bytes: u64,
    /// Bytes that tell what voxels look like.
    pub attribute_bytes: u64,
}

enum Buffers {
    BrickMap(VoxelScene),
    Tree64(TreeScene<Node64>),
    Esvo(TreeScene<OctreeNode>),
}

/// The scene's buffers as wires of one graph.
#[derive(Clone)]
pub enum StructureWires {
    /// Of a brick map.
    BrickMap(VoxelSceneWires),
    /// Of a 64-tree.
    Tree64(TreeWires<Node64>),
    /// Of an octree.
    Esvo(TreeWires<OctreeNode>),
}

/// Why a scene has no such structure.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum StructureError {
    /// The structure cannot hold it.
    #[error(transparent)]
    Scene(#[from] SceneError),
    /// The device cannot hold it.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

vixen::debug_as_display!(StructureError);

impl StructuredScene {
    /// Builds the structure of a brick map's voxels, copies it to the device and waits until it is there.
    ///
    /// # Errors
    /// When the scene is too large for the structure, or the device's memory or budget does not suffice.
    pub fn upload(device: &Device, map: &BrickMap, structure: Structure) -> Result<Self, StructureError> {
        let (buffers, geometry_bytes, attribute_bytes) = match structure {
            Structure::BrickMap => {
                let scene = VoxelScene::upload(device, map)?;
                let geometry_bytes = map.geometry_bytes() + scene.grid_bytes();
                (Buffers::BrickMap(scene), geometry_bytes, map.attribute_bytes())
            }
            Structure::Tree64 => {
                let tree = VoxelTree::tree64(map)?;
                let scene = TreeScene::upload(device, &tree)?;
                (Buffers::Tree64(scene), tree.geometry_bytes(), tree.attribute_bytes())
            }
            Structure::Esvo => {
                let tree = VoxelTree::esvo(map)?;
                let scene = TreeScene::upload(device, &tree)?;
                (Buffers::Esvo(scene), tree.geometry_bytes(), tree.attribute_bytes())
            }
        };
        Ok(Self { buffers, geometry_bytes, attribute_bytes })
    }

    /// Bytes of device memory.
    pub fn bytes(&self) -> u64 {
        match &self.buffers {
            Buffers::BrickMap(scene) => scene.bytes(),
            Buffers::Tree64(scene) => scene.bytes(),
            Buffers::Esvo(scene) => scene.bytes(),
        }
    }

    /// The brick map, if it is that: the other pipelines need it.
    pub fn brick_map(&self) -> Option<&VoxelScene> {
        match &self.buffers {
            Buffers::BrickMap(scene) => Some(scene),
            Buffers::Tree64(_) | Buffers::Esvo(_) => None,
        }
    }
}

impl Source for StructuredScene {
    const NAME: &'static str = "StructuredScene";
    type Wires = StructureWires;

    fn share(&self, graph: &Graph) -> StructureWires {
        match &self.buffers {
            Buffers::BrickMap(scene) => StructureWires::BrickMap(scene.share(graph)),
            Buffers::Tree64(scene) => StructureWires::Tree64(scene.share(graph)),
            Buffers::Esvo(scene) => StructureWires::Esvo(scene.share(graph)),
        }
    }
}

impl StructureWires {
    /// Adds nodes that march through the scene: the light that reaches the camera, linear, as large as the graph's output.
    #[track_caller]
    pub fn draw(
        &self,
        graph: &Graph,
        camera: &Wire<Buffer<CameraUniform>>,
        params: MarchParams,
    ) -> Wire<Image<Rgba16Float>> {
        let color = graph.image(Extent::Output);
        match self {
            Self::BrickMap(scene) => VoxelPipeline::Compute.draw(graph, camera, scene, params),
            Self::Tree64(TreeWires { nodes, attributes, palette, levels }) => {
                let params = MarchParams { scene_levels: *levels, ..params };
                graph.add(Tree64March { camera, nodes, attributes, palette, color, params }).color
            }
            Self::Esvo(TreeWires { nodes, attributes, palette, levels }) => {
                let params = MarchParams { scene_levels: *levels, ..params };
                graph.add(EsvoMarch { camera, nodes, attributes, palette, color, params }).color
            }
        }
    }

    /// As [`draw`](Self::draw), but says which voxel each ray hits: a [`HitRecord`](crate::voxel::HitRecord) a pixel.
    #[track_caller]
    pub fn hits(
        &self,
        graph: &Graph,
        camera: &Wire<Buffer<CameraUniform>>,
        params: MarchParams,
    ) -> Wire<Image<Rgba32Int>> {
        self.hits_or_iterations(graph, camera, params, false)
    }

    /// The same, slower, with the iterations that a ray took in place of the face: how often its march looked at a node or a mask.
    #[track_caller]
    pub fn iterations(
        &self,
        graph: &Graph,
        camera: &Wire<Buffer<CameraUniform>>,
        params: MarchParams,
    ) -> Wire<Image<Rgba32Int>> {
        self.hits_or_iterations(graph, camera, params, true)
    }

    #[track_caller]
    fn hits_or_iterations(
        &self,
        graph: &Graph,
        camera: &Wire<Buffer<CameraUniform>>,
        params: MarchParams,
        counts: bool,
    ) -> Wire<Image<Rgba32Int>> {
        let hits = graph.image(Extent::Output);
        match self {
            Self::BrickMap(scene) => scene.hits(graph, hits, camera, params, counts),
            Self::Tree64(TreeWires { nodes, levels, .. }) => {
                let params = MarchParams { scene_levels: *levels, ..params };
                graph.add(Tree64Hits { counts, camera, nodes, hits, params }).hits
            }
            Self::Esvo(TreeWires { nodes, levels, .. }) => {
                let params = MarchParams { scene_levels: *levels, ..params };
                graph.add(EsvoHits { counts, camera, nodes, hits, params }).hits
            }
        }
    }
}
