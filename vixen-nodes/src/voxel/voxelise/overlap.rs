//! Which cubes a triangle touches (Akenine-Möller 2001, "Fast 3D triangle-box overlap testing"): 26-separating, so no ray slips through.

use glam::{IVec3, UVec3, Vec3};

use super::cell;

/// A triangle in voxels.
pub(super) struct Triangle {
    corners: [Vec3; 3],
}

impl Triangle {
    pub(super) fn new(corners: [Vec3; 3]) -> Self {
        Self { corners }
    }

    /// The voxels of its bounding box, both inclusive.
    pub(super) fn bounds(&self) -> (IVec3, IVec3) {
        let [a, b, c] = self.corners;
        (cell(a.min(b).min(c)), cell(a.max(b).max(c)))
    }

    /// Its unit normal; zero if it has no area.
    pub(super) fn normal(&self) -> Vec3 {
        let [a, b, c] = self.corners;
        (b - a).cross(c - a).normalize_or_zero()
    }

    /// How much each corner counts at the point of the triangle near this one.
    pub(super) fn weights(&self, near: Vec3) -> [f32; 3] {
        let [a, b, c] = self.corners;
        let normal = (b - a).cross(c - a);
        let area = normal.length_squared();
        if area == 0.0 {
            return [1.0 / 3.0; 3];
        }
        let share = |from: Vec3, to: Vec3| ((to - from).cross(near - from).dot(normal) / area).max(0.0);
        let weights = [share(b, c), share(c, a), share(a, b)];
        let sum: f32 = weights.iter().sum();
        weights.map(|weight| weight / sum.max(f32::MIN_POSITIVE))
    }

    /// Calls `visit` for the cubes of edge `least` inside an aligned cube that the triangle touches.
    pub(super) fn cubes(&self, origin: UVec3, edge: u32, least: u32, visit: &mut impl FnMut(UVec3)) {
        self.descend(self.bounds(), origin, edge, least, visit);
    }

    fn descend(&self, bounds: (IVec3, IVec3), origin: UVec3, edge: u32, least: u32, visit: &mut impl FnMut(UVec3)) {
        let (low, high) = (origin.as_ivec3(), (origin + (edge - 1)).as_ivec3());
        if low.cmpgt(bounds.1).any() || high.cmplt(bounds.0).any() || !self.touches(origin, edge) {
            return;
        }
        if edge == least {
            return visit(origin);
        }
        let half = edge / 2;
        for child in 0..8u32 {
            let step = UVec3::new(child & 1, child >> 1 & 1, child >> 2);
            self.descend(bounds, origin + step * half, half, least, visit);
        }
    }

    /// Whether it touches a cube: no plane parts them. The bounding box was tested before.
    fn touches(&self, origin: UVec3, edge: u32) -> bool {
        let half = 0.5 * edge as f32;
        let corners = self.corners.map(|corner| corner - (origin.as_vec3() + half));
        let edges = [corners[1] - corners[0], corners[2] - corners[1], corners[0] - corners[2]];
        let parts = |axis: Vec3| {
            let [a, b, c] = corners.map(|corner| corner.dot(axis));
            let reach = half * axis.abs().element_sum() * (1.0 + 1e-6);
            a.min(b).min(c) > reach || a.max(b).max(c) < -reach
        };
        let crosses =
            edges.into_iter().flat_map(|edge| [Vec3::X.cross(edge), Vec3::Y.cross(edge), Vec3::Z.cross(edge)]);
        !parts(edges[0].cross(edges[1])) && !crosses.into_iter().any(parts)
    }
}
