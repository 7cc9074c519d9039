//! One owner for what a program's graphs draw from: meshes, textures, voxel scenes, and the acceleration structures of both.
//!
//! ```no_run
//! use std::path::Path;
//! use vixen::{Device, DeviceOptions, Graph, Output, Replaceable};
//! use vixen_nodes::cacher::{Assets, Workers};
//!
//! let device = Device::new(&DeviceOptions::new())?;
//! let (assets, workers) = (Assets::new(&device, None), Workers::default());
//! let stand_in = Replaceable::new(assets.mesh(Path::new("box.glb"))?);
//! let castle = assets.request(&workers, |assets| assets.mesh(Path::new("castle.glb")));
//! let graph = Graph::new(Output::headless(640, 360));
//! let wires = graph.add(&stand_in); // for `#[vertex]` and `#[index]` slots
//! // Between frames: the next one shows what a worker has loaded meanwhile.
//! if let Some(castle) = castle.poll() {
//!     stand_in.replace(castle?);
//! }
//! # drop(wires);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::hash::Hash;
use std::path::Path;
use std::sync::{Arc, Weak};

use vixen::Device;
#[cfg(feature = "gltf")]
use vixen::{Graph, Source};
use xxhash_rust::xxh3::xxh3_128;

use super::disk::DiskCache;
use super::eviction::{Evictable, evict_on_warning};
use super::request::{Request, Workers};
use super::statistics::Statistics;
use super::table::{Cached, Cacher};
use super::voxel_scenes::{CachedScene, OpenError, VoxelSceneCacher};
#[cfg(feature = "gltf")]
use crate::acceleration::{Blas, BlasDesc, Geometry};
use crate::acceleration::{VoxelAabbs, VoxelStructure};
#[cfg(any(feature = "gltf", feature = "textures"))]
use crate::file;
#[cfg(feature = "gltf")]
use crate::mesh::{Mesh, MeshBuffers, MeshWires};
#[cfg(feature = "textures")]
use crate::texture::{Picture, Texture, TextureKind};
use crate::voxel::layout::BRICK_EDGE;
use crate::voxel::{Progress, SceneKey};

/// What tells one file from another: what it holds, not what it is called or when it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContentKey {
    checksum: u128,
    bytes: u64,
}

impl ContentKey {
    /// The key of a file's contents.
    pub fn new(content: &[u8]) -> Self {
        Self { checksum: xxh3_128(content), bytes: content.len() as u64 }
    }
}

/// A mesh that [`Assets`] hold.
#[cfg(feature = "gltf")]
pub struct CachedMesh {
    /// The mesh as the CPU knows it.
    pub mesh: Mesh,
    /// Its buffers, whose wires nodes take.
    pub buffers: MeshBuffers,
    key: ContentKey,
}

#[cfg(feature = "gltf")]
impl Source for CachedMesh {
    const NAME: &'static str = "Mesh";
    type Wires = MeshWires;

    fn share(&self, graph: &Graph) -> MeshWires {
        self.buffers.share(graph)
    }
}

#[cfg(feature = "gltf")]
impl Cached for CachedMesh {
    fn bytes(&self) -> u64 {
        self.buffers.bytes()
    }

    fn in_use(&self) -> bool {
        self.buffers.is_shared()
    }
}

#[cfg(feature = "gltf")]
impl Cached for Blas {
    fn bytes(&self) -> u64 {
        self.bytes()
    }

    fn in_use(&self) -> bool {
        // Instances keep it alive.
        Arc::strong_count(self.structure()) > 1
    }
}

#[cfg(feature = "textures")]
impl Cached for Texture {
    fn bytes(&self) -> u64 {
        self.bytes()
    }

    fn in_use(&self) -> bool {
        self.is_shared()
    }
}

impl Cached for VoxelAabbs {
    fn bytes(&self) -> u64 {
        self.bytes()
    }

