//! Scenes that are kept between runs, so that a second start skips the build.

use std::io;
use std::path::Path;

use bytemuck::{Pod, Zeroable, bytes_of, cast_slice};
use glam::UVec3;
use xxhash_rust::xxh3::xxh3_128;

use super::brick_map::BrickMap;
use super::build::Progress;
use super::error::SceneError;
use super::procedural::Procedural;
use super::scene::{Scene, SceneKind, SceneSource};
use crate::cacher::{Damage, DiskCache, DiskKey, Stored};

/// Raised whenever the structure changes, or what a loader or the build makes of a file, or what a made-up scene looks like.
const VERSION: u32 = 7;

/// What tells one scene from another: what the file holds, not what it is called or when it was written.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Pod, Zeroable)]
pub struct SceneKey {
    checksum: [u64; 2],
    bytes: u64,
    /// The first bytes of the file, by which the loader is chosen.
    loader: [u8; 4],
    resolution: u32,
}

/// Where a scene came from.
#[derive(Debug)]
pub enum Origin {
    /// From the disk cache: nothing was built.
    Kept,
    /// It was built.
    Built {
        /// What was wrong with what the disk cache had.
        damage: Option<Damage>,
        /// Why the scene could not be kept for the next start.
        not_kept: Option<io::Error>,
    },
}

impl Origin {
    /// One line for the user, where there is something to say.
    pub fn message(&self) -> Option<String> {
        let problems = match self {
            Self::Kept => return Some("the voxels were kept from an earlier run: nothing was built".to_owned()),
            Self::Built { damage, not_kept } => [
                damage.as_ref().map(Damage::to_string),
                not_kept.as_ref().map(|error| format!("the voxels cannot be kept for the next run: {error}")),
            ],
        };
        problems.into_iter().flatten().reduce(|all, next| format!("{all}; {next}"))
    }
}

impl SceneKey {
    /// The key of a file with this content.
    pub fn new(content: &[u8], resolution: u32) -> Self {
        let checksum = xxh3_128(content);
        let loader = std::array::from_fn(|index| content.get(index).copied().unwrap_or_default());
        // A .vox file has its own size.
        let resolution = if loader == *b"VOX " { 0 } else { resolution };
        Self { checksum: [checksum as u64, (checksum >> 64) as u64], bytes: content.len() as u64, loader, resolution }
    }

    /// The key of its file in a disk cache.
    pub fn on_disk(&self) -> DiskKey<'_> {
        DiskKey { kind: "voxels", version: VERSION, key: bytes_of(self) }
    }
}

impl Scene {
    /// As [`open`](Self::open), unless the disk cache has kept what was built of the same content at the same resolution. What
    /// is built is kept there. Without a disk cache it is always built.
    ///
    /// # Errors
    /// As [`open`](Self::open). Whatever is wrong with the disk cache is no error: the scene is built, and the origin tells.
    pub fn open_kept(
        path: &Path,
        resolution: u32,
        disk: Option<&DiskCache>,
        progress: &dyn Fn(Progress),
    ) -> Result<(Self, Origin), SceneError> {
        let content = SceneSource::read(path, resolution, progress)?;
        Self::build_kept(path, &content, SceneKey::new(&content, resolution), resolution, disk, progress)
    }

    /// As [`open_kept`](Self::open_kept), for a file that was read already and its key.
    pub(crate) fn build_kept(
        path: &Path,
        content: &[u8],
        key: SceneKey,
        resolution: u32,
        disk: Option<&DiskCache>,
        progress: &dyn Fn(Progress),
    ) -> Result<(Self, Origin), SceneError> {
        let build = || SceneSource::from_bytes(path, content, resolution, progress)?.build(progress);
        Self::kept_or(&key, SceneSource::name_of(path), disk, build)
    }

    /// As [`open_kept`](Self::open_kept), for a made-up scene.
    ///
    /// # Errors
    /// As [`SceneSource::build`].
    pub fn procedural_kept(
        scene: Procedural,
        disk: Option<&DiskCache>,
        progress: &dyn Fn(Progress),
    ) -> Result<(Self, Origin), SceneError> {
        // What it is called says all that it is made from.
        let key = SceneKey::new(scene.to_string().as_bytes(), scene.size);
        Self::kept_or(&key, scene.kind.name().to_owned(), disk, || SceneSource::procedural(scene).build(progress))
    }

    /// What the disk cache has, or what is built, which it keeps.
    fn kept_or(
        key: &SceneKey,
        name: String,
        disk: Option<&DiskCache>,
        build: impl FnOnce() -> Result<Self, SceneError>,
    ) -> Result<(Self, Origin), SceneError> {
        let load = |disk: &DiskCache| disk.load(&key.on_disk())?.map(read).transpose();
        let damage = match disk.map_or(Ok(None), load) {
            Ok(Some((kind, map))) => return Ok((Self { name, kind, map }, Origin::Kept)),
            Ok(None) => None,
            Err(damage) => Some(damage),
        };
        let scene = build()?;
        let not_kept = disk.and_then(|disk| store(disk, &key.on_disk(), &scene).err());
        Ok((scene, Origin::Built { damage, not_kept }))
    }
}

/// The first section: what is no vector.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Head {
    solid_voxels: u64,
    size: [u32; 3],
    levels: u32,
    kind: u32,
    zero: u32,
}

fn store(disk: &DiskCache, key: &DiskKey<'_>, scene: &Scene) -> io::Result<()> {
    let map = &scene.map;
    let (size, levels, solid_voxels) = (map.size.to_array(), map.levels, map.solid_voxels);
    let kind = match scene.kind {
        SceneKind::Terrain => 0,
        SceneKind::Model => 1,
        SceneKind::Room => 2,
    };
    let head = Head { solid_voxels, size, levels, kind, zero: 0 };
    let sections: [&[u8]; 6] = [
        bytes_of(&head),
        cast_slice(&map.nodes),
        cast_slice(&map.bricks),
        cast_slice(&map.masks),
        cast_slice(&map.attributes),
        cast_slice(&map.palette),
    ];
    disk.store(key, &sections)
}

fn read(mut stored: Stored) -> Result<(SceneKind, BrickMap), Damage> {
    let head = stored.section::<Head>()?;
    let &[head] = &head[..] else { return Err(stored.damaged("it has not one head")) };
    let kind = match head.kind {
        0 => SceneKind::Terrain,
        1 => SceneKind::Model,
        2 => SceneKind::Room,
        _ => return Err(stored.damaged("its scene is of no kind")),
    };
    let map = BrickMap {
        size: UVec3::from_array(head.size),
        levels: head.levels,
        nodes: stored.section()?,
        bricks: stored.section()?,
        masks: stored.section()?,
        attributes: stored.section()?,
        palette: stored.section()?,
        solid_voxels: head.solid_voxels,
    };
    // A checksum tells that nothing was changed by accident; shaders need more than that.
    map.validate().map_err(|invalid| stored.damaged(invalid.problem))?;
    Ok((kind, map))
}
