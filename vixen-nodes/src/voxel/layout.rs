//! What lies in GPU memory: the one place that defines it. `shaders/voxel_scene.glsl` declares the same, name by name.
//!
//! # Space
//! One voxel is one unit. The scene fills the box from the origin to `size`, y points up. A tree of branching 4×4×4 stands
//! over the scene; its leaves are bricks of 8×8×8 voxels, so a node of level `n` (1 is the lowest) has cells of edge
//! `8·4ⁿ⁻¹` and an edge of `8·4ⁿ`. The root is node 0, and its level is the least whose edge covers the scene.
//!
//! # Order
//! Cells of a node and voxels of a brick are numbered in Morton order: bit `3i` of the number is bit `i` of x, then y, then z.
//! So an aligned 2×2×2 group is one byte of a mask and an aligned 4×4×4 group is one `uvec2`: one load tells a
//! ray whether it may leave a group of 4, of 2 or of 1 in one step.
//!
//! # Buffers
//! | buffer | element | what |
//! | --- | --- | --- |
//! | `nodes` | [`Node`] | inner nodes; the children of one node are consecutive, in order of their cells |
//! | `bricks` | [`Brick`] | the children of level 1 nodes |
//! | `masks` | [`BrickMask`] | occupancy of the bricks that are neither empty nor full |
//! | `attributes` | `u32` | materials and normals of solid voxels, packed; see [`Brick`] |
//! | `palette` | [`Material`] | always 256 entries |
//!
//! Empty cells cost one bit in their node. Cells that are solid all through and of one material cost one record
//! ([`SOLID`]), whatever their size: the inside of a mountain is nearly free.
//! The child of the cell with bit `b` is `first + popcount(mask below b)`. The attribute of a solid voxel is found by its rank,
//! the number of solid voxels before it in its brick.

use bytemuck::{Pod, Zeroable};
use vixen::Block;

/// Voxels along the edge of a brick.
pub const BRICK_EDGE: u32 = 8;
/// Voxels in a brick.
pub const BRICK_VOXELS: usize = 512;
/// Cells along the edge of a node.
pub const NODE_EDGE: u32 = 4;
/// The largest scene, in voxels along an edge: the edge of a root of level 5.
pub const MAX_EDGE: u32 = 8192;

/// In [`Node::first`] and [`Brick::mask`]: solid all through, there are no children and there is no mask.
pub const SOLID: u32 = u32::MAX;
/// In [`Brick::normals`]: the voxels have no normals of their own; their faces' do.
pub const NO_NORMALS: u32 = u32::MAX;

/// [`Brick::materials`], upper two bits: one material, whose palette index is in the low byte.
pub const MATERIALS_ONE: u32 = 0;
/// [`Brick::materials`], upper two bits: at the word in the low 30 bits stand 16 palette indices (4 words),
/// then 4 bits a solid voxel that choose among them.
pub const MATERIALS_4_BIT: u32 = 1;
/// [`Brick::materials`], upper two bits: from the word in the low 30 bits on stand 8 bits a solid voxel, a palette index.
pub const MATERIALS_8_BIT: u32 = 2;
/// [`Brick::materials`], upper two bits: the brick stands in for voxels that are [not there](crate::StreamedScene), solid all through. In
/// the low byte is its palette index, above it 16 bits of normal as for [`Brick::normals`].
pub const MATERIALS_COARSE: u32 = 3;
/// How far [`Brick::materials`] is shifted to get its kind.
pub const MATERIALS_SHIFT: u32 = 30;

/// An inner node: 4×4×4 cells.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable, Block)]
pub struct Node {
    /// Which cells hold something, in Morton order, low word first.
    pub mask: [u32; 2],
    /// Index of the first child: in `nodes`, or in `bricks` for a node of level 1. [`SOLID`]: the whole node is solid.
    pub first: u32,
    /// The material of a solid node; of any other, that of most of its children: what stands in for them at a distance.
    pub material: u32,
}

/// 8×8×8 voxels that are not all empty.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable, Block)]
pub struct Brick {
    /// Index in `masks`, or [`SOLID`].
    pub mask: u32,
    /// Kind and place of the materials: [`MATERIALS_ONE`], [`MATERIALS_4_BIT`], [`MATERIALS_8_BIT`] or [`MATERIALS_COARSE`].
    pub materials: u32,
    /// Word in `attributes` from which on stand 16 bits a solid voxel, its [octahedral](super::normal)
    /// normal or [`normal::NONE`](super::normal::NONE); or [`NO_NORMALS`] for the whole brick.
    pub normals: u32,
}

