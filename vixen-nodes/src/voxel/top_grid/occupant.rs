//! What stands in the cells of the grid, as the brick map tells.

use glam::UVec3;

use super::{BRICK, EIGHTH};
use crate::voxel::brick_map::{BrickMap, cell_edge, child_rank};
use crate::voxel::layout::{Node, SOLID, morton3, unmorton3};

/// In a cell: all is solid.
const SOLID_CELL: u32 = 1 << 31;

/// What stands in a cell that is not empty: its word, and which voxels are solid where cells say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Occupant {
    pub word: u32,
    pub voxels: u64,
}

impl Occupant {
    /// A brick or a node.
    fn of(index: u32) -> Self {
        Self { word: index << 4, voxels: 0 }
    }

    /// Solid all through.
    fn solid(material: u32) -> Self {
        Self { word: SOLID_CELL | (material & 255) << 4, voxels: u64::MAX }
    }

    /// An eighth of a brick, unless it is empty.
    fn eighth_of_brick(map: &BrickMap, index: u32, eighth: u32) -> Option<Self> {
        let brick = &map.bricks[index as usize];
        let voxels = if brick.first == SOLID { u64::MAX } else { brick.group(&map.masks, eighth) };
        (voxels != 0).then_some(Self { voxels, ..Self::of(index) })
    }

    /// An eighth of a node of level 1, unless it is empty.
    fn eighth_of_node(node: &Node, eighth: u32) -> Option<Self> {
        let holds = node.cells() >> (8 * eighth) & 255;
        let before = (node.cells() & ((1 << (8 * eighth)) - 1)).count_ones();
        (holds != 0).then(|| Self::of((node.first + before) << 8 | holds as u32))
    }
}

/// The level of the nodes whose children an edit may store anew, so that what cells of this size say changes.
pub(super) fn level_above(shift: u32) -> u32 {
    if shift > 4 { 2 } else { 1 }
}

/// Visits what is not empty by its corner, its edge and what its cells say.
pub(super) fn each_occupied(map: &BrickMap, shift: u32, mut visit: impl FnMut(UVec3, u32, Occupant)) {
    let mut waiting = vec![(0_u32, map.levels, UVec3::ZERO)];
    while let Some((at, level, origin)) = waiting.pop() {
        let (node, edge) = (&map.nodes[at as usize], cell_edge(level));
        let corner = |number: u32, edge: u32| origin + UVec3::from_array(unmorton3(number)) * edge;
        if node.first == SOLID {
            visit(origin, 4 * edge, Occupant::solid(node.material));
            continue;
        }
        if level == 1 && shift > BRICK {
            let eighths = (0..8).filter_map(|eighth| Some((eighth, Occupant::eighth_of_node(node, eighth)?)));
            match shift {
                4 => eighths.for_each(|(eighth, occupant)| visit(corner(eighth, 2 * edge), 2 * edge, occupant)),
                _ => visit(origin, 4 * edge, Occupant::of(at)),
            }
            continue;
        }
        for (child, cell) in node.children() {
            let corner = origin + cell * edge;
            match (level, shift) {
                (1, EIGHTH) => {
                    let eighth_of = |eighth| Some((eighth, Occupant::eighth_of_brick(map, child, eighth)?));
                    for (eighth, occupant) in (0..8).filter_map(eighth_of) {
                        visit(corner + UVec3::from_array(unmorton3(eighth)) * (edge / 2), edge / 2, occupant);
                    }
                }
                (1, _) => visit(corner, edge, Occupant::of(child)),
                _ => waiting.push((child, level - 1, corner)),
            }
        }
    }
}

/// The node of this level that a voxel lies in, or what is solid above it, and its level; nothing where all is empty.
pub(super) fn descend(map: &BrickMap, level: u32, voxel: UVec3) -> Option<(u32, u32)> {
    let mut at = 0;
    for above in (level + 1..=map.levels).rev() {
        if map.nodes[at as usize].first == SOLID {
            return Some((at, above));
        }
        at = child(map, at, above, voxel)?;
    }
    Some((at, level.min(map.levels)))
}

/// The child of a node of this level that a voxel lies in, unless it is empty.
fn child(map: &BrickMap, at: u32, level: u32, voxel: UVec3) -> Option<u32> {
    let (node, cell) = (&map.nodes[at as usize], (voxel / cell_edge(level)) & 3);
    Some(node.first + child_rank(node.mask, morton3(cell.x, cell.y, cell.z))?)
}

/// What stands in a cell, unless it is empty. The search begins at a node around it, of which it takes the index and the level.
pub(super) fn occupant(map: &BrickMap, shift: u32, cell: UVec3, (mut at, level): (u32, u32)) -> Option<Occupant> {
    // Which eighth of what is twice as large.
    let eighth = morton3(cell.x & 1, cell.y & 1, cell.z & 1);
    for level in (1..=level).rev() {
        let node = &map.nodes[at as usize];
        if node.first == SOLID {
            return Some(Occupant::solid(node.material));
        }
        match (level, shift) {
            (1, 4) => return Occupant::eighth_of_node(node, eighth),
            (1, 5) => return (node.mask != [0; 2]).then_some(Occupant::of(at)),
            _ => at = child(map, at, level, cell << shift)?,
        }
    }
    match shift {
        EIGHTH => Occupant::eighth_of_brick(map, at, eighth),
        _ => Some(Occupant::of(at)),
    }
}
