//! What of a voxel scene goes into an acceleration structure: one box for each cube of a number of voxels along its edge; or, to compare, one box a
//! voxel.

use bytemuck::{Pod, Zeroable};
use glam::UVec3;
use vixen::Block;

use super::geometry::Aabb;
use crate::voxel::layout::{BRICK_EDGE, GROUP_SLICES, MAX_EDGE, SOLID, unmorton3};
use crate::voxel::{BrickMap, BrickMask};

/// What a box stands for: the voxels of an aligned cube, as far as any are solid. `shaders/voxel_cell.glsl` declares the same.
///
/// For each axis the least voxel in the lower 16 bits, and one more than the greatest in the upper.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable, Block)]
pub struct Cell {
    /// From left to right.
    pub x: u32,
    /// From below.
    pub y: u32,
    /// To the front.
    pub z: u32,
}

impl Cell {
    /// A cell of no voxel: inside out, so that no ray meets it.
    pub const EMPTY: Self = Self { x: 0xFFFF, y: 0xFFFF, z: 0xFFFF };

    /// The voxels from one corner on and before another.
    fn new([low, high]: [UVec3; 2]) -> Self {
        let [x, y, z] = (low | high << 16_u32).to_array();
        Self { x, y, z }
    }

    /// The corners again.
    pub(crate) fn extent(&self) -> [UVec3; 2] {
        let spans = UVec3::new(self.x, self.y, self.z);
        [spans & 0xFFFF, spans >> 16_u32]
    }

    /// The box around it.
    fn aabb(&self) -> Aabb {
        let [low, high] = self.extent().map(|corner| corner.as_vec3());
        Aabb { low: (low - MARGIN).to_array(), high: (high + MARGIN).to_array() }
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
/// rounding error; marches look at the voxels themselves.
const MARGIN: f32 = 1.0 / 64.0;

/// Voxels along the edge of the cubes that share a box, if nothing else is said: large enough that rays march for longer than they look for
/// boxes, small enough that boxes follow the shape of a scene and an edit changes few of them. Where a program of the driver's finds boxes,
/// one for all of a scene, [`MAX_EDGE`], is up to a seventh faster (`docs/voxel-performance.md`, "Boxes that say whether to march").
pub const BOX_EDGE: u32 = 128;

impl VoxelCells {
    /// One box, as tight as its voxels allow, for each aligned cube of `edge` voxels along its side; the edge is raised to the next power
    /// of two, and that of a brick at least.
    pub fn of(map: &BrickMap, edge: u32) -> Self {
        Self::within(map, cube_edge(edge), [UVec3::ZERO, map.size])
    }

    /// Those of the cubes of an edge between two corners of cubes.
    pub(super) fn within(map: &BrickMap, edge: u32, bounds: [UVec3; 2]) -> Self {
        let mut cells: Vec<Cell> = Vec::new();
        let mut last = None;
        each_part(map, bounds, |part| {
            let around = part.around();
            let (low, high) = (around[0].max(bounds[0]), around[1].min(bounds[1]));
            let (first_cube, last_cube) = (low / edge, (high - 1) / edge);
            let known = cells.last().filter(|_| last == Some(first_cube) && first_cube == last_cube);
            if known.is_some_and(|cell| contains(cell.extent(), [low, high])) {
                // Nothing in it makes the box larger.
                return false;
            }
            let Some([low, high]) = part.bounds(map) else { return true };
            let (low, high) = (low.max(bounds[0]), high.min(bounds[1]));
            // What is solid all through may be larger than a cube.
            for cube in places(first_cube, last_cube) {
                let part = [low.max(cube * edge), high.min((cube + 1) * edge)];
                match cells.last_mut() {
                    Some(cell) if last == Some(cube) => *cell = Cell::new(union(cell.extent(), part)),
                    _ => cells.push(Cell::new(part)),
                }
                last = Some(cube);
            }
            true
        });
        Self { boxes: cells.iter().map(Cell::aabb).collect(), cells }
    }
}

/// The edge of the cubes that share a box.
pub(super) fn cube_edge(edge: u32) -> u32 {
    edge.clamp(BRICK_EDGE, MAX_EDGE).next_power_of_two()
}

fn union(a: [UVec3; 2], b: [UVec3; 2]) -> [UVec3; 2] {
    [a[0].min(b[0]), a[1].max(b[1])]
}

fn contains(a: [UVec3; 2], b: [UVec3; 2]) -> bool {
    a[0].cmple(b[0]).all() && b[1].cmple(a[1]).all()
}

/// The boxes of a scene's voxels and where they are, in Morton order: what the boxes of cubes are compared with.
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
            all.boxes.push(Cell::new([at, at + 1]).aabb());
            all.voxels.push([at.x | at.y << 16, at.z]);
        };
        each_part(map, [UVec3::ZERO, map.size], |part| {
            match part {
                Part::Node { .. } => {}
                Part::Brick { origin, brick } => {
                    let mask = map.mask_of(&map.bricks[brick as usize]);
                    mask.solid().for_each(|number| add(origin + UVec3::from_array(unmorton3(number as u32))));
                }
                Part::Solid { origin, edge } => {
                    // Brick by brick, so that the order stays nearly that of the curve.
                    for brick in places(origin / BRICK_EDGE, (origin + edge - 1) / BRICK_EDGE) {
                        let place = |number| brick * BRICK_EDGE + UVec3::from_array(unmorton3(number));
                        let inside = |at: &UVec3| at.cmplt(map.size).all();
                        (0..BRICK_EDGE.pow(3)).map(place).filter(inside).for_each(&mut add);
                    }
                }
            }
            true
        });
        all
    }
}

