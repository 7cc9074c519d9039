//! Voxels of a brick that triangles touch, one after another: how many each touches is hard to foresee, so what is done for each voxel is done
//! for those of all triangles on end.

use super::super::layout::{BRICK_VOXELS, unmorton3};
use super::super::packed::BrickMask;
use super::batch::Block;
use super::lanes::{AT_ONCE, Lanes};

/// Voxels of a block.
const BLOCK: usize = 64;
/// As many as all triangles touch at most, and room for what follows a list.
const MOST: usize = AT_ONCE * BRICK_VOXELS + BLOCK;

/// Where the solid voxels of a brick are.
pub(super) struct Solid {
    /// By their Morton numbers, and room for what follows a list.
    places: [u16; BRICK_VOXELS + BLOCK],
}

impl Default for Solid {
    fn default() -> Self {
        Self { places: [0; BRICK_VOXELS + BLOCK] }
    }
}

impl Solid {
    /// Places of voxels, x first, in the order of their Morton numbers. What follows the last means nothing.
    #[inline(always)]
    pub(super) fn set(&mut self, lanes: impl Lanes, mask: &BrickMask) -> impl Iterator<Item = &[u16; AT_ONCE]> {
        let mut count = 0;
        for (group, voxels) in (0..).zip(mask.groups) {
            let [x, y, z] = unmorton3(group);
            if let Some(places) = self.places[count..].first_chunk_mut() {
                lanes.list(voxels, &IN_GROUP, (4 * x + 32 * y + 256 * z) as u16, places);
            }
            count += voxels.count_ones() as usize;
        }
        self.places.as_chunks().0.iter()
    }
}

/// How many places, x first, after the first voxel of a group another one is, by its Morton number.
const IN_GROUP: [u8; BLOCK] = {
    let (mut offsets, mut number) = ([0; BLOCK], 0);
    while number < BLOCK {
        let [x, y, z] = unmorton3(number as u32);
        offsets[number] = (x + 8 * y + 64 * z) as u8;
        number += 1;
    }
    offsets
};

/// The same by its bit in a block, x + 4y + 16z.
const IN_BLOCK: [u8; BLOCK] = {
    let (mut offsets, mut bit) = ([0; BLOCK], 0);
    while bit < BLOCK {
        offsets[bit] = (bit % 4 + 8 * (bit / 4 % 4) + 64 * (bit / 16)) as u8;
        bit += 1;
    }
    offsets
};

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
            lanes.list(block.solid, &IN_BLOCK, (x + 8 * y + 64 * z) as u16, places);
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
        check_solid(Fours);
        #[cfg(target_arch = "x86_64")]
        match lanes::Avx512::detect() {
            Some(sixteen) => {
                check(sixteen);
                check_solid(sixteen);
            }
            None => eprintln!("skipped: the processor has no AVX-512"),
        }
    }

    fn check_solid(lanes: impl Lanes) {
        let mut solid = Solid::default();
        let full = [u64::MAX; 8];
        for groups in [full, [0x8001_0000_1000_0421; 8], [0, 1, 0, u64::MAX, 0, 0, 1 << 63, 0], [0; 8]] {
            let mask = BrickMask { groups };
            let places: Vec<_> = solid.set(lanes, &mask).flatten().map(|place| u32::from(*place)).collect();
            let place = |number: usize| {
                let [x, y, z] = unmorton3(number as u32);
                x + 8 * y + 64 * z
            };
            assert!(mask.solid().map(place).eq(places.into_iter().take(mask.count() as usize)), "{groups:x?}");
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
