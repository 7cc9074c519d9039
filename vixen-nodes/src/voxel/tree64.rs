//! A plain 64-tree, to compare the brick map with: nodes of 4×4×4 cells with a 64-bit mask, down to single voxels.
//!
//! A sparse tree in which a node stores only the children that there are, and finds one by the population count of the mask below
//! its bit; as in hash array mapped tries (Bagwell 2001), and as voxel engines have used since.

use bytemuck::{Pod, Zeroable};
use vixen::Block;

use super::brick_map::BrickMap;
use super::error::SceneError;
use super::octant::{Inside, Octant};
use super::tree::{Looks, VoxelTree};

/// A node of a 64-tree. One of level `n` has cells of edge 4ⁿ⁻¹, so those of level 1 are voxels. The root is node 0.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable, Block)]
pub struct Node64 {
    /// Which of the first 32 cells hold something, in Morton order.
    pub low: u32,
    /// Which of the last 32 do.
    pub high: u32,
    /// The first child; children are consecutive, in order of their cells. In level 1, the first voxel's place in the
    /// attributes. With [`SOLID`](Self::SOLID): all of the node is solid, and this is the place of its one attribute.
    pub first: u32,
}

impl Node64 {
    /// In [`first`](Self::first): solid all through, and there are no children.
    pub const SOLID: u32 = 1 << 31;

    fn new(mask: u64, first: usize) -> Self {
        Self { low: mask as u32, high: (mask >> 32) as u32, first: first as u32 }
    }
}

impl VoxelTree<Node64> {
    /// The 64-tree of the same voxels.
    ///
    /// # Errors
    /// When it has more nodes or voxels than its words can count.
    pub fn tree64(map: &BrickMap) -> Result<Self, SceneError> {
        let levels = map.size.max_element().next_power_of_two().ilog2().div_ceil(2).max(1);
        let mut build = Build { nodes: vec![Node64::default()], looks: Looks::default() };
        build.nodes[0] = build.node(Octant::covering(map, 1 << (2 * levels)), levels);
        let Build { nodes, looks } = build;
        if nodes.len().max(looks.words.len()) >= Node64::SOLID as usize {
            return Err(SceneError::TooMuchMemory { name: "the 64-tree".to_owned(), what: "nodes" });
        }
        Ok(Self { levels, nodes, attributes: looks.into_words(), palette: map.palette.clone() })
    }
}

struct Build {
    nodes: Vec<Node64>,
    looks: Looks,
}

impl Build {
    /// The node of a cube that is not empty.
    fn node(&mut self, cube: Octant<'_>, level: u32) -> Node64 {
        if let Inside::Solid(voxel) = cube.inside() {
            return Node64::new(u64::MAX, self.looks.push(voxel) | Node64::SOLID as usize);
        }
        let cells = (0..64).map(|number| (number, cube.cell(number)));
        let cells: Vec<_> = cells.filter(|(_, cell)| !matches!(cell.inside(), Inside::Empty)).collect();
        let mask = cells.iter().fold(0, |mask, (number, _)| mask | 1 << number);
        if level == 1 {
            let first = self.looks.words.len();
            for (_, cell) in cells {
                if let Inside::Solid(voxel) = cell.inside() {
                    self.looks.push(voxel);
                }
            }
            return Node64::new(mask, first);
        }
        let first = self.nodes.len();
        self.nodes.resize(first + cells.len(), Node64::default());
        for (index, (_, cell)) in cells.into_iter().enumerate() {
            self.nodes[first + index] = self.node(cell, level - 1);
        }
        Node64::new(mask, first)
    }
}
