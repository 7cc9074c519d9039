//! Editing the voxels of one brick.

use glam::UVec3;

use super::{Edit, Editor, Pass};
use crate::voxel::build::solid_brick;
use crate::voxel::layout::{BRICK_VOXELS, Brick, LOOKS_STORED, SOLID};
use crate::voxel::looks::{self, Local, Looks, Materials};
use crate::voxel::normal;
use crate::voxel::packed::BrickMask;
use crate::voxel::source::MaterialIndex;

impl Pass<'_> {
    /// Edits the voxels of a brick.
    pub(super) fn brick(&mut self, old: Option<Brick>, origin: UVec3) -> Option<Brick> {
        self.bricks_opened += 1;
        let voxels = self.shape.in_brick(origin, self.bounds);
        match self.material_throughout(old) {
            Some(material) => self.change_mask(old, &voxels, material),
            None => self.change_voxels(old, &voxels),
        }
    }

    /// The one material that all voxels have before the edit and after it, if none of them has a normal of its own.
    fn material_throughout(&self, old: Option<Brick>) -> Option<MaterialIndex> {
        let had = old.map(|old| (old.looks & LOOKS_STORED == 0).then_some(old.looks as MaterialIndex));
        match (had, self.edit) {
            (Some(None), _) => None,
            (Some(Some(had)), Edit::Set(material)) => (had == material).then_some(had),
            (Some(had), Edit::Clear) => had,
            (None, Edit::Set(material)) => Some(material),
            (None, Edit::Clear) => Some(0),
        }
    }

    /// Edits a brick of one material: nothing but its mask changes.
    fn change_mask(&mut self, old: Option<Brick>, voxels: &BrickMask, material: MaterialIndex) -> Option<Brick> {
        let map = &mut self.editor.map;
        let before = old.map_or(BrickMask::default(), |brick| map.mask_of(&brick));
        let after = match self.edit {
            Edit::Set(_) => before.zip(voxels, |solid, edited| solid | edited),
            Edit::Clear => before.zip(voxels, |solid, edited| solid & !edited),
        };
        if after == before {
            return old;
        }
        let count = after.count();
        map.solid_voxels = map.solid_voxels + u64::from(count) - u64::from(before.count());
        let full = count == BRICK_VOXELS as u32;
        self.parts.clear();
        let mask = if full { [u32::MAX; 2] } else { after.pack(&mut self.parts.masks) };
        let first = self.editor.masks.replace(&mut map.masks, old.and_then(stored_masks), &self.parts.masks);
        match count {
            0 => None,
            _ if full => Some(solid_brick(material)),
            _ => Some(Brick { mask, first, looks: material.into() }),
        }
    }

    /// Edits a brick voxel by voxel, and stores it anew.
    fn change_voxels(&mut self, old: Option<Brick>, voxels: &BrickMask) -> Option<Brick> {
        let Editor { map, masks, attributes, .. } = &mut *self.editor;
        let [before, after] = &mut *self.looks;
        let solid = old.map_or(BrickMask::default(), |old| map.mask_of(&old));
        let looks = old.map_or(Looks::Plain(0), |old| Looks::of(&old, &map.attributes));
        let (count, has_normals) = (solid.count() as usize, looks.has_normals());
        let mut local = looks.materials(&mut before.materials[..count.next_multiple_of(8)]);
        if has_normals {
            looks.normals(&mut before.normals[..count.next_multiple_of(2)]);
        }
        let (mask, material) = match self.edit {
            Edit::Set(material) => {
                let material = place(material, &mut local, &mut before.materials[..count]);
                (solid.zip(voxels, |solid, more| solid | more), Some(material))
            }
            Edit::Clear => (solid.zip(voxels, |solid, less| solid & !less), None),
        };
        let left = edit(&solid, voxels, material, &before.materials, &mut after.materials);
        if has_normals {
            edit(&solid, voxels, material.map(|_| normal::NONE), &before.normals, &mut after.normals);
        }
        let same = mask == solid && before.materials[..count] == after.materials[..count];
        if same && (!has_normals || before.normals[..count] == after.normals[..count]) {
            return old;
        }
        let had_looks = old.and_then(|old| looks::stored(&old, &map.attributes, count));
        self.parts.clear();
        let normals = has_normals.then(|| &after.normals[..left]);
        let materials = Materials { local: local.as_ref(), by_rank: &after.materials[..left] };
        let brick = self.parts.store_brick(&mask, materials, normals);
        map.solid_voxels = map.solid_voxels - count as u64 + left as u64;
        let first = masks.replace(&mut map.masks, old.and_then(stored_masks), &self.parts.masks);
        let place = attributes.replace(&mut map.attributes, had_looks, &self.parts.attributes);
        let mut brick = brick?;
        if brick.first != SOLID {
            brick.first = first;
        }
        if brick.looks & LOOKS_STORED != 0 {
            brick.looks = LOOKS_STORED | place;
        }
        Some(brick)
    }
}

