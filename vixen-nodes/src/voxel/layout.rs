//! What lies in GPU memory: the one place that defines it. `shaders/voxel_scene.glsl` declares the same, name by name.
//!
//! # Space
//! One voxel is one unit. The scene fills the box from the origin to `size`, y points up. A tree of branching 4×4×4 stands
//! over the scene; its leaves are bricks of 8×8×8 voxels, so a node of level `n` (1 is the lowest) has cells of edge
//! `8·4ⁿ⁻¹` and an edge of `8·4ⁿ`. The root is node 0, and its level is the least whose edge covers the scene.
//! The 4×4×4 cells of a brick are *octets* of 2×2×2 voxels.
//!
//! # Order
//! Cells of a node and voxels of a brick are numbered in Morton order: bit `3i` of the number is bit `i` of x, then y, then z.
//! So an aligned 2×2×2 group of cells is one byte of a mask, an octet is eight voxels in a row, and one look at a mask tells a ray
//! whether it may leave 2×2×2 or one of its cells in one step.
//!
//! # Buffers
//! | buffer | element | what |
//! | --- | --- | --- |
//! | `nodes` | [`Node`] | inner nodes; the children of one node are consecutive, in order of their cells |
//! | `bricks` | [`Brick`] | the children of level 1 nodes |
//! | `masks` | byte | occupancy of octets: for each brick that is not full, a byte for each of its octets that is not empty, lowest first; whole words in all |
//! | `attributes` | `u32` | looks of voxels: materials and normals; see [`Brick::looks`] |
//! | `palette` | [`Material`] | always 256 entries |
//! | `grid` | `u32` | what stands where, made from the others: see [`TopGrid`](super::TopGrid) |
//!
//! Empty cells cost one bit in their node, and empty octets one in their brick. Cells that are solid all through and of one material
//! cost one record ([`SOLID`]), whatever their size: the inside of a mountain is nearly free.
//! The child of the cell with bit `b` is `first + popcount(mask below b)`. The looks of a solid voxel are found by its rank,
//! the number of solid voxels before it in its brick: those bits before it in `masks`.
//! `voxel/packed.rs` has the arithmetic.

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

/// How many more elements than it has a scene that is edited gets room for: a part of them, one in the first of these, and at least the second.
pub(crate) const ROOM_FOR_EDITS: (usize, usize) = (4, 4096);

/// In [`Node::first`] and [`Brick::first`]: solid all through, there are no children and there are no masks.
pub const SOLID: u32 = u32::MAX;

/// In [`Brick::looks`]: the low 31 bits are the word in `attributes` at which the looks of the brick's voxels stand. Otherwise they
/// are all of the material whose palette index is in the low byte, and have no normals of their own; their faces' do.
pub const LOOKS_STORED: u32 = 1 << 31;
/// In [`Brick::looks`]: the brick stands in for voxels that are [not there](crate::StreamedScene), solid all through. In the low byte is
/// its palette index, above it 16 bits of normal as it is stored for voxels.
pub const LOOKS_COARSE: u32 = 1 << 30;
/// First word of stored looks, from [`MATERIALS_SHIFT`] on: one material, whose palette index is in the low byte.
pub const MATERIALS_ONE: u32 = 0;
/// The same: next stand 16 palette indices (4 words), then 4 bits a solid voxel that choose among them.
pub const MATERIALS_4_BIT: u32 = 1;
/// The same: next stand 8 bits a solid voxel, a palette index.
pub const MATERIALS_8_BIT: u32 = 2;
/// How far the first word of stored looks is shifted to get the kind of the materials, of two bits.
pub const MATERIALS_SHIFT: u32 = 8;
/// How far it is shifted to get after how many words the normals stand, 16 bits a solid voxel: its [octahedral](super::normal)
/// normal or [`normal::NONE`](super::normal::NONE). After 0 words: none of the voxels has a normal of its own.
pub const NORMALS_SHIFT: u32 = 16;

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
    /// Which octets hold voxels, in Morton order, low word first.
    pub mask: [u32; 2],
    /// Byte in `masks` where those of the octets begin; or [`SOLID`].
    pub first: u32,
    /// What the voxels look like: a material, or with [`LOOKS_STORED`] where to find it.
    pub looks: u32,
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
    fn blocks_have_the_size_that_shaders_expect() {
        assert_eq!(size_of::<Node>(), 16);
        assert_eq!(size_of::<Brick>(), 16);
        assert_eq!(size_of::<CameraUniform>(), 64);
        assert_eq!(size_of::<MarchParams>(), 96);
    }
}
