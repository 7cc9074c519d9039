//! A voxel scene on the GPU.

use std::sync::Arc;

use bytemuck::cast_slice;
use vixen::ash::vk;
use vixen::device::DeviceError;
use vixen::memory::{Buffer as DeviceBuffer, BufferDesc, Category, Location, upload_buffer};
use vixen::{Buffer, Device, Graph, Shared};

use crate::voxel::{Brick, BrickMap, BrickMask, Material, Node};

/// The buffers of a [`BrickMap`] in the device's memory. Graphs share them.
#[derive(Clone)]
pub struct VoxelScene {
    nodes: Arc<DeviceBuffer>,
    bricks: Arc<DeviceBuffer>,
    masks: Arc<DeviceBuffer>,
    attributes: Arc<DeviceBuffer>,
    palette: Arc<DeviceBuffer>,
}

/// The scene's buffers as wires of one graph; [`voxel::layout`](crate::voxel::layout) says what they hold.
#[derive(Clone)]
pub struct VoxelSceneWires {
    /// Inner nodes of the tree.
    pub nodes: Shared<Buffer<[Node]>>,
    /// Its leaves.
    pub bricks: Shared<Buffer<[Brick]>>,
    /// Occupancy of the leaves.
    pub masks: Shared<Buffer<[BrickMask]>>,
    /// Materials and normals of voxels.
    pub attributes: Shared<Buffer<[u32]>>,
    /// What the materials look like.
    pub palette: Shared<Buffer<[Material]>>,
}

impl VoxelScene {
    /// Copies a brick map to the device and waits until it is there.
    ///
    /// # Errors
    /// When the device's memory or budget does not suffice.
    pub fn upload(device: &Device, map: &BrickMap) -> Result<Self, DeviceError> {
        let buffer = |name, bytes: &[u8]| -> Result<_, DeviceError> {
            let desc = BufferDesc {
                name,
                size: bytes.len() as u64,
                usage: vk::BufferUsageFlags::STORAGE_BUFFER | vk::BufferUsageFlags::TRANSFER_DST,
                location: Location::Device,
            };
            let buffer = device.budget().buffer(&desc, Category::Cacher)?;
            upload_buffer(device, &buffer, bytes)?;
            Ok(Arc::new(buffer))
        };
        Ok(Self {
            nodes: buffer("voxel nodes", cast_slice(&map.nodes))?,
            bricks: buffer("voxel bricks", cast_slice(&map.bricks))?,
            masks: buffer("voxel masks", cast_slice(&map.masks))?,
            attributes: buffer("voxel attributes", cast_slice(&map.attributes))?,
            palette: buffer("voxel palette", cast_slice(&map.palette))?,
        })
    }

    /// Bytes of device memory.
    pub fn bytes(&self) -> u64 {
        [&self.nodes, &self.bricks, &self.masks, &self.attributes, &self.palette].iter().map(|buffer| buffer.bytes()).sum()
    }

    /// The scene in a graph.
    #[track_caller]
    pub fn wires(&self, graph: &Graph) -> VoxelSceneWires {
        VoxelSceneWires {
            nodes: graph.share_buffer(&self.nodes),
            bricks: graph.share_buffer(&self.bricks),
            masks: graph.share_buffer(&self.masks),
            attributes: graph.share_buffer(&self.attributes),
            palette: graph.share_buffer(&self.palette),
        }
    }
}
