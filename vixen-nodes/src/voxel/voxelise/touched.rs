//! Voxels of a brick that triangles touch, one after another: how many each touches is hard to foresee, so what is done for each voxel is done
//! for those of all triangles on end.

use super::super::layout::BRICK_VOXELS;
use super::batch::Block;
use super::lanes::{AT_ONCE, Lanes};

/// Voxels of a block.
const BLOCK: usize = 64;
/// As many as all triangles touch at most, and room for what follows a list.
const MOST: usize = AT_ONCE * BRICK_VOXELS + BLOCK;

/// What triangles that are looked at side by side touch.
pub(super) struct Touched {
    count: usize,
    places: [u16; MOST],
    triangles: [u8; MOST],
}

impl Default for Touched {
    fn default() -> Self {
        Self { count: 0, places: [0; MOST], triangles: [0; MOST] }
    }
}

impl Touched {
    /// Forgets all.
    #[inline(always)]
    pub(super) fn clear(&mut self) {
        self.count = 0;
    }

    /// Adds what a triangle touches of a block.
    #[inline(always)]
    pub(super) fn push(&mut self, lanes: impl Lanes, triangle: usize, block: &Block) {
        let [x, y, z] = block.first.to_array();
        let range = self.count..self.count + BLOCK;
        if let Some(places) = self.places[range.clone()].as_mut_array() {
            lanes.list(block.solid, (x + 8 * y + 64 * z) as u16, places);
        }
        self.triangles[range].fill(triangle as u8);
        self.count += block.solid.count_ones() as usize;
    }

    /// Voxels by their place, x first, each with the triangle's number.
    #[inline(always)]
    pub(super) fn iter(&self) -> impl Iterator<Item = (u16, usize)> {
        let pairs = self.places[..self.count].iter().zip(&self.triangles[..self.count]);
        pairs.map(|(place, triangle)| (*place, usize::from(*triangle) % AT_ONCE))
    }
}

#[cfg(test)]
mod tests {
    use glam::UVec3;

    #[cfg(target_arch = "x86_64")]
    use super::super::lanes;
    use super::super::lanes::Fours;
    use super::*;

    #[test]
    fn what_is_touched_is_listed_in_order() {
        check(Fours);
        #[cfg(target_arch = "x86_64")]
        match lanes::Avx512::detect() {
            Some(sixteen) => check(sixteen),
            None => eprintln!("skipped: the processor has no AVX-512"),
        }
    }

    fn check(lanes: impl Lanes) {
        let mut touched = Touched::default();
        for _ in 0..2 {
            touched.clear();
            let mut expected = Vec::new();
            for triangle in 0..AT_ONCE {
                // All voxels of all blocks: as many as there can be.
                for number in 0..8 {
                    let first = UVec3::new(number & 1, number >> 1 & 1, number >> 2) * 4;
                    let solid = if triangle % 3 == 0 { u64::MAX } else { 0x8000_0410_2000_0001 << number };
                    touched.push(lanes, triangle, &Block { first, solid });
                    for bit in (0..64).filter(|bit| solid >> bit & 1 != 0) {
                        let at = first + UVec3::new(bit & 3, bit >> 2 & 3, bit >> 4);
                        expected.push(((at.x + 8 * at.y + 64 * at.z) as u16, triangle));
                    }
                }
            }
            assert_eq!(touched.iter().collect::<Vec<_>>(), expected);
        }
    }
}
