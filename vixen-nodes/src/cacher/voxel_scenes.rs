//! Voxel scenes by their content: in the device's memory once, and on disk between runs.

use std::path::Path;
use std::sync::Arc;

use vixen::device::DeviceError;
use vixen::{Device, Graph, Source};

use super::disk::DiskCache;
use super::request::{Request, Workers};
use super::table::{Cached, Cacher};
use crate::acceleration::AccelerationError;
use crate::voxel::{Origin, Progress, Scene, SceneError, SceneKey, SceneSource};
use crate::{VoxelScene, VoxelSceneWires};

/// A scene that a [`VoxelSceneCacher`] holds.
pub struct CachedScene {
    /// The scene as the CPU knows it.
    pub scene: Scene,
    /// Its buffers, whose wires nodes take.
    pub voxels: VoxelScene,
    /// Where it came from when it was not here yet.
    pub origin: Origin,
    pub(super) key: SceneKey,
}

impl Source for CachedScene {
    const NAME: &'static str = "VoxelScene";
    type Wires = VoxelSceneWires;

    fn share(&self, graph: &Graph) -> VoxelSceneWires {
        self.voxels.share(graph)
    }
}

impl Cached for CachedScene {
    fn bytes(&self) -> u64 {
        self.voxels.bytes()
    }

    fn in_use(&self) -> bool {
        self.voxels.is_shared()
    }
}

/// Why a scene, or another asset, could not be had.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file is wrong.
    #[error(transparent)]
    Scene(#[from] SceneError),
    /// The device cannot hold it.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The device cannot build its acceleration structure.
    #[error(transparent)]
    Acceleration(#[from] AccelerationError),
}

vixen::debug_as_display!(OpenError);

impl OpenError {
    /// Whether memory of the budget would help.
    pub fn is_over_budget(&self) -> bool {
        let over = |error: &DeviceError| matches!(error, DeviceError::Memory(error) if error.is_over_budget());
        match self {
            Self::Device(error) | Self::Acceleration(AccelerationError::Device(error)) => over(error),
            _ => false,
        }
    }
}

/// Holds voxel scenes: files of the same content, at the same resolution, are one.
pub struct VoxelSceneCacher {
    device: Device,
    disk: Option<DiskCache>,
    scenes: Arc<Cacher<SceneKey, CachedScene>>,
}

impl VoxelSceneCacher {
    /// A cacher for this device. With a disk cache, what is built is kept for the next run.
    pub fn new(device: &Device, disk: Option<DiskCache>) -> Self {
        Self { device: device.clone(), disk, scenes: Arc::new(Cacher::new("voxel scenes")) }
    }

    /// The core: for its statistics, and for [`evict_on_warning`](super::evict_on_warning).
    pub fn scenes(&self) -> &Arc<Cacher<SceneKey, CachedScene>> {
        &self.scenes
    }

    /// The scene of a file, here already or now; see [`Scene::open`]. When the budget has no room, scenes that nobody uses
    /// leave first.
    ///
    /// # Errors
    /// When the file is wrong, or the device cannot hold the scene.
    pub fn open(
        &self,
        path: &Path,
        resolution: u32,
        progress: &dyn Fn(Progress),
    ) -> Result<Arc<CachedScene>, OpenError> {
        let content = SceneSource::read(path, resolution, progress)?;
        let key = SceneKey::new(&content, resolution);
        self.scenes.get_or_build(&key, || {
            let disk = self.disk.as_ref();
            let (scene, origin) = Scene::build_kept(path, &content, key, resolution, disk, progress)?;
            let voxels = match VoxelScene::upload(&self.device, &scene.map) {
                Err(DeviceError::Memory(error)) if error.is_over_budget() && self.scenes.evict(u64::MAX) > 0 => {
                    VoxelScene::upload(&self.device, &scene.map)?
                }
                uploaded => uploaded?,
            };
            Ok(CachedScene { scene, voxels, origin, key })
        })
    }

    /// The same on a worker thread, while frames go on with the scene that they have.
    pub fn request(
        self: &Arc<Self>,
        workers: &Workers,
        path: &Path,
        resolution: u32,
    ) -> Request<CachedScene, OpenError> {
        let (this, path) = (self.clone(), path.to_owned());
        workers.request(move || this.open(&path, resolution, &|_| {}))
    }
}
