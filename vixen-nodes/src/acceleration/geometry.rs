//! What a bottom-level structure holds, and whether a device may see it.

use bytemuck::{Pod, Zeroable, cast_slice};
use vixen::Block;
use vixen::ash::vk;

use super::error::AccelerationError;

/// An axis-aligned box. The device's `VkAabbPositionsKHR`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable, Block)]
pub struct Aabb {
    /// The corner with the least coordinates.
    pub low: [f32; 3],
    /// The corner with the greatest.
    pub high: [f32; 3],
}

/// The primitives of a bottom-level structure. Their order is the shaders' `gl_PrimitiveID`.
///
/// Some drivers build their tree in the order of the input, and are a hundred times slower when it jumps about: see
/// [`morton_order`].
#[derive(Clone, Copy, Debug)]
pub enum Geometry<'a> {
    /// Boxes, for hit groups with an intersection shader.
    Aabbs(&'a [Aabb]),
    /// Triangles.
    Triangles {
        /// Corners.
        vertices: &'a [[f32; 3]],
        /// Three a triangle.
        indices: &'a [u32],
    },
}

impl Geometry<'_> {
    pub(super) fn primitives(&self) -> usize {
        match self {
            Self::Aabbs(boxes) => boxes.len(),
            Self::Triangles { indices, .. } => indices.len() / 3,
        }
    }

    /// The bytes that the device reads, in two parts of which the second may be empty.
    pub(super) fn bytes(&self) -> [&[u8]; 2] {
        match self {
            Self::Aabbs(boxes) => [cast_slice(boxes), &[]],
            Self::Triangles { vertices, indices } => [cast_slice(vertices), cast_slice(indices)],
        }
    }

    /// The same for Vulkan, with the parts of its bytes at these addresses. The addresses may be 0 where only sizes are asked.
    pub(super) fn describe(&self, at: [vk::DeviceAddress; 2]) -> vk::AccelerationStructureGeometryKHR<'static> {
        let [first, second] = at.map(|device_address| vk::DeviceOrHostAddressConstKHR { device_address });
        let (geometry_type, geometry) = match self {
            Self::Aabbs(_) => {
                let aabbs = vk::AccelerationStructureGeometryAabbsDataKHR::default()
                    .data(first)
                    .stride(size_of::<Aabb>() as u64);
                (vk::GeometryTypeKHR::AABBS, vk::AccelerationStructureGeometryDataKHR { aabbs })
            }
            Self::Triangles { vertices, .. } => {
                let triangles = vk::AccelerationStructureGeometryTrianglesDataKHR::default()
                    .vertex_format(vk::Format::R32G32B32_SFLOAT)
                    .vertex_data(first)
                    .vertex_stride(12)
                    .max_vertex(vertices.len() as u32 - 1)
                    .index_type(vk::IndexType::UINT32)
                    .index_data(second);
                (vk::GeometryTypeKHR::TRIANGLES, vk::AccelerationStructureGeometryDataKHR { triangles })
            }
        };
        vk::AccelerationStructureGeometryKHR::default()
            .geometry_type(geometry_type)
            .geometry(geometry)
            .flags(vk::GeometryFlagsKHR::OPAQUE)
    }

    /// Refuses what a device would choke on: drivers trust what they are given.
    pub(super) fn check(&self, name: &str, limit: u64) -> Result<(), AccelerationError> {
        let name = || name.to_owned();
        let what = match self {
            Self::Aabbs(_) => "boxes",
            Self::Triangles { .. } => "triangles",
        };
        let count = self.primitives() as u64;
        if count == 0 {
            return Err(AccelerationError::Empty { name: name(), what });
        }
        if count > limit {
            return Err(AccelerationError::TooMany { name: name(), what, count, limit });
        }
        let malformed = match self {
            Self::Aabbs(boxes) => {
                let sound = |(low, high): (&f32, &f32)| low.is_finite() && high.is_finite() && low <= high;
                let bad = |aabb: &Aabb| !aabb.low.iter().zip(&aabb.high).all(sound);
                boxes.iter().position(bad).map(|index| ("box", index))
            }
            Self::Triangles { vertices, .. } => {
                let bad = |vertex: &[f32; 3]| !vertex.iter().all(|coordinate| coordinate.is_finite());
                vertices.iter().position(bad).map(|index| ("vertex", index))
            }
        };
        if let Some((what, index)) = malformed {
            return Err(AccelerationError::Malformed { name: name(), what, index });
        }
        match self {
            Self::Triangles { vertices, indices } => check_indices(vertices.len(), indices)
                .map_err(|problem| AccelerationError::Indices { name: name(), vertices: vertices.len(), problem }),
            Self::Aabbs(_) => Ok(()),
        }
    }
}