/// Which voxels of a brick are solid, in Morton order.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable, Block)]
pub struct BrickMask {
    /// One pair of words an aligned 4×4×4 group.
    pub groups: [[u32; 2]; 8],
}

/// How a voxel looks.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable, Block)]
pub struct Material {
    /// Linear RGB reflectance, then emission as a multiple of it.
    pub color: [f32; 4],
}

/// The camera of a frame. A pixel's ray starts at `position` and runs along
/// `forward + right·u·aspect + up·v`, where u and v run from -1 to 1 over the picture, left to right and bottom to top, at pixel centres
/// moved by the jitter.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable, Block)]
pub struct CameraUniform {
    /// Where it is, in voxels; w is 1.
    pub position: [f32; 4],
    /// To the right, as long as the tangent of half the vertical field of view; w is the jitter to the right, in pixels.
    pub right: [f32; 4],
    /// Upwards, as long as `right`; w is the jitter downwards, in pixels.
    pub up: [f32; 4],
    /// Where it looks, of length 1; w is 0.
    pub forward: [f32; 4],
}

/// The push constants of the marching shaders.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable, Block)]
pub struct MarchParams {
    /// Size of the scene in voxels.
    pub scene_size: [u32; 3],
    /// Level of the root node.
    pub scene_levels: u32,
    /// Towards the sun, of length 1.
    pub sun_direction: [f32; 3],
    /// How dark hidden corners get, from 0 (not at all) to 1.
    pub occlusion: f32,
    /// Linear RGB of sunlight.
    pub sun_color: [f32; 3],
    /// Haze: the optical depth of one voxel of way at the bottom of the scene. 0 is clear air.
    pub haze: f32,
    /// Linear RGB of the sky overhead.
    pub sky_zenith: [f32; 3],
    /// How far up, in voxels, the haze gets thinner by 63%.
    pub haze_height: f32,
    /// Linear RGB of the sky at the horizon, and of the haze.
    pub sky_horizon: [f32; 3],
    /// Linear scale of the picture's brightness.
    pub exposure: f32,
    /// Linear RGB reflectance of the floor below the scene.
    pub floor_color: [f32; 3],
    /// How far the floor reaches from the scene's middle, in voxels; 0 for no floor.
    pub floor_radius: f32,
}

/// The voxel that a pixel's ray hit: a texel of the `rgba32i` image that `voxel_hits.comp` writes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable, Block)]
pub struct HitRecord {
    /// The voxel; -1 in every component where the ray hits nothing.
    pub voxel: [i32; 3],
    /// The face by which the ray came in: 0 to 5 for -x, +x, -y, +y, -z, +z; 6 where it started inside; 7 for no hit.
    pub face: i32,
}

/// The number of a cell by its coordinates, of which the low three bits count.
#[inline]
pub const fn morton3(x: u32, y: u32, z: u32) -> u32 {
    const fn spread(v: u32) -> u32 {
        (v & 1) | ((v & 2) << 2) | ((v & 4) << 4)
    }
    spread(x) | (spread(y) << 1) | (spread(z) << 2)
}

/// The coordinates of the cell with this number: the reverse of [`morton3`].
#[inline]
pub const fn unmorton3(number: u32) -> [u32; 3] {
    const fn gather(v: u32) -> u32 {
        (v & 1) | ((v >> 2) & 2) | ((v >> 4) & 4)
    }
    [gather(number), gather(number >> 1), gather(number >> 2)]
}

/// By axis and coordinate, the voxels of an aligned group of 4×4×4 that have this coordinate.
pub(crate) const GROUP_SLICES: [[u64; 4]; 3] = {
    let mut slices = [[0; 4]; 3];
    let mut number = 0;
    while number < 64 {
        let at = unmorton3(number);
        let mut axis = 0;
        while axis < 3 {
            slices[axis][at[axis] as usize] |= 1 << number;
            axis += 1;
        }
        number += 1;
    }
    slices
};

impl BrickMask {
    /// All voxels are solid.
    pub const FULL: Self = Self { groups: [[u32::MAX; 2]; 8] };

