//! An efficient sparse voxel octree (Laine and Karras 2010), the classic to compare the brick map with.
//!
//! As in the paper a node is 64 bits, stands for the eight children of a cube, and only children that have children of their own
//! have nodes, side by side. The words differ: the pointer is 32 bits wide instead of 15 bits and a far flag, and there are no contours.

use bytemuck::{Pod, Zeroable};
use vixen::Block;

use super::brick_map::BrickMap;
use super::error::SceneError;
use super::octant::{Inside, Octant};
use super::tree::{Looks, VoxelTree};

/// A node of an octree. The root is node 0, and its cube has an edge of 2 to the power of the tree's levels.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable, Block)]
pub struct OctreeNode {
    /// First, the first of its children that are nodes; they are consecutive, in order of their numbers: bit 0 is x, then y, then z.
    /// Second, the valid mask in bits 8 to 15, which children hold something, and the leaf mask in bits 0 to 7, which of them are
    /// solid all through.
    pub words: [u32; 2],
}

impl VoxelTree<OctreeNode> {
    /// The octree of the same voxels. The attributes begin with a word for each node: the place of the attribute of its
    /// first leaf.
    ///
    /// # Errors
    /// When it has more nodes or voxels than its words can count.
    pub fn esvo(map: &BrickMap) -> Result<Self, SceneError> {
        let levels = map.size.max_element().next_power_of_two().ilog2().max(1);
        let mut build = Build { nodes: vec![OctreeNode::default()], first_looks: vec![0], looks: Looks::default() };
        let root = Octant::covering(map, 1 << levels);
        (build.nodes[0], build.first_looks[0]) = build.node(root);
        let Build { nodes, first_looks, looks } = build;
        if nodes.len() + looks.words.len() > u32::MAX as usize {
            return Err(SceneError::TooMuchMemory { name: "the octree".to_owned(), what: "nodes" });
        }
        let mut attributes: Vec<u32> = first_looks.iter().map(|first| first + nodes.len() as u32).collect();
        attributes.append(&mut looks.into_words());
        Ok(Self { levels, nodes, attributes, palette: map.palette.clone() })
    }
}

struct Build {
    nodes: Vec<OctreeNode>,
    first_looks: Vec<u32>,
    looks: Looks,
}

impl Build {
    /// The node of a cube, and where the looks of its leaves begin. That of a solid cube has eight solid leaves.
    fn node(&mut self, cube: Octant<'_>) -> (OctreeNode, u32) {
        let octants: [Octant<'_>; 8] = std::array::from_fn(|number| cube.octant(number as u32));
        let (mut masks, first_look, mut inner) = (0, self.looks.words.len() as u32, 0);
        for (number, octant) in octants.iter().enumerate() {
            match octant.inside() {
                Inside::Empty => {}
                Inside::Solid(voxel) => {
                    masks |= 0x101 << number;
                    self.looks.push(voxel);
                }
                Inside::Mixed => {
                    masks |= 0x100 << number;
                    inner += 1;
                }
            }
        }
        let first = self.nodes.len();
        self.nodes.resize(first + inner, OctreeNode::default());
        self.first_looks.resize(first + inner, 0);
        let mixed = octants.iter().filter(|octant| matches!(octant.inside(), Inside::Mixed));
        for (index, octant) in (first..).zip(mixed) {
            (self.nodes[index], self.first_looks[index]) = self.node(*octant);
        }
        (OctreeNode { words: [first as u32, masks] }, first_look)
    }
}
