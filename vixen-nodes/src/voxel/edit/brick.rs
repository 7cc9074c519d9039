//! Editing the voxels of one brick.

use glam::UVec3;

use super::{Edit, Pass, Record};
use crate::voxel::build::solid_brick;
use crate::voxel::layout::{BRICK_VOXELS, Brick, LOOKS_STORED, SOLID};
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
        let had = old.filter(|brick| brick.first != SOLID).map(|brick| (brick.first, brick.words()));
        if count == 0 || count == BRICK_VOXELS as u32 {
            had.into_iter().for_each(|(first, words)| self.editor.masks.release(first, words));
            return (count > 0).then(|| solid_brick(material));
        }
        self.parts.clear();
        let (mask, words) = (after.pack(&mut self.parts.masks), &self.parts.masks);
        let first = match had {
            Some((first, length)) if length == words.len() => {
                self.editor.masks.overwrite(&mut map.masks, first, words);
                first
            }
            _ => {
                had.into_iter().for_each(|(first, length)| self.editor.masks.release(first, length));
                self.editor.masks.store(&mut map.masks, words)
            }
        };
        Some(Brick { mask, first, looks: material.into() })
    }

    /// Edits a brick voxel by voxel, and stores it anew.
    fn change_voxels(&mut self, old: Option<Brick>, voxels: &BrickMask) -> Option<Brick> {
        self.voxels.clear();
        if let Some(old) = old {
            self.editor.map.open_brick(&old, self.voxels);
        }
        let changed = match self.edit {
            Edit::Set(material) => self.voxels.replace(voxels, material),
            Edit::Clear => self.voxels.remove(voxels),
        };
        if !changed {
            return old;
        }
        let editor = &mut *self.editor;
        editor.map.solid_voxels -= old.map_or(0, |old| old.release(editor, 0));
        self.parts.clear();
        self.voxels.solid(self.solid);
        let mut brick = self.parts.store_brick(self.voxels, self.solid)?;
        editor.map.solid_voxels += self.parts.solid_voxels;
        if brick.first != SOLID {
            brick.first = editor.masks.store(&mut editor.map.masks, &self.parts.masks);
        }
        if brick.looks & LOOKS_STORED != 0 {
            let place = editor.attributes.store(&mut editor.map.attributes, &self.parts.attributes);
            brick.looks = LOOKS_STORED | place;
        }
        Some(brick)
    }
}