fn check_indices(vertices: usize, indices: &[u32]) -> Result<(), String> {
    if !indices.len().is_multiple_of(3) {
        return Err(format!("{} is not a multiple of three", indices.len()));
    }
    match indices.iter().find(|&&index| index as usize >= vertices) {
        Some(index) => Err(format!("there is no vertex {index}")),
        None => Ok(()),
    }
}

/// The order in which boxes lie along a Morton curve through their middles: put them, and whatever belongs to them, into this order
/// before building. Boxes of bricks and voxels that [`VoxelCells`](super::VoxelCells) gathers have it already.
pub fn morton_order(boxes: &[Aabb]) -> Vec<u32> {
    let middle = |aabb: &Aabb| -> [f32; 3] { std::array::from_fn(|axis| 0.5 * (aabb.low[axis] + aabb.high[axis])) };
    let (mut low, mut high) = ([f32::INFINITY; 3], [f32::NEG_INFINITY; 3]);
    for aabb in boxes {
        for (axis, value) in middle(aabb).into_iter().enumerate() {
            (low[axis], high[axis]) = (low[axis].min(value), high[axis].max(value));
        }
    }
    let key = |aabb: &Aabb| {
        let cells = middle(aabb).into_iter().enumerate().map(|(axis, value)| {
            let along = (value - low[axis]) / (high[axis] - low[axis]).max(f32::MIN_POSITIVE);
            spread((along * 2_097_151.0) as u64) << axis
        });
        cells.fold(0, |key, cell| key | cell)
    };
    let mut order: Vec<u32> = (0..boxes.len() as u32).collect();
    order.sort_by_cached_key(|&index| key(&boxes[index as usize]));
    order
}

/// Moves bit `i` of the low 21 to bit `3i`.
fn spread(value: u64) -> u64 {
    [
        (32, 0x001F_0000_0000_FFFF),
        (16, 0x001F_0000_FF00_00FF),
        (8, 0x100F_00F0_0F00_F00F),
        (4, 0x10C3_0C30_C30C_30C3),
        (2, 0x1249_2492_4924_9249),
    ]
    .into_iter()
    .fold(value & 0x1F_FFFF, |value, (shift, mask)| (value | value << shift) & mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f32, y: f32, z: f32) -> Aabb {
        Aabb { low: [x, y, z], high: [x + 1.0, y + 1.0, z + 1.0] }
    }

    #[test]
    fn morton_order_walks_octant_by_octant() {
        let corners = [at(1.0, 1.0, 1.0), at(0.0, 0.0, 1.0), at(1.0, 0.0, 0.0), at(0.0, 0.0, 0.0), at(0.0, 1.0, 0.0)];
        assert_eq!(morton_order(&corners), [3, 2, 4, 1, 0]);
    }

    #[test]
    fn what_no_device_may_see_is_refused_with_its_number() {
        let message =
            |geometry: Geometry<'_>| geometry.check("a", 2).err().map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(message(Geometry::Aabbs(&[])), "'a' has no boxes: a structure needs at least one");
        let mut boxes = [at(0.0, 0.0, 0.0); 2];
        assert_eq!(message(Geometry::Aabbs(&boxes)), "");
        boxes[1].high[2] = f32::NAN;
        assert_eq!(message(Geometry::Aabbs(&boxes)), "box 1 of 'a' is not finite or inside out: leave it out");
        boxes[1].high[2] = -1.0;
        assert_eq!(message(Geometry::Aabbs(&boxes)), "box 1 of 'a' is not finite or inside out: leave it out");
        let many = [at(0.0, 0.0, 0.0); 3];
        assert_eq!(
            message(Geometry::Aabbs(&many)),
            "'a' has 3 boxes, but the device takes 2: split it into several structures"
        );
        let vertices = &[[0.0; 3]; 3];
        let triangles = |indices| message(Geometry::Triangles { vertices, indices });
        assert_eq!(triangles(&[0, 1, 2]), "");
        assert_eq!(
            triangles(&[0, 1, 3]),
            "the indices of 'a' do not make triangles of its 3 vertices: there is no vertex 3"
        );
        assert_eq!(
            triangles(&[0, 1, 2, 0]),
            "the indices of 'a' do not make triangles of its 3 vertices: 4 is not a multiple of three"
        );
    }
}
