//! Greyscale pictures of elevations as solid terrain: what the demo shows by default.

mod ground;

use std::path::Path;

use glam::{UVec3, Vec2, Vec3};
use image::{DynamicImage, ImageFormat, ImageReader, Limits};

use super::error::SceneError;
use super::parallel;
use super::source::{BrickVoxels, Column, Content, Cube, VoxelSource};
use ground::{Ground, Survey};

pub(super) use ground::palette;

/// How high the terrain is for its length: mountains in true proportion look flat from the air.
const RELIEF: f32 = 1.0 / 13.0;
/// Voxels below the lowest ground, for its length: what the cut edges of the map show.
const BASE: f32 = 1.0 / 96.0;
/// Voxels of soil under the ground.
const SOIL_DEPTH: u32 = 3;
/// The widest picture that is read.
const MAX_PIXELS: u32 = 16_384;
/// Deflate makes 1032 bytes of one at most, and a byte is eight pixels at most.
const MAX_PIXELS_A_BYTE: u64 = 8 * 1032;

/// Terrain that is solid from the bottom of the scene up to the ground.
pub(super) struct Terrain {
    size: UVec3,
    /// Height of the ground in voxels for each column, x first.
    heights: Vec<f32>,
    ground: Vec<Ground>,
    /// The lowest and the highest column of each tile, for tiles of 8, 32, 128, .. columns.
    tiles: Vec<Tiles>,
}

/// Lowest and highest number of solid voxels in the columns of square tiles. The lowest takes in the columns next to the tile.
struct Tiles {
    width: u32,
    ranges: Vec<[u16; 2]>,
}

/// Elevations as they come from a file.
pub(super) struct Elevations {
    pub(super) width: u32,
    pub(super) depth: u32,
    pub(super) values: Vec<f32>,
}

impl Elevations {
    /// Reads a PNG file of 8 or 16 bits, in which all is grey.
    pub(super) fn read(path: &Path, bytes: &[u8]) -> Result<Self, SceneError> {
        let damaged = |problem: String| SceneError::Damaged { path: path.into(), problem };
        let reader = || ImageReader::with_format(std::io::Cursor::new(bytes), ImageFormat::Png);
        let (width, depth) = reader().into_dimensions().map_err(|error| damaged(error.to_string()))?;
        if width > MAX_PIXELS || depth > MAX_PIXELS {
            let problem = format!("its {width}×{depth} pixels are too many; scale it to {MAX_PIXELS} at most");
            return Err(SceneError::Unsupported { path: path.into(), problem });
        }
        if u64::from(width) * u64::from(depth) > bytes.len() as u64 * MAX_PIXELS_A_BYTE {
            return Err(damaged(format!("it is too short for {width}×{depth} pixels")));
        }
        let mut reader = reader();
        reader.limits(Limits::no_limits());
        let picture = reader.decode().map_err(|error| damaged(error.to_string()))?;
        let values = match &picture {
            DynamicImage::ImageLuma8(pixels) => greys::<_, 1>(pixels),
            DynamicImage::ImageLuma16(pixels) => greys::<_, 1>(pixels),
            DynamicImage::ImageLumaA8(pixels) => greys::<_, 2>(pixels),
            DynamicImage::ImageLumaA16(pixels) => greys::<_, 2>(pixels),
            DynamicImage::ImageRgb8(pixels) => greys::<_, 3>(pixels),
            DynamicImage::ImageRgb16(pixels) => greys::<_, 3>(pixels),
            DynamicImage::ImageRgba8(pixels) => greys::<_, 4>(pixels),
            DynamicImage::ImageRgba16(pixels) => greys::<_, 4>(pixels),
            _ => None,
        };
        let values = values.ok_or_else(|| {
            let problem = "it is a colour picture, not a heightmap; convert it to 16-bit greyscale".to_owned();
            SceneError::Unsupported { path: path.into(), problem }
        })?;
        Ok(Self { width, depth, values })
    }

    /// The elevation of a pixel; beyond the edges, that of the edge.
    fn at(&self, x: i32, z: i32) -> f32 {
        let x = x.clamp(0, self.width as i32 - 1) as usize;
        let z = z.clamp(0, self.depth as i32 - 1) as usize;
        self.values[z * self.width as usize + x]
    }

