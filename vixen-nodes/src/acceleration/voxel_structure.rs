//! The acceleration structure of a voxel scene, which follows its edits.

use std::sync::Arc;

use bytemuck::cast_slice;
use vixen::ash::vk;
use vixen::memory::{Buffer as DeviceBuffer, BufferDesc, Category, upload_buffer};
use vixen::{AccelerationStructure, Buffer, Device, Graph, Shared};

use super::blas::{Blas, BlasDesc};
use super::error::AccelerationError;
use super::geometry::Geometry;
use super::tlas::{Instance, Tlas};
use super::voxel_cells::{Cell, VoxelCells};
use crate::voxel::BrickMap;

/// One box for each brick of a scene, in an acceleration structure, and what the boxes stand for. Graphs share it.
#[derive(Debug)]
pub struct VoxelStructure {
    device: Device,
    /// None while the scene is empty.
    blas: Option<Blas>,
    tlas: Tlas,
    cells: Arc<DeviceBuffer>,
    count: u64,
}

/// The structure as wires of one graph.
#[derive(Clone)]
pub struct VoxelStructureWires {
    /// The boxes.
    pub boxes: Shared<AccelerationStructure>,
    /// What they stand for.
    pub cells: Shared<Buffer<[Cell]>>,
}

impl VoxelStructure {
    const NAME: &str = "voxel boxes";

    /// Builds the structure of a scene and waits.
    ///
    /// # Errors
    /// When the device lacks `accelerationStructure` or `rayTracingPipeline`, or its memory or budget does not suffice.
    pub fn build(device: &Device, map: &BrickMap) -> Result<Self, AccelerationError> {
        Self::build_with_room(device, map, 0)
    }

    /// As [`build`](Self::build), with room for so many more cells that edits may add.
    ///
    /// # Errors
    /// As for [`build`](Self::build).
    pub fn build_with_room(device: &Device, map: &BrickMap, more: u64) -> Result<Self, AccelerationError> {
        let VoxelCells { boxes, cells } = VoxelCells::of(map);
        let blas = Self::blas(device, Self::desc(&boxes).compact())?;
        let instances: Vec<_> = blas.iter().map(Instance::new).collect();
        let tlas = Tlas::build_with_room(device, Self::NAME, &instances, 1)?;
        let size = (cells.len() as u64 + more).max(1) * size_of::<Cell>() as u64;
        let usage = vk::BufferUsageFlags::STORAGE_BUFFER | vk::BufferUsageFlags::TRANSFER_DST;
        let buffer = device.budget().buffer(&BufferDesc::new("voxel cells", size, usage), Category::Cacher)?;
        upload_buffer(device, &buffer, cast_slice(&cells))?;
        let count = cells.len() as u64;
        Ok(Self { device: device.clone(), blas, tlas, cells: Arc::new(buffer), count })
    }

    fn blas(device: &Device, desc: BlasDesc<'_>) -> Result<Option<Blas>, AccelerationError> {
        (desc.geometry.primitives() > 0).then(|| Blas::build(device, &desc)).transpose()
    }

    fn desc(boxes: &[super::Aabb]) -> BlasDesc<'_> {
        BlasDesc::new(Self::NAME, Geometry::Aabbs(boxes))
    }

    /// Follows an edit of the scene, and waits. It happens in place for the graphs that share the structure: the next frame sees it, which
    /// has to see the edit of the scene's own buffers too.
    ///
    /// # Errors
    /// When the scene now has more cells than there is room for, or memory does not suffice; then the structure is as before.
    pub fn rebuild(&mut self, map: &BrickMap) -> Result<(), AccelerationError> {
        let VoxelCells { boxes, cells } = VoxelCells::of(map);
        let room = self.cells.size() / size_of::<Cell>() as u64;
        if cells.len() as u64 > room {
            let (name, cells) = (Self::NAME.to_owned(), cells.len() as u64);
            return Err(AccelerationError::Outgrown { name, room, cells });
        }
        // Not compacted: what changes often is copied too often.
        let blas = Self::blas(&self.device, Self::desc(&boxes))?;
        self.tlas.rebuild(&blas.iter().map(Instance::new).collect::<Vec<_>>())?;
        self.blas = blas;
        self.count = cells.len() as u64;
        Ok(upload_buffer(&self.device, &self.cells, cast_slice(&cells))?)
    }

    /// The structure in a graph.
    #[track_caller]
    pub fn wires(&self, graph: &Graph) -> VoxelStructureWires {
        VoxelStructureWires { boxes: self.tlas.share(graph), cells: graph.share_buffer(&self.cells) }
    }

    /// Whether a graph has it too.
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(self.tlas.structure()) > 1 || Arc::strong_count(&self.cells) > 1
    }

    /// How many boxes it holds.
    pub fn boxes(&self) -> u64 {
        self.count
    }

    /// Bytes of device memory, cells included.
    pub fn bytes(&self) -> u64 {
        self.blas.as_ref().map_or(0, Blas::bytes) + self.tlas.bytes() + self.cells.bytes()
    }
}
