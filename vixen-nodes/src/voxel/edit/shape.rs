//! What an edit reaches.

use glam::{DVec3, IVec3, UVec3};

use crate::voxel::layout::{BRICK_EDGE, unmorton3};
use crate::voxel::packed::BrickMask;
use crate::voxel::source::Cube;

/// A set of voxels to edit. It may leave the scene; what lies outside is left alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// The voxels from `min` on and before `max`.
    Box {
        /// The least voxel.
        min: IVec3,
        /// Beyond the last voxel.
        max: IVec3,
    },
    /// The voxels whose centres lie in a ball.
    Sphere {
        /// Its centre; that of voxel 0 is at 0.5.
        center: DVec3,
        /// Its radius in voxels.
        radius: f64,
    },
}

/// How much of a cube a shape covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    None,
    Part,
    All,
}

impl Shape {
    /// Whether the voxel belongs to it.
    #[inline]
    pub fn contains(&self, voxel: UVec3) -> bool {
        match *self {
            Self::Box { min, max } => min.cmple(voxel.as_ivec3()).all() && voxel.as_ivec3().cmplt(max).all(),
            Self::Sphere { center, radius } => {
                let offset = voxel.as_dvec3() + 0.5 - center;
                offset.dot(offset) <= radius * radius && radius >= 0.0
            }
        }
    }

    /// The voxels that it may hold in a scene of this size: from the first corner on and before the second.
    pub fn bounds(&self, size: UVec3) -> [UVec3; 2] {
        let (min, max) = match *self {
            Self::Box { min, max } => (min, max),
            // Numbers out of range saturate, and what is no number becomes 0.
            Self::Sphere { center, radius } => {
                ((center - radius).floor().as_ivec3(), (center + radius).ceil().as_ivec3())
            }
        };
        let inside = |at: IVec3| at.clamp(IVec3::ZERO, size.as_ivec3()).as_uvec3();
        [inside(min), inside(max).max(inside(min))]
    }

    /// Its voxels in the brick at this origin, of those between its [bounds](Self::bounds).
    pub(super) fn in_brick(&self, origin: UVec3, [low, high]: [UVec3; 2]) -> BrickMask {
        let within = |corner: UVec3| corner.saturating_sub(origin).min(UVec3::splat(BRICK_EDGE)).to_array();
        let all = BrickMask::of_box(within(low), within(high));
        match self {
            Self::Box { .. } => all,
            Self::Sphere { .. } => {
                let mut mask = BrickMask::default();
                let inside = |number: &usize| self.contains(origin + UVec3::from_array(unmorton3(*number as u32)));
                all.solid().filter(inside).for_each(|number| mask.insert(number as u32));
                mask
            }
        }
    }

    /// How much of the cube it covers. Cubes of one voxel are covered or not, and larger ones agree with theirs, since rounding
    /// keeps the order of sums and products.
    pub(super) fn reach(&self, cube: Cube) -> Reach {
        let [first, last] = [cube.origin, cube.origin + (cube.edge - 1)];
        let (all, none) = match *self {
            Self::Box { min, max } => {
                let [first, last] = [first.as_ivec3(), last.as_ivec3()];
                let all = min.cmple(first).all() && last.cmplt(max).all();
                (all, max.cmple(first).any() || last.cmplt(min).any() || max.cmple(min).any())
            }
            Self::Sphere { center, radius } => {
                let [first, last] = [first.as_dvec3() + 0.5 - center, last.as_dvec3() + 0.5 - center];
                let farthest = first.abs().max(last.abs());
                let nearest = first.max(-last).max(DVec3::ZERO);
                let within = |offset: DVec3| offset.dot(offset) <= radius * radius && radius >= 0.0;
                (within(farthest), !within(nearest) || center.is_nan())
            }
        };
        match (none, all) {
            (true, _) => Reach::None,
            (_, true) => Reach::All,
            _ => Reach::Part,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cube_is_covered_as_its_voxels_are() {
        let shapes = [
            Shape::Box { min: IVec3::new(-3, 2, 5), max: IVec3::new(9, 16, 8) },
            Shape::Box { min: IVec3::splat(9), max: IVec3::splat(3) },
            Shape::Sphere { center: DVec3::new(7.3, 8.9, 4.1), radius: 6.2 },
            Shape::Sphere { center: DVec3::splat(8.0), radius: 40.0 },
            Shape::Sphere { center: DVec3::splat(8.5), radius: 0.0 },
            Shape::Sphere { center: DVec3::splat(8.0), radius: -1.0 },
            Shape::Sphere { center: DVec3::splat(f64::NAN), radius: 5.0 },
        ];
        for shape in shapes {
            for edge in [1, 2, 4, 8, 16] {
                for origin in (0..16 / edge).map(|i| UVec3::new(i, (i * 7) % (16 / edge), (i * 3) % (16 / edge)) * edge)
                {
                    let voxels =
                        (0..edge.pow(3)).map(|i| origin + UVec3::new(i % edge, i / edge % edge, i / edge / edge));
                    let covered = voxels.filter(|&voxel| shape.contains(voxel)).count() as u32;
                    let reach = shape.reach(Cube { origin, edge });
                    assert!(edge > 1 || reach != Reach::Part, "a voxel is in or out: {shape:?}, {origin}");
                    assert_eq!(covered == edge.pow(3), reach == Reach::All, "{shape:?}, {origin}, {edge}");
                    // Where only corners come near, a cube may be searched in vain.
                    assert!(covered == 0 || reach != Reach::None, "{shape:?}, {origin}, {edge}");
                    let [min, max] = shape.bounds(UVec3::splat(16));
                    let outside = origin.cmplt(min).any() || origin.cmpge(max).any();
                    assert!(!(outside && shape.contains(origin)), "{shape:?}, {origin}");
                }
            }
        }
    }
}