    /// The elevation between pixels, smooth in its slope (Catmull and Rom's cubic). Coordinates count from pixel centres.
    fn smooth(&self, at: Vec2) -> f32 {
        let (cell, part) = (at.floor(), at - at.floor());
        let (x, z) = (cell.x as i32, cell.y as i32);
        let row = |dz: i32| cubic([-1, 0, 1, 2].map(|dx| self.at(x + dx, z + dz)), part.x);
        cubic([row(-1), row(0), row(1), row(2)], part.y)
    }
}

/// The lightness of pixels of this many channels; `None` if one has a colour. Many programs store greys as colours.
fn greys<T: Copy + PartialEq + Into<f32>, const CHANNELS: usize>(pixels: &[T]) -> Option<Vec<f32>> {
    let grey = |pixel: &[T; CHANNELS]| {
        let colors = if CHANNELS < 3 { &pixel[..1] } else { &pixel[..3] };
        colors.iter().all(|color| *color == colors[0]).then(|| colors[0].into())
    };
    pixels.as_chunks().0.iter().map(grey).collect()
}

/// The curve through the middle two of four equally spaced values.
fn cubic(v: [f32; 4], t: f32) -> f32 {
    let [a, b, c, d] = v;
    b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
}

impl Terrain {
    /// Terrain whose longer side is `resolution` voxels.
    pub(super) fn new(elevations: &Elevations, resolution: u32) -> Self {
        let longest = elevations.width.max(elevations.depth);
        let scale = resolution as f32 / longest as f32;
        let side = |pixels: u32| ((pixels as f32 * scale).round() as u32).clamp(1, resolution);
        let (width, depth) = (side(elevations.width), side(elevations.depth));

        let lowest = elevations.values.iter().copied().fold(f32::INFINITY, f32::min);
        let highest = elevations.values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let base = (resolution as f32 * BASE).ceil();
        let relief = if highest > lowest { resolution as f32 * RELIEF } else { 0.0 };
        let per_unit = if highest > lowest { relief / (highest - lowest) } else { 0.0 };
        let size = UVec3::new(width, ((base + relief).round() as u32).max(1), depth);

        let survey = Survey::new(elevations);
        let place = |x: u32, z: u32| (Vec2::new(x as f32, z as f32) + 0.5) / scale - 0.5;
        let heights = columns(width, depth, |x, z| {
            let at = place(x, z);
            let elevation = survey.lake(at).unwrap_or_else(|| elevations.smooth(at).clamp(lowest, highest));
            base + (elevation - lowest) * per_unit
        });
        let mut terrain = Self { size, heights, ground: Vec::new(), tiles: Vec::new() };
        terrain.ground = columns(width, depth, |x, z| {
            let on_map = Vec2::new(x as f32, z as f32) / resolution as f32;
            if survey.lake(place(x, z)).is_some() {
                return Ground::water(on_map);
            }
            let elevation = (terrain.height(x as i32, z as i32) - base) / relief.max(1.0);
            Ground::new(on_map, elevation, terrain.slope(x, z).length())
        });
        terrain.tiles = terrain.tile();
        terrain
    }

    /// The ranges of all tiles, from those of bricks up.
    fn tile(&self) -> Vec<Tiles> {
        let (width, depth) = (self.size.x, self.size.z);
        let count_of = |x: i32, z: i32| self.count(x, z) as u16;
        let mut tiles = vec![Tiles::new(width, depth, 8, |x, z| {
            let (x, z) = ((8 * x) as i32, (8 * z) as i32);
            let around = (z - 1..=z + 8).flat_map(|z| (x - 1..=x + 8).map(move |x| (x, z)));
            let inside = (z..z + 8).flat_map(|z| (x..x + 8).map(move |x| (x, z)));
            [
                around.map(|(x, z)| count_of(x, z)).min().unwrap_or(0),
                inside.map(|(x, z)| count_of(x, z)).max().unwrap_or(0),
            ]
        })];
        let mut edge = 32;
        while edge / 4 < width.max(depth) {
            let below = tiles.last().expect("the first tiles were put there above");
            let rows = below.ranges.len() as u32 / below.width;
            let above = Tiles::new(width, depth, edge, |x, z| {
                let cells = (4 * z..rows.min(4 * z + 4)).flat_map(|z| {
                    (4 * x..below.width.min(4 * x + 4)).map(move |x| below.ranges[(z * below.width + x) as usize])
                });
                cells.fold([u16::MAX, 0], |[low, high], [l, h]| [low.min(l), high.max(h)])
            });
            tiles.push(above);
            edge *= 4;
        }
        tiles
    }

