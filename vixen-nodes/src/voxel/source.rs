//! Where voxels come from: asked for cube by cube, so that no dense grid of the whole ever exists.

use bytemuck::{Pod, Zeroable};
use glam::{IVec3, UVec3, Vec3};
use vixen::Block;

use super::layout::{BRICK_VOXELS, Material, morton3, unmorton3};
use super::normal;
use super::packed::BrickMask;
use super::surface::Surface;

/// An index into a scene's palette.
pub type MaterialIndex = u8;

/// An aligned cube of voxels: its edge is 8·4ⁿ and its origin a multiple of the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cube {
    /// The corner with the least coordinates.
    pub origin: UVec3,
    /// Voxels along an edge.
    pub edge: u32,
}

impl Cube {
    /// Whether all of it lies inside a scene of this size.
    pub fn is_inside(&self, size: UVec3) -> bool {
        (self.origin + self.edge).cmple(size).all()
    }
}

/// What a source can tell of a cube without looking at its voxels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Nothing in it is solid.
    Empty,
    /// All of it is solid and of one material.
    Solid(MaterialIndex),
    /// Look closer. Always a valid answer.
    Mixed,
}

/// A column of land.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable, Block)]
pub struct Column {
    /// How high the ground is, in voxels; rounded it is how many are solid.
    pub height: f32,
    /// The material of the ground, a [`MaterialIndex`].
    pub ground: u32,
}

/// Voxels that can be asked for brick by brick, in any order and from several threads.
pub trait VoxelSource: Sync {
    /// The size of the scene: every solid voxel lies between the origin and this.
    fn size(&self) -> UVec3;

    /// What the cube holds, as far as it is cheap to tell.
    fn content(&self, cube: Cube) -> Content;

    /// What each of the 4×4×4 cells of a cube holds, in Morton order. Cells outside of the scene do not count.
    fn cells(&self, cube: Cube) -> [Content; 64] {
        let edge = cube.edge / 4;
        std::array::from_fn(|number| {
            let origin = cube.origin + UVec3::from_array(unmorton3(number as u32)) * edge;
            let inside = origin.cmplt(self.size()).all();
            if inside { self.content(Cube { origin, edge }) } else { Content::Empty }
        })
    }

    /// The columns of a source that is land, x first, one for each x and z of its size: what the [GPU](crate::VoxelBuilder) builds from.
    fn columns(&self) -> Option<Vec<Column>> {
        None
    }

    /// The triangles of a source that is a surface: what the [GPU](crate::VoxelBuilder) builds from. Of the same size as the source.
    fn surface(&self) -> Option<Surface> {
        None
    }

    /// Adds the solid voxels of the brick at this origin to `brick`, which comes empty.
    fn fill(&self, origin: UVec3, brick: &mut BrickVoxels);
}

/// The voxels of one brick while it is being built.
pub struct BrickVoxels {
    mask: BrickMask,
    materials: [MaterialIndex; BRICK_VOXELS],
    normals: [u16; BRICK_VOXELS],
    has_normals: bool,
    /// Whether normals stand side by side for solid voxels only, and not by number for all.
    normals_by_rank: bool,
    /// The material of all, if it was set for all; then `materials` mean nothing.
    one_material: Option<MaterialIndex>,
}

impl Default for BrickVoxels {
    fn default() -> Self {
        Self {
            mask: BrickMask::default(),
            materials: [0; BRICK_VOXELS],
            normals: [0; BRICK_VOXELS],
            has_normals: false,
            normals_by_rank: false,
            one_material: None,
        }
    }
}

impl BrickVoxels {
    /// Makes a voxel solid, or gives it another material. Coordinates count from the brick's origin.
    #[inline]
    pub fn set(&mut self, at: UVec3, material: MaterialIndex) {
        self.set_number(morton3(at.x, at.y, at.z), material);
    }

    /// Makes a voxel solid, with a normal of its own.
    #[inline]
    pub fn set_with_normal(&mut self, at: UVec3, material: MaterialIndex, direction: Vec3) {
        let number = morton3(at.x, at.y, at.z);
        self.set_number(number, material);
        if !self.has_normals {
            self.normals.fill(normal::NONE);
            self.has_normals = true;
        }
        self.normals[number as usize] = normal::encode(direction);
    }

    /// Makes the voxel with this [Morton number](morton3) solid.
    #[inline]
    pub fn set_number(&mut self, number: u32, material: MaterialIndex) {
        self.mask.insert(number);
        self.materials[number as usize] = material;
    }

    /// Makes these voxels solid, and all others empty. Their materials are to be set.
    #[cfg(feature = "gltf")]
    pub(super) fn set_mask(&mut self, mask: BrickMask) {
        self.mask = mask;
    }

    /// Gives all solid voxels this material.
    #[cfg(feature = "gltf")]
    pub(super) fn set_material(&mut self, material: MaterialIndex) {
        self.one_material = Some(material);
    }

    /// Gives all solid voxels materials by their numbers.
    #[cfg(feature = "gltf")]
    pub(super) fn number_materials(&mut self, of: impl Fn(usize) -> MaterialIndex) {
        self.mask.solid().for_each(|number| self.materials[number] = of(number));
    }