/// The places from one on to another.
fn places(first: UVec3, last: UVec3) -> impl Iterator<Item = UVec3> {
    let rows = (first.z..=last.z).flat_map(move |z| (first.y..=last.y).map(move |y| (y, z)));
    rows.flat_map(move |(y, z)| (first.x..=last.x).map(move |x| UVec3::new(x, y, z)))
}

/// A part of the tree.
#[derive(Clone, Copy)]
enum Part {
    /// What has parts itself.
    Node { origin: UVec3, edge: u32 },
    /// A leaf.
    Brick { origin: UVec3, brick: u32 },
    /// A leaf whose voxels are all solid.
    Solid { origin: UVec3, edge: u32 },
}

impl Part {
    /// The corners of its cube.
    fn around(self) -> [UVec3; 2] {
        match self {
            Self::Node { origin, edge } | Self::Solid { origin, edge } => [origin, origin + edge],
            Self::Brick { origin, .. } => [origin, origin + BRICK_EDGE],
        }
    }

    /// For a leaf: from the least of its solid voxels on and before the greatest.
    fn bounds(self, map: &BrickMap) -> Option<[UVec3; 2]> {
        let (origin, [low, high]) = match self {
            Self::Node { .. } => return None,
            Self::Brick { origin, brick } => (origin, bounds(&map.mask_of(&map.bricks[brick as usize]))),
            Self::Solid { origin, edge } => (origin, [UVec3::ZERO, UVec3::splat(edge)]),
        };
        Some([origin + low, (origin + high).min(map.size)])
    }
}

/// Visits nodes and leaves that cover voxels between two corners, along the Morton curve. Goes into those nodes of which the visitor
/// says so.
fn each_part(map: &BrickMap, [low, high]: [UVec3; 2], mut visit: impl FnMut(Part) -> bool) {
    let overlaps = |origin: UVec3, edge: u32| origin.cmplt(high).all() && low.cmplt(origin + edge).all();
    // Nodes that are still to be visited, the next one last.
    let mut waiting = vec![(0_u32, map.levels, UVec3::ZERO)];
    while let Some((index, level, origin)) = waiting.pop() {
        let edge = BRICK_EDGE << (2 * level);
        if !overlaps(origin, edge) {
            continue;
        }
        let node = &map.nodes[index as usize];
        if node.first == SOLID {
            visit(Part::Solid { origin, edge });
            continue;
        }
        if !visit(Part::Node { origin, edge }) {
            continue;
        }
        let edge = edge / 4;
        let children = node.children().map(|(child, cell)| (child, level - 1, origin + cell * edge));
        if level > 1 {
            waiting.extend(children.rev());
        } else {
            let bricks = children.filter(|&(_, _, origin)| overlaps(origin, edge));
            bricks.for_each(|(brick, _, origin)| {
                visit(Part::Brick { origin, brick });
            });
        }
    }
}

/// The least box of voxels that holds all that are set.
fn bounds(mask: &BrickMask) -> [UVec3; 2] {
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
    [low, high]
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use glam::{IVec3, Vec3};

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
    fn every_solid_voxel_lies_in_one_cell_and_no_cell_could_be_smaller() {
        let map = scene().map;
        let voxels = VoxelBoxes::of(&map);
        assert_eq!(voxels.voxels.len() as u64, map.solid_voxels);
        let mut cubes: HashMap<(u32, UVec3), [UVec3; 2]> = HashMap::new();
        let edges = [8, 16, 64, 1024];
        let mut seen = HashSet::new();
        for [xy, z] in voxels.voxels {
            let at = UVec3::new(xy & 0xFFFF, xy >> 16, z);
            assert!(map.get(at.as_ivec3()).is_some() && seen.insert(at));
            for edge in edges {
                let part = [at, at + 1];
                cubes.entry((edge, at / edge)).and_modify(|cube| *cube = union(*cube, part)).or_insert(part);
            }
        }
        for edge in edges {
            let VoxelCells { boxes, cells } = VoxelCells::of(&map, edge);
            let of_edge = cubes.iter().filter(|((of, _), _)| *of == edge);
            assert_eq!((boxes.len(), cells.len()), (cells.len(), of_edge.count()), "{edge}");
            for (aabb, cell) in boxes.iter().zip(&cells) {
                let [low, high] = cell.extent();
                assert_eq!(cubes[&(edge, low / edge)], [low, high]);
                assert_eq!(Vec3::from(aabb.low), low.as_vec3() - MARGIN);
                assert_eq!(Vec3::from(aabb.high), high.as_vec3() + MARGIN);
            }
        }
    }

    #[test]
    fn edges_are_powers_of_two_between_a_brick_and_a_scene() {
        assert_eq!([0, 8, 9, 64, 8192, u32::MAX].map(cube_edge), [8, 8, 16, 64, 8192, 8192]);
    }

    #[test]
    fn bounds_are_tight() {
        let mut mask = BrickMask::default();
        mask.insert(morton3(2, 7, 4));
        assert_eq!(bounds(&mask), [UVec3::new(2, 7, 4), UVec3::new(3, 8, 5)]);
        mask.insert(morton3(5, 1, 4));
        assert_eq!(bounds(&mask), [UVec3::new(2, 1, 4), UVec3::new(6, 8, 5)]);
    }
}