    /// The voxels from one corner on and before another one, both within the brick.
    pub(crate) fn of_box(low: [u32; 3], high: [u32; 3]) -> Self {
        let mut mask = Self::default();
        for (group, words) in (0..).zip(&mut mask.groups) {
            let corner = unmorton3(group);
            let mut bits = u64::MAX;
            for axis in 0..3 {
                let within = (0..4).filter(|slice| (low[axis]..high[axis]).contains(&(4 * corner[axis] + slice)));
                bits &= within.fold(0, |slices, slice| slices | GROUP_SLICES[axis][slice as usize]);
            }
            *words = [bits as u32, (bits >> 32) as u32];
        }
        mask
    }

    /// Each word of this combined with that of another mask.
    pub(crate) fn zip(&self, other: &Self, with: impl Fn(u32, u32) -> u32) -> Self {
        let mut mask = *self;
        let words = mask.groups.as_flattened_mut().iter_mut().zip(other.groups.as_flattened());
        words.for_each(|(word, other)| *word = with(*word, *other));
        mask
    }

    /// Whether the voxel with this number is solid.
    #[inline]
    pub fn contains(&self, number: u32) -> bool {
        let number = number as usize;
        (self.groups[number >> 6][(number >> 5) & 1] >> (number & 31)) & 1 != 0
    }

    /// Makes the voxel with this number solid.
    #[inline]
    pub fn insert(&mut self, number: u32) {
        let number = number as usize;
        self.groups[number >> 6][(number >> 5) & 1] |= 1 << (number & 31);
    }

    /// Makes the voxel with this number empty.
    #[inline]
    pub fn remove(&mut self, number: u32) {
        let number = number as usize;
        self.groups[number >> 6][(number >> 5) & 1] &= !(1 << (number & 31));
    }

    /// The number of solid voxels.
    pub fn count(&self) -> u32 {
        self.groups.iter().flatten().map(|word| word.count_ones()).sum()
    }

    /// The numbers of the solid voxels, in order.
    pub fn solid(&self) -> impl Iterator<Item = usize> {
        let words = self.groups.as_flattened().iter().copied().enumerate();
        words.flat_map(|(index, mut word)| {
            std::iter::from_fn(move || {
                let bit = (word != 0).then(|| word.trailing_zeros())?;
                word &= word - 1;
                Some(index * 32 + bit as usize)
            })
        })
    }

    /// The number of solid voxels before the one with this number.
    pub fn rank(&self, number: u32) -> u32 {
        let word = (number >> 5) as usize;
        let words = self.groups.as_flattened();
        let before: u32 = words[..word].iter().map(|word| word.count_ones()).sum();
        before + (words[word] & ((1 << (number & 31)) - 1)).count_ones()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn morton_order_numbers_every_voxel_once() {
        let mut seen = [false; BRICK_VOXELS];
        for (z, y, x) in (0..8).flat_map(|z| (0..8).flat_map(move |y| (0..8).map(move |x| (z, y, x)))) {
            let number = morton3(x, y, z);
            assert!(!std::mem::replace(&mut seen[number as usize], true));
            assert_eq!(unmorton3(number), [x, y, z]);
        }
    }

    #[test]
    fn boxes_hold_what_is_between_their_corners() {
        for (low, high) in
            [([0, 0, 0], [8, 8, 8]), ([1, 3, 5], [6, 4, 8]), ([4, 0, 2], [4, 8, 8]), ([7, 7, 7], [8, 8, 8])]
        {
            let mask = BrickMask::of_box(low, high);
            for number in 0..BRICK_VOXELS as u32 {
                let at = unmorton3(number);
                let inside = (0..3).all(|axis| (low[axis]..high[axis]).contains(&at[axis]));
                assert_eq!(mask.contains(number), inside, "{low:?} to {high:?}: {at:?}");
            }
        }
    }

    #[test]
    fn rank_counts_what_lies_before() {
        let mut mask = BrickMask::default();
        for number in [0, 31, 32, 63, 64, 300, 511] {
            mask.insert(number);
        }
        assert_eq!(mask.count(), 7);
        for (rank, number) in [0, 31, 32, 63, 64, 300, 511].into_iter().enumerate() {
            assert!(mask.contains(number) && !mask.contains(number ^ 2));
            assert_eq!(mask.rank(number), rank as u32);
        }
    }

    #[test]
    fn blocks_have_the_size_that_shaders_expect() {
        assert_eq!(size_of::<Node>(), 16);
        assert_eq!(size_of::<Brick>(), 12);
        assert_eq!(size_of::<BrickMask>(), 64);
        assert_eq!(size_of::<CameraUniform>(), 64);
        assert_eq!(size_of::<MarchParams>(), 96);
    }
}
