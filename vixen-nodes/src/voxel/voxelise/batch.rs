//! The voxels of a brick that triangles touch: tests of sixteen triangles are prepared at once, then each is compared with 64 voxels at
//! once.

use glam::{UVec3, Vec3, Vec3A};

use super::super::layout::BRICK_EDGE;
use super::lanes::Lanes;
use super::overlap::Triangle;

/// How many triangles are prepared at once.
pub(super) const AT_ONCE: usize = 16;

/// A number for each of the triangles.
type Each<T> = [T; AT_ONCE];

/// Corners of triangles, by corner and axis.
#[derive(Default)]
pub(super) struct Corners([[Each<f32>; 3]; 3]);

/// Tests for voxels of triangles, as those of [`Overlap`](super::overlap::Overlap).
#[derive(Default)]
pub(super) struct Batch {
    normal: [Each<f32>; 3],
    plane: [Each<f32>; 2],
    sides: [[[Each<f32>; 3]; 3]; 3],
    /// By axis, the first and the last voxel of the brick that the bounding box meets; if it meets none, the last is before the first.
    first: [Each<i32>; 3],
    last: [Each<i32>; 3],
}

/// Up to 4×4×4 voxels that a triangle touches.
pub(super) struct Block {
    /// The voxel with the least coordinates, from the brick's origin on.
    pub first: UVec3,
    /// Bit x + 4y + 16z for each voxel. None is beyond the brick.
    pub solid: u64,
}

impl Corners {
    /// Sets a triangle's corners.
    #[inline(always)]
    pub(super) fn set(&mut self, number: usize, corners: [Vec3A; 3]) {
        let [of_a, of_b, of_c] = &mut self.0;
        for ([xs, ys, zs], corner) in [of_a, of_b, of_c].into_iter().zip(corners) {
            (xs[number], ys[number], zs[number]) = (corner.x, corner.y, corner.z);
        }
    }

    /// A triangle, seen from an origin.
    #[inline(always)]
    pub(super) fn triangle(&self, number: usize, origin: [f32; 3]) -> Triangle {
        let corner = |corner: usize| {
            let [xs, ys, zs] = &self.0[corner];
            [xs[number] - origin[0], ys[number] - origin[1], zs[number] - origin[2]]
        };
        Triangle::new([corner(0), corner(1), corner(2)])
    }

    /// The least and the greatest coordinate of a triangle along an axis.
    #[inline(always)]
    fn range(&self, number: usize, axis: usize, origin: f32) -> (f32, f32) {
        let [a, b, c] = [0, 1, 2].map(|corner: usize| self.0[corner][axis][number] - origin);
        let (low, high) = if a < b { (a, b) } else { (b, a) };
        (if c < low { c } else { low }, if c > high { c } else { high })
    }
}

impl Batch {
    /// Prepares the tests of all triangles for the brick at an origin.
    #[inline(always)]
    pub(super) fn prepare(&mut self, corners: &Corners, origin: [f32; 3]) {
        for i in 0..AT_ONCE {
            let overlap = corners.triangle(i, origin).overlap([1.0; 3]);
            for axis in 0..3 {
                self.normal[axis][i] = overlap.normal[axis];
                for side in 0..3 {
                    for factor in 0..3 {
                        self.sides[axis][side][factor][i] = overlap.sides[axis][side][factor];
                    }
                }
            }
            [self.plane[0][i], self.plane[1][i]] = overlap.plane;
        }
        for (axis, origin) in origin.into_iter().enumerate() {
            for i in 0..AT_ONCE {
                let (low, high) = corners.range(i, axis, origin);
                // What is not below zero is rounded down by leaving off its fraction.
                self.first[axis][i] = (if low > 0.0 { low } else { 0.0 }) as i32;
                let most = (BRICK_EDGE - 1) as f32;
                self.last[axis][i] = if high < 0.0 { -1 } else { (if high < most { high } else { most }) as i32 };
            }
        }
    }

    /// A triangle's normal, of no particular length; zero if it has no area.
    #[inline(always)]
    pub(super) fn normal(&self, number: usize) -> Vec3 {
        Vec3::new(self.normal[0][number], self.normal[1][number], self.normal[2][number])
    }

    /// Calls `visit` for the voxels that a triangle touches.
    #[inline(always)]
    pub(super) fn blocks(&self, number: usize, lanes: impl Lanes, mut visit: impl FnMut(Block)) {
        let number = number % AT_ONCE;
        let [first, last] = [&self.first, &self.last].map(|of| [of[0][number], of[1][number], of[2][number]]);
        let mut z = first[2];
        while z <= last[2] {
            let mut y = first[1];
            while y <= last[1] {
                let mut x = first[0];
                while x <= last[0] {
                    visit(self.block(number, lanes, [x, y, z], last));
                    x += 4;
                }
                y += 4;
            }
            z += 4;
        }
    }

    /// The same for the 4×4×4 voxels from one on, up to another. Nearly all small triangles need but one such block, and branches are
    /// hard to foresee here, so all of it is looked at.
    #[inline(always)]
    fn block(&self, number: usize, lanes: impl Lanes, first: [i32; 3], last: [i32; 3]) -> Block {
        let of = |each: &Each<f32>| each[number];
        let sides = |axis: usize| {
            let [a, b, c] = &self.sides[axis];
            let side = |[u, v, constant]: &[Each<f32>; 3]| [of(u), of(v), of(constant)];
            [side(a), side(b), side(c)]
        };
        let [normal_x, normal_y, normal_z] = &self.normal;
        let [low, high] = &self.plane;
        let [x, y, z] = first.map(|from| from as f32);
        // Bits 4y + x, 4z + x and 4z + y.
        let in_xy = lanes.inside(lanes.across(x), lanes.down(y), sides(2));
        let in_xz = lanes.inside(lanes.down(z), lanes.across(x), sides(1));
        let in_yz = lanes.inside(lanes.across(y), lanes.down(z), sides(0));
        let normal = [of(normal_x), of(normal_y), of(normal_z)];
        let in_plane = lanes.between(lanes.across(x), lanes.down(y), z, normal, [of(low), of(high)]);

        let [wide, deep, tall] = [0, 1, 2].map(|axis: usize| (last[axis] - first[axis]).min(3) as u32);
        let within = (u64::from(0xFu32 >> (3 - wide)) * 0x1111_1111_1111_1111)
            & (u64::from(0xFFFFu32 >> (12 - 4 * deep)) * 0x0001_0001_0001_0001)
            & (u64::MAX >> (48 - 16 * tall));
        let columns = u64::from(in_xy) * 0x0001_0001_0001_0001;
        let walls = spread_fours(in_xz) * 0x1111;
        let rows = spread_ones(spread_fours(in_yz)) * 0xF;
        let first = UVec3::from_array(first.map(|from| from as u32));
        Block { first, solid: within & columns & walls & rows & in_plane }
    }
}

/// Moves the four bits from 4z on to 16z.
#[inline(always)]
fn spread_fours(bits: u16) -> u64 {
    let bits = u64::from(bits);
    let bits = (bits | bits << 24) & 0x0000_00FF_0000_00FF;
    (bits | bits << 12) & 0x000F_000F_000F_000F
}

/// Moves bit 16z + y to 16z + 4y.
#[inline(always)]
fn spread_ones(bits: u64) -> u64 {
    let bits = (bits | bits << 6) & 0x0303_0303_0303_0303;
    (bits | bits << 3) & 0x1111_1111_1111_1111
}
