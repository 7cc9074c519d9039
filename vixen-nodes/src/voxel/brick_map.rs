//! The sparse scene as it goes to the GPU, and how to look a voxel up in it.

use glam::{IVec3, UVec3, Vec3};

use super::layout::{
    BRICK_EDGE, BRICK_VOXELS, Brick, BrickMask, MATERIALS_4_BIT, MATERIALS_ONE, MATERIALS_SHIFT, Material, NO_NORMALS,
    Node, SOLID, morton3,
};
use super::normal;
use super::source::{BrickVoxels, MaterialIndex};

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
    /// Occupancy of the bricks that are not full.
    pub masks: Vec<BrickMask>,
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

    /// The voxel with this Morton number in a brick.
    pub(super) fn voxel_of(&self, brick: &Brick, number: u32) -> Option<Voxel> {
        let rank = if brick.mask == SOLID {
            number
        } else {
            let mask = &self.masks[brick.mask as usize];
            mask.contains(number).then(|| mask.rank(number))?
        };
        let normal = self.normal_of(brick, rank).and_then(normal::decode);
        Some(Voxel { material: self.material_of(brick, rank), normal })
    }

    /// The material of a brick's solid voxel of this rank.
    pub(super) fn material_of(&self, brick: &Brick, rank: u32) -> MaterialIndex {
        let word = |index: u32| self.attributes[index as usize];
        let at = brick.materials & ((1 << MATERIALS_SHIFT) - 1);
        let byte = |start: u32, index: u32| (word(start + index / 4) >> (index % 4 * 8)) & 255;
        let material = match brick.materials >> MATERIALS_SHIFT {
            MATERIALS_ONE => brick.materials & 255,
            MATERIALS_4_BIT => byte(at, (word(at + 4 + rank / 8) >> (rank % 8 * 4)) & 15),
            _ => byte(at, rank),
        };
        material as MaterialIndex
    }

    /// Its normal as it is stored, if the brick has normals.
    pub(super) fn normal_of(&self, brick: &Brick, rank: u32) -> Option<u16> {
        let bits = |start: u32| (self.attributes[(start + rank / 2) as usize] >> (rank % 2 * 16)) as u16;
        (brick.normals != NO_NORMALS).then(|| bits(brick.normals))
    }

    /// Writes the solid voxels of a brick out one by one.
    pub(super) fn open_brick(&self, brick: &Brick, voxels: &mut BrickVoxels) {
        voxels.set_mask(if brick.mask == SOLID { BrickMask::FULL } else { self.masks[brick.mask as usize] });
        let kind = brick.materials >> MATERIALS_SHIFT;
        let place = if kind == MATERIALS_ONE { 0 } else { brick.materials & ((1 << MATERIALS_SHIFT) - 1) };
        let words = &self.attributes[place as usize..];
        let mut by_rank = [0; BRICK_VOXELS];
        match kind {
            MATERIALS_ONE => voxels.set_material(brick.materials as u8),
            MATERIALS_4_BIT => {
                let materials: [u8; 16] = std::array::from_fn(|index| words[index / 4].to_le_bytes()[index % 4]);
                for (eight, word) in by_rank.as_chunks_mut::<8>().0.iter_mut().zip(&words[4..]) {
                    *eight = std::array::from_fn(|nth| materials[(word >> (4 * nth) & 15) as usize]);
                }
                voxels.set_materials(&by_rank);
            }
            _ => {
                by_rank.as_chunks_mut().0.iter_mut().zip(words).for_each(|(four, word)| *four = word.to_le_bytes());
                voxels.set_materials(&by_rank);
            }
        }
        if brick.normals != NO_NORMALS {
            let words = &self.attributes[brick.normals as usize..];
            voxels.set_normals(|rank| (words[rank / 2] >> (rank % 2 * 16)) as u16);
        }
    }

    /// Bytes that tell which voxels are solid: nodes, bricks and masks.
    pub fn geometry_bytes(&self) -> u64 {
        (size_of_val(&self.nodes[..]) + size_of_val(&self.bricks[..]) + size_of_val(&self.masks[..])) as u64
    }

    /// Bytes that tell what voxels look like: materials, normals and the palette.
    pub fn attribute_bytes(&self) -> u64 {
        (size_of_val(&self.attributes[..]) + size_of_val(&self.palette[..])) as u64
    }

    /// All bytes for each solid voxel.
    pub fn bytes_per_voxel(&self) -> f64 {
        (self.geometry_bytes() + self.attribute_bytes()) as f64 / self.solid_voxels.max(1) as f64
    }
}

/// The place of a cell's child among its node's children, if the cell is not empty.
pub(super) fn child_rank(mask: [u32; 2], bit: u32) -> Option<u32> {
    let mask = u64::from(mask[0]) | u64::from(mask[1]) << 32;
    (mask >> bit & 1 != 0).then(|| (mask & ((1 << bit) - 1)).count_ones())
}
