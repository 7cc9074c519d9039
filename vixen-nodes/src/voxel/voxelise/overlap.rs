//! Which boxes a triangle touches (Schwarz and Seidel 2010, "Fast parallel surface and solid voxelization on GPUs"): its plane passes
//! through the box, and in each of the three projections the box's shadow meets the triangle's. 26-separating, so no ray slips through.
//!
//! `shaders/build_surface.glsl` computes the same with the same multiplications and additions in the same order, and nothing else, so that
//! the GPU finds the very same voxels: change both.

use glam::{IVec3, UVec3, Vec3, Vec3A, Vec4, Vec4Swizzles};

use super::super::layout::BRICK_EDGE;
use super::lanes::Lanes;

/// Rounding may move a surface by so much, for a box's edge; less than [`MARGIN`](super::MARGIN), so that it fills no layer more.
const REACH: f32 = 1.0 / 4096.0;

/// A triangle; its corners are in voxels from a place near by, so that little is lost to rounding.
pub(super) struct Triangle {
    /// The bounding box.
    low: Vec3A,
    high: Vec3A,
    /// The x of all corners, their y and their z. The fourth lane is the first once more, which has an edge of no length.
    corners: [Vec4; 3],
    edges: [Vec4; 3],
    /// As long as twice the triangle's area; each coordinate in all lanes, so that nothing has to leave them.
    normal: [Vec4; 3],
}

/// A linear function of two coordinates for each side of a triangle. The fourth lane is zero everywhere.
#[derive(Clone, Copy, Default)]
pub(super) struct Linear {
    u: Vec4,
    v: Vec4,
    constant: Vec4,
}

/// A triangle's tests for boxes of one size, by their corner with the least coordinates.
pub(super) struct Overlap {
    low: Vec3A,
    high: Vec3A,
    /// Each coordinate in all lanes.
    normal: [Vec4; 3],
    /// What added to the product of normal and corner must not be above and not be below zero; in all lanes.
    plane: [Vec4; 2],
    /// What must not be below zero, in the projections along x (of y and z), along y (of z and x) and along z (of x and y).
    sides: [Linear; 3],
}

/// Up to 4×4×4 voxels that a triangle touches.
pub(super) struct Block {
    /// The voxel with the least coordinates, from the brick's origin on.
    pub first: UVec3,
    /// Bit x + 4y + 16z for each voxel. None is beyond the brick.
    pub solid: u64,
}

/// How much each corner counts at a point; below zero outside of the triangle.
pub(super) struct Weights {
    /// The axis that the triangle faces most.
    axis: usize,
    /// Of the two coordinates after it; the sides are across from the last, the first and the second corner.
    sides: Linear,
}

impl Triangle {
    #[inline(always)]
    pub(super) fn new([a, b, c]: [Vec3A; 3]) -> Self {
        let corners = [Vec4::new(a.x, b.x, c.x, a.x), Vec4::new(a.y, b.y, c.y, a.y), Vec4::new(a.z, b.z, c.z, a.z)];
        let turned = |[x, y, z]: [Vec4; 3]| [x.yzxw(), y.yzxw(), z.yzxw()];
        let next = turned(corners);
        let edges = [next[0] - corners[0], next[1] - corners[1], next[2] - corners[2]];
        // The cross product of each edge and the next one, of which the first counts.
        let next = turned(edges);
        let cross = |u: usize, v: usize| (edges[u] * next[v] - next[u] * edges[v]).xxxx();
        let normal = [cross(1, 2), cross(2, 0), cross(0, 1)];
        Self { low: a.min(b).min(c), high: a.max(b).max(c), corners, edges, normal }
    }

    /// Its normal, of no particular length; zero if it has no area.
    #[inline(always)]
    pub(super) fn normal(&self) -> Vec3 {
        Vec3::new(self.normal[0].x, self.normal[1].x, self.normal[2].x)
    }

    /// Its tests for boxes of these edges.
    #[inline(always)]
    pub(super) fn overlap(&self, extent: Vec3) -> Overlap {
        let [x, y, z] = self.normal;
        let grown = [x * extent.x, y * extent.y, z * extent.z];
        let shrunk = |axis: usize| grown[axis].abs() * REACH;
        let (low, high) = (|axis: usize| grown[axis].min(Vec4::ZERO), |axis: usize| grown[axis].max(Vec4::ZERO));
        let corner = |axis: usize| self.corners[axis].xxxx();
        let away = x * corner(0) + (y * corner(1) + z * corner(2));
        let reach = shrunk(0) + shrunk(1) + shrunk(2);
        let plane = [low(0) + low(1) + low(2) - away - reach, high(0) + high(1) + high(2) - away + reach];
        let extent = extent.to_array();
        let side = |axis: usize| {
            let inward = self.inward(axis);
            let wide = inward.u * extent[(axis + 1) % 3];
            let deep = inward.v * extent[(axis + 2) % 3];
            let reach = (wide.abs() + deep.abs()) * REACH;
            let constant = inward.constant + wide.max(Vec4::ZERO) + deep.max(Vec4::ZERO) + reach;
            Linear { constant, ..inward }
        };
        let sides = [side(0), side(1), side(2)];
        Overlap { low: self.low, high: self.high, normal: self.normal, plane, sides }
    }

