//! MagicaVoxel `.vox` files: all models, where the scene graph puts them.
//!
//! The file is read here rather than by the `dot_vox` crate, which asserts on some input, drops what it cannot parse in silence and
//! overflows the stack on nested chunks. Format: <https://github.com/ephtracy/voxel-model>.

mod chunks;
mod graph;

use std::path::Path;

use glam::{I64Vec3, UVec3};

use super::error::SceneError;
use super::layout::{MAX_EDGE, Material};
use super::morton;
use super::source::{BrickVoxels, Content, Cube, VoxelSource, full_palette, linear};
use chunks::{File, Model};
use graph::Instance;

/// The most voxels of all instances together: 2 GiB of keys.
const MAX_VOXELS: usize = 1 << 28;

/// Reads a file. Its z axis points up, ours is y; handedness stays.
pub(super) fn load(path: &Path, bytes: &[u8]) -> Result<(Box<[Material; 256]>, SortedVoxels), SceneError> {
    let damaged = |problem: String| SceneError::Damaged { path: path.into(), problem };
    let file = chunks::read(bytes).map_err(damaged)?;
    let instances = graph::instances(&file).map_err(damaged)?;
    let name = || path.display().to_string();

    let count: usize = instances.iter().map(|instance| file.models[instance.model].voxels.len()).sum();
    if count > MAX_VOXELS {
        return Err(SceneError::TooMuchMemory { name: name(), what: "voxels" });
    }
    let (mut low, mut high) = (I64Vec3::MAX, I64Vec3::MIN);
    for (at, _) in voxels(&file.models, &instances) {
        (low, high) = (low.min(at), high.max(at));
    }
    if low.cmpgt(high).any() {
        return Err(SceneError::NothingSolid { name: name() });
    }
    let size = high - low + 1;
    if size.max_element() > i64::from(MAX_EDGE) {
        return Err(SceneError::TooLarge { size: size.to_array().map(|side| side as u64) });
    }

    let mut keys = Vec::with_capacity(count);
    keys.extend(
        voxels(&file.models, &instances)
            .map(|(at, color)| morton::key((at - low).as_uvec3()) << 8 | u64::from(color - 1)),
    );
    // Where models overlap the last one wins, so the sort must be stable.
    keys.sort_by_key(|key| key >> 8);
    keys.dedup_by(|later, earlier| {
        let same = *later >> 8 == *earlier >> 8;
        if same {
            *earlier = *later;
        }
        same
    });
    Ok((palette(&file), SortedVoxels { size: size.as_uvec3(), keys }))
}

/// The place and colour index of every voxel of every instance, y up.
fn voxels<'a>(models: &'a [Model], instances: &'a [Instance]) -> impl Iterator<Item = (I64Vec3, u8)> + 'a {
    instances.iter().flat_map(|instance| {
        let model = &models[instance.model];
        let solid = model.voxels.iter().filter(|voxel| voxel[3] != 0);
        solid.map(|&[x, y, z, color]| {
            let at = instance.place([x, y, z], model.size);
            (I64Vec3::new(at.x, at.z, -at.y), color)
        })
    })
}

fn palette(file: &File) -> Box<[Material; 256]> {
    full_palette(file.colors.iter().zip(&file.emission).map(|(&[r, g, b, _], &emission)| {
        let [r, g, b] = linear([r, g, b]);
        Material { color: [r, g, b, emission] }
    }))
}

/// Voxels sorted by place: the place on the Morton curve, then 8 bits of material.
pub(super) struct SortedVoxels {
    size: UVec3,
    keys: Vec<u64>,
}

impl SortedVoxels {
    fn cube(&self, origin: UVec3, edge: u32) -> &[u64] {
        morton::cube(&self.keys, |key| key >> 8, origin, edge)
    }
}

impl VoxelSource for SortedVoxels {
    fn size(&self) -> UVec3 {
        self.size
    }

    fn content(&self, cube: Cube) -> Content {
        if self.cube(cube.origin, cube.edge).is_empty() { Content::Empty } else { Content::Mixed }
    }

    fn fill(&self, origin: UVec3, brick: &mut BrickVoxels) {
        for key in self.cube(origin, 8) {
            brick.set_number((key >> 8) as u32 & 511, *key as u8);
        }
    }
}
