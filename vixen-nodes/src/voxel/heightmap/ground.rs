//! What covers the land: water, fields, forest and rock, chosen by height, slope and a little chance.

use glam::{IVec2, Vec2};

use super::super::layout::Material;
use super::super::source::{MaterialIndex, full_palette, linear};
use super::Elevations;

/// The inside of mountains.
pub(in super::super) const ROCK: MaterialIndex = 0;
/// What lies under the ground.
pub(in super::super) const SOIL: MaterialIndex = 1;

/// Shades of each kind of ground.
const SHADES: u8 = 16;

/// Kinds of ground: the dark and the light end of its shades, in sRGB. The palette has ROCK and SOIL and then these.
const KINDS: [([u8; 3], [u8; 3]); 9] = [
    ([24, 52, 66], [34, 66, 80]),     // water
    ([84, 106, 48], [120, 136, 66]),  // meadow
    ([140, 124, 74], [176, 156, 98]), // hay and stubble
    ([42, 62, 30], [74, 94, 42]),     // broad-leaved forest
    ([34, 54, 36], [56, 76, 44]),     // forest of the heights
    ([104, 76, 30], [158, 108, 38]),  // forest in autumn
    ([98, 92, 82], [132, 124, 112]),  // bare rock
    ([104, 98, 78], [136, 126, 102]), // scree
    ([92, 100, 60], [122, 124, 80]),  // balds: grass on the summits
];

const WATER: u8 = 0;
const MEADOW: u8 = 1;
const HAY: u8 = 2;
const FOREST: u8 = 3;
const HIGH_FOREST: u8 = 4;
const AUTUMN: u8 = 5;
const CLIFF: u8 = 6;
const SCREE: u8 = 7;
const BALD: u8 = 8;

/// The palette of terrains.
pub(in super::super) fn palette() -> Box<[Material; 256]> {
    let color = |srgb: [u8; 3]| {
        let [r, g, b] = linear(srgb);
        Material { color: [r, g, b, 0.0] }
    };
    let shade = |(dark, light): ([u8; 3], [u8; 3]), part: f32| {
        color(std::array::from_fn(|i| (f32::from(dark[i]) + (f32::from(light[i]) - f32::from(dark[i])) * part) as u8))
    };
    let shades =
        KINDS.into_iter().flat_map(|kind| (0..SHADES).map(move |i| shade(kind, f32::from(i) / f32::from(SHADES - 1))));
    full_palette([color([118, 108, 98]), color([112, 86, 62])].into_iter().chain(shades))
}

/// What covers a column.
#[derive(Clone, Copy)]
pub(super) struct Ground(MaterialIndex);

impl Ground {
    /// Water at this place; places run from 0 to 1 over the longer side of the map.
    pub(super) fn water(at: Vec2) -> Self {
        Self::shaded(WATER, noise(at * 40.0, 1))
    }

    /// Ground by its place, its elevation from 0 (the lowest) to 1 (the highest), and its slope as rise over run.
    pub(super) fn new(at: Vec2, elevation: f32, slope: f32) -> Self {
        let broad = fractal(at * 14.0, 2);
        let fine = fractal(at * 90.0, 3);
        // Elevation and slope, blurred so that borders between kinds are not contour lines.
        let height = elevation + 0.25 * (broad - 0.5) + 0.12 * (fine - 0.5);
        let steepness = slope * (0.8 + 0.4 * fine);

        if steepness > 1.9 {
            return Self::shaded(CLIFF, fine);
        }
        if steepness > 1.65 && fine > 0.5 {
            return Self::shaded(SCREE, fine);
        }
        if steepness < 0.3 && height < 0.38 && broad + 0.3 * (0.3 - elevation) > 0.42 {
            // Farmland: parcels of one crop each.
            let (kind, tint) = parcel(at);
            return Self::shaded(kind, 0.7 * tint + 0.3 * fine);
        }
        if height > 0.93 && steepness < 0.8 {
            return Self::shaded(BALD, fine);
        }
        // Trees turn one by one, some stands before others.
        let turned = 1.6 * (fractal(at * 26.0, 5) - 0.42) * (1.0 - (2.2 * (height - 0.45)).abs()).max(0.0);
        let kind = match height {
            _ if noise(at * 520.0, 11) < turned => AUTUMN,
            h if h > 0.62 => HIGH_FOREST,
            _ => FOREST,
        };
        Self::shaded(kind, 0.5 * fine + 0.5 * noise(at * 700.0, 6))
    }

    /// Its place in the [`palette`].
    pub(super) fn material(self) -> MaterialIndex {
        self.0
    }

    fn shaded(kind: u8, shade: f32) -> Self {
        let shade = ((shade * f32::from(SHADES)) as u8).min(SHADES - 1);
        Self(2 + kind * SHADES + shade)
    }
}