    /// How far inside of the sides a point is in the projection along an axis: zero on a side, positive inside.
    #[inline(always)]
    fn inward(&self, axis: usize) -> Linear {
        let (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
        let turn = Vec4::select(self.normal[axis].cmpge(Vec4::ZERO), Vec4::ONE, Vec4::NEG_ONE);
        let (by_u, by_v) = (-(self.edges[v] * turn), self.edges[u] * turn);
        Linear { u: by_u, v: by_v, constant: -(by_u * self.corners[u] + by_v * self.corners[v]) }
    }

    /// How much each corner counts.
    #[inline(always)]
    pub(super) fn weights(&self) -> Weights {
        let size = self.normal().abs();
        let axis = if size.x >= size.y && size.x >= size.z { 0 } else { if size.y >= size.z { 1 } else { 2 } };
        if size[axis] == 0.0 {
            return Weights { axis, sides: Linear { constant: Vec4::ONE, ..Linear::default() } };
        }
        Weights { axis, sides: self.inward(axis) }
    }
}

impl Weights {
    /// The weights of the corners at a point.
    #[inline(always)]
    pub(super) fn at(&self, at: Vec3) -> [f32; 3] {
        let (u, v) = match self.axis {
            0 => (at.y, at.z),
            1 => (at.z, at.x),
            _ => (at.x, at.y),
        };
        let across = self.sides.at(u, v).max(Vec4::ZERO);
        [across.y, across.z, across.x]
    }
}

impl Linear {
    #[inline(always)]
    fn at(&self, u: f32, v: f32) -> Vec4 {
        self.u * u + (self.v * v + self.constant)
    }

    /// Whether a place is inside of all sides.
    #[inline(always)]
    fn inside(&self, u: f32, v: f32) -> bool {
        self.at(u, v).cmpge(Vec4::ZERO).all()
    }
}

impl Overlap {
    /// Whether the triangle touches the box with this corner, given that it meets the triangle's bounding box.
    #[inline(always)]
    pub(super) fn touches(&self, corner: Vec3) -> bool {
        let Vec3 { x, y, z } = corner;
        let along = self.normal[0].x * x + (self.normal[1].x * y + self.normal[2].x * z);
        along + self.plane[0].x <= 0.0
            && along + self.plane[1].x >= 0.0
            && self.sides[2].inside(x, y)
            && self.sides[0].inside(y, z)
            && self.sides[1].inside(z, x)
    }

    /// Calls `visit` for the voxels that it touches of a brick, from whose origin the corners count. Boxes are voxels.
    #[inline(always)]
    pub(super) fn blocks(&self, lanes: impl Lanes, mut visit: impl FnMut(Block)) {
        if self.high.cmplt(Vec3A::ZERO).any() {
            return;
        }
        // What is not below zero is rounded down by leaving off its fraction: `floor` is a call where the processor may be an old one.
        let first = self.low.max(Vec3A::ZERO).as_ivec3();
        let last = self.high.min(Vec3A::splat((BRICK_EDGE - 1) as f32)).as_ivec3();
        for z in (first.z..last.z + 1).step_by(4) {
            for y in (first.y..last.y + 1).step_by(4) {
                for x in (first.x..last.x + 1).step_by(4) {
                    visit(self.block(lanes, IVec3::new(x, y, z), last));
                }
            }
        }
    }

    /// The same for the 4×4×4 voxels from one on, up to another. Nearly all small triangles need but one such block, and branches are
    /// hard to foresee here, so all of it is looked at.
    #[inline(always)]
    fn block(&self, lanes: impl Lanes, first: IVec3, last: IVec3) -> Block {
        let from = |from: i32| Vec4::new(0.0, 1.0, 2.0, 3.0) + from as f32;
        let (x, y, z) = (from(first.x), from(first.y), from(first.z));
        let [by_yz, by_zx, by_xy] = &self.sides;
        // Bits 4y + x, 4z + x and 4z + y.
        let in_xy = lanes.inside(
            [x * by_xy.u.x, x * by_xy.u.y, x * by_xy.u.z],
            [y * by_xy.v.x + by_xy.constant.x, y * by_xy.v.y + by_xy.constant.y, y * by_xy.v.z + by_xy.constant.z],
        );
        let in_xz = lanes.inside(
            [x * by_zx.v.x + by_zx.constant.x, x * by_zx.v.y + by_zx.constant.y, x * by_zx.v.z + by_zx.constant.z],
            [z * by_zx.u.x, z * by_zx.u.y, z * by_zx.u.z],
        );
        let in_yz = lanes.inside(
            [y * by_yz.u.x, y * by_yz.u.y, y * by_yz.u.z],
            [z * by_yz.v.x + by_yz.constant.x, z * by_yz.v.y + by_yz.constant.y, z * by_yz.v.z + by_yz.constant.z],
        );
        let in_plane = lanes.between(x * self.normal[0], y * self.normal[1], z * self.normal[2], self.plane);
        let [wide, deep, high] = (last - first).to_array().map(|more| more.min(3) as u32);
        let within = (u64::from(0xFu32 >> (3 - wide)) * 0x1111_1111_1111_1111)
            & (u64::from(0xFFFFu32 >> (12 - 4 * deep)) * 0x0001_0001_0001_0001)
            & (u64::MAX >> (48 - 16 * high));
        let columns = u64::from(in_xy) * 0x0001_0001_0001_0001;
        let walls = spread_fours(in_xz) * 0x1111;
        let rows = spread_ones(spread_fours(in_yz)) * 0xF;
        Block { first: first.as_uvec3(), solid: within & columns & walls & rows & in_plane }
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
