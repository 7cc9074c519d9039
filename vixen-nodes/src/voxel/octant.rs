//! A brick map seen as an octree of cubes: what the builders of other structures walk down.

use super::brick_map::{BrickMap, Voxel, child_rank};
use super::layout::{BRICK_EDGE, BRICK_VOXELS, Brick, Node, SOLID};

/// A cube of voxels whose edge is a power of two, aligned to its edge.
#[derive(Clone, Copy)]
pub(super) struct Octant<'a> {
    map: &'a BrickMap,
    part: Part<'a>,
}

/// What stands for a cube in the brick map. Cells and voxels are in Morton order, so an octant is an eighth of the numbers.
#[derive(Clone, Copy)]
enum Part<'a> {
    Empty,
    /// Solid all through, of one material.
    Solid(Voxel),
    /// A cube whose first octant, after this many steps down, is the root; the others are empty.
    Above(u32),
    /// This many cells of a node of this level, from a number on.
    Cells {
        node: &'a Node,
        level: u32,
        first: u32,
        count: u32,
    },
    /// This many voxels of a brick, from a number on.
    Voxels {
        brick: &'a Brick,
        first: u32,
        count: u32,
    },
}

/// What a builder has to know of a cube.
pub(super) enum Inside {
    Empty,
    /// All voxels look like this one.
    Solid(Voxel),
    /// Its octants tell more.
    Mixed,
}

impl<'a> Octant<'a> {
    /// The cube of this edge, a power of two that covers the scene, at the origin.
    pub fn covering(map: &'a BrickMap, edge: u32) -> Self {
        let root_edge = (4 * BRICK_EDGE) << (2 * (map.levels - 1));
        let up = (edge / root_edge).checked_ilog2().unwrap_or(0);
        let mut cube = Self { map, part: Part::Above(up) };
        cube.part = if up == 0 { cube.node(&map.nodes[0], map.levels) } else { cube.part };
        // A smaller cube that covers the scene is a first octant of the root.
        (0..(root_edge / edge).checked_ilog2().unwrap_or(0)).fold(cube, |cube, _| cube.octant(0))
    }

    /// What the cube holds.
    pub fn inside(&self) -> Inside {
        match self.part {
            Part::Empty => Inside::Empty,
            Part::Solid(voxel) => Inside::Solid(voxel),
            _ => Inside::Mixed,
        }
    }

    /// One of its eight octants: bit 0 of the number is x, then y, then z. A voxel has none.
    pub fn octant(&self, number: u32) -> Self {
        let part = match self.part {
            Part::Empty | Part::Solid(_) => self.part,
            Part::Above(_) if number > 0 => Part::Empty,
            Part::Above(1) => self.node(&self.map.nodes[0], self.map.levels),
            Part::Above(up) => Part::Above(up - 1),
            Part::Cells { node, level, first, count } => self.cells(node, level, first + number * count / 8, count / 8),
            Part::Voxels { brick, first, count } => self.voxels(brick, first + number * count / 8, count / 8),
        };
        Self { part, ..*self }
    }

    /// One of the 4×4×4 cells of the cube, in Morton order.
    pub fn cell(&self, number: u32) -> Self {
        self.octant(number >> 3).octant(number & 7)
    }

    fn node(&self, node: &'a Node, level: u32) -> Part<'a> {
        if node.first == SOLID {
            return Part::Solid(Voxel { material: node.material as u8, normal: None });
        }
        self.cells(node, level, 0, 64)
    }

    fn cells(&self, node: &'a Node, level: u32, first: u32, count: u32) -> Part<'a> {
        let bits = node.cells() >> first & (u64::MAX >> (64 - count));
        match (count, child_rank(node.mask, first)) {
            _ if bits == 0 => Part::Empty,
            (1, Some(rank)) if level == 1 => {
                self.voxels(&self.map.bricks[(node.first + rank) as usize], 0, BRICK_VOXELS as u32)
            }
            (1, Some(rank)) => self.node(&self.map.nodes[(node.first + rank) as usize], level - 1),
            _ => {
                // Nodes that are solid all through were found when the map was built; eight of their cells were not.
                let cells = || (0..8).map(|cell| self.cells(node, level, first + cell, 1));
                let same = if count == 8 && bits == 0xFF { same_solid(cells()) } else { None };
                same.unwrap_or(Part::Cells { node, level, first, count })
            }
        }
    }

    fn voxels(&self, brick: &'a Brick, first: u32, count: u32) -> Part<'a> {
        if count == 1 || brick.is_whole() {
            return self.map.voxel_of(brick, first).map_or(Part::Empty, Part::Solid);
        }
        let before = |number| brick.look_up(&self.map.masks, number).1;
        let solid = if brick.first == SOLID { count } else { before(first + count) - before(first) };
        let voxels = || (first..first + count).map(|number| self.voxels(brick, number, 1));
        match solid {
            0 => Part::Empty,
            _ if solid == count => same_solid(voxels()).unwrap_or(Part::Voxels { brick, first, count }),
            _ => Part::Voxels { brick, first, count },
        }
    }
}

/// What all of them are, if that is the same solid.
fn same_solid<'a>(mut parts: impl Iterator<Item = Part<'a>>) -> Option<Part<'a>> {
    let Some(Part::Solid(first)) = parts.next() else { return None };
    parts.all(|part| matches!(part, Part::Solid(voxel) if voxel == first)).then_some(Part::Solid(first))
}
