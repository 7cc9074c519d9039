//! The voxels of a brick that triangles touch: tests of sixteen triangles are prepared at once, then each is compared with 64 voxels at
//! once.

use glam::{UVec3, Vec3, Vec3A, Vec4};

use super::super::layout::BRICK_EDGE;
use super::super::normal::sized;
use super::super::whole::whole;
use super::lanes::{AT_ONCE, Each, Lanes};
use super::overlap::{Overlap, Triangle};

/// Corners of triangles, by corner and axis.
#[derive(Default)]
pub(super) struct Corners([[Each<f32>; 3]; 3]);

/// Tests for boxes of triangles, as those of [`Overlap`].
#[derive(Default)]
pub(super) struct Tests {
    normal: [Each<f32>; 3],
    plane: [Each<f32>; 2],
    sides: [[[Each<f32>; 3]; 3]; 3],
}

/// The voxels that triangles touch.
#[derive(Default)]
pub(super) struct Batch {
    tests: Tests,
    /// By axis, the first and the last voxel of the brick that the bounding box meets; if it meets none, the last is before the first.
    first: [Each<i32>; 3],
    last: [Each<i32>; 3],
    /// What is solid of the block at the first voxels.
    solid: Each<u64>,
}

/// Up to 4×4×4 voxels that a triangle touches.
pub(super) struct Block {
    /// The voxel with the least coordinates, from the brick's origin on.
    pub first: UVec3,
    /// Bit x + 4y + 16z for each voxel. None is beyond the brick.
    pub solid: u64,
}

