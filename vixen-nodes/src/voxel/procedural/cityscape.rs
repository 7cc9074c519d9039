//! A city: a grid of streets, a tower on each lot, windows of which some are lit.

use glam::{UVec2, UVec3};

use super::{chance, hash, shades};
use crate::voxel::layout::Material;
use crate::voxel::source::{BrickVoxels, Content, Cube, MaterialIndex, VoxelSource};

/// The inside of towers and of the ground.
const CONCRETE: MaterialIndex = 0;
const STREET: MaterialIndex = 1;
const GREEN: MaterialIndex = 2;
const DARK_WINDOW: MaterialIndex = 3;
const LIT_WINDOW: MaterialIndex = 4;
/// The first of the shades of walls.
const WALLS: MaterialIndex = 5;
const SHADES: u8 = 24;
/// Lots along an edge of the scene.
const LOTS: u32 = 16;

pub(super) struct Cityscape {
    edge: u32,
    seed: u32,
    /// Voxels along a lot, half of a street on each side.
    lot: u32,
    street: u32,
    /// Height of the ground.
    ground: u32,
    /// Voxels of a storey.
    storey: u32,
    towers: Vec<Tower>,
}

/// The two parts of a tower, each narrower than the one below.
struct Tower {
    parts: [Part; 2],
    wall: MaterialIndex,
}

/// A box that stands on the ground: its sides count from the lot's corner, and the upper ones are exclusive.
struct Part {
    low: UVec2,
    high: UVec2,
    top: u32,
}

impl Cityscape {
    pub fn new(edge: u32, seed: u32) -> Self {
        let lot = edge.div_ceil(LOTS).max(8);
        let (street, ground) = ((lot / 8).max(1), (edge / 64).max(1));
        let mut city = Self { edge, seed, lot, street, ground, storey: (edge / 128).max(3), towers: Vec::new() };
        city.towers = (0..LOTS * LOTS).map(|i| city.tower(UVec2::new(i % LOTS, i / LOTS))).collect();
        city
    }

    fn tower(&self, lot: UVec2) -> Tower {
        let chance = |what| chance(self.seed, lot.x, lot.y, what);
        // Towers are high downtown, and a few anywhere.
        let middle = (lot.as_vec2() + 0.5) / LOTS as f32 - 0.5;
        let downtown = (1.0 - 4.0 * middle.length_squared()).max(0.0);
        let rise = 0.08 + chance(0) * (0.16 + 0.5 * downtown * downtown) + if chance(1) > 0.94 { 0.15 } else { 0.0 };
        let height = (rise * self.edge as f32) as u32;
        let part = |inset: u32, share: f32| Part {
            low: UVec2::splat(self.street + inset),
            high: UVec2::splat((self.lot - self.street).saturating_sub(inset)),
            top: (self.ground + (height as f32 * share) as u32 / self.storey * self.storey).min(self.edge),
        };
        let inset = (chance(2) * 0.2 * self.lot as f32) as u32;
        let parks = chance(3) < 0.08;
        let parts =
            if parks { [part(0, 0.0), part(0, 0.0)] } else { [part(0, 0.45 + 0.4 * chance(4)), part(inset, 1.0)] };
        let wall = WALLS + (hash(self.seed, lot.x, lot.y, 5) % u32::from(SHADES)) as MaterialIndex;
        Tower { parts, wall: if parks { GREEN } else { wall } }
    }

    /// The tower of the lot that a column is in, and the column's place in the lot.
    fn lot_of(&self, column: UVec2) -> (&Tower, UVec2) {
        let lot = (column / self.lot).min(UVec2::splat(LOTS - 1));
        (&self.towers[(lot.y * LOTS + lot.x) as usize], column - lot * self.lot)
    }

