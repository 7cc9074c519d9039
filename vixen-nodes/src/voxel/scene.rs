//! A scene: opened from a file of any known format, or made by a function.

use std::path::Path;

use glam::{IVec3, UVec3};

use super::brick_map::BrickMap;
use super::build::{Progress, build};
use super::error::SceneError;
use super::layout::{MAX_EDGE, Material};
use super::source::{FnSource, MaterialIndex, VoxelSource, full_palette};
use crate::file;

/// The resolution of a scene for which none is given.
pub const DEFAULT_RESOLUTION: u32 = 1024;

/// What a scene shows: it chooses the view and the light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SceneKind {
    /// Land, seen from the air.
    Terrain,
    /// A thing, seen from all around.
    Model,
    /// A room without a front wall, seen through where that would stand.
    Room,
}

/// A scene that is ready for the GPU.
#[derive(Clone, Debug)]
pub struct Scene {
    /// What it is called: the file's name.
    pub name: String,
    /// What it shows.
    pub kind: SceneKind,
    /// The voxels.
    pub map: BrickMap,
}

/// A scene whose voxels are still to be put into a structure.
pub struct SceneSource {
    /// What it is called.
    pub name: String,
    /// What it shows.
    pub kind: SceneKind,
    /// What its material indices mean.
    pub palette: Box<[Material; 256]>,
    /// The voxels.
    pub voxels: Box<dyn VoxelSource>,
}

impl Scene {
    /// Reads a file and builds its brick map. See [`SceneSource::open`].
    pub fn open(path: &Path, resolution: u32, progress: &dyn Fn(Progress)) -> Result<Self, SceneError> {
        SceneSource::open(path, resolution, progress)?.build(progress)
    }

    /// A scene from a function of the voxel. Its palette has colours of all hues; material 0 is a light grey.
    pub fn from_fn(
        name: &str,
        size: UVec3,
        voxel: impl Fn(IVec3) -> Option<MaterialIndex> + Sync + 'static,
    ) -> Result<Self, SceneError> {
        SceneSource::from_fn(name, size, voxel).build(&|_| {})
    }
}

impl SceneSource {
    /// Reads a file: MagicaVoxel `.vox`, binary glTF `.glb`, or a greyscale PNG of elevations. Its first bytes tell which.
    ///
    /// `resolution` is the number of voxels along the longest side, 1 to [`MAX_EDGE`]. A `.vox` file has its own.
    pub fn open(path: &Path, resolution: u32, progress: &dyn Fn(Progress)) -> Result<Self, SceneError> {
        let bytes = Self::read(path, resolution, progress)?;
        Self::from_bytes(path, &bytes, resolution, progress)
    }

    /// The bytes of a file, for [`from_bytes`](Self::from_bytes).
    pub(crate) fn read(path: &Path, resolution: u32, progress: &dyn Fn(Progress)) -> Result<Vec<u8>, SceneError> {
        if !(1..=MAX_EDGE).contains(&resolution) {
            return Err(SceneError::Resolution { resolution });
        }
        progress(Progress { stage: "reading", done: 0, total: 0 });
        file::read(path)
    }

    /// What a scene of this file is called.
    pub(super) fn name_of(path: &Path) -> String {
        path.file_name().map_or_else(|| "scene".to_owned(), |name| name.to_string_lossy().into_owned())
    }

    /// As [`open`](Self::open), for a file that was read already; `path` names it in messages.
    pub fn from_bytes(
        path: &Path,
        bytes: &[u8],
        resolution: u32,
        progress: &dyn Fn(Progress),
    ) -> Result<Self, SceneError> {
        if !(1..=MAX_EDGE).contains(&resolution) {
            return Err(SceneError::Resolution { resolution });
        }
        let name = Self::name_of(path);
        let loader = match bytes {
            [] => return Err(SceneError::Empty { path: path.into() }),
            [b'V', b'O', b'X', b' ', ..] => load_vox,
            [b'g', b'l', b'T', b'F', ..] => load_glb,
            [0x89, b'P', b'N', b'G', ..] => load_heightmap,
            _ => return Err(SceneError::UnknownFormat { path: path.into(), hint: hint(bytes) }),
        };
        let (kind, palette, voxels) = loader(path, bytes, resolution, progress)?;
        Ok(Self { name, kind, palette, voxels })
    }

