//! The acceleration structure of a voxel scene that stays as it is.

use std::sync::Arc;

use bytemuck::cast_slice;
use vixen::ash::vk;
use vixen::memory::{Buffer as DeviceBuffer, BufferDesc, Category, upload_buffer};
use vixen::{AccelerationStructure, Buffer, Device, Graph, Shared, Source};

use super::blas::{Blas, BlasDesc};
use super::error::AccelerationError;
use super::geometry::Geometry;
use super::tlas::{Instance, Tlas};
use super::voxel_cells::{BOX_EDGE, Cell, VoxelCells, cube_edge};
use crate::voxel::BrickMap;

/// Boxes around the voxels of a scene, in a compacted acceleration structure, and what they stand for. Graphs share it. For scenes that are
/// edited there is [`EditableVoxelStructure`](super::EditableVoxelStructure).
#[derive(Debug)]
pub struct VoxelStructure {
    /// None if the scene is empty.
    blas: Option<Blas>,
    tlas: Tlas,
    cells: Arc<DeviceBuffer>,
    count: u64,
    edge: u32,
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

    /// Builds the structure of a scene, one box for each aligned cube of [`BOX_EDGE`] voxels along its edge, and waits.
    ///
    /// # Errors
    /// When the device lacks `accelerationStructure` or `rayTracingPipeline`, or its memory or budget does not suffice.
    pub fn build(device: &Device, map: &BrickMap) -> Result<Self, AccelerationError> {
        Self::build_with_edge(device, map, BOX_EDGE)
    }

    /// The same with boxes of another size: see [`VoxelCells::of`].
    ///
    /// # Errors
    /// As for [`build`](Self::build).
    pub fn build_with_edge(device: &Device, map: &BrickMap, edge: u32) -> Result<Self, AccelerationError> {
        let edge = cube_edge(edge);
        let VoxelCells { boxes, cells } = VoxelCells::of(map, edge);
        let desc = BlasDesc::new(Self::NAME, Geometry::Aabbs(&boxes)).compact();
        let blas = (!boxes.is_empty()).then(|| Blas::build(device, &desc)).transpose()?;
        let instances: Vec<_> = blas.iter().map(Instance::new).collect();
        let tlas = Tlas::build(device, Self::NAME, &instances)?;
        let size = (cells.len() as u64).max(1) * size_of::<Cell>() as u64;
        let usage = vk::BufferUsageFlags::STORAGE_BUFFER | vk::BufferUsageFlags::TRANSFER_DST;
        let buffer = device.budget().buffer(&BufferDesc::new("voxel cells", size, usage), Category::Cacher)?;
        upload_buffer(device, &buffer, cast_slice(&cells))?;
        let count = cells.len() as u64;
        Ok(Self { blas, tlas, cells: Arc::new(buffer), count, edge })
    }

    /// Whether a graph has it too.
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(self.tlas.structure()) > 1 || Arc::strong_count(&self.cells) > 1
    }

    /// How many boxes it holds.
    pub fn boxes(&self) -> u64 {
        self.count
    }

    /// Voxels along the edge of the cubes that its boxes are of.
    pub fn edge(&self) -> u32 {
        self.edge
    }

    /// Bytes of device memory, cells included.
    pub fn bytes(&self) -> u64 {
        self.blas.as_ref().map_or(0, Blas::bytes) + self.tlas.bytes() + self.cells.bytes()
    }
}

impl Source for VoxelStructure {
    const NAME: &'static str = "VoxelStructure";
    type Wires = VoxelStructureWires;

    fn share(&self, graph: &Graph) -> VoxelStructureWires {
        VoxelStructureWires { boxes: self.tlas.share(graph), cells: graph.share_buffer(&self.cells) }
    }
}
