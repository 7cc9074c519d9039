//! What of a voxel scene goes into an acceleration structure: one box a brick or, to compare, one box a voxel.

use bytemuck::{Pod, Zeroable};
use glam::UVec3;
use vixen::Block;

use super::geometry::Aabb;
use crate::voxel::layout::{BRICK_EDGE, GROUP_SLICES, SOLID, unmorton3};
use crate::voxel::{Brick, BrickMap, BrickMask};

/// What a box stands for: a brick, or a cell of the tree that is solid all through and of one material.
/// `shaders/voxel_cell.glsl` declares the same.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable, Block)]
pub struct Cell {
    /// Its least corner in bricks: ten bits each for x, y and z, from the lowest on.
    pub at: u32,
    /// The number of a brick; or [`SOLID_CELL`](Self::SOLID_CELL) and then, from the lowest bit on, eight bits for the material and three
    /// for the level of the solid node.
    pub what: u32,
    /// The brick's mask and first word of masks, which is [`SOLID`] for a solid cell: so that a ray that asks for voxels need not ask for
    /// the brick.
    pub mask: [u32; 2],
    /// See `mask`.
    pub first: u32,
    /// The box around the brick's solid voxels within the brick: three bits each for x, y and z of the least voxel, from the lowest bit
    /// on, then as many of the greatest.
    pub bounds: u32,
}

impl Cell {
    /// In [`what`](Self::what): the cell is solid all through.
    pub const SOLID_CELL: u32 = 1 << 31;

    /// A cell of no voxel: its bounds are inside out, so that no ray meets it.
    pub const EMPTY: Self = Self { at: 0, what: 0, mask: [u32::MAX; 2], first: SOLID, bounds: 0o777 };

    /// The voxels that it covers: from the first corner on and before the second.
    pub(super) fn extent(&self) -> [UVec3; 2] {
        let low = UVec3::new(self.at, self.at >> 10, self.at >> 20) % 1024 * BRICK_EDGE;
        let level = if self.what & Self::SOLID_CELL == 0 { 0 } else { self.what >> 8 & 7 };
        [low, low + node_edge(level)]
    }

    /// Whether it covers voxels between two corners.
    pub(super) fn overlaps(&self, [low, high]: [UVec3; 2]) -> bool {
        let [cell_low, cell_high] = self.extent();
        *self != Self::EMPTY && cell_low.cmplt(high).all() && low.cmplt(cell_high).all()
    }
}

/// The boxes of a scene's cells and what they stand for, in Morton order.
#[derive(Clone, Debug, Default)]
pub struct VoxelCells {
    /// A box around the solid voxels of each cell.
    pub boxes: Vec<Aabb>,
    /// The cells.
    pub cells: Vec<Cell>,
}

/// How far boxes reach beyond their voxels. Rays that run along the side that two boxes share would else slip between them by a
/// rounding error; intersection shaders look at the voxels themselves.
const MARGIN: f32 = 1.0 / 64.0;

impl VoxelCells {
    /// One box a brick, as tight as its voxels allow, and one for each solid node.
    pub fn of(map: &BrickMap) -> Self {
        let mut all = Self::default();
        all.boxes.reserve(map.bricks.len());
        all.cells.reserve(map.bricks.len());
        each_cell(map, |cell| {
            let (cell, aabb) = cell.encode(map);
            all.boxes.push(aabb);
            all.cells.push(cell);
        });
        all
    }
}

/// The boxes of a scene's voxels and where they are, in Morton order: what the boxes of bricks are compared with.
#[derive(Clone, Debug, Default)]
pub struct VoxelBoxes {
    /// One box a voxel.
    pub boxes: Vec<Aabb>,
    /// x and y of each voxel in 16 bits each, then z: what `shaders/voxel_cube.glsl` reads.
    pub voxels: Vec<[u32; 2]>,
}

