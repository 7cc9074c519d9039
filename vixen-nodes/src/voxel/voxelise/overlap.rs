//! Which boxes a triangle touches (Schwarz and Seidel 2010, "Fast parallel surface and solid voxelization on GPUs"): its plane passes
//! through the box, and in each of the three projections the box's shadow meets the triangle's. 26-separating, so no ray slips through.
//!
//! `shaders/voxelise.glsl` computes the same with the same multiplications and additions in the same order, and nothing else, so that
//! the GPU finds the very same voxels: change both.

use glam::{IVec3, Vec3};

use super::super::layout::BRICK_EDGE;

/// Rounding may move a surface by so much, for a box's edge; less than [`MARGIN`](super::MARGIN), so that it fills no layer more.
const REACH: f32 = 1.0 / 4096.0;

/// A triangle; its corners are in voxels from a place near by, so that little is lost to rounding.
pub(super) struct Triangle {
    corners: [Vec3; 3],
    edges: [Vec3; 3],
    /// As long as twice the triangle's area.
    normal: Vec3,
}

/// A linear function of two coordinates.
#[derive(Clone, Copy, Default)]
pub(super) struct Linear {
    u: f32,
    v: f32,
    constant: f32,
}

/// A triangle's tests for boxes of one size, by their corner with the least coordinates.
pub(super) struct Overlap {
    normal: Vec3,
    /// What added to the product of normal and corner must not be above and not be below zero.
    plane: [f32; 2],
    /// What must not be below zero, in the projections along x (of y and z), along y (of z and x) and along z (of x and y).
    sides: [[Linear; 3]; 3],
}

/// The voxels of a brick that a triangle touches: bit x of row y + 8z.
pub(super) type Rows = [u8; 64];

impl Triangle {
    pub(super) fn new(corners: [Vec3; 3]) -> Self {
        let [a, b, c] = corners;
        let edges = [b - a, c - b, a - c];
        Self { corners, edges, normal: cross(edges[0], edges[1]) }
    }

    /// Its bounding box.
    pub(super) fn bounds(&self) -> (Vec3, Vec3) {
        let [a, b, c] = self.corners;
        (a.min(b).min(c), a.max(b).max(c))
    }

    /// Its normal, of no particular length; zero if it has no area.
    pub(super) fn normal(&self) -> Vec3 {
        self.normal
    }

    /// Its tests for boxes of these edges.
    #[inline]
    pub(super) fn overlap(&self, extent: Vec3) -> Overlap {
        let normal = self.normal;
        let (grown, shrunk) = (normal * extent, normal.abs() * extent * REACH);
        let away = dot(normal, self.corners[0]);
        let (low, high) = (grown.min(Vec3::ZERO), grown.max(Vec3::ZERO));
        let reach = shrunk.x + shrunk.y + shrunk.z;
        let plane = [low.x + low.y + low.z - away - reach, high.x + high.y + high.z - away + reach];
        // Loops, which become straight code: `array::map` within itself stays a function a call, and takes three times as long.
        let extent = extent.to_array();
        let mut sides = [[Linear::default(); 3]; 3];
        for (axis, sides) in sides.iter_mut().enumerate() {
            for (side, test) in sides.iter_mut().enumerate() {
                let inward = self.inward(side, axis);
                let wide = inward.u * extent[(axis + 1) % 3];
                let deep = inward.v * extent[(axis + 2) % 3];
                let reach = (wide.abs() + deep.abs()) * REACH;
                *test = Linear { constant: inward.constant + wide.max(0.0) + deep.max(0.0) + reach, ..inward };
            }
        }
        Overlap { normal, plane, sides }
    }

