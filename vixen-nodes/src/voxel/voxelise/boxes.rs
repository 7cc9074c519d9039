//! The bricks that triangles' bounding boxes meet, of many triangles at once.

use glam::Vec3A;

use super::super::layout::{BRICK_EDGE, MAX_EDGE};
use super::super::whole::whole;
use super::batch::{Corners, Tests};
use super::lanes::{AT_ONCE, Each, Lanes};

/// How many triangles are looked at before the bins of any are written.
pub(super) const SOME: usize = 16 * AT_ONCE;
/// What is [touched](Boxes::touched) of a box of more than two bricks along an axis: it is too large to be looked at here.
pub(super) const MANY: u32 = 1 << 8;

/// Boxes of some triangles.
pub(super) struct Boxes {
    /// The places of the first and the last brick on the curve.
    pub first: [u32; SOME],
    pub last: [u32; SOME],
    /// How many bricks there are.
    pub size: [u32; SOME],
    /// Which of the bricks a triangle touches, if its box has more than two but no more than two along an axis: bits 0, 1 and 2 of a
    /// brick's number tell where it is along x, y and z.
    pub touched: [u32; SOME],
}

impl Default for Boxes {
    fn default() -> Self {
        Self { first: [0; SOME], last: [0; SOME], size: [0; SOME], touched: [0; SOME] }
    }
}

impl Boxes {
    /// Those of this many triangles, whose corners are found by their numbers.
    #[inline(always)]
    pub(super) fn set(&mut self, lanes: impl Lanes, count: usize, corner: impl Fn(usize, usize) -> Vec3A) {
        let mut corners = Corners::default();
        for start in (0..count).step_by(AT_ONCE) {
            corners.set(lanes, |lane, of| corner((start + lane).min(count - 1), of));
            self.meet(start, &corners);
        }
        let (mut more, mut found) = ([0; SOME], 0);
        for number in 0..count {
            more[found] = number;
            found += usize::from(self.size[number] > 2);
        }
        let mut tests = Tests::default();
        for some in more[..found].chunks(AT_ONCE) {
            corners.set(lanes, |lane, of| corner(some[lane.min(some.len() - 1)], of));
            let touched = touched(&corners, &mut tests);
            some.iter().zip(touched).for_each(|(number, touched)| self.touched[*number] &= touched | MANY);
        }
    }

    /// The place on the curve of a brick of a box, of two along each axis.
    #[inline(always)]
    pub(super) fn place(&self, number: usize, brick: u32) -> u32 {
        let axis = |axis: u32| {
            let of = if brick >> axis & 1 != 0 { self.last[number] } else { self.first[number] };
            of & ALONG_X << axis
        };
        axis(0) | axis(1) | axis(2)
    }

    /// The bounding boxes of sixteen triangles: plain numbers and no branches, so that it is done for several at once.
    #[inline(always)]
    fn meet(&mut self, start: usize, corners: &Corners) {
        let (mut first, mut last) = ([[0; AT_ONCE]; 3], [[0; AT_ONCE]; 3]);
        for axis in 0..3 {
            for i in 0..AT_ONCE {
                let (low, high) = corners.range(i, axis, 0.0);
                first[axis][i] = brick_of(low);
                last[axis][i] = brick_of(high);
            }
        }
        for i in 0..AT_ONCE {
            self.first[start + i] = spread(first[0][i]) | spread(first[1][i]) << 1 | spread(first[2][i]) << 2;
            self.last[start + i] = spread(last[0][i]) | spread(last[1][i]) << 1 | spread(last[2][i]) << 2;
            let length = |axis: usize| last[axis][i] - first[axis][i] + 1;
            self.size[start + i] = length(0) * length(1) * length(2);
            let within = |axis: usize, first: u32| if length(axis) == 1 { first } else { 0xFF };
            let most = length(0).max(length(1)).max(length(2));
            self.touched[start + i] = if most > 2 { MANY } else { within(0, 0x55) & within(1, 0x33) & within(2, 0x0F) };
        }
    }
}

/// Which bricks triangles touch, of two along each axis from the first one of the box on.
#[inline(always)]
fn touched(corners: &Corners, tests: &mut Tests) -> Each<u32> {
    let edge = BRICK_EDGE as f32;
    let mut origin = [[0.0; AT_ONCE]; 3];
    for (axis, origin) in origin.iter_mut().enumerate() {
        for (lane, origin) in origin.iter_mut().enumerate() {
            *origin = brick_of(corners.range(lane, axis, 0.0).0) as f32 * edge;
        }
    }
    let [x, y, z] = &origin;
    tests.set(corners, |lane| [x[lane], y[lane], z[lane]], [edge; 3]);
    let mut touched = [0; AT_ONCE];
    for brick in 0..8 {
        let [x, y, z] = [brick & 1, brick >> 1 & 1, brick >> 2].map(|place| place as f32 * edge);
        for (lane, touched) in touched.iter_mut().enumerate() {
            *touched |= u32::from(tests.of(lane).touches([x, y, z])) << brick;
        }
    }
    touched
}

/// The brick that a coordinate lies in. It is above zero: to leave off the fraction is to round down.
#[inline(always)]
fn brick_of(at: f32) -> u32 {
    whole(at / BRICK_EDGE as f32) as u32
}

/// The bits of x in a place on the curve, as [`spread`] puts them.
const ALONG_X: u32 = 0x0924_9249;

/// As [`morton::key`](super::super::morton::key) spreads a coordinate of up to ten bits: no scene has more bricks along an axis.
#[inline(always)]
fn spread(v: u32) -> u32 {
    const { assert!(MAX_EDGE / BRICK_EDGE <= 1 << 10) };
    let v = (v | v << 16) & 0x0300_00FF;
    let v = (v | v << 8) & 0x0300_F00F;
    let v = (v | v << 4) & 0x030C_30C3;
    (v | v << 2) & ALONG_X
}

/// The reverse.
#[inline(always)]
fn gathered(v: u32) -> u32 {
    let v = v & ALONG_X;
    let v = (v | v >> 2) & 0x030C_30C3;
    let v = (v | v >> 4) & 0x0300_F00F;
    let v = (v | v >> 8) & 0x0300_00FF;
    (v | v >> 16) & 0x3FF
}

/// The corners with the least coordinates, by axis and in voxels, of bricks by their places on the curve.
#[inline(always)]
pub(super) fn origins(places: &Each<u32>) -> [Each<f32>; 3] {
    let mut origins = [[0.0; AT_ONCE]; 3];
    for (axis, origins) in origins.iter_mut().enumerate() {
        for (origin, place) in origins.iter_mut().zip(places) {
            *origin = (gathered(place >> axis) * BRICK_EDGE) as f32;
        }
    }
    origins
}

#[cfg(test)]
mod tests {
    use glam::UVec3;

    use super::super::super::morton;
    use super::*;

    #[test]
    fn origins_are_those_of_the_places_of_bricks() {
        for at in (0..1 << 10).map(|i| UVec3::new(i, (i * 619) & 1023, (i * 7 + 5) & 1023)) {
            let place = morton::key(at) as u32;
            assert_eq!(place, spread(at.x) | spread(at.y) << 1 | spread(at.z) << 2);
            assert_eq!(origins(&[place; AT_ONCE]).map(|axis| axis[3]), (at * BRICK_EDGE).as_vec3().to_array());
        }
    }
}
