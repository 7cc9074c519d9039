//! Which boxes a triangle touches (Schwarz and Seidel 2010, "Fast parallel surface and solid voxelization on GPUs"): its plane passes
//! through the box, and in each of the three projections the box's shadow meets the triangle's. 26-separating, so no ray slips through.
//!
//! `shaders/voxel_surface.glsl` computes the same with the same multiplications and additions in the same order, and nothing else, so that
//! the GPU finds the very same voxels: change both.

use glam::{IVec3, Vec3, Vec3A, Vec4, Vec4Swizzles};

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
    /// Of the two coordinates after it; those of the sides across from the last, the first and the second corner.
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
    /// The weights of the corners at a point.
    #[inline]
    pub(super) fn at(&self, at: Vec3) -> [f32; 3] {
        let (u, v) = match self.axis {
            0 => (at.y, at.z),
            1 => (at.z, at.x),
            _ => (at.x, at.y),
        };
        let [c, a, b, _] = self.sides.at(u, v).max(Vec4::ZERO).to_array();
        [a, b, c]
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

    /// Which of four places in a row along u are inside of all sides, as bits.
    #[inline(always)]
    fn inside_along_u(&self, u: Vec4, v: f32) -> u32 {
        let rest = self.v * v + self.constant;
        let inside = |side: usize| (u * self.u[side] + rest[side]).cmpge(Vec4::ZERO);
        (inside(0) & inside(1) & inside(2)).bitmask()
    }

    /// The same along v.
    #[inline(always)]
    fn inside_along_v(&self, u: f32, v: Vec4) -> u32 {
        let first = self.u * u;
        let inside = |side: usize| (first[side] + (v * self.v[side] + self.constant[side])).cmpge(Vec4::ZERO);
        (inside(0) & inside(1) & inside(2)).bitmask()
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

    /// Calls `visit` for the rows of voxels that it touches of a brick, from whose origin the corners count, with y and z of the row and
    /// a bit for each x. Boxes are voxels.
    #[inline]
    pub(super) fn rows(&self, (low, high): (Vec3, Vec3), mut visit: impl FnMut(u32, u32, u32)) {
        if high.cmplt(Vec3::ZERO).any() {
            return;
        }
        // What is not below zero is rounded down by leaving off its fraction: `floor` is a call where the processor may be an old one.
        let first = low.as_ivec3().max(IVec3::ZERO);
        let last = high.as_ivec3().min(IVec3::splat(BRICK_EDGE as i32 - 1));
        if first.cmpgt(last).any() {
            return;
        }
        let (xs, ys) = (Row::new(first.x, last.x), Row::new(first.y, last.y));
        // The projection along z: a mask of x for each y.
        let mut by_y = [0; BRICK_EDGE as usize];
        for y in first.y..last.y + 1 {
            by_y[y as usize & 7] = xs.mask(|x| self.sides[2].inside_along_u(x, y as f32));
        }
        for z in first.z..last.z + 1 {
            let deep = z as f32;
            let by_z = xs.mask(|x| self.sides[1].inside_along_v(deep, x));
            if by_z == 0 {
                continue;
            }
            let mut open = ys.mask(|y| self.sides[0].inside_along_u(y, deep));
            while open != 0 {
                let y = open.trailing_zeros();
                open &= open - 1;
                let columns = by_y[y as usize & 7] & by_z;
                if columns == 0 {
                    continue;
                }
                let along = self.normal.y * y as f32 + self.normal.z * deep;
                let bits = columns
                    & xs.mask(|x| {
                        let along = x * self.normal.x + along;
                        let above = (along + self.plane[1]).cmpge(Vec4::ZERO);
                        ((along + self.plane[0]).cmple(Vec4::ZERO) & above).bitmask()
                    });
                if bits != 0 {
                    visit(y, z as u32, bits);
                }
            }
        }
    }
}

/// Places side by side in a brick.
struct Row {
    first: u32,
    /// A bit for each, from the first on.
    within: u32,
    /// The first four.
    places: Vec4,
}

impl Row {
    #[inline(always)]
    fn new(first: i32, last: i32) -> Self {
        let places = Vec4::new(0.0, 1.0, 2.0, 3.0) + first as f32;
        Self { first: first as u32, within: (2 << (last - first)) - 1, places }
    }

    /// The bits of the places for which a test holds that looks at four.
    #[inline(always)]
    fn mask(&self, test: impl Fn(Vec4) -> u32) -> u32 {
        let mut bits = test(self.places);
        // Triangles are mostly small.
        if self.within > 15 {
            bits |= test(self.places + 4.0) << 4;
        }
        (bits & self.within) << self.first
    }
}

fn dot(a: Vec3, b: Vec3) -> f32 {
    a.x * b.x + (a.y * b.y + a.z * b.z)
}

fn cross(a: Vec3, b: Vec3) -> Vec3 {
    Vec3::new(a.y * b.z - b.y * a.z, a.z * b.x - b.z * a.x, a.x * b.y - b.x * a.y)
}
