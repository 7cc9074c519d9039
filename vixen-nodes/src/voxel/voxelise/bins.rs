//! Which triangles touch which bricks, sorted along the Morton curve.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use glam::{UVec3, Vec3, Vec3A};

use super::super::build::Progress;
use super::super::layout::BRICK_EDGE;
use super::super::source::Cube;
use super::super::{memory, morton, parallel};
use super::boxes::{Boxes, MANY, SOME};
use super::lanes::{self, Lanes};
use super::overlap::Triangle;

/// The most triangles that all bricks hold together: 4 GiB.
const MAX: usize = 1 << 29;
/// Bricks of a box that are tested one by one rather than halving it.
const FEW: u32 = 32;
/// Bins are sorted into this many buckets first, by the highest bits of a brick's place on the curve.
const BUCKETS: usize = 64;

/// The brick's place on the curve in the upper half, the triangle in the lower.
pub(super) type Bin = u64;

/// All bins of this many triangles in a scene of this size, sorted, on all cores. `None` if there are too many.
pub(super) fn fill(
    size: UVec3,
    count: usize,
    corner: impl Fn(u32, usize) -> Vec3A + Sync,
    progress: &dyn Fn(Progress),
) -> Option<Vec<Bin>> {
    progress(Progress { stage: "sorting triangles", done: 0, total: 1 });
    let place_bits = 3 * size.max_element().div_ceil(BRICK_EDGE).next_power_of_two().trailing_zeros();
    let rest = place_bits.saturating_sub(BUCKETS.trailing_zeros());
    let all = AtomicUsize::new(0);
    let find = |range: Range<usize>| {
        #[cfg(target_arch = "x86_64")]
        if let Some(lanes) = lanes::Avx512::detect() {
            // SAFETY: the processor has all the features that `find_with_avx512` asks for, since `detect` looked for each.
            return unsafe { find_with_avx512(lanes, range, &corner, rest, &all) };
        }
        find(lanes::Fours, range, &corner, rest, &all)
    };
    let parts = parallel::ranges(count, find).into_iter().collect::<Option<Vec<Part>>>()?;

    // Each part into its share of each bucket, then each bucket by itself. Triangles are in order and stay so.
    let mut bins = memory::zeroed(parts.iter().map(|(bins, _)| bins.len()).sum());
    let mut left = bins.as_mut_slice();
    let mut shares: Vec<Vec<&mut [Bin]>> = parts.iter().map(|_| Vec::with_capacity(BUCKETS)).collect();
    for bucket in 0..BUCKETS {
        for ((_, sizes), shares) in parts.iter().zip(&mut shares) {
            shares.push(parallel::first(&mut left, sizes[bucket]));
        }
    }
    parallel::each(
        parts.iter().zip(shares).collect(),
        || (),
        |(), ((bins, _), mut shares)| {
            for bin in bins {
                let share = &mut shares[bucket_of(*bin, rest)];
                parallel::first(share, 1)[0] = *bin;
            }
        },
    );
    let mut left = bins.as_mut_slice();
    let size = |bucket: usize| parts.iter().map(|(_, sizes)| sizes[bucket]).sum();
    let buckets = (0..BUCKETS).map(|bucket| parallel::first(&mut left, size(bucket))).collect();
    // What is sorted from is not needed again: its memory will do.
    let spare = Mutex::new(parts.into_iter().map(|(bins, _)| bins).collect::<Vec<_>>());
    let spare = || spare.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
    parallel::each(buckets, spare, |between, bucket: &mut [Bin]| {
        // Whatever is in it is overwritten.
        if between.len() < bucket.len() {
            between.resize(bucket.len(), 0);
        }
        let between = &mut between[..bucket.len()];
        let half = rest.div_ceil(2);
        scatter(bucket, between, 32, half);
        scatter(between, bucket, 32 + half, rest - half);
    });
    Some(bins)
}

/// Bins as they are found, and how many belong into each bucket.
type Part = (Vec<Bin>, [usize; BUCKETS]);

