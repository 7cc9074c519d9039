//! Which boxes a triangle touches (Schwarz and Seidel 2010, "Fast parallel surface and solid voxelization on GPUs"): its plane passes
//! through the box, and in each of the three projections the box's shadow meets the triangle's. 26-separating, so no ray slips through.
//!
//! `shaders/build_triangle.glsl` computes the same with the same multiplications and additions in the same order, and nothing else, so that
//! the GPU finds the very same voxels: change both.

use glam::{Vec3, Vec4};

/// Rounding may move a surface by so much, for a box's edge; less than [`MARGIN`](super::MARGIN), so that it fills no layer more.
const REACH: f32 = 1.0 / 4096.0;

/// A triangle; its corners are in voxels from a place near by, so that little is lost to rounding.
#[derive(Clone, Copy)]
pub(super) struct Triangle {
    corners: [[f32; 3]; 3],
    /// From each corner to the next one.
    edges: [[f32; 3]; 3],
    /// As long as twice the triangle's area.
    normal: [f32; 3],
}

/// A triangle's tests for boxes of one size, by their corner with the least coordinates. Plain numbers and no branches, so that a loop over
/// triangles is done for several at once.
#[derive(Clone, Copy)]
pub(super) struct Overlap {
    pub normal: [f32; 3],
    /// What added to the product of normal and corner must not be above and not be below zero.
    pub plane: [f32; 2],
    /// By axis of the projection, x (of y and z), y (of z and x) and z (of x and y), then by side: what must not be below zero.
    pub sides: [[Linear; 3]; 3],
}

/// A linear function of two coordinates: their factors and a constant.
pub(super) type Linear = [f32; 3];

/// How much each corner counts at a point; below zero outside of the triangle.
pub(super) struct Weights {
    /// The axis that the triangle faces most.
    axis: usize,
    /// Of the two coordinates after it; the sides are across from the last, the first and the second corner.
    factors: [Vec4; 2],
    constant: Vec4,
}

impl Triangle {
    #[inline(always)]
    pub(super) fn new([a, b, c]: [[f32; 3]; 3]) -> Self {
        let edge = |from: [f32; 3], to: [f32; 3]| [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
        let edges = [edge(a, b), edge(b, c), edge(c, a)];
        let [a_b, b_c, _] = edges;
        let cross = |u: usize, v: usize| a_b[u] * b_c[v] - b_c[u] * a_b[v];
        Self { corners: [a, b, c], edges, normal: [cross(1, 2), cross(2, 0), cross(0, 1)] }
    }

    /// Its normal, of no particular length; zero if it has no area.
    #[inline(always)]
    pub(super) fn normal(&self) -> Vec3 {
        self.normal.into()
    }

    /// Its tests for boxes of these edges.
    #[inline(always)]
    pub(super) fn overlap(&self, extent: [f32; 3]) -> Overlap {
        let (normal, [x, y, z]) = (self.normal, self.corners[0]);
        let away = normal[0] * x + (normal[1] * y + normal[2] * z);
        let grown = [normal[0] * extent[0], normal[1] * extent[1], normal[2] * extent[2]];
        let reach = grown[0].abs() * REACH + grown[1].abs() * REACH + grown[2].abs() * REACH;
        let below = negative(grown[0]) + negative(grown[1]) + negative(grown[2]);
        let above = positive(grown[0]) + positive(grown[1]) + positive(grown[2]);
        let side = |axis: usize, side: usize| {
            let [by_u, by_v, constant] = self.inward(axis, side);
            let (wide, deep) = (by_u * extent[(axis + 1) % 3], by_v * extent[(axis + 2) % 3]);
            let reach = (wide.abs() + deep.abs()) * REACH;
            [by_u, by_v, constant + positive(wide) + positive(deep) + reach]
        };
        let sides = |axis: usize| [side(axis, 0), side(axis, 1), side(axis, 2)];
        Overlap { normal, plane: [below - away - reach, above - away + reach], sides: [sides(0), sides(1), sides(2)] }
    }

    /// How far inside of a side a point is in the projection along an axis: zero on the side, positive inside.
    #[inline(always)]
    fn inward(&self, axis: usize, side: usize) -> Linear {
        let (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
        let turn = if self.normal[axis] >= 0.0 { 1.0 } else { -1.0 };
        let (edge, corner) = (self.edges[side], self.corners[side]);
        let (by_u, by_v) = (-(edge[v] * turn), edge[u] * turn);
        [by_u, by_v, -(by_u * corner[u] + by_v * corner[v])]
    }

    /// How much each corner counts.
    #[inline(always)]
    pub(super) fn weights(&self) -> Weights {
        let size = self.normal.map(f32::abs);
        let axis = if size[0] >= size[1] && size[0] >= size[2] { 0 } else { if size[1] >= size[2] { 1 } else { 2 } };
        let sides = match axis {
            _ if size[axis] == 0.0 => [[0.0, 0.0, 1.0]; 3],
            0 => [0, 1, 2].map(|side| self.inward(0, side)),
            1 => [0, 1, 2].map(|side| self.inward(1, side)),
            _ => [0, 1, 2].map(|side| self.inward(2, side)),
        };
        let of = |factor: usize| Vec4::new(sides[0][factor], sides[1][factor], sides[2][factor], 0.0);
        Weights { axis, factors: [of(0), of(1)], constant: of(2) }
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
        let across = (self.factors[0] * u + (self.factors[1] * v + self.constant)).max(Vec4::ZERO);
        [across.y, across.z, across.x]
    }
}

impl Overlap {
    /// Whether the triangle touches the box with this corner, given that it meets the triangle's bounding box.
    #[inline(always)]
    pub(super) fn touches(&self, [x, y, z]: [f32; 3]) -> bool {
        let [by_yz, by_zx, by_xy] = &self.sides;
        // All of it, since which test fails first is hard to foresee.
        let inside = |[a, b, c]: &[Linear; 3], u: f32, v: f32| {
            let not_below = |side: &Linear| side[0] * u + (side[1] * v + side[2]) >= 0.0;
            not_below(a) & not_below(b) & not_below(c)
        };
        let along = self.normal[0] * x + (self.normal[1] * y + self.normal[2] * z);
        (along + self.plane[0] <= 0.0)
            & (along + self.plane[1] >= 0.0)
            & inside(by_xy, x, y)
            & inside(by_yz, y, z)
            & inside(by_zx, z, x)
    }
}

#[inline(always)]
fn positive(v: f32) -> f32 {
    if v > 0.0 { v } else { 0.0 }
}

#[inline(always)]
fn negative(v: f32) -> f32 {
    if v < 0.0 { v } else { 0.0 }
}
