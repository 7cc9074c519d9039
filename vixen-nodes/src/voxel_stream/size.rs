//! How much room a budget leaves for bricks.

use super::StreamError;
use super::blocks::Blocks;
use super::residency::UNIT;
use crate::voxel::{Brick, BrickMap, TopGrid};

/// Sizes of the pool.
pub(super) struct Size {
    /// Bricks that have voxels to bring.
    pub bricks: u32,
    /// The most of them that can be there at a time.
    pub slots: u32,
    /// Words for what they hold.
    pub words: u32,
}

/// Bytes that may be lost between buffers that lie side by side, for their alignment.
const GAPS: u64 = 64 << 10;
/// The grid takes at most the budget divided by this, where its cells can be larger.
const GRID_SHARE: u64 = 8;
/// Bytes of a unit of room.
const UNIT_BYTES: u64 = 4 * UNIT as u64;

impl Size {
    /// The most that fits beside the tree and its grid, and no more than the whole scene needs.
    pub fn within(budget: u64, map: &BrickMap) -> Result<(Self, TopGrid), StreamError> {
        let mut least = budget;
        loop {
            let grid = TopGrid::of_bricks(map, least / GRID_SHARE);
            match Self::beside(least, map, grid.words()) {
                Ok(size) if least == budget => return Ok((size, grid)),
                Ok(_) => return Err(StreamError::Budget { budget, least }),
                // A larger budget may have a larger grid.
                Err(needed) => least = needed,
            }
        }
    }

    /// The same beside a grid that was chosen; or the least budget for it.
    fn beside(budget: u64, map: &BrickMap, grid: &[u32]) -> Result<Self, u64> {
        let tree = size_of_val(&map.nodes[..]) + size_of_val(&map.palette[..]) + size_of_val(grid);
        let fixed = (tree + map.bricks.len() * size_of::<Brick>()) as u64 + GAPS;
        let (mut bricks, mut units) = (0, 0);
        for brick in map.bricks.iter().filter(|brick| !brick.is_whole()) {
            bricks += 1;
            units += u64::from(map.words_of(brick).div_ceil(UNIT));
        }
        // Room for the largest brick is the least. What is spare lets the last bricks of a scene find room between others.
        let least = fixed + u64::from(Blocks::LONGEST) * UNIT_BYTES;
        let left = budget.checked_sub(least).ok_or(least)? / UNIT_BYTES;
        // Their bytes are numbered by 32 bits.
        let most = u64::from((1 << 30) / UNIT - 1);
        let units = ((units + units / 16).min(left) + u64::from(Blocks::LONGEST)).min(most) as u32;
        Ok(Self { bricks, slots: units.min(bricks.max(1)), words: units * UNIT })
    }
}
