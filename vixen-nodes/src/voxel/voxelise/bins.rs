//! Which triangles touch which bricks, sorted along the Morton curve.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use glam::{UVec3, Vec3, Vec3A};

use super::super::build::Progress;
use super::super::layout::BRICK_EDGE;
use super::super::morton;
use super::super::source::Cube;
use super::overlap::Triangle;

/// The most triangles that all bricks hold together: 4 GiB.
const MAX: usize = 1 << 29;
/// Bricks of a box that are tested one by one rather than halving it.
const FEW: u32 = 32;

/// The brick's place on the curve in the upper half, the triangle in the lower.
pub(super) type Bin = u64;

/// All bins of so many triangles, sorted, on all cores. `None` if there are too many.
pub(super) fn fill(
    count: usize,
    triangle: impl Fn(u32) -> [Vec3A; 3] + Sync,
    progress: &dyn Fn(Progress),
) -> Option<Vec<Bin>> {
    progress(Progress { stage: "sorting triangles", done: 0, total: 1 });
    let threads = thread::available_parallelism().map_or(1, |n| n.get());
    let share = count.div_ceil(threads).max(1);
    let all = AtomicUsize::new(0);
    let bins_of = |range: Range<usize>| {
        let mut bins = Vec::with_capacity(range.len() + range.len() / 2);
        for index in range {
            let before = bins.len();
            bricks(triangle(index as u32), &mut |brick| bins.push(morton::key(brick) << 32 | index as u64));
            if all.fetch_add(bins.len() - before, Ordering::Relaxed) > MAX {
                return None;
            }
        }
        bins.sort_unstable();
        Some(bins)
    };
    let parts = thread::scope(|scope| {
        let bins_of = &bins_of;
        let starts = (0..count).step_by(share);
        let parts: Vec<_> = starts.map(|start| scope.spawn(move || bins_of(start..count.min(start + share)))).collect();
        let join = |part: thread::ScopedJoinHandle<'_, _>| {
            part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        parts.into_iter().map(join).collect::<Option<Vec<_>>>()
    })?;
    let mut bins = Vec::with_capacity(parts.iter().map(Vec::len).sum());
    parts.into_iter().for_each(|part| bins.extend(part));
    // Each part is sorted: a stable sort finds such runs and only merges them.
    bins.sort();
    Some(bins)
}

/// The bins of the bricks in an aligned cube of bricks.
pub(super) fn within(bins: &[Bin], cube: Cube) -> &[Bin] {
    morton::cube(bins, |bin| bin >> 32, cube.origin / BRICK_EDGE, cube.edge / BRICK_EDGE)
}

/// Calls `visit` for the bricks, counted in bricks, that a triangle may touch.
fn bricks([a, b, c]: [Vec3A; 3], visit: &mut impl FnMut(UVec3)) {
    let edge = BRICK_EDGE as f32;
    // Positions are above zero: to leave off the fraction is to round down.
    let first = Vec3::from(a.min(b).min(c) / edge).as_uvec3();
    let last = Vec3::from(a.max(b).max(c) / edge).as_uvec3();
    let size = last - first + 1;
    match size.element_product() {
        1 => return visit(first),
        // It reaches into both, or its box would not.
        2 => return [first, last].into_iter().for_each(visit),
        _ => {}
    }
    let origin = first.as_vec3a() * edge;
    let triangle = Triangle::new([a - origin, b - origin, c - origin]);
    halve(&triangle, UVec3::ZERO, size, &mut |brick| visit(first + brick));
}

/// The same in a box of bricks, as long as a box is large in two.
fn halve(triangle: &Triangle, low: UVec3, size: UVec3, visit: &mut impl FnMut(UVec3)) {
    let edge = BRICK_EDGE as f32;
    if size.element_product() <= FEW {
        let overlap = triangle.overlap(Vec3::splat(edge));
        for (z, y, x) in (0..size.z).flat_map(|z| (0..size.y).flat_map(move |y| (0..size.x).map(move |x| (z, y, x)))) {
            let brick = low + UVec3::new(x, y, z);
            if overlap.touches(brick.as_vec3() * edge) {
                visit(brick);
            }
        }
        return;
    }
    let axis = size.to_array().iter().position(|length| *length == size.max_element()).unwrap_or(0);
    let (mut before, mut after, mut start) = (size, size, low);
    before[axis] /= 2;
    after[axis] -= before[axis];
    start[axis] += before[axis];
    for (low, size) in [(low, before), (start, after)] {
        if triangle.overlap(size.as_vec3() * edge).touches(low.as_vec3() * edge) {
            halve(triangle, low, size, visit);
        }
    }
}
