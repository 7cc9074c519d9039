//! Floating rocks: where fractal noise is above a threshold.

use glam::UVec3;

use super::lattice::{Fractal, rows_inside};
use super::{matt, shades};
use crate::voxel::layout::Material;
use crate::voxel::source::{BrickVoxels, Content, Cube, MaterialIndex, VoxelSource};

/// Where rock begins.
const THRESHOLD: f32 = 0.56;
/// How much above it the crust ends.
const CRUST: f32 = 0.03;
/// The inside of rocks.
const CORE: MaterialIndex = 0;
/// Shades of the crust, from the bottom of the scene to its top.
const SHADES: u8 = 32;

pub(super) struct Noise {
    edge: u32,
    density: Fractal,
}

impl Noise {
    pub fn new(edge: u32, seed: u32) -> Self {
        Self { edge, density: Fractal::new(seed, edge / 4, 5) }
    }
}

pub(super) fn palette() -> Vec<Material> {
    let warm = shades([0.16, 0.07, 0.05], [0.62, 0.42, 0.22], SHADES / 2);
    let green = shades([0.40, 0.44, 0.16], [0.14, 0.34, 0.12], SHADES / 2);
    std::iter::once(matt(0.30, 0.28, 0.27)).chain(warm).chain(green).collect()
}

impl VoxelSource for Noise {
    fn size(&self) -> UVec3 {
        UVec3::splat(self.edge)
    }

    fn content(&self, cube: Cube) -> Content {
        let range = self.density.range(cube);
        if range.end < THRESHOLD {
            Content::Empty
        } else if range.start > THRESHOLD + CRUST && cube.is_inside(self.size()) {
            Content::Solid(CORE)
        } else {
            Content::Mixed
        }
    }

    fn fill(&self, origin: UVec3, brick: &mut BrickVoxels) {
        let values = self.density.brick(origin);
        for (row, start, count) in rows_inside(origin, self.edge) {
            let height = (origin.y + start.y) * u32::from(SHADES) / self.edge;
            for x in 0..count {
                let density = values[row][x as usize];
                if density > THRESHOLD {
                    let core = density > THRESHOLD + CRUST;
                    brick.set(start + UVec3::X * x, if core { CORE } else { 1 + height as MaterialIndex });
                }
            }
        }
    }
}