    fn in_use(&self) -> bool {
        self.is_shared()
    }
}

impl Cached for VoxelStructure {
    fn bytes(&self) -> u64 {
        self.bytes()
    }

    fn in_use(&self) -> bool {
        self.is_shared()
    }
}

/// The cachers of a device. What they give are nodes: `graph.add(&mesh)` gives the wires that other nodes take, and a
/// [`Replaceable`](vixen::Replaceable) place for one lets a graph begin with something else until a worker has built it. Each file is read and built once, whoever asks and however often; what nobody uses leaves when memory
/// gets short, the least recently used first, of whatever kind it is.
pub struct Assets {
    device: Device,
    scenes: VoxelSceneCacher,
    voxel_aabbs: Arc<Cacher<SceneKey, VoxelAabbs>>,
    voxel_structures: Arc<Cacher<SceneKey, VoxelStructure>>,
    #[cfg(feature = "gltf")]
    meshes: Arc<Cacher<ContentKey, CachedMesh>>,
    #[cfg(feature = "gltf")]
    mesh_structures: Arc<Cacher<ContentKey, Blas>>,
    #[cfg(feature = "textures")]
    textures: Arc<Cacher<(ContentKey, TextureKind), Texture>>,
}

impl Assets {
    /// Cachers for this device, which listen to its budget's warnings from now on. With a disk cache, what takes long to build is
    /// kept for the next run.
    pub fn new(device: &Device, disk: Option<DiskCache>) -> Arc<Self> {
        let assets = Self {
            device: device.clone(),
            scenes: VoxelSceneCacher::new(device, disk),
            voxel_aabbs: Arc::new(Cacher::new("voxel AABBs")),
            voxel_structures: Arc::new(Cacher::new("voxel structures")),
            #[cfg(feature = "gltf")]
            meshes: Arc::new(Cacher::new("meshes")),
            #[cfg(feature = "gltf")]
            mesh_structures: Arc::new(Cacher::new("mesh structures")),
            #[cfg(feature = "textures")]
            textures: Arc::new(Cacher::new("textures")),
        };
        evict_on_warning(device.budget(), assets.evictable());
        Arc::new(assets)
    }

    /// The voxel scene of a file: see [`VoxelSceneCacher::open`].
    ///
    /// # Errors
    /// When the file is wrong, or the device cannot hold the scene.
    pub fn voxel_scene(
        &self,
        path: &Path,
        resolution: u32,
        progress: &dyn Fn(Progress),
    ) -> Result<Arc<CachedScene>, OpenError> {
        self.with_room(|| self.scenes.open(path, resolution, progress))
    }

    /// The boxes of a scene's bricks by themselves.
    ///
    /// # Errors
    /// When the device cannot hold them.
    pub fn voxel_aabbs(&self, scene: &CachedScene) -> Result<Arc<VoxelAabbs>, OpenError> {
        self.with_room(|| {
            let build = || Ok(VoxelAabbs::upload(&self.device, &scene.scene.map, BRICK_EDGE)?);
            self.voxel_aabbs.get_or_build(&scene.key, build)
        })
    }

    /// The boxes of a scene in an acceleration structure, which wires of its own give to ray-tracing nodes.
    ///
    /// # Errors
    /// When the device cannot trace rays or cannot hold the structure.
    pub fn voxel_structure(&self, scene: &CachedScene) -> Result<Arc<VoxelStructure>, OpenError> {
        self.with_room(|| {
            let build = || Ok(VoxelStructure::build(&self.device, &scene.scene.map)?);
            self.voxel_structures.get_or_build(&scene.key, build)
        })
    }

    /// The mesh of a binary glTF file.
    ///
    /// # Errors
    /// When the file is wrong, or the device cannot hold the mesh.
    #[cfg(feature = "gltf")]
    pub fn mesh(&self, path: &Path) -> Result<Arc<CachedMesh>, OpenError> {
        let content = file::read(path)?;
        let key = ContentKey::new(&content);
        self.with_room(|| {
            self.meshes.get_or_build(&key, || {
                let mesh = Mesh::from_bytes(path, &content)?;
                let buffers = MeshBuffers::upload(&self.device, &mesh)?;
                Ok(CachedMesh { mesh, buffers, key })
            })
        })
    }