/// What stands for a material among those of a brick: its place in the palette, where there is one. One that has no room for it goes.
fn place(material: MaterialIndex, local: &mut Option<Local>, by_rank: &mut [u8]) -> u8 {
    let Some(palette) = local else { return material };
    if let Some(place) = palette.iter().position(|there| *there == material) {
        return place as u8;
    }
    let used = by_rank.iter().fold(0_u32, |used, place| used | 1 << place);
    let place = used.trailing_ones() as usize;
    if let Some(free) = palette.get_mut(place) {
        *free = material;
        return place as u8;
    }
    by_rank.iter_mut().for_each(|place| *place = palette[usize::from(*place)]);
    *local = None;
    material
}

/// Voxels of a group of a mask.
const GROUP: usize = 64;
/// Those of a brick, and a group that is copied along.
const ROOM: usize = BRICK_VOXELS + GROUP;

/// Looks of the solid voxels of a brick, by rank.
pub(super) struct ByRank {
    /// Or places in a palette.
    materials: [MaterialIndex; ROOM],
    normals: [u16; ROOM],
}

impl Default for ByRank {
    fn default() -> Self {
        Self { materials: [0; ROOM], normals: [normal::NONE; ROOM] }
    }
}

/// Makes some voxels solid and gives them a value, or makes them empty if there is none. `before` are the values of the voxels that
/// were `solid`, by rank; fills `after` with those of the voxels that are, and returns how many that is.
fn edit<T: Copy>(
    solid: &BrickMask,
    voxels: &BrickMask,
    value: Option<T>,
    before: &[T; ROOM],
    after: &mut [T; ROOM],
) -> usize {
    let (mut from, mut to) = (0, 0);
    for (&solid, edited) in solid.groups.iter().zip(voxels.groups) {
        let left = if value.is_some() { solid | edited } else { solid & !edited };
        // Where nothing is edited, all of a group is copied, and of an octet: what is too many, the next one overwrites.
        let touched = if value.is_some() { edited } else { solid & edited };
        if touched == 0 {
            after[to..to + GROUP].copy_from_slice(&before[from..from + GROUP]);
            from += solid.count_ones() as usize;
            to += solid.count_ones() as usize;
            continue;
        }
        for octet in 0..8 {
            let [solid, left, touched] = [solid, left, touched].map(|group| (group >> (8 * octet)) as u8);
            if touched == 0 {
                after[to..to + 8].copy_from_slice(&before[from..from + 8]);
                from += solid.count_ones() as usize;
                to += solid.count_ones() as usize;
                continue;
            }
            match value {
                Some(value) if touched == 0xFF => {
                    after[to..to + 8].fill(value);
                    from += solid.count_ones() as usize;
                    to += 8;
                }
                None if left == 0 => from += solid.count_ones() as usize,
                _ => {
                    for bit in 0..8 {
                        after[to] = value.filter(|_| touched >> bit & 1 != 0).unwrap_or(before[from]);
                        from += usize::from(solid >> bit & 1);
                        to += usize::from(left >> bit & 1);
                    }
                }
            }
        }
    }
    to
}

/// Where the masks of a brick are and how many bytes they take, unless it is solid.
fn stored_masks(brick: Brick) -> Option<(u32, usize)> {
    (brick.first != SOLID).then(|| (brick.first, brick.octet_count()))
}
