//! The voxels of a brick while triangles are drawn into it, row by row along x, so that four of them are one step.

use glam::Vec4;

use super::super::layout::{BRICK_VOXELS, unmorton3};
use super::super::packed::BrickMask;
use super::super::source::MaterialIndex;
use super::overlap::Row;

/// Voxels, x first.
pub(super) struct Rows {
    /// A bit for each solid voxel.
    solid: [u8; 64],
    /// Sums of normals: all x, all y, all z. Four voxels can begin with any, so there is room for three more.
    sums: [[f32; BRICK_VOXELS + 3]; 3],
    materials: [MaterialIndex; BRICK_VOXELS + 3],
}

impl Default for Rows {
    fn default() -> Self {
        Self { solid: [0; 64], sums: [[0.0; BRICK_VOXELS + 3]; 3], materials: [0; BRICK_VOXELS + 3] }
    }
}

impl Rows {
    /// Makes voxels solid and adds to their normals, of which each axis is given for all four.
    #[inline(always)]
    pub(super) fn add(&mut self, row: &Row, normal: [Vec4; 3]) {
        let [x, y, z] = row.first.to_array().map(|v| v as usize & 7);
        self.solid[8 * z + y] |= (row.solid.bitmask() << x) as u8;
        for (sums, normal) in self.sums.iter_mut().zip(normal) {
            let sums = &mut sums[64 * z + 8 * y + x..][..4];
            (Vec4::from_slice(sums) + Vec4::select(row.solid, normal, Vec4::ZERO)).write_to_slice(sums);
        }
    }

    /// Gives a row's solid voxels this material.
    #[inline(always)]
    pub(super) fn set_materials(&mut self, row: &Row, material: MaterialIndex) {
        let [x, y, z] = row.first.to_array().map(|v| v as usize & 7);
        let four = &mut self.materials[64 * z + 8 * y + x..][..4];
        // A byte of ones for each bit.
        let solid = ((row.solid.bitmask() * 0x0020_4081) & 0x0101_0101) * 0xFF;
        for (place, own) in four.iter_mut().zip(solid.to_le_bytes()) {
            *place = (*place & !own) | (material & own);
        }
    }

    /// The material of the voxel with this number.
    #[inline]
    pub(super) fn material(&self, number: usize) -> MaterialIndex {
        self.materials[place(number)]
    }

    /// The sum of the normals of the voxel with this number.
    #[inline]
    pub(super) fn normal(&self, number: usize) -> [f32; 3] {
        let at = place(number);
        [0, 1, 2].map(|axis: usize| self.sums[axis][at])
    }

    /// All solid voxels.
    pub(super) fn mask(&self) -> BrickMask {
        let mut mask = BrickMask::default();
        for (row, voxels) in self.solid.into_iter().enumerate() {
            let (y, z) = (row & 7, row >> 3);
            // In the order of a group the first two voxels are neighbours, and the others 8 places after them.
            let in_group = 2 * (y & 1) + 4 * (z & 1) + 16 * (y >> 1 & 1) + 32 * (z >> 1 & 1);
            let group = 2 * (y >> 2) + 4 * (z >> 2);
            let half = |four: u64| (four & 3 | (four & 12) << 6) << in_group;
            mask.groups[group] |= half(voxels.into());
            mask.groups[group + 1] |= half(u64::from(voxels >> 4));
        }
        mask
    }
}

/// Where a voxel is, x first.
fn place(number: usize) -> usize {
    let [x, y, z] = unmorton3(number as u32 & 511);
    (64 * z + 8 * y + x) as usize
}
