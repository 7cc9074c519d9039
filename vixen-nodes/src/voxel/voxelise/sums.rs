//! The voxels of a brick while triangles are drawn into it.

use glam::{UVec3, Vec4};

use super::super::layout::{BRICK_VOXELS, unmorton3};
use super::super::packed::BrickMask;
use super::super::source::MaterialIndex;
use super::batch::Block;
use super::lanes::{AT_ONCE, Each, Lanes};

/// Voxels, x first.
pub(super) struct Sums {
    /// A bit for each solid voxel of a layer along z.
    layers: [u64; 8],
    /// The sums of their normals.
    normals: [Vec4; BRICK_VOXELS],
    materials: [MaterialIndex; BRICK_VOXELS],
}

impl Default for Sums {
    fn default() -> Self {
        Self { layers: [0; 8], normals: [Vec4::ZERO; BRICK_VOXELS], materials: [0; BRICK_VOXELS] }
    }
}

impl Sums {
    /// Adds normals to voxels by their places, x first, in order.
    #[inline(always)]
    pub(super) fn add(&mut self, places: impl Iterator<Item = (u16, Vec4)>) {
        places.for_each(|(place, normal)| self.normals[usize::from(place) % BRICK_VOXELS] += normal);
    }

    /// Makes a block's voxels solid and adds to the normal of each; normals are asked for by their voxel's place in the brick.
    #[inline(always)]
    pub(super) fn add_each(&mut self, block: &Block, normal: impl Fn(UVec3) -> Vec4) {
        self.make_solid(block);
        let mut solid = block.solid;
        while solid != 0 {
            let (in_block, place) = place(block, solid.trailing_zeros());
            solid &= solid - 1;
            self.normals[place] += normal(block.first + in_block);
        }
    }

    /// Makes a block's voxels solid.
    #[inline(always)]
    pub(super) fn make_solid(&mut self, block: &Block) {
        let [x, y, z] = block.first.to_array();
        // All layers, side by side: those that the block is not in shift all of it away.
        for (layer, bits) in (0u32..).zip(&mut self.layers) {
            let rows = block.solid.checked_shr(layer.wrapping_sub(z).wrapping_mul(16)).unwrap_or(0) & 0xFFFF;
            // Rows of four bits, a byte apart. What would be beyond the brick is never solid.
            let rows = (rows | rows << 8) & 0x00FF_00FF;
            let rows = (rows | rows << 4) & 0x0F0F_0F0F;
            *bits |= rows << ((8 * y + x) & 63);
        }
    }

    /// Gives a block's solid voxels this material.
    #[inline(always)]
    pub(super) fn set_materials(&mut self, block: &Block, material: MaterialIndex) {
        let mut solid = block.solid;
        while solid != 0 {
            self.materials[place(block, solid.trailing_zeros()).1] = material;
            solid &= solid - 1;
        }
    }

    /// Gives the voxel at a place, x first, this material.
    #[inline(always)]
    pub(super) fn set_material(&mut self, place: u16, material: MaterialIndex) {
        self.materials[usize::from(place) % BRICK_VOXELS] = material;
    }

    /// The material of the voxel with this Morton number.
    #[inline(always)]
    pub(super) fn material(&self, number: usize) -> MaterialIndex {
        self.materials[usize::from(PLACES[number % BRICK_VOXELS])]
    }

    /// The sums of the normals of voxels, with their sizes, by their places, x first; they are forgotten.
    #[inline(always)]
    pub(super) fn take_normals(&mut self, lanes: impl Lanes, places: &[u16; AT_ONCE]) -> [Each<f32>; 4] {
        let place = |lane: usize| usize::from(places[lane]) % BRICK_VOXELS;
        let normals = lanes.by_axis(|lane| self.normals[place(lane)]);
        (0..AT_ONCE).for_each(|lane| self.normals[place(lane)] = Vec4::ZERO);
        normals
    }

    /// All solid voxels, which are forgotten. Their normals are to be taken too before the next brick is drawn.
    #[inline(always)]
    pub(super) fn take_mask(&mut self) -> BrickMask {
        let mut mask = BrickMask::default();
        for (z, layer) in std::mem::take(&mut self.layers).into_iter().enumerate() {
            for half in 0..2 {
                // In the order of a group the first two voxels of a row are neighbours, the others are 8 places after them; the row above
                // is 2 places after, the one above that 16.
                let rows = layer >> (4 * half);
                let in_order = (rows & 0x0003_0003_0003_0003)
                    | (rows >> 6 & 0x000C_000C_000C_000C)
                    | (rows & 0x000C_000C_000C_000C) << 6
                    | (rows & 0x0C00_0C00_0C00_0C00);
                let above = 4 * (z & 1) + 32 * (z >> 1 & 1);
                let group = half + 4 * (z >> 2);
                mask.groups[group] |= (in_order & 0xFFFF_FFFF) << above;
                mask.groups[group + 2] |= in_order >> 32 << above;
            }
        }
        mask
    }
}

/// Where a bit of a block is in the block and in the brick.
#[inline(always)]
fn place(block: &Block, bit: u32) -> (UVec3, usize) {
    let [x, y, z] = block.first.to_array();
    let at = UVec3::new(bit & 3, bit >> 2 & 3, bit >> 4 & 3);
    (at, ((x + 8 * y + 64 * z) + (at.x + 8 * at.y + 64 * at.z)) as usize % BRICK_VOXELS)
}

/// Where the voxel with a Morton number is, x first.
const PLACES: [u16; BRICK_VOXELS] = {
    let mut places = [0; BRICK_VOXELS];
    let mut number = 0;
    while number < BRICK_VOXELS {
        let [x, y, z] = unmorton3(number as u32);
        places[number] = (x + 8 * y + 64 * z) as u16;
        number += 1;
    }
    places
};

#[cfg(test)]
mod tests {
    use super::super::lanes::Fours;
    use super::*;
    use crate::voxel::layout::morton3;

    #[test]
    fn every_voxel_of_every_block_is_found_by_its_number() {
        for first in [UVec3::ZERO, UVec3::new(4, 0, 3), UVec3::new(1, 4, 4), UVec3::new(7, 5, 2)] {
            for bit in 0..64 {
                let at = first + UVec3::new(bit & 3, bit >> 2 & 3, bit >> 4);
                if at.max_element() > 7 {
                    continue;
                }
                let mut sums = Sums::default();
                let block = Block { first, solid: 1 << bit };
                sums.add_each(&block, |at| at.as_vec3().extend(0.0));
                sums.add([(place(&block, bit).1 as u16, Vec4::W)].into_iter());
                sums.set_materials(&block, 9);
                let number = morton3(at.x, at.y, at.z) as usize;
                assert_eq!(sums.take_mask().solid().collect::<Vec<_>>(), [number]);
                assert_eq!((sums.normals[place(&block, bit).1].w, sums.material(number)), (1.0, 9));
                let normals = sums.take_normals(Fours, &[place(&block, bit).1 as u16; AT_ONCE]);
                assert_eq!(normals.map(|axis| axis[0]), at.as_vec3().extend(1.0).to_array());
                assert!(sums.layers == [0; 8] && sums.normals.iter().all(|sum| *sum == Vec4::ZERO));
            }
        }
    }
}
