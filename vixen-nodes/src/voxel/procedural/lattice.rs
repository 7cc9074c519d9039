//! Value noise on lattices that bricks never straddle, so that a cube's least and greatest values are those of its corners.
//!
//! Each octave has random values at the corners of cells of a power of two voxels, at least a brick's edge, and blends them
//! along each axis by Perlin's fifth-degree fade (2002, "Improving noise"). Inside a cell it is linear in every faded coordinate, and
//! fading is monotone: over a box inside the cell the extremes are at the box's corners.

use std::ops::Range;

use glam::UVec3;

use super::chance;
use crate::voxel::layout::BRICK_EDGE;
use crate::voxel::source::Cube;

/// A sum of octaves, from 0 to 1.
pub(super) struct Fractal {
    octaves: Vec<Octave>,
}

struct Octave {
    seed: u32,
    /// log2 of a cell's edge.
    shift: u32,
    weight: f32,
}

/// What rounding may add to or take from a value.
const ROUNDING: f32 = 1e-5;

impl Fractal {
    /// Octaves from cells of this edge, rounded up to a power of two, down to cells of a brick; each half as strong as the one before.
    pub fn new(seed: u32, largest_cell: u32, octaves: u32) -> Self {
        let largest = largest_cell.next_power_of_two().max(BRICK_EDGE).trailing_zeros();
        let count = octaves.clamp(1, largest - BRICK_EDGE.trailing_zeros() + 1);
        let whole: f32 = (0..count).map(|octave| 0.5f32.powi(octave as i32)).sum();
        let octave = |i: u32| Octave {
            seed: seed.wrapping_mul(31).wrapping_add(i),
            shift: largest - i,
            weight: 0.5f32.powi(i as i32) / whole,
        };
        Self { octaves: (0..count).map(octave).collect() }
    }

    /// Bounds of the values at the voxels of a cube.
    pub fn range(&self, cube: Cube) -> Range<f32> {
        let (mut low, mut high) = (-ROUNDING, ROUNDING);
        for octave in &self.octaves {
            let [least, greatest] = octave.range(cube);
            low += octave.weight * least;
            high += octave.weight * greatest;
        }
        low..high
    }

    /// The values at the voxels of a brick: rows along x, then y, then z.
    pub fn brick(&self, origin: UVec3) -> [[f32; 8]; 64] {
        let mut values = [[0.0; 8]; 64];
        self.octaves.iter().for_each(|octave| octave.add(origin, &mut values));
        values
    }
}

impl Octave {
    /// The random values at the corners of the cell around a voxel; bits 0, 1 and 2 of the place are x, y and z.
    fn corners(&self, at: UVec3) -> [f32; 8] {
        let cell = at >> self.shift;
        std::array::from_fn(|i| {
            let i = i as u32;
            chance(self.seed, cell.x + (i & 1), cell.y + (i >> 1 & 1), cell.z + (i >> 2))
        })
    }

    /// The faded coordinate of a voxel's centre in its cell.
    fn faded(&self, at: u32) -> f32 {
        let edge = 1 << self.shift;
        let t = ((at & (edge - 1)) as f32 + 0.5) / edge as f32;
        t * t * t * (t * (t * 6.0 - 15.0) + 10.0)
    }

    fn range(&self, cube: Cube) -> [f32; 2] {
        if cube.edge > 1 << self.shift {
            return [0.0, 1.0];
        }
        let corners = self.corners(cube.origin);
        let ends = |at: u32| [self.faded(at), self.faded(at + cube.edge - 1)];
        let [x, y, z] = cube.origin.to_array().map(ends);
        let values = (0..8).map(|i| blend(&corners, x[i & 1], y[i >> 1 & 1], z[i >> 2]));
        values.fold([1.0, 0.0], |[low, high]: [f32; 2], value| [low.min(value), high.max(value)])
    }

    fn add(&self, origin: UVec3, values: &mut [[f32; 8]; 64]) {
        let corners = self.corners(origin);
        let [x, y, z]: [[f32; 8]; 3] = origin.to_array().map(|at| std::array::from_fn(|i| self.faded(at + i as u32)));
        for (row, values) in values.iter_mut().enumerate() {
            let start = blend(&corners, 0.0, y[row % 8], z[row / 8]);
            let rise = blend(&corners, 1.0, y[row % 8], z[row / 8]) - start;
            values.iter_mut().zip(x).for_each(|(value, x)| *value += self.weight * (start + rise * x));
        }
    }
}

/// The value between eight corners.
fn blend(corners: &[f32; 8], x: f32, y: f32, z: f32) -> f32 {
    let mix = |a: f32, b: f32, t: f32| a + (b - a) * t;
    let row = |i: usize| mix(corners[i], corners[i + 1], x);
    mix(mix(row(0), row(2), y), mix(row(4), row(6), y), z)
}

/// The rows of a brick that lie in a scene of this edge, with where they start, and how many of their values do.
pub(super) fn rows_inside(origin: UVec3, edge: u32) -> impl Iterator<Item = (usize, UVec3, u32)> {
    let ends = (UVec3::splat(edge) - origin).min(UVec3::splat(BRICK_EDGE));
    (0..ends.z)
        .flat_map(move |z| (0..ends.y).map(move |y| ((z * BRICK_EDGE + y) as usize, UVec3::new(0, y, z), ends.x)))
}
