//! Which boxes a triangle touches (Schwarz and Seidel 2010, "Fast parallel surface and solid voxelization on GPUs"): its plane passes
//! through the box, and in each of the three projections the box's shadow meets the triangle's. 26-separating, so no ray slips through.
//!
//! `shaders/build_surface.glsl` computes the same with the same multiplications and additions in the same order, and nothing else, so that
//! the GPU finds the very same voxels: change both.

use glam::{BVec4A, IVec3, UVec3, Vec3, Vec3A, Vec4, Vec4Swizzles};

use super::super::layout::BRICK_EDGE;

/// Rounding may move a surface by so much, for a box's edge; less than [`MARGIN`](super::MARGIN), so that it fills no layer more.
const REACH: f32 = 1.0 / 4096.0;

/// A triangle; its corners are in voxels from a place near by, so that little is lost to rounding.
pub(super) struct Triangle {
    /// The x of all corners, their y and their z. The fourth lane is the first once more, which has an edge of no length.
    corners: [Vec4; 3],
    edges: [Vec4; 3],
    /// As long as twice the triangle's area.
    normal: Vec3,
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
    normal: Vec3,
    /// What added to the product of normal and corner must not be above and not be below zero.
    plane: [f32; 2],
    /// What must not be below zero, in the projections along x (of y and z), along y (of z and x) and along z (of x and y).
    sides: [Linear; 3],
}

/// How much each corner counts at a point; below zero outside of the triangle.
pub(super) struct Weights {
    /// The axis that the triangle faces most.
    axis: usize,
    /// Of the two coordinates after it; the sides are across from the last, the first and the second corner.
    sides: Linear,
}

impl Triangle {
    #[inline]
    pub(super) fn new([a, b, c]: [Vec3; 3]) -> Self {
        let corners = [Vec4::new(a.x, b.x, c.x, a.x), Vec4::new(a.y, b.y, c.y, a.y), Vec4::new(a.z, b.z, c.z, a.z)];
        let edges = corners.map(|of| of.yzxw() - of);
        let edge = |side: usize| Vec3::new(edges[0][side], edges[1][side], edges[2][side]);
        Self { corners, edges, normal: cross(edge(0), edge(1)) }
    }

    /// Its bounding box.
    #[inline]
    pub(super) fn bounds(&self) -> (Vec3, Vec3) {
        let [x, y, z] = self.corners;
        let low = Vec3::new(x.min_element(), y.min_element(), z.min_element());
        (low, Vec3::new(x.max_element(), y.max_element(), z.max_element()))
    }

    /// Its normal, of no particular length; zero if it has no area.
    pub(super) fn normal(&self) -> Vec3 {
        self.normal
    }

    /// Its tests for boxes of these edges.
    #[inline]
    pub(super) fn overlap(&self, extent: Vec3) -> Overlap {
        let normal = self.normal;
        let (grown, shrunk) = (Vec3A::from(normal * extent), normal.abs() * extent * REACH);
        let [x, y, z] = self.corners;
        let away = dot(normal, Vec3::new(x.x, y.x, z.x));
        let (low, high) = (grown.min(Vec3A::ZERO), grown.max(Vec3A::ZERO));
        let reach = shrunk.x + shrunk.y + shrunk.z;
        let plane = [low.x + low.y + low.z - away - reach, high.x + high.y + high.z - away + reach];
        let extent = extent.to_array();
        let side = |axis: usize| {
            let inward = self.inward(axis);
            let wide = inward.u * extent[(axis + 1) % 3];
            let deep = inward.v * extent[(axis + 2) % 3];
            let reach = (wide.abs() + deep.abs()) * REACH;
            let constant = inward.constant + wide.max(Vec4::ZERO) + deep.max(Vec4::ZERO) + reach;
            Linear { constant, ..inward }
        };
        Overlap { normal, plane, sides: [side(0), side(1), side(2)] }
    }