/// The crop of a field and its tint: irregular parcels around scattered points.
fn parcel(at: Vec2) -> (u8, f32) {
    let at = at * 110.0;
    let cell = at.floor().as_ivec2();
    let cells = (-1..=1).flat_map(|y| (-1..=1).map(move |x| cell + IVec2::new(x, y)));
    let centre = |c: IVec2| c.as_vec2() + Vec2::new(random(c, 7), random(c, 8));
    let nearest = cells
        .min_by(|&a, &b| centre(a).distance_squared(at).total_cmp(&centre(b).distance_squared(at)))
        .unwrap_or(cell);
    (if random(nearest, 9) > 0.72 { HAY } else { MEADOW }, random(nearest, 10))
}

/// Four octaves of [`noise`], 0 to 1.
fn fractal(at: Vec2, seed: u32) -> f32 {
    let octave = |i: i32| noise(at * 2f32.powi(i), seed + 16 * i as u32) * 0.5f32.powi(i);
    (0..4).map(octave).sum::<f32>() / 1.875
}

/// Smooth noise of period 1, 0 to 1.
fn noise(at: Vec2, seed: u32) -> f32 {
    let (cell, part) = (at.floor().as_ivec2(), at - at.floor());
    let part = part * part * (3.0 - 2.0 * part);
    let corner = |x, y| random(cell + IVec2::new(x, y), seed);
    let row = |y| corner(0, y) + (corner(1, y) - corner(0, y)) * part.x;
    row(0) + (row(1) - row(0)) * part.y
}

/// A number from 0 to 1 that depends on all bits of its input (the finaliser of MurmurHash3).
fn random(cell: IVec2, seed: u32) -> f32 {
    let mut h = (cell.x as u32).wrapping_mul(0x9E37_79B9)
        ^ (cell.y as u32).wrapping_mul(0x85EB_CA77).rotate_left(13)
        ^ seed.wrapping_mul(0xC2B2_AE3D);
    h = (h ^ (h >> 16)).wrapping_mul(0x85EB_CA6B);
    h = (h ^ (h >> 13)).wrapping_mul(0xC2B2_AE35);
    ((h ^ (h >> 16)) >> 8) as f32 / (1 << 24) as f32
}

/// Where the lakes are.
pub(super) struct Survey<'a> {
    elevations: &'a Elevations,
    water: Vec<bool>,
}

impl<'a> Survey<'a> {
    /// The least lake, as a part of the map.
    const LEAST_LAKE: f64 = 0.0003;

    /// Finds lakes: areas of exactly one elevation, with hardly any shore that lies lower.
    pub(super) fn new(elevations: &'a Elevations) -> Self {
        let (width, depth) = (elevations.width as usize, elevations.depth as usize);
        let least = ((width * depth) as f64 * Self::LEAST_LAKE).ceil().max(16.0) as usize;
        let mut water = vec![false; width * depth];
        let mut seen = vec![false; width * depth];
        let mut area = Vec::new();
        for start in 0..width * depth {
            if seen[start] {
                continue;
            }
            let level = elevations.values[start];
            seen[start] = true;
            area.clear();
            area.push(start);
            let (mut next, mut shore, mut lower) = (0, 0usize, 0usize);
            while let Some(&at) = area.get(next) {
                next += 1;
                let (x, z) = (at % width, at / width);
                let neighbours = [
                    (x > 0, at.wrapping_sub(1)),
                    (x + 1 < width, at + 1),
                    (z > 0, at.wrapping_sub(width)),
                    (z + 1 < depth, at + width),
                ];
                for (_, neighbour) in neighbours.into_iter().filter(|(exists, _)| *exists) {
                    if elevations.values[neighbour] != level {
                        shore += 1;
                        lower += usize::from(elevations.values[neighbour] < level);
                    } else if !std::mem::replace(&mut seen[neighbour], true) {
                        area.push(neighbour);
                    }
                }
            }
            if area.len() >= least && shore > 0 && lower * 12 <= shore {
                area.iter().for_each(|&at| water[at] = true);
            }
        }
        Self { elevations, water }
    }

    /// The level of the lake at a place between pixel centres, if more than half of what surrounds it is water.
    pub(super) fn lake(&self, at: Vec2) -> Option<f32> {
        let (cell, part) = (at.floor(), at - at.floor());
        let (width, depth) = (self.elevations.width as i32, self.elevations.depth as i32);
        let mut share = 0.0;
        let mut level = None;
        for (dx, dz) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let x = (cell.x as i32 + dx).clamp(0, width - 1);
            let z = (cell.y as i32 + dz).clamp(0, depth - 1);
            if self.water[(z * width + x) as usize] {
                share += (if dx == 1 { part.x } else { 1.0 - part.x }) * if dz == 1 { part.y } else { 1.0 - part.y };
                level = Some(self.elevations.at(x, z));
            }
        }
        level.filter(|_| share > 0.5)
    }
}