impl VoxelBoxes {
    /// One box for every solid voxel.
    pub fn of(map: &BrickMap) -> Self {
        let mut all = Self::default();
        let count = usize::try_from(map.solid_voxels).unwrap_or(0);
        all.boxes.reserve_exact(count);
        all.voxels.reserve_exact(count);
        let mut add = |at: UVec3| {
            let low = at.as_vec3();
            all.boxes.push(Aabb { low: (low - MARGIN).to_array(), high: (low + 1.0 + MARGIN).to_array() });
            all.voxels.push([at.x | at.y << 16, at.z]);
        };
        each_cell(map, |cell| match cell {
            MapCell::Brick { origin, brick } => {
                let mask = map.mask_of(&map.bricks[brick as usize]);
                mask.solid().for_each(|number| add(origin + UVec3::from_array(unmorton3(number as u32))));
            }
            MapCell::Solid { origin, level, .. } => {
                // Brick by brick, so that the order stays nearly that of the curve.
                let bricks = node_edge(level) / BRICK_EDGE;
                for (z, y, x) in grid(bricks) {
                    let origin = origin + UVec3::new(x, y, z) * BRICK_EDGE;
                    let inside = |at: &UVec3| at.cmplt(map.size).all();
                    let voxels = (0..BRICK_EDGE.pow(3)).map(|number| origin + UVec3::from_array(unmorton3(number)));
                    voxels.filter(inside).for_each(&mut add);
                }
            }
        });
        all
    }
}

fn grid(edge: u32) -> impl Iterator<Item = (u32, u32, u32)> {
    (0..edge).flat_map(move |z| (0..edge).flat_map(move |y| (0..edge).map(move |x| (z, y, x))))
}

/// A leaf of the tree.
#[derive(Clone, Copy)]
pub(super) enum MapCell {
    Brick { origin: UVec3, brick: u32 },
    Solid { origin: UVec3, level: u32, material: u32 },
}

impl MapCell {
    /// What shaders know of it, and the box around it.
    pub(super) fn encode(self, map: &BrickMap) -> (Cell, Aabb) {
        let (origin, what, Brick { mask, first, .. }, [low, high]) = match self {
            Self::Brick { origin, brick } => {
                let record = map.bricks[brick as usize];
                let [low, high] = match record.first {
                    SOLID => [UVec3::ZERO, UVec3::splat(BRICK_EDGE)],
                    _ => bounds(&record.unpack(&map.masks)).into(),
                };
                (origin, brick, record, [low, high.min(map.size - origin)])
            }
            Self::Solid { origin, level, material } => {
                let high = UVec3::splat(node_edge(level)).min(map.size - origin);
                let solid = Brick { mask: [u32::MAX; 2], first: SOLID, looks: material };
                (origin, Cell::SOLID_CELL | level << 8 | material, solid, [UVec3::ZERO, high])
            }
        };
        let three_bits = |at: UVec3| (at & 7).dot(UVec3::new(1, 8, 64));
        let corner = origin / BRICK_EDGE;
        let at = corner.x | corner.y << 10 | corner.z << 20;
        let cell = Cell { at, what, mask, first, bounds: three_bits(low) | three_bits(high - 1) << 9 };
        let [low, high] = [(origin + low).as_vec3() - MARGIN, (origin + high).as_vec3() + MARGIN];
        (cell, Aabb { low: low.to_array(), high: high.to_array() })
    }
}

/// Voxels along the edge of a node.
fn node_edge(level: u32) -> u32 {
    BRICK_EDGE << (2 * level)
}

/// Visits the leaves of a map along the Morton curve.
fn each_cell(map: &BrickMap, visit: impl FnMut(MapCell)) {
    each_cell_in(map, [UVec3::ZERO, UVec3::MAX], visit);
}