    /// How far inside of the sides a point is in the projection along an axis: zero on a side, positive inside.
    #[inline(always)]
    fn inward(&self, axis: usize) -> Linear {
        let (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
        let turn = if self.normal.to_array()[axis] >= 0.0 { 1.0 } else { -1.0 };
        let (by_u, by_v) = (-(self.edges[v] * turn), self.edges[u] * turn);
        Linear { u: by_u, v: by_v, constant: -(by_u * self.corners[u] + by_v * self.corners[v]) }
    }

    /// How much each corner counts.
    #[inline]
    pub(super) fn weights(&self) -> Weights {
        let size = self.normal.abs();
        let axis = if size.x >= size.y && size.x >= size.z { 0 } else { if size.y >= size.z { 1 } else { 2 } };
        if size[axis] == 0.0 {
            return Weights { axis, sides: Linear { constant: Vec4::ONE, ..Linear::default() } };
        }
        Weights { axis, sides: self.inward(axis) }
    }
}

impl Weights {
    /// The weights of the corners at four points.
    #[inline(always)]
    pub(super) fn at(&self, at: [Vec4; 3]) -> [Vec4; 3] {
        let (u, v) = (at[(self.axis + 1) % 3], at[(self.axis + 2) % 3]);
        let Linear { u: by_u, v: by_v, constant } = self.sides;
        let across = |side: usize| (u * by_u[side] + (v * by_v[side] + constant[side])).max(Vec4::ZERO);
        // Sides by number: `map` would stay a loop, in which an index into lanes is a jump.
        [across(1), across(2), across(0)]
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
    #[inline]
    pub(super) fn touches(&self, corner: Vec3) -> bool {
        let Vec3 { x, y, z } = corner;
        let along = self.normal.x * x + (self.normal.y * y + self.normal.z * z);
        along + self.plane[0] <= 0.0
            && along + self.plane[1] >= 0.0
            && self.sides[2].inside(x, y)
            && self.sides[0].inside(y, z)
            && self.sides[1].inside(z, x)
    }

    /// Calls `visit` for the voxels that it touches of a brick, from whose origin the corners count, in rows of four. Boxes are voxels.
    #[inline]
    pub(super) fn rows(&self, (low, high): (Vec3, Vec3), mut visit: impl FnMut(Row)) {
        if high.cmplt(Vec3::ZERO).any() {
            return;
        }
        // What is not below zero is rounded down by leaving off its fraction: `floor` is a call where the processor may be an old one.
        let first = low.as_ivec3().max(IVec3::ZERO);
        let last = high.as_ivec3().min(IVec3::splat(BRICK_EDGE as i32 - 1));
        for z in (first.z..last.z + 1).step_by(4) {
            for y in (first.y..last.y + 1).step_by(4) {
                for x in (first.x..last.x + 1).step_by(4) {
                    self.block(IVec3::new(x, y, z), last, &mut visit);
                }
            }
        }
    }

    /// The same for the 4×4×4 voxels from one on, up to another. Nearly all small triangles need but one such block, and branches are
    /// hard to foresee here, so all of it is looked at.
    #[inline(always)]
    fn block(&self, first: IVec3, last: IVec3, visit: &mut impl FnMut(Row)) {
        let [x, y, z] = first.to_array().map(|from| Vec4::new(0.0, 1.0, 2.0, 3.0) + from as f32);
        let [by_yz, by_zx, by_xy] = &self.sides;
        // In each projection which four, for each of four; and all four of the last for which the first two leave a row open.
        let mut columns_of_y = inside(|side| x * by_xy.u[side], |side| y * by_xy.v[side] + by_xy.constant[side]);
        let columns_of_z = inside(|side| x * by_zx.v[side] + by_zx.constant[side], |side| z * by_zx.u[side]);
        let rows_of_z = inside(|side| y * by_yz.u[side], |side| z * by_yz.v[side] + by_yz.constant[side]);
        let within = x.cmple(Vec4::splat(last.x as f32));
        columns_of_y = columns_of_y.map(|columns| columns & within);
        let [_, deep, high] = (last - first).to_array().map(|more| more.min(3) as u32);
        let within = (0x1111 * ((2 << deep) - 1)) & ((16 << (4 * high)) - 1);
        let mut open = within & rows_of_z.iter().rev().fold(0, |rows, of_z| rows << 4 | of_z.bitmask());
        // An index into lanes would be a jump for each.
        let (along_y, along_z) = ((y * self.normal.y).to_array(), (z * self.normal.z).to_array());
        while open != 0 {
            let row = open.trailing_zeros() as usize;
            open &= open - 1;
            let along = x * self.normal.x + (along_y[row & 3] + along_z[row >> 2 & 3]);
            let plane = (along + self.plane[0]).cmple(Vec4::ZERO) & (along + self.plane[1]).cmpge(Vec4::ZERO);
            let solid = plane & columns_of_y[row & 3] & columns_of_z[row >> 2 & 3];
            let at = first.as_uvec3() + UVec3::new(0, row as u32 & 3, row as u32 >> 2);
            visit(Row { first: at, solid });
        }
    }
}

/// Four voxels in a row along x; those that are beyond the brick are never solid.
pub(super) struct Row {
    pub first: UVec3,
    pub solid: BVec4A,
}

/// Which of four places are inside of all sides, for each of four other ones: where the terms of each side have a sum that is not below zero.
#[inline(always)]
fn inside(of_places: impl Fn(usize) -> Vec4, of_others: impl Fn(usize) -> Vec4) -> [BVec4A; 4] {
    let (places, others) = ([of_places(0), of_places(1), of_places(2)], [of_others(0), of_others(1), of_others(2)]);
    let of = |other: usize, side: usize| (places[side] + others[side][other]).cmpge(Vec4::ZERO);
    let all = |other: usize| of(other, 0) & of(other, 1) & of(other, 2);
    [all(0), all(1), all(2), all(3)]
}

fn dot(a: Vec3, b: Vec3) -> f32 {
    a.x * b.x + (a.y * b.y + a.z * b.z)
}

fn cross(a: Vec3, b: Vec3) -> Vec3 {
    Vec3::new(a.y * b.z - b.y * a.z, a.z * b.x - b.z * a.x, a.x * b.y - b.x * a.y)
}