impl Corners {
    /// Sets the corners of all triangles: where a corner lies of a triangle, both by their numbers.
    #[inline(always)]
    pub(super) fn set(&mut self, lanes: impl Lanes, at: impl Fn(usize, usize) -> Vec3A) {
        for (corner, of_corner) in self.0.iter_mut().enumerate() {
            let [x, y, z, _] = lanes.by_axis(|triangle| at(triangle, corner).extend(0.0));
            *of_corner = [x, y, z];
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
    pub(super) fn range(&self, number: usize, axis: usize, origin: f32) -> (f32, f32) {
        // Not `array::map`, which may stay a call: then nothing is done side by side.
        let of = |corner: usize| self.0[corner][axis][number] - origin;
        let (a, b, c) = (of(0), of(1), of(2));
        let (low, high) = if a < b { (a, b) } else { (b, a) };
        (if c < low { c } else { low }, if c > high { c } else { high })
    }
}

impl Tests {
    /// Those of all triangles, each seen from an origin, for boxes of these edges.
    #[inline(always)]
    pub(super) fn set(&mut self, corners: &Corners, origin: impl Fn(usize) -> [f32; 3], extent: [f32; 3]) {
        for i in 0..AT_ONCE {
            let overlap = corners.triangle(i, origin(i)).overlap(extent);
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
    }

    /// That of one triangle.
    #[inline(always)]
    pub(super) fn of(&self, number: usize) -> Overlap {
        let mut overlap = Overlap {
            normal: [0.0; 3],
            plane: [self.plane[0][number], self.plane[1][number]],
            sides: [[[0.0; 3]; 3]; 3],
        };
        for axis in 0..3 {
            overlap.normal[axis] = self.normal[axis][number];
            for side in 0..3 {
                for factor in 0..3 {
                    overlap.sides[axis][side][factor] = self.sides[axis][side][factor][number];
                }
            }
        }
        overlap
    }
}

impl Batch {
    /// Prepares the tests of this many triangles, each for the brick at its origin.
    #[inline(always)]
    pub(super) fn prepare(&mut self, corners: &Corners, count: usize, origins: &[Each<f32>; 3], lanes: impl Lanes) {
        let [x, y, z] = origins;
        self.tests.set(corners, |i| [x[i], y[i], z[i]], [1.0; 3]);
        for (axis, origins) in origins.iter().enumerate() {
            for (i, origin) in origins.iter().enumerate() {
                let (low, high) = corners.range(i, axis, *origin);
                // What is not below zero is rounded down by leaving off its fraction.
                self.first[axis][i] = whole(if low > 0.0 { low } else { 0.0 });
                let most = (BRICK_EDGE - 1) as f32;
                self.last[axis][i] = if high < 0.0 { -1 } else { whole(if high < most { high } else { most }) };
            }
        }
        self.find(count, lanes);
    }

    /// Finds what is solid of each triangle's first block, which nearly all small triangles have no other than.
    #[inline(always)]
    fn find(&mut self, count: usize, lanes: impl Lanes) {
        let mut places = [[0.0; AT_ONCE]; 3];
        for (places, first) in places.iter_mut().zip(&self.first) {
            places.iter_mut().zip(first).for_each(|(place, first)| *place = *first as f32);
        }
        let [x, y, z] = &places;
        // Bits 4y + x, 4z + x and 4z + y.
        let in_xy = lanes.each_inside::<1, 4>(count, [x, y], &self.tests.sides[2]);
        let in_xz = lanes.each_inside::<4, 1>(count, [z, x], &self.tests.sides[1]);
        let in_yz = lanes.each_inside::<1, 4>(count, [y, z], &self.tests.sides[0]);
        let in_plane = lanes.each_between(count, [x, y, z], &self.tests.normal, &self.tests.plane);
        for i in 0..AT_ONCE {
            let length = |axis: usize| self.last[axis][i] - self.first[axis][i];
            let within = within([length(0), length(1), length(2)]);
            let layer = |z: usize| u64::from(in_plane[z][i]) << (16 * z);
            let in_plane = layer(0) | layer(1) | layer(2) | layer(3);
            self.solid[i] = within & in_shadows(in_xy[i], in_xz[i], in_yz[i]) & in_plane;
        }
    }

    /// A triangle's normal, of no particular length; zero if it has no area.
    #[inline(always)]
    pub(super) fn normal(&self, number: usize) -> Vec3 {
        let [x, y, z] = &self.tests.normal;
        Vec3::new(x[number], y[number], z[number])
    }

    /// The normals of all triangles, with their sizes.
    #[inline(always)]
    pub(super) fn normals(&self) -> Each<Vec4> {
        let mut normals = [Vec4::ZERO; AT_ONCE];
        for (number, normal) in normals.iter_mut().enumerate() {
            *normal = sized(self.normal(number));
        }
        normals
    }

    /// Calls `visit` for the voxels that a triangle touches.
    #[inline(always)]
    pub(super) fn blocks(&self, number: usize, lanes: impl Lanes, mut visit: impl FnMut(Block)) {
        let number = number % AT_ONCE;
        let [first, last] = [&self.first, &self.last].map(|of| [of[0][number], of[1][number], of[2][number]]);
        let (mut at, mut solid) = (first, self.solid[number]);
        loop {
            visit(Block { first: UVec3::from_array(at.map(|from| from as u32)), solid });
            at[0] += 4;
            if at[0] > last[0] {
                at = [first[0], at[1] + 4, at[2]];
            }
            if at[1] > last[1] {
                at = [first[0], first[1], at[2] + 4];
            }
            if at[2] > last[2] {
                break;
            }
            solid = self.block(number, lanes, at, last);
        }
    }

    /// The same for the 4×4×4 voxels from one on, up to another. Branches are hard to foresee here, so all of it is looked at.
    #[inline(always)]
    fn block(&self, number: usize, lanes: impl Lanes, first: [i32; 3], last: [i32; 3]) -> u64 {
        let of = |each: &Each<f32>| each[number];
        let sides = |axis: usize| {
            let [a, b, c] = &self.tests.sides[axis];
            let side = |[u, v, constant]: &[Each<f32>; 3]| [of(u), of(v), of(constant)];
            [side(a), side(b), side(c)]
        };
        let [normal_x, normal_y, normal_z] = &self.tests.normal;
        let [low, high] = &self.tests.plane;
        let [x, y, z] = first.map(|from| from as f32);
        // Bits 4y + x, 4z + x and 4z + y.
        let in_xy = lanes.inside(lanes.across(x), lanes.down(y), sides(2));
        let in_xz = lanes.inside(lanes.down(z), lanes.across(x), sides(1));
        let in_yz = lanes.inside(lanes.across(y), lanes.down(z), sides(0));
        let normal = [of(normal_x), of(normal_y), of(normal_z)];
        let in_plane = lanes.between(lanes.across(x), lanes.down(y), z, normal, [of(low), of(high)]);

        let length = |axis: usize| last[axis] - first[axis];
        let in_shadows = in_shadows(in_xy.into(), in_xz.into(), in_yz.into());
        within([length(0), length(1), length(2)]) & in_shadows & in_plane
    }
}

/// The bits of a block that lie in a box which begins where it does, by how many voxels it has after the first; below zero if it has none.
#[inline(always)]
fn within([wide, deep, tall]: [i32; 3]) -> u64 {
    let missing = |more: i32| 3 - more.clamp(0, 3) as u32;
    let within = (u64::from(0xFu32 >> missing(wide)) * 0x1111_1111_1111_1111)
        & (u64::from(0xFFFFu32 >> (4 * missing(deep))) * 0x0001_0001_0001_0001)
        & (u64::MAX >> (16 * missing(tall)));
    if wide.min(deep).min(tall) < 0 { 0 } else { within }
}

/// The bits of a block whose shadows along all three axes meet the triangle's: bits 4y + x, 4z + x and 4z + y.
#[inline(always)]
fn in_shadows(in_xy: u32, in_xz: u32, in_yz: u32) -> u64 {
    let columns = u64::from(in_xy) * 0x0001_0001_0001_0001;
    let walls = spread_fours(in_xz) * 0x1111;
    let rows = spread_ones(spread_fours(in_yz)) * 0xF;
    columns & walls & rows
}

/// Moves the four bits from 4z on to 16z.
#[inline(always)]
fn spread_fours(bits: u32) -> u64 {
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