    /// The triangles of a mesh in an acceleration structure, compacted, for instances.
    ///
    /// # Errors
    /// When the device cannot trace rays or cannot hold the structure.
    #[cfg(feature = "gltf")]
    pub fn mesh_structure(&self, mesh: &CachedMesh) -> Result<Arc<Blas>, OpenError> {
        self.with_room(|| {
            self.mesh_structures.get_or_build(&mesh.key, || {
                let positions = mesh.mesh.positions();
                let triangles = Geometry::Triangles { vertices: &positions, indices: &mesh.mesh.indices };
                Ok(Blas::build(&self.device, &BlasDesc::new("mesh", triangles).compact())?)
            })
        })
    }

    /// The texture of a PNG file, with its mip levels.
    ///
    /// # Errors
    /// When the file is wrong, or the device cannot hold the texture.
    #[cfg(feature = "textures")]
    pub fn texture(&self, path: &Path, kind: TextureKind) -> Result<Arc<Texture>, OpenError> {
        let content = file::read(path)?;
        let key = (ContentKey::new(&content), kind);
        self.with_room(|| {
            self.textures.get_or_build(&key, || {
                let picture = Picture::from_bytes(path, &content, kind)?;
                Ok(Texture::upload(&self.device, &picture)?)
            })
        })
    }

    /// Has a worker thread get any of these, while frames go on with what they have.
    pub fn request<V: Send + Sync + 'static>(
        self: &Arc<Self>,
        workers: &Workers,
        get: impl FnOnce(&Self) -> Result<Arc<V>, OpenError> + Send + 'static,
    ) -> Request<V, OpenError> {
        let this = Arc::clone(self);
        workers.request(move || get(&this))
    }

    /// What each cacher has done so far, by its name.
    pub fn statistics(&self) -> Vec<(&'static str, Statistics)> {
        vec![
            named(self.scenes.scenes()),
            named(&self.voxel_aabbs),
            named(&self.voxel_structures),
            #[cfg(feature = "gltf")]
            named(&self.meshes),
            #[cfg(feature = "gltf")]
            named(&self.mesh_structures),
            #[cfg(feature = "textures")]
            named(&self.textures),
        ]
    }

    /// Lets go of all that nobody uses. Returns how many bytes left.
    pub fn evict_unused(&self) -> u64 {
        let cachers = self.evictable().into_iter().filter_map(|cacher| cacher.upgrade());
        cachers
            .map(|cacher| std::iter::repeat_with(|| cacher.evict_oldest()).take_while(|&bytes| bytes > 0).sum::<u64>())
            .sum()
    }

    fn evictable(&self) -> Vec<Weak<dyn Evictable>> {
        vec![
            self.scenes.scenes().evictable(),
            self.voxel_aabbs.evictable(),
            self.voxel_structures.evictable(),
            #[cfg(feature = "gltf")]
            self.meshes.evictable(),
            #[cfg(feature = "gltf")]
            self.mesh_structures.evictable(),
            #[cfg(feature = "textures")]
            self.textures.evictable(),
        ]
    }

    /// Builds; when the budget has no room, what nobody uses leaves, and it builds again.
    fn with_room<T>(&self, build: impl Fn() -> Result<T, OpenError>) -> Result<T, OpenError> {
        match build() {
            Err(error) if error.is_over_budget() && self.evict_unused() > 0 => build(),
            built => built,
        }
    }
}

fn named<K: Eq + Hash + Clone, V: Cached>(cacher: &Cacher<K, V>) -> (&'static str, Statistics) {
    (cacher.name(), cacher.statistics())
}
