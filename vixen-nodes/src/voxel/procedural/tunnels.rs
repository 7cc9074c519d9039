//! Rock with winding caves: where two independent noises are both near their middle, which is along curves.

use std::ops::Range;

use glam::UVec3;

use super::lattice::{Fractal, rows_inside};
use super::{matt, shades};
use crate::voxel::layout::Material;
use crate::voxel::source::{BrickVoxels, Content, Cube, MaterialIndex, VoxelSource};

/// The square of how near to the middle both noises are in a cave.
const CAVE: f32 = 0.06 * 0.06;
/// The same for the walls that are seen.
const WALL: f32 = 0.075 * 0.075;
const ROCK: MaterialIndex = 0;
/// Shades of the walls, in layers.
const SHADES: u8 = 16;

pub(super) struct Tunnels {
    edge: u32,
    noises: [Fractal; 2],
}

impl Tunnels {
    pub fn new(edge: u32, seed: u32) -> Self {
        Self { edge, noises: [0, 1].map(|i| Fractal::new(seed.wrapping_mul(7).wrapping_add(i), edge / 4, 2)) }
    }
}

pub(super) fn palette() -> Vec<Material> {
    let layers = shades([0.34, 0.24, 0.16], [0.66, 0.52, 0.36], SHADES);
    std::iter::once(matt(0.26, 0.23, 0.21)).chain(layers).collect()
}

/// The square of a noise's distance from its middle.
fn off_middle(value: f32) -> f32 {
    (value - 0.5) * (value - 0.5)
}

/// Bounds of it.
fn off_middle_range(range: &Range<f32>) -> [f32; 2] {
    let (start, end) = (off_middle(range.start), off_middle(range.end));
    [if range.contains(&0.5) { 0.0 } else { start.min(end) }, start.max(end)]
}

impl VoxelSource for Tunnels {
    fn size(&self) -> UVec3 {
        UVec3::splat(self.edge)
    }

    fn content(&self, cube: Cube) -> Content {
        let [a, b] = [0, 1].map(|i| off_middle_range(&self.noises[i].range(cube)));
        if a[1] + b[1] < CAVE {
            Content::Empty
        } else if a[0] + b[0] > WALL && cube.is_inside(self.size()) {
            Content::Solid(ROCK)
        } else {
            Content::Mixed
        }
    }

    fn fill(&self, origin: UVec3, brick: &mut BrickVoxels) {
        let [a, b] = [0, 1].map(|i| self.noises[i].brick(origin));
        for (row, start, count) in rows_inside(origin, self.edge) {
            let layer = (origin.y + start.y) * 4 * u32::from(SHADES) / self.edge % u32::from(SHADES);
            for x in 0..count {
                let away = off_middle(a[row][x as usize]) + off_middle(b[row][x as usize]);
                if away >= CAVE {
                    let material = if away > WALL { ROCK } else { 1 + layer as MaterialIndex };
                    brick.set(start + UVec3::X * x, material);
                }
            }
        }
    }
}