    /// The material of a voxel.
    fn material(&self, at: UVec3) -> Option<MaterialIndex> {
        let (tower, column) = self.lot_of(UVec2::new(at.x, at.z));
        let inside = tower.parts.iter().filter(|part| part.holds(column));
        let top = inside.clone().map(|part| part.top).max().unwrap_or(0).max(self.ground);
        if at.y >= top {
            return None;
        }
        if at.y < self.ground {
            let lawn = tower.wall == GREEN && inside.count() > 0;
            return Some(match (at.y + 1 == self.ground, lawn) {
                (false, _) => CONCRETE,
                (true, false) => STREET,
                (true, true) => GREEN,
            });
        }
        // Walls are as thick as the least distance from the sides of a part that reaches up to here.
        let deep = inside.filter(|part| at.y < part.top).map(|part| part.depth(column)).max().unwrap_or(0);
        if deep > 0 && at.y + 1 < top {
            return Some(CONCRETE);
        }
        let floor = (at.y - self.ground).is_multiple_of(self.storey);
        let window = at.y + 1 < top && !floor && !(column.x + column.y).is_multiple_of(3);
        let room = UVec3::new(at.x / 3, (at.y - self.ground) / self.storey, at.z / 3);
        Some(match (window, chance(self.seed ^ 77, room.x, room.y, room.z) < 0.3) {
            (false, _) => tower.wall,
            (true, false) => DARK_WINDOW,
            (true, true) => LIT_WINDOW,
        })
    }
}

impl Part {
    fn holds(&self, column: UVec2) -> bool {
        column.cmpge(self.low).all() && column.cmplt(self.high).all()
    }

    /// How far a column that it holds is from its sides.
    fn depth(&self, column: UVec2) -> u32 {
        (column - self.low).min(self.high - 1 - column).min_element()
    }
}

pub(super) fn palette() -> Vec<Material> {
    let color = |color| Material { color };
    let first = [
        [0.30, 0.30, 0.30, 0.0],
        [0.10, 0.10, 0.11, 0.0],
        [0.12, 0.26, 0.07, 0.0],
        [0.06, 0.09, 0.13, 0.0],
        [1.0, 0.72, 0.36, 0.9],
    ];
    let walls = shades([0.55, 0.47, 0.40], [0.72, 0.74, 0.78], SHADES / 2);
    let brick = shades([0.42, 0.20, 0.14], [0.66, 0.56, 0.44], SHADES / 2);
    first.map(color).into_iter().chain(walls).chain(brick).collect()
}

impl VoxelSource for Cityscape {
    fn size(&self) -> UVec3 {
        UVec3::splat(self.edge)
    }

    fn content(&self, cube: Cube) -> Content {
        let low = UVec2::new(cube.origin.x, cube.origin.z);
        let last = (low + (cube.edge - 1)).min(UVec2::splat(self.edge - 1));
        let lots = |column: UVec2| (column / self.lot).min(UVec2::splat(LOTS - 1));
        let (first, end) = (lots(low), lots(last));
        let towers = (first.y..=end.y).flat_map(|z| (first.x..=end.x).map(move |x| z * LOTS + x));
        let tops = towers.flat_map(|lot| self.towers[lot as usize].parts.iter().map(|part| part.top));
        if cube.origin.y >= tops.max().unwrap_or(0).max(self.ground) {
            return Content::Empty;
        }
        let top = cube.origin.y + cube.edge;
        if top < self.ground && cube.is_inside(self.size()) {
            return Content::Solid(CONCRETE);
        }
        // Deep inside one part, or all in the street.
        if first == end && cube.origin.y >= self.ground {
            let (tower, corner) = self.lot_of(low);
            let other = corner + (cube.edge - 1);
            let around = |part: &&Part| part.holds(corner) && part.holds(other);
            let deep = |part: &Part| top < part.top && part.depth(corner).min(part.depth(other)) > 0;
            if cube.is_inside(self.size()) && tower.parts.iter().filter(around).any(deep) {
                return Content::Solid(CONCRETE);
            }
        }
        Content::Mixed
    }

    fn fill(&self, origin: UVec3, brick: &mut BrickVoxels) {
        let end = (origin + 8).min(self.size());
        for z in origin.z..end.z {
            for x in origin.x..end.x {
                for y in origin.y..end.y {
                    let at = UVec3::new(x, y, z);
                    let Some(material) = self.material(at) else { break };
                    brick.set(at - origin, material);
                }
            }
        }
    }
}