    /// A source from a function of the voxel.
    pub fn from_fn(name: &str, size: UVec3, voxel: impl Fn(IVec3) -> Option<MaterialIndex> + Sync + 'static) -> Self {
        let hues = (1..256).map(|i| {
            let channel = |shift: f32| 0.45 + 0.35 * (std::f32::consts::TAU * (i as f32 * 0.618_034 + shift)).cos();
            Material { color: [channel(0.0), channel(1.0 / 3.0), channel(2.0 / 3.0), 0.0] }
        });
        let palette = full_palette(std::iter::once(Material { color: [0.7, 0.7, 0.7, 0.0] }).chain(hues));
        Self { name: name.to_owned(), kind: SceneKind::Model, palette, voxels: Box::new(FnSource::new(size, voxel)) }
    }

    /// Builds the brick map.
    pub fn build(&self, progress: &dyn Fn(Progress)) -> Result<Scene, SceneError> {
        let map = build(&self.name, &*self.voxels, &self.palette, progress)?;
        Ok(Scene { name: self.name.clone(), kind: self.kind, map })
    }
}

/// What a loader gives: the kind of scene, its palette and its voxels.
type Loaded = (SceneKind, Box<[Material; 256]>, Box<dyn VoxelSource>);

#[cfg(feature = "vox")]
fn load_vox(path: &Path, bytes: &[u8], _: u32, _: &dyn Fn(Progress)) -> Result<Loaded, SceneError> {
    let (palette, voxels) = super::vox::load(path, bytes)?;
    Ok((SceneKind::Model, palette, Box::new(voxels)))
}

#[cfg(feature = "gltf")]
fn load_glb(path: &Path, bytes: &[u8], resolution: u32, progress: &dyn Fn(Progress)) -> Result<Loaded, SceneError> {
    let (palette, voxels) = super::glb::load(path, bytes, resolution, progress)?;
    Ok((SceneKind::Model, palette, Box::new(voxels)))
}

#[cfg(feature = "heightmap")]
fn load_heightmap(
    path: &Path,
    bytes: &[u8],
    resolution: u32,
    progress: &dyn Fn(Progress),
) -> Result<Loaded, SceneError> {
    use super::heightmap::{Elevations, Terrain, palette};
    let elevations = Elevations::read(path, bytes)?;
    progress(Progress { stage: "shaping the land", done: 0, total: 0 });
    Ok((SceneKind::Terrain, palette(), Box::new(Terrain::new(&elevations, resolution))))
}

/// Defines a loader that says which feature it needs.
macro_rules! missing {
    ($($feature:literal, $name:ident;)*) => {$(
        #[cfg(not(feature = $feature))]
        fn $name(path: &Path, _: &[u8], _: u32, _: &dyn Fn(Progress)) -> Result<Loaded, SceneError> {
            Err(SceneError::FeatureMissing { path: path.into(), feature: $feature })
        }
    )*};
}

missing! {
    "vox", load_vox;
    "gltf", load_glb;
    "heightmap", load_heightmap;
}

/// What to do with a file of another format.
fn hint(bytes: &[u8]) -> &'static str {
    match bytes {
        [0xFF, 0xD8, ..] => "it looks like a JPEG picture: convert it to a greyscale PNG",
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => {
            "it looks like a TIFF picture: convert it to a 16-bit greyscale PNG"
        }
        _ if bytes.trim_ascii_start().first() == Some(&b'{') => "it looks like text glTF: export it as a binary .glb",
        _ => "export the scene as one of these",
    }
}
