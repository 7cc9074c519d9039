//! What the trees that the brick map is compared with have in common.

use super::brick_map::Voxel;
use super::layout::Material;
use super::normal;

/// A tree of voxels, as it goes to the GPU: [`Node64`](super::Node64)s or [`OctreeNode`](super::OctreeNode)s.
#[derive(Clone, Debug)]
pub struct VoxelTree<N> {
    /// Levels of nodes; what a level is, the node tells.
    pub levels: u32,
    /// The nodes. The first is the root.
    pub nodes: Vec<N>,
    /// Looks of voxels and of solid cubes, a word each: a palette index in the low byte, and in the upper 16 bits the
    /// [octahedral](super::normal) normal or [`normal::NONE`].
    pub attributes: Vec<u32>,
    /// What the material indices mean: 256 entries.
    pub palette: Vec<Material>,
}

impl<N> VoxelTree<N> {
    /// Bytes that tell which voxels are solid.
    pub fn geometry_bytes(&self) -> u64 {
        size_of_val(&self.nodes[..]) as u64
    }

    /// Bytes that tell what voxels look like.
    pub fn attribute_bytes(&self) -> u64 {
        (size_of_val(&self.attributes[..]) + size_of_val(&self.palette[..])) as u64
    }
}

/// Looks in the order in which they are stored.
#[derive(Default)]
pub(super) struct Looks {
    pub words: Vec<u32>,
}

impl Looks {
    /// Stores those of a voxel and says where.
    pub fn push(&mut self, voxel: Voxel) -> usize {
        let normal = voxel.normal.map_or(normal::NONE, normal::encode);
        self.words.push(u32::from(voxel.material) | u32::from(normal) << 16);
        self.words.len() - 1
    }

    /// All of them; at least one, as buffers of no bytes cannot be bound.
    pub fn into_words(mut self) -> Vec<u32> {
        self.words.is_empty().then(|| self.words.push(0));
        self.words
    }
}
