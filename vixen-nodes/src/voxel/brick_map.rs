//! The sparse scene as it goes to the GPU, and how to look a voxel up in it.

use glam::{IVec3, UVec3, Vec3};

use super::layout::{BRICK_EDGE, Brick, Material, Node, SOLID, morton3, unmorton3};
use super::looks::Looks;
use super::normal;
use super::packed::BrickMask;
use super::source::MaterialIndex;

/// A tree of branching 4×4×4 over bricks of 8×8×8 voxels; [`layout`](super::layout) tells what the words mean.
/// Every vector is the content of one buffer and holds at least one element.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BrickMap {
    /// Size of the scene in voxels.
    pub size: UVec3,
    /// Level of the root node, which is node 0.
    pub levels: u32,
    /// Inner nodes.
    pub nodes: Vec<Node>,
    /// Bricks that are not empty.
    pub bricks: Vec<Brick>,
    /// Occupancy of the octets of the bricks that are not full: bytes, and as many as whole words have.
    pub masks: Vec<u8>,
    /// Materials and normals.
    pub attributes: Vec<u32>,
    /// What the material indices mean: 256 entries.
    pub palette: Vec<Material>,
    /// How many voxels are solid, exactly.
    pub solid_voxels: u64,
}

/// What a solid voxel looks like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Voxel {
    /// Its place in the palette.
    pub material: MaterialIndex,
    /// The direction that its surface faces, where the source knows.
    pub normal: Option<Vec3>,
}

/// Voxels along the edge of a cell of a node of this level.
pub(crate) const fn cell_edge(level: u32) -> u32 {
    BRICK_EDGE << (2 * (level - 1))
}

/// The level of the lowest root that covers a scene of this size.
pub(crate) fn levels_for(size: UVec3) -> u32 {
    let mut levels = 1;
    while cell_edge(levels + 1) < size.max_element() {
        levels += 1;
    }
    levels
}

impl BrickMap {
    /// The voxel there, if it is solid.
    pub fn get(&self, at: IVec3) -> Option<Voxel> {
        let at = (at.cmpge(IVec3::ZERO).all() && at.as_uvec3().cmplt(self.size).all()).then(|| at.as_uvec3())?;
        let mut index = 0;
        for level in (1..=self.levels).rev() {
            let node = &self.nodes[index];
            if node.first == SOLID {
                return Some(Voxel { material: node.material as MaterialIndex, normal: None });
            }
            let cell = (at / cell_edge(level)) & 3;
            let bit = morton3(cell.x, cell.y, cell.z);
            index = node.first as usize + child_rank(node.mask, bit)? as usize;
        }
        self.voxel_of(&self.bricks[index], morton3(at.x, at.y, at.z))
    }

    /// The smallest box of whole bricks around all solid voxels, cut off where the scene ends.
    pub fn bounds(&self) -> [UVec3; 2] {
        let (mut low, mut high) = (self.size, UVec3::ZERO);
        let mut waiting = vec![(0, self.levels, UVec3::ZERO)];
        while let Some((index, level, origin)) = waiting.pop() {
            let edge = BRICK_EDGE << (2 * level);
            let known = origin.cmpge(low).all() && (origin + edge).min(self.size).cmple(high).all();
            if known {
                continue;
            }
            // Bricks are of level 0.
            let node = (level > 0).then(|| &self.nodes[index as usize]).filter(|node| node.first != SOLID);
            let Some(node) = node else {
                (low, high) = (low.min(origin), high.max((origin + edge).min(self.size)));
                continue;
            };
            let corner = |cell: UVec3| origin + cell * cell_edge(level);
            waiting.extend(node.children().map(|(child, cell)| (child, level - 1, corner(cell))));
        }
        [low, high]
    }

    /// The voxel with this Morton number in a brick.
    pub(super) fn voxel_of(&self, brick: &Brick, number: u32) -> Option<Voxel> {
        let rank = if brick.first == SOLID {
            number
        } else {
            let (solid, rank) = brick.look_up(&self.masks, number);
            solid.then_some(rank)?
        };
        let looks = Looks::of(brick, &self.attributes);
        Some(Voxel {
            material: looks.material(rank as usize),
            normal: looks.normal(rank as usize).and_then(normal::decode),
        })
    }

    /// Which voxels of a brick are solid.
    pub(crate) fn mask_of(&self, brick: &Brick) -> BrickMask {
        if brick.first == SOLID { BrickMask::FULL } else { brick.unpack(&self.masks) }
    }

    /// The masks as the words that shaders read.
    pub(crate) fn mask_words(&self) -> &[[u8; 4]] {
        self.masks.as_chunks().0
    }

    /// Bytes that tell which voxels are solid: nodes, bricks but for their looks, and masks.
    pub fn geometry_bytes(&self) -> u64 {
        let bytes = size_of_val(&self.nodes[..]) + size_of_val(&self.bricks[..]) + size_of_val(&self.masks[..]);
        bytes as u64 - self.looks_bytes()
    }

    /// Bytes that tell what voxels look like: looks of bricks, materials, normals and the palette.
    pub fn attribute_bytes(&self) -> u64 {
        (size_of_val(&self.attributes[..]) + size_of_val(&self.palette[..])) as u64 + self.looks_bytes()
    }

    /// Those of the bricks' [looks](Brick::looks).
    fn looks_bytes(&self) -> u64 {
        (self.bricks.len() * size_of::<u32>()) as u64
    }

    /// All bytes for each solid voxel.
    pub fn bytes_per_voxel(&self) -> f64 {
        (self.geometry_bytes() + self.attribute_bytes()) as f64 / self.solid_voxels.max(1) as f64
    }
}

impl Node {
    /// Which cells hold something.
    pub(crate) fn cells(&self) -> u64 {
        u64::from(self.mask[0]) | u64::from(self.mask[1]) << 32
    }

    /// Of a node that is not solid, the children in their order: the index of each, and where its cell is in the node, in cells.
    pub(crate) fn children(&self) -> impl DoubleEndedIterator<Item = (u32, UVec3)> + use<> {
        let (cells, first) = (self.cells(), self.first);
        let taken = (0..64).filter(move |number| cells >> number & 1 != 0);
        taken.map(move |number| {
            let before = (cells & ((1 << number) - 1)).count_ones();
            (first + before, UVec3::from_array(unmorton3(number)))
        })
    }
}

/// The place of a cell's child among its node's children, if the cell is not empty.
pub(super) fn child_rank(mask: [u32; 2], bit: u32) -> Option<u32> {
    let mask = u64::from(mask[0]) | u64::from(mask[1]) << 32;
    (mask >> bit & 1 != 0).then(|| (mask & ((1 << bit) - 1)).count_ones())
}