    /// The height of a column's ground; beyond the edges, that of the edge.
    fn height(&self, x: i32, z: i32) -> f32 {
        let x = x.clamp(0, self.size.x as i32 - 1) as usize;
        let z = z.clamp(0, self.size.z as i32 - 1) as usize;
        self.heights[z * self.size.x as usize + x]
    }

    /// How many voxels of a column are solid.
    fn count(&self, x: i32, z: i32) -> u32 {
        (self.height(x, z).round() as u32).clamp(1, self.size.y)
    }

    /// By how much the ground rises a voxel to the east and to the south.
    fn slope(&self, x: u32, z: u32) -> Vec2 {
        let (x, z) = (x as i32, z as i32);
        0.5 * Vec2::new(self.height(x + 1, z) - self.height(x - 1, z), self.height(x, z + 1) - self.height(x, z - 1))
    }
}

/// A value for each column, x first, made on all cores.
fn columns<T: Send>(width: u32, depth: u32, value: impl Fn(u32, u32) -> T + Sync) -> Vec<T> {
    parallel::collect(width as usize * depth as usize, |number| {
        let number = number as u32;
        value(number % width, number / width)
    })
}

impl Tiles {
    fn new(width: u32, depth: u32, edge: u32, range: impl Fn(u32, u32) -> [u16; 2]) -> Self {
        let (width, depth) = (width.div_ceil(edge), depth.div_ceil(edge));
        Self {
            width,
            ranges: (0..depth).flat_map(|z| (0..width).map(move |x| (x, z))).map(|(x, z)| range(x, z)).collect(),
        }
    }
}

impl VoxelSource for Terrain {
    fn size(&self) -> UVec3 {
        self.size
    }

    fn content(&self, cube: Cube) -> Content {
        let level = ((cube.edge.trailing_zeros() - 3) / 2) as usize;
        let tiles = &self.tiles[level.min(self.tiles.len() - 1)];
        let tile = cube.origin / cube.edge;
        let [lowest, highest] = tiles.ranges[(tile.z * tiles.width + tile.x) as usize].map(u32::from);
        if cube.origin.y >= highest {
            Content::Empty
        } else if cube.is_inside(self.size) && cube.origin.y + cube.edge + SOIL_DEPTH < lowest {
            Content::Solid(ground::ROCK)
        } else {
            Content::Mixed
        }
    }

    fn columns(&self) -> Option<Vec<Column>> {
        let column = |(&height, ground): (&f32, &Ground)| Column { height, ground: ground.material().into() };
        Some(self.heights.iter().zip(&self.ground).map(column).collect())
    }

    // `shaders/build_terrain.glsl` finds the very same voxels: change both.
    fn fill(&self, origin: UVec3, brick: &mut BrickVoxels) {
        let end = (origin + 8).min(self.size);
        for (z, x) in (origin.z..end.z).flat_map(|z| (origin.x..end.x).map(move |x| (z, x))) {
            let (column_x, column_z) = (x as i32, z as i32);
            let count = self.count(column_x, column_z);
            if count <= origin.y {
                continue;
            }
            let neighbours =
                [(-1, 0), (1, 0), (0, -1), (0, 1)].map(|(dx, dz)| self.count(column_x + dx, column_z + dz));
            // The ground covers the sides of a step too.
            let ground_from = neighbours.into_iter().fold(count - 1, u32::min);
            let slope = self.slope(x, z);
            let normal = Vec3::new(-slope.x, 1.0, -slope.y);
            let ground = self.ground[(z * self.size.x + x) as usize];
            for y in origin.y..end.y.min(count) {
                let at = UVec3::new(x, y, z) - origin;
                if y >= ground_from {
                    brick.set_with_normal(at, ground.material(), normal);
                } else {
                    brick.set(at, if y + SOIL_DEPTH >= ground_from { ground::SOIL } else { ground::ROCK });
                }
            }
        }
    }
}