/// The bucket that a bin belongs into; `rest` lower bits of its place do not matter.
#[inline(always)]
fn bucket_of(bin: Bin, rest: u32) -> usize {
    (bin >> 32 >> rest) as usize
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx512vbmi2,avx2,bmi1,bmi2,popcnt,lzcnt")]
fn find_with_avx512(
    lanes: lanes::Avx512,
    range: Range<usize>,
    corner: &impl Fn(u32, usize) -> Vec3A,
    rest: u32,
    all: &AtomicUsize,
) -> Option<Part> {
    find(lanes, range, corner, rest, all)
}

/// The bins of some triangles, in order of these. `None` if all threads together find too many.
#[inline(always)]
fn find(
    lanes: impl Lanes,
    range: Range<usize>,
    corner: &impl Fn(u32, usize) -> Vec3A,
    rest: u32,
    all: &AtomicUsize,
) -> Option<Part> {
    let mut bins: Vec<Bin> = Vec::new();
    let mut sizes = [0; BUCKETS];
    let mut boxes = Boxes::default();
    for start in range.clone().step_by(SOME) {
        let (before, count) = (bins.len(), SOME.min(range.end - start));
        boxes.set(lanes, count, |number, of| corner((start + number) as u32, of));
        // Few have more than two on average.
        memory::make_room(&mut bins, 2 * count, [start + count - range.start, range.len()]);
        for (number, index) in (start as u32..).enumerate().take(count) {
            let bin = |place: u32| u64::from(place) << 32 | u64::from(index);
            let touched = boxes.touched[number];
            if boxes.size[number] <= 2 {
                // In which of two bricks most triangles are, or in both, is hard to foresee: the next takes the second's place if it is the first.
                let after = bins.len() + boxes.size[number] as usize;
                bins.extend_from_slice(&[bin(boxes.first[number]), bin(boxes.last[number])]);
                bins.truncate(after);
            } else if touched == MANY {
                let corners = [corner(index, 0), corner(index, 1), corner(index, 2)];
                bricks(corners, &mut |brick| bins.push(bin(morton::key(brick) as u32)));
            } else {
                let (mut few, mut found) = ([0; 8], 0);
                for brick in 0..8 {
                    few[found % 8] = bin(boxes.place(number, brick));
                    found += (touched >> brick & 1) as usize;
                }
                bins.extend_from_slice(&few[..found]);
            }
        }
        bins[before..].iter().for_each(|bin| sizes[bucket_of(*bin, rest)] += 1);
        if all.fetch_add(bins.len() - before, Ordering::Relaxed) > MAX {
            return None;
        }
    }
    Some((bins, sizes))
}

/// Sorts by a number of bits from `low` on: one pass of a radix sort, which is stable.
fn scatter(bins: &[Bin], sorted: &mut [Bin], low: u32, bits: u32) {
    let digit = |bin: Bin| (bin >> low) as usize & ((1 << bits) - 1);
    let mut places = vec![0; 1 << bits];
    bins.iter().for_each(|bin| places[digit(*bin)] += 1);
    let mut before = 0;
    places.iter_mut().for_each(|place| before += std::mem::replace(place, before));
    for bin in bins {
        let place = &mut places[digit(*bin)];
        sorted[*place] = *bin;
        *place += 1;
    }
}

/// The bins of the bricks in an aligned cube of bricks.
pub(super) fn within(bins: &[Bin], cube: Cube) -> &[Bin] {
    morton::cube(bins, |bin| bin >> 32, cube.origin / BRICK_EDGE, cube.edge / BRICK_EDGE)
}

/// Where the bins of the brick at an origin are; found at once if they begin where it is said.
pub(super) fn of_brick(bins: &[Bin], origin: UVec3, expected: usize) -> Range<usize> {
    let place = morton::key(origin / BRICK_EDGE);
    let is_before = |bin: &Bin| bin >> 32 < place;
    let begins = |at: usize| {
        bins.get(at).is_some_and(|bin| !is_before(bin)) && at.checked_sub(1).is_none_or(|last| is_before(&bins[last]))
    };
    let start = if begins(expected) { expected } else { bins.partition_point(is_before) };
    start..start + bins[start..].iter().take_while(|bin| *bin >> 32 == place).count()
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
    let triangle = Triangle::new([a, b, c].map(|corner| (corner - origin).to_array()));
    halve(&triangle, UVec3::ZERO, size, &mut |brick| visit(first + brick));
}

/// The same in a box of bricks, as long as a box is large in two.
fn halve(triangle: &Triangle, low: UVec3, size: UVec3, visit: &mut impl FnMut(UVec3)) {
    let edge = BRICK_EDGE as f32;
    if size.element_product() <= FEW {
        let overlap = triangle.overlap([edge; 3]);
        let end = low + size;
        for z in low.z..end.z {
            for y in low.y..end.y {
                for x in low.x..end.x {
                    if overlap.touches([x, y, z].map(|place| place as f32 * edge)) {
                        visit(UVec3::new(x, y, z));
                    }
                }
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
        if triangle.overlap((size.as_vec3() * edge).to_array()).touches((low.as_vec3() * edge).to_array()) {
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
            let corner = |index: u32, corner: usize| {
                // Small ones, and some that reach through all of it.
                let reach = if index.is_multiple_of(1000) { edge as f32 } else { 30f32.min(edge as f32) };
                let around = Vec3A::new(at(index, 0), at(index, 1), at(index, 2)) * (edge as f32 - reach);
                let number = 3 * index + corner as u32;
                (around + Vec3A::new(at(number, 3), at(number, 4), at(number, 5)) * reach)
                    .min(Vec3A::splat(edge as f32 - 0.01))
            };
            let triangle = |index: u32| [0, 1, 2].map(|number| corner(index, number));
            let bins = fill(UVec3::splat(edge), count, corner, &|_| ()).expect("they are few");
            let mut expected = Vec::new();
            for index in 0..count as u32 {
                bricks(triangle(index), &mut |brick| expected.push(morton::key(brick) << 32 | u64::from(index)));
            }
            expected.sort();
            assert_eq!(bins, expected);
            for index in 0..count as u32 {
                let origin = (triangle(index)[0] / BRICK_EDGE as f32).as_uvec3() * BRICK_EDGE;
                let own = within(&bins, Cube { origin, edge: BRICK_EDGE });
                let range = of_brick(&bins, origin, bins.len());
                assert_eq!((&bins[range.clone()], &bins[of_brick(&bins, origin, range.start)]), (own, own));
            }
        }
    }
}
