//! The boxes of a voxel scene by themselves: for nodes that cull or draw parts of it, and for builds of the application's own.

use std::sync::Arc;

use bytemuck::cast_slice;
use vixen::ash::vk;
use vixen::device::{DeviceError, Feature};
use vixen::memory::{Buffer as DeviceBuffer, BufferDesc, Memory};
use vixen::{Buffer, Device, Graph, Shared, Source};

use super::geometry::Aabb;
use super::voxel_cells::{Cell, VoxelCells};
use crate::voxel::BrickMap;
use crate::voxel_scene::{desc, side_by_side};

/// Boxes around the voxels of a scene, in Morton order, and what they stand for, side by side in one allocation. Graphs share them; a
/// scene without voxels has one empty box. Where the device has acceleration structures, these can be built from the boxes.
#[derive(Clone, Debug)]
pub struct VoxelAabbs {
    boxes: Arc<DeviceBuffer>,
    cells: Arc<DeviceBuffer>,
    memory: Arc<Memory>,
    count: u64,
}

/// The boxes as wires of one graph.
#[derive(Clone)]
pub struct VoxelAabbWires {
    /// Boxes around the voxels of cubes.
    pub boxes: Shared<Buffer<[Aabb]>>,
    /// What they stand for.
    pub cells: Shared<Buffer<[Cell]>>,
}

impl VoxelAabbs {
    /// Copies the boxes of a scene to the device, one for each aligned cube of `edge` voxels along its side, and waits until they are there. With
    /// 8 they are the boxes of bricks; for other edges see [`VoxelCells::of`].
    ///
    /// # Errors
    /// When the device's memory or budget does not suffice.
    pub fn upload(device: &Device, map: &BrickMap, edge: u32) -> Result<Self, DeviceError> {
        let VoxelCells { mut boxes, mut cells } = VoxelCells::of(map, edge);
        let count = cells.len() as u64;
        if cells.is_empty() {
            boxes.push(Aabb::default());
            cells.push(Cell::EMPTY);
        }
        let mut of_boxes = desc("voxel boxes", &boxes);
        if device.capabilities().has(Feature::AccelerationStructure) {
            of_boxes.usage |= vk::BufferUsageFlags::ACCELERATION_STRUCTURE_BUILD_INPUT_READ_ONLY_KHR
                | vk::BufferUsageFlags::SHADER_DEVICE_ADDRESS;
        }
        let descs: [BufferDesc<'_>; 2] = [of_boxes, desc("voxel cells", &cells)];
        let contents = [cast_slice(&boxes), cast_slice(&cells)];
        let ([boxes, cells], memory) = side_by_side(device, "voxel boxes", descs, contents)?;
        Ok(Self { boxes, cells, memory, count })
    }

    /// How many boxes there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Bytes of device memory.
    pub fn bytes(&self) -> u64 {
        self.memory.bytes()
    }

    /// Whether a graph, or a clone of this, has its buffers too.
    pub fn is_shared(&self) -> bool {
        [&self.boxes, &self.cells].into_iter().any(|buffer| Arc::strong_count(buffer) > 1)
    }
}

impl Source for VoxelAabbs {
    const NAME: &'static str = "VoxelAabbs";
    type Wires = VoxelAabbWires;

    fn share(&self, graph: &Graph) -> VoxelAabbWires {
        VoxelAabbWires { boxes: graph.share_buffer(&self.boxes), cells: graph.share_buffer(&self.cells) }
    }
}