    /// Gives all solid voxels normals in order of their numbers: sums of normals by axis and the sums of their [sizes](normal::sized), asked for
    /// sixteen at a time.
    #[cfg(feature = "gltf")]
    #[inline(always)]
    pub(super) fn set_normals(&mut self, mut next: impl FnMut() -> [[f32; 16]; 4]) {
        let count = self.mask.count() as usize;
        for normals in self.normals.as_chunks_mut::<16>().0.iter_mut().take(count.div_ceil(16)) {
            let [x, y, z, size] = next();
            for (lane, normal) in normals.iter_mut().enumerate() {
                *normal = normal::encode_sum(Vec3::new(x[lane], y[lane], z[lane]), size[lane]);
            }
        }
        // Those of what is seen from both sides may cancel out.
        self.has_normals = self.normals[..count].iter().any(|normal| *normal != normal::NONE);
        self.normals_by_rank = true;
    }

    /// Which voxels are solid.
    pub fn mask(&self) -> &BrickMask {
        &self.mask
    }

    /// Makes all voxels empty again.
    pub fn clear(&mut self) {
        self.mask = BrickMask::default();
        self.has_normals = false;
        self.normals_by_rank = false;
        self.one_material = None;
    }

    /// Writes material and normal of every solid voxel out, in order; normals mean nothing where the brick has none.
    pub(super) fn solid(&self, solid: &mut SolidVoxels) {
        solid.count = match self.one_material {
            Some(material) => {
                let count = self.mask.count() as usize;
                solid.materials[..count].fill(material);
                count
            }
            None => gather(&self.mask, &self.materials, &mut solid.materials),
        };
        if self.normals_by_rank {
            solid.normals[..solid.count].copy_from_slice(&self.normals[..solid.count]);
        } else if self.has_normals {
            gather(&self.mask, &self.normals, &mut solid.normals);
        }
    }

    /// Whether any voxel was given a normal.
    pub(super) fn has_normals(&self) -> bool {
        self.has_normals
    }
}

/// Puts what belongs to solid voxels side by side, in order, and counts it.
fn gather<T: Copy>(mask: &BrickMask, all: &[T; BRICK_VOXELS], solid: &mut [T; BRICK_VOXELS]) -> usize {
    let mut count = 0;
    for (group, values) in mask.groups.iter().zip(all.as_chunks::<64>().0) {
        match *group {
            0 => {}
            u64::MAX => {
                solid[count..][..64].copy_from_slice(values);
                count += 64;
            }
            // Few, as of surfaces: one by one.
            mut few if few.count_ones() < 24 => {
                while few != 0 {
                    solid[count % BRICK_VOXELS] = values[few.trailing_zeros() as usize % 64];
                    few &= few - 1;
                    count += 1;
                }
            }
            group => {
                // What is not solid is overwritten by what comes next: a branch would take longer.
                for (bit, value) in values.iter().enumerate() {
                    solid[count % BRICK_VOXELS] = *value;
                    count += (group >> bit & 1) as usize;
                }
            }
        }
    }
    count
}

/// Looks of the solid voxels of a brick, in order of their numbers.
pub(super) struct SolidVoxels {
    materials: [MaterialIndex; BRICK_VOXELS],
    normals: [u16; BRICK_VOXELS],
    count: usize,
}

impl Default for SolidVoxels {
    fn default() -> Self {
        Self { materials: [0; BRICK_VOXELS], normals: [0; BRICK_VOXELS], count: 0 }
    }
}

impl SolidVoxels {
    /// Their materials.
    pub fn materials(&self) -> &[MaterialIndex] {
        &self.materials[..self.count]
    }

    /// Their normals.
    pub fn normals(&self) -> &[u16] {
        &self.normals[..self.count]
    }
}

/// A source from a function of the voxel: the material where it is solid. For tests and procedural scenes.
pub struct FnSource<F> {
    size: UVec3,
    voxel: F,
}

impl<F: Fn(IVec3) -> Option<MaterialIndex> + Sync> FnSource<F> {
    /// Asks `voxel` for every voxel between the origin and `size`.
    pub fn new(size: UVec3, voxel: F) -> Self {
        Self { size, voxel }
    }
}

impl<F: Fn(IVec3) -> Option<MaterialIndex> + Sync> VoxelSource for FnSource<F> {
    fn size(&self) -> UVec3 {
        self.size
    }

    fn content(&self, _: Cube) -> Content {
        Content::Mixed
    }

    fn fill(&self, origin: UVec3, brick: &mut BrickVoxels) {
        for number in 0..BRICK_VOXELS as u32 {
            let at = origin + UVec3::from_array(unmorton3(number));
            if at.cmplt(self.size).all()
                && let Some(material) = (self.voxel)(at.as_ivec3())
            {
                brick.set_number(number, material);
            }
        }
    }
}

/// A palette that has every entry: what is missing is filled up with a colour that shows.
pub(super) fn full_palette(colors: impl IntoIterator<Item = Material>) -> Box<[Material; 256]> {
    let mut palette = Box::new([Material { color: [1.0, 0.0, 1.0, 0.0] }; 256]);
    palette.iter_mut().zip(colors).for_each(|(entry, color)| *entry = color);
    palette
}

/// A linear colour from an sRGB one.
#[cfg(any(feature = "vox", feature = "heightmap"))]
pub(super) fn linear(srgb: [u8; 3]) -> [f32; 3] {
    srgb.map(|v| {
        let v = f32::from(v) / 255.0;
        if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    })
}
