//! How much room a budget leaves for bricks.

use super::StreamError;
use super::blocks::Blocks;
use super::residency::UNIT;
use crate::voxel::{Brick, BrickMap};

/// Sizes of the pool.
pub(super) struct Size {
    /// Bricks that have voxels to bring.
    pub bricks: u32,
    /// Slots for masks.
    pub slots: u32,
    /// Words for materials and normals.
    pub words: u32,
}

/// Bytes that may be lost between buffers that lie side by side, for their alignment.
const GAPS: u64 = 64 << 10;
/// More units than the mean brick needs, by so many parts: bricks differ.
const SPARE: u64 = 16;

/// Bytes of a slot: the masks of any brick fit.
pub(super) const SLOT_BYTES: u64 = 4 * Brick::MASK_WORDS as u64;

impl Size {
    /// The most that fits beside the tree and its grid, and no more than the whole scene needs.
    pub fn within(budget: u64, map: &BrickMap, field: &[u32]) -> Result<Self, StreamError> {
        let tree = size_of_val(&map.nodes[..]) + size_of_val(&map.palette[..]) + size_of_val(field);
        let fixed = (tree + map.bricks.len() * size_of::<Brick>()) as u64 + GAPS;
        let (mut bricks, mut units) = (0_u64, 0_u64);
        for brick in map.bricks.iter().filter(|brick| !brick.is_whole()) {
            let words = map.looks_of(brick).len();
            bricks += 1;
            units += (words as u64).div_ceil(UNIT.into());
        }
        // Room for the largest brick is the least.
        let unit_bytes = u64::from(UNIT) * 4;
        let least = fixed + SLOT_BYTES + u64::from(Blocks::LONGEST) * unit_bytes;
        let left = budget.checked_sub(least).ok_or(StreamError::Budget { budget, least })?;
        let units = units + units / SPARE;
        let all = bricks * SLOT_BYTES + units * unit_bytes;
        let share = |of: u64| (u128::from(of) * u128::from(left.min(all)) / u128::from(all.max(1))) as u64;
        let words = (share(units) + u64::from(Blocks::LONGEST)) * u64::from(UNIT);
        // Places are numbered in the low 31 bits of a word.
        let words = words.min((1 << 31) - 1) as u32 / UNIT * UNIT;
        Ok(Self { bricks: bricks as u32, slots: share(bricks) as u32 + 1, words })
    }
}
