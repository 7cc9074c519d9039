//! Slow and simple rays in double precision, to judge fast ones by.
//!
//! They look voxels up in a plain set or function, never in a [`BrickMap`](super::BrickMap), so that errors of the structure show too.

use std::collections::HashSet;

use glam::{DVec3, IVec3, UVec2, UVec3};

use super::layout::{BRICK_EDGE, BRICK_VOXELS, CameraUniform, unmorton3};
use super::source::{BrickVoxels, VoxelSource};

/// [`Hit::face`] of a ray that starts inside a solid voxel.
pub const FACE_INSIDE: u32 = 6;

/// A half line.
#[derive(Clone, Copy, Debug)]
pub struct Ray {
    /// Where it starts.
    pub origin: DVec3,
    /// Where it goes; of any length but 0.
    pub direction: DVec3,
}

/// Where a ray first meets a solid voxel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// The voxel.
    pub voxel: IVec3,
    /// How far, in lengths of the ray's direction.
    pub t: f64,
    /// The face by which it came in: 0 to 5 for -x, +x, -y, +y, -z, +z, or [`FACE_INSIDE`].
    pub face: u32,
}

impl Ray {
    /// The ray of a pixel's centre, as the shaders cast it.
    pub fn primary(camera: &CameraUniform, extent: UVec2, pixel: UVec2) -> Self {
        let vector = |v: [f32; 4]| DVec3::new(v[0].into(), v[1].into(), v[2].into());
        let extent = extent.as_dvec2();
        let at = (pixel.as_dvec2() + 0.5) / extent * 2.0 - 1.0;
        let direction =
            vector(camera.forward) + vector(camera.right) * (at.x * extent.x / extent.y) - vector(camera.up) * at.y;
        Self { origin: vector(camera.position), direction }
    }

    /// The point at a distance.
    pub fn at(&self, t: f64) -> DVec3 {
        self.origin + self.direction * t
    }

    /// Where it enters and leaves a box, and the axis of the side by which it enters; `None` if it misses.
    fn clip(&self, low: DVec3, high: DVec3) -> Option<(f64, f64, usize)> {
        let (mut enter, mut leave, mut axis) = (f64::NEG_INFINITY, f64::INFINITY, 0);
        for i in 0..3 {
            if self.direction[i] == 0.0 {
                if self.origin[i] < low[i] || self.origin[i] >= high[i] {
                    return None;
                }
                continue;
            }
            let (a, b) =
                ((low[i] - self.origin[i]) / self.direction[i], (high[i] - self.origin[i]) / self.direction[i]);
            if a.min(b) > enter {
                (enter, axis) = (a.min(b), i);
            }
            leave = leave.min(a.max(b));
        }
        (enter < leave && leave > 0.0).then_some((enter, leave, axis))
    }
}

/// Walks from voxel to voxel (Amanatides and Woo 1987) through a scene of this size.
pub fn trace(size: UVec3, solid: impl Fn(IVec3) -> bool, ray: &Ray) -> Option<Hit> {
    let last = size.as_ivec3() - 1;
    let (enter, _, axis) = ray.clip(DVec3::ZERO, size.as_dvec3())?;
    let step = ray.direction.signum().as_ivec3();
    let (mut t, mut face) = (0.0, FACE_INSIDE);
    let mut voxel = ray.origin.floor().as_ivec3();
    if enter > 0.0 {
        (t, face) = (enter, face_of(axis, step));
        voxel = ray.at(enter).floor().as_ivec3().clamp(IVec3::ZERO, last);
        voxel[axis] = if step[axis] > 0 { 0 } else { last[axis] };
    }
    // A start on the far side of the box, going in, belongs to the voxel that it goes into.
    voxel = voxel.clamp(IVec3::ZERO, last);
    while !solid(voxel) {
        let leave = |i: usize| {
            let plane = f64::from(voxel[i] + i32::from(step[i] > 0));
            if ray.direction[i] == 0.0 { f64::INFINITY } else { (plane - ray.origin[i]) / ray.direction[i] }
        };
        let axis = (0..3).min_by(|&a, &b| leave(a).total_cmp(&leave(b))).unwrap_or(0);
        (t, face) = (leave(axis), face_of(axis, step));
        voxel[axis] += step[axis];
        if voxel[axis] < 0 || voxel[axis] > last[axis] {
            return None;
        }
    }
    Some(Hit { voxel, t, face })
}

/// The face of a voxel that is entered along an axis.
fn face_of(axis: usize, step: IVec3) -> u32 {
    2 * axis as u32 + u32::from(step[axis] < 0)
}

/// How near the ray comes to an edge of this voxel: 0.001 means that a change of a thousandth of a voxel could make it miss,
/// or hit, or come in by another face. The largest coordinate counts as the distance.
pub fn edge_distance(ray: &Ray, voxel: IVec3) -> f64 {
    let low = voxel.as_dvec3();
    let miss = |margin: f64| ray.clip(low - margin, low + 1.0 + margin).is_none();
    if !miss(0.0) {
        let (enter, leave, _) = ray.clip(low, low + 1.0).expect("it was just seen to hit");
        let near = |t: f64| {
            let inside = ray.at(t) - low;
            let mut distances = inside.min(1.0 - inside).abs().to_array();
            distances.sort_by(f64::total_cmp);
            // The point lies on a side, at distance 0; the next side is that of the edge.
            distances[1]
        };
        return near(enter.max(0.0)).min(near(leave));
    }
    let (mut near, mut far) = (0.0, 1.0);
    if miss(far) {
        return f64::INFINITY;
    }
    for _ in 0..40 {
        let middle = 0.5 * (near + far);
        (near, far) = if miss(middle) { (middle, far) } else { (near, middle) };
    }
    far
}

/// How near the ray comes to an edge that explains why two tracers disagree: one says `truth`, the other `seen`.
/// 0 if they agree.
pub fn disagreement(ray: &Ray, truth: Option<IVec3>, seen: Option<IVec3>) -> f64 {
    if truth == seen {
        return 0.0;
    }
    [truth, seen].into_iter().flatten().map(|voxel| edge_distance(ray, voxel)).fold(f64::INFINITY, f64::min)
}

/// All solid voxels of a source, one by one: for small scenes.
pub fn solid_set(source: &dyn VoxelSource) -> HashSet<IVec3> {
    let mut set = HashSet::new();
    let mut voxels = BrickVoxels::default();
    let bricks = source.size().map(|side| side.div_ceil(BRICK_EDGE));
    for (z, y, x) in (0..bricks.z).flat_map(|z| (0..bricks.y).flat_map(move |y| (0..bricks.x).map(move |x| (z, y, x))))
    {
        let origin = UVec3::new(x, y, z) * BRICK_EDGE;
        voxels.clear();
        source.fill(origin, &mut voxels);
        let solid = (0..BRICK_VOXELS as u32).filter(|&number| voxels.mask().contains(number));
        set.extend(solid.map(|number| (origin + UVec3::from_array(unmorton3(number))).as_ivec3()));
    }
    set
}
