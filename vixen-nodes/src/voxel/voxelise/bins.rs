//! Which triangles touch which bricks, sorted along the Morton curve.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use glam::{UVec3, Vec3, Vec3A};

use super::super::build::Progress;
use super::super::layout::BRICK_EDGE;
use super::super::source::Cube;
use super::super::{morton, parallel};
use super::overlap::Triangle;

/// The most triangles that all bricks hold together: 4 GiB.
const MAX: usize = 1 << 29;
/// Bricks of a box that are tested one by one rather than halving it.
const FEW: u32 = 32;
/// By so many of the highest bits of a brick's place on the curve bins are kept apart from the start.
const BUCKET_BITS: u32 = 6;

/// The brick's place on the curve in the upper half, the triangle in the lower.
pub(super) type Bin = u64;

/// All bins of so many triangles in a scene of this size, sorted, on all cores. `None` if there are too many.
pub(super) fn fill(
    size: UVec3,
    count: usize,
    triangle: impl Fn(u32) -> [Vec3A; 3] + Sync,
    progress: &dyn Fn(Progress),
) -> Option<Vec<Bin>> {
    progress(Progress { stage: "sorting triangles", done: 0, total: 1 });
    let place_bits = 3 * size.max_element().div_ceil(BRICK_EDGE).next_power_of_two().trailing_zeros();
    let rest = place_bits.saturating_sub(BUCKET_BITS);
    let all = AtomicUsize::new(0);
    let find = |range: Range<usize>| {
        let (mut buckets, mut found) = (vec![Vec::new(); 1 << (place_bits - rest)], 0);
        for index in range {
            bricks(triangle(index as u32), &mut |brick| {
                let bin = morton::key(brick) << 32 | index as u64;
                buckets[(bin >> 32 >> rest) as usize].push(bin);
                found += 1;
            });
            // Now and then: what all threads write is slow.
            if found > 4096 && all.fetch_add(std::mem::take(&mut found), Ordering::Relaxed) > MAX {
                return None;
            }
        }
        Some(buckets)
    };
    let parts = parallel::ranges(count, find).into_iter().collect::<Option<Vec<Vec<Vec<Bin>>>>>()?;

    let in_bucket = |bucket: usize| parts.iter().map(move |part| part[bucket].as_slice());
    let sizes: Vec<usize> =
        (0..1 << (place_bits - rest)).map(|bucket| in_bucket(bucket).map(<[_]>::len).sum()).collect();
    let mut bins = vec![0; sizes.iter().sum()];
    let (mut left, mut jobs) = (bins.as_mut_slice(), Vec::new());
    for (bucket, &size) in sizes.iter().enumerate() {
        let (own, others) = left.split_at_mut(size);
        jobs.push((bucket, own));
        left = others;
    }
    parallel::each(jobs, Vec::new, |between, (bucket, sorted)| {
        between.clear();
        between.resize(sorted.len(), 0);
        // Triangles are in order already, and stay so.
        let (low, half) = (32, rest.div_ceil(2));
        scatter(in_bucket(bucket), between, low, half);
        scatter(std::iter::once(between.as_slice()), sorted, low + half, rest - half);
    });
    Some(bins)
}

/// Sorts by so many bits from one on: one pass of a radix sort, which is stable.
fn scatter<'a>(parts: impl Iterator<Item = &'a [Bin]> + Clone, sorted: &mut [Bin], low: u32, bits: u32) {
    let digit = |bin: Bin| (bin >> low) as usize & ((1 << bits) - 1);
    let mut places = vec![0; 1 << bits];
    parts.clone().flatten().for_each(|bin| places[digit(*bin)] += 1);
    let mut before = 0;
    places.iter_mut().for_each(|place| before += std::mem::replace(place, before));
    for bin in parts.flatten() {
        let place = &mut places[digit(*bin)];
        sorted[*place] = *bin;
        *place += 1;
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_sorted_and_hold_each_triangle_in_its_bricks() {
        for (edge, count) in [(8, 10), (33, 500), (700, 20_000), (8192, 3000)] {
            let at = |number: u32, axis: u32| {
                (number.wrapping_mul(2_654_435_769 + 97 * axis) >> 8) as f32 / (1 << 24) as f32
            };
            let corner = |index: u32, corner: u32| {
                // Small ones, and some that reach through all of it.
                let reach = if index % 1000 == 0 { edge as f32 } else { 30f32.min(edge as f32) };
                let around = Vec3A::new(at(index, 0), at(index, 1), at(index, 2)) * (edge as f32 - reach);
                let number = 3 * index + corner;
                (around + Vec3A::new(at(number, 3), at(number, 4), at(number, 5)) * reach)
                    .min(Vec3A::splat(edge as f32 - 0.01))
            };
            let triangle = |index: u32| [0, 1, 2].map(|number| corner(index, number));
            let bins = fill(UVec3::splat(edge), count, triangle, &|_| ()).expect("they are few");
            let mut expected = Vec::new();
            for index in 0..count as u32 {
                bricks(triangle(index), &mut |brick| expected.push(morton::key(brick) << 32 | u64::from(index)));
            }
            expected.sort();
            assert_eq!(bins, expected);
        }
    }
}