/// Visits the leaves that cover voxels between two corners.
pub(super) fn each_cell_in(map: &BrickMap, [low, high]: [UVec3; 2], mut visit: impl FnMut(MapCell)) {
    let overlaps = |origin: UVec3, edge: u32| origin.cmplt(high).all() && low.cmplt(origin + edge).all();
    // Nodes that are still to be visited, the next one last.
    let mut waiting = vec![(0_u32, map.levels, UVec3::ZERO)];
    while let Some((index, level, origin)) = waiting.pop() {
        if !overlaps(origin, node_edge(level)) {
            continue;
        }
        let node = &map.nodes[index as usize];
        if node.first == SOLID {
            visit(MapCell::Solid { origin, level, material: node.material });
            continue;
        }
        let edge = node_edge(level - 1);
        let children = node.children().map(|(child, cell)| (child, level - 1, origin + cell * edge));
        if level > 1 {
            waiting.extend(children.rev());
        } else {
            let bricks = children.filter(|&(_, _, origin)| overlaps(origin, edge));
            bricks.for_each(|(brick, _, origin)| visit(MapCell::Brick { origin, brick }));
        }
    }
}

/// The least box of voxels that holds all that are set.
fn bounds(mask: &BrickMask) -> (UVec3, UVec3) {
    let (mut low, mut high) = (UVec3::splat(BRICK_EDGE), UVec3::ZERO);
    for (group, bits) in (0..).zip(mask.groups) {
        let corner = UVec3::from_array(unmorton3(group)) * 4;
        for axis in (0..3).filter(|_| bits != 0) {
            let taken = |slice: &u32| bits & GROUP_SLICES[axis][*slice as usize] != 0;
            let first = (0..4).find(taken).expect("the group has a voxel");
            let last = (0..4).rev().find(taken).expect("the group has a voxel");
            low[axis] = low[axis].min(corner[axis] + first);
            high[axis] = high[axis].max(corner[axis] + last + 1);
        }
    }
    (low, high)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use glam::IVec3;

    use super::*;
    use crate::voxel::Scene;
    use crate::voxel::layout::morton3;

    fn scene() -> Scene {
        // A solid block that makes solid nodes, and scattered voxels.
        let solid = |at: IVec3| {
            let block = at.cmplt(IVec3::splat(64)).all();
            (block || (at.x * 7 + at.y * 13 + at.z * 29) % 23 == 0).then_some(u8::from(block))
        };
        Scene::from_fn("cells", UVec3::new(100, 90, 77), solid).expect("the scene is small")
    }

    #[test]
    fn every_solid_voxel_lies_in_the_box_of_one_cell() {
        let map = scene().map;
        let VoxelCells { boxes, cells } = VoxelCells::of(&map);
        assert_eq!(boxes.len(), cells.len());
        assert!(cells.iter().any(|cell| cell.what & Cell::SOLID_CELL != 0) || map.bricks.len() == cells.len());
        let voxels = VoxelBoxes::of(&map);
        assert_eq!(voxels.voxels.len() as u64, map.solid_voxels);
        let mut seen = HashSet::new();
        for [xy, z] in voxels.voxels {
            let at = UVec3::new(xy & 0xFFFF, xy >> 16, z);
            assert!(map.get(at.as_ivec3()).is_some() && seen.insert(at));
            let around = boxes.iter().filter(|aabb| {
                let (low, high) = (glam::Vec3::from(aabb.low), glam::Vec3::from(aabb.high));
                low.cmple(at.as_vec3()).all() && (at.as_vec3() + 1.0).cmple(high).all()
            });
            assert_eq!(around.count(), 1, "{at}");
        }
    }

    #[test]
    fn bounds_are_tight() {
        let mut mask = BrickMask::default();
        mask.insert(morton3(2, 7, 4));
        assert_eq!(bounds(&mask), (UVec3::new(2, 7, 4), UVec3::new(3, 8, 5)));
        mask.insert(morton3(5, 1, 4));
        assert_eq!(bounds(&mask), (UVec3::new(2, 1, 4), UVec3::new(6, 8, 5)));
    }
}