    /// How far inside of a side a point is in the projection along an axis: zero on the side, positive inside.
    #[inline(always)]
    fn inward(&self, side: usize, axis: usize) -> Linear {
        let (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
        let (edge, corner) = (self.edges[side].to_array(), self.corners[side].to_array());
        let turn = if self.normal.to_array()[axis] >= 0.0 { 1.0 } else { -1.0 };
        let (by_u, by_v) = (-(edge[v] * turn), edge[u] * turn);
        Linear { u: by_u, v: by_v, constant: -(by_u * corner[u] + by_v * corner[v]) }
    }

    /// How much each corner counts at a point, as functions of the two coordinates after the axis that comes with them, which is the one
    /// that the triangle faces most: below zero outside of the triangle.
    pub(super) fn weights(&self) -> (usize, [Linear; 3]) {
        let size = self.normal.abs();
        let axis = if size.x >= size.y && size.x >= size.z { 0 } else { if size.y >= size.z { 1 } else { 2 } };
        if size[axis] == 0.0 {
            return (axis, [Linear { u: 0.0, v: 0.0, constant: 1.0 }; 3]);
        }
        // The side across from each corner.
        (axis, [self.inward(1, axis), self.inward(2, axis), self.inward(0, axis)])
    }
}

impl Linear {
    #[inline(always)]
    pub(super) fn at(self, u: f32, v: f32) -> f32 {
        self.u * u + (self.v * v + self.constant)
    }
}

impl Overlap {
    /// Whether the triangle touches the box with this corner, given that it meets the triangle's bounding box.
    pub(super) fn touches(&self, corner: Vec3) -> bool {
        let Vec3 { x, y, z } = corner;
        let along = self.normal.x * x + (self.normal.y * y + self.normal.z * z);
        along + self.plane[0] <= 0.0
            && along + self.plane[1] >= 0.0
            && inside(&self.sides[2], x, y)
            && inside(&self.sides[0], y, z)
            && inside(&self.sides[1], z, x)
    }

    /// The voxels that it touches of a brick, from whose origin the corners count. Boxes are voxels.
    pub(super) fn rows(&self, (low, high): (Vec3, Vec3), rows: &mut Rows) {
        const LAST: i32 = BRICK_EDGE as i32 - 1;
        let first = low.floor().as_ivec3().max(IVec3::ZERO);
        let last = high.floor().as_ivec3().min(IVec3::splat(LAST));
        rows.fill(0);
        if first.cmpgt(last).any() {
            return;
        }
        let span = |axis: usize| (2u32 << last[axis]).wrapping_sub(1 << first[axis]) as u8;
        let (within_x, within_y) = (span(0), span(1));
        // The projection along z: a mask of x for each y.
        let mut by_y = [0; 8];
        for y in first.y..=last.y {
            by_y[y as usize] = within_x & mask(|x| inside(&self.sides[2], x, y as f32));
        }
        for z in first.z..=last.z {
            let deep = z as f32;
            let by_z = within_x & mask(|x| inside(&self.sides[1], deep, x));
            let mut open = within_y & mask(|y| inside(&self.sides[0], y, deep));
            if by_z == 0 {
                continue;
            }
            while open != 0 {
                let y = open.trailing_zeros() as usize;
                open &= open - 1;
                let columns = by_y[y] & by_z;
                if columns != 0 {
                    let along = self.normal.y * y as f32 + self.normal.z * deep;
                    let crossed = mask(|x| {
                        let along = self.normal.x * x + along;
                        (along + self.plane[0] <= 0.0) & (along + self.plane[1] >= 0.0)
                    });
                    rows[z as usize * 8 + y] = columns & crossed;
                }
            }
        }
    }
}

/// Whether a place is inside of three sides. All are tested, so that places can be tested side by side.
#[inline]
fn inside(sides: &[Linear; 3], u: f32, v: f32) -> bool {
    (sides[0].at(u, v) >= 0.0) & (sides[1].at(u, v) >= 0.0) & (sides[2].at(u, v) >= 0.0)
}

/// The bits for which a test of 0 to 7 holds.
#[inline]
fn mask(test: impl Fn(f32) -> bool) -> u8 {
    const PLACES: [f32; 8] = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
    let holds = PLACES.map(|place| u32::from(test(place)));
    holds.iter().enumerate().fold(0, |bits, (i, holds)| bits | holds << i) as u8
}

fn dot(a: Vec3, b: Vec3) -> f32 {
    a.x * b.x + (a.y * b.y + a.z * b.z)
}

fn cross(a: Vec3, b: Vec3) -> Vec3 {
    Vec3::new(a.y * b.z - b.y * a.z, a.z * b.x - b.z * a.x, a.x * b.y - b.x * a.y)
}
