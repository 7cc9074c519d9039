//! A voxel scene on the GPU.

use std::ops::Range;
use std::sync::Arc;

use bytemuck::{Pod, cast_slice};
use vixen::ash::vk;
use vixen::device::{DeviceError, Feature};
use vixen::memory::{
    Buffer as DeviceBuffer, BufferDesc, Category, Memory, MemoryDesc, Ticket, Uploader, upload_buffer,
};
use vixen::{Buffer, Device, Graph, Shared};

use crate::voxel::{Brick, BrickMap, BrickMask, Changes, Material, Node};

/// The buffers of a [`BrickMap`] in the device's memory, side by side in one allocation. Graphs share them.
#[derive(Clone)]
pub struct VoxelScene {
    nodes: Arc<DeviceBuffer>,
    bricks: Arc<DeviceBuffer>,
    masks: Arc<DeviceBuffer>,
    attributes: Arc<DeviceBuffer>,
    palette: Arc<DeviceBuffer>,
    memory: Arc<Memory>,
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

/// What became of an [update](VoxelScene::update).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a scene that has outgrown its buffers is still shown as it was"]
pub enum Updated {
    /// The next batch of the uploader brings it: the next frame of a graph that the uploader is attached to.
    Queued(Option<Ticket>),
    /// The map has outgrown the buffers, and nothing was uploaded. Upload it as a new scene.
    Outgrown,
}

/// How much longer than needed buffers are, by their elements: so much for each that there is, and so many at least.
const SLACK: (usize, usize) = (4, 4096);

impl VoxelScene {
    /// Copies a brick map to the device and waits until it is there.
    ///
    /// # Errors
    /// When the device's memory or budget does not suffice.
    pub fn upload(device: &Device, map: &BrickMap) -> Result<Self, DeviceError> {
        Self::upload_with(device, map, vk::BufferUsageFlags::empty(), |_| 0)
    }

    /// The same with room for [updates](Self::update) that make the scene grow by about a quarter.
    ///
    /// # Errors
    /// As [`upload`](Self::upload).
    pub fn upload_for_editing(device: &Device, map: &BrickMap) -> Result<Self, DeviceError> {
        // With addresses the uploader can put small pieces in their places by a shader, where that is faster.
        let usage = match device.capabilities().has(Feature::BufferDeviceAddress) {
            true => vk::BufferUsageFlags::SHADER_DEVICE_ADDRESS,
            false => vk::BufferUsageFlags::empty(),
        };
        Self::upload_with(device, map, usage, |len| (len / SLACK.0).max(SLACK.1))
    }

    /// Brings what an edit changed to the device. Frames in flight still see the scene as it was, and those after them as it is.
    /// Nothing waits.
    ///
    /// `changes` are all changes of the map since the last update.
    ///
    /// # Errors
    /// When the uploader cannot take it: see [`Uploader::buffer`].
    pub fn update(&self, uploader: &Uploader, map: &BrickMap, changes: &Changes) -> Result<Updated, DeviceError> {
        let fits = holds(&self.nodes, &map.nodes) && holds(&self.bricks, &map.bricks);
        if !(fits && holds(&self.masks, &map.masks) && holds(&self.attributes, &map.attributes)) {
            return Ok(Updated::Outgrown);
        }
        let tickets = [
            send(uploader, &self.nodes, &map.nodes, &changes.nodes)?,
            send(uploader, &self.bricks, &map.bricks, &changes.bricks)?,
            send(uploader, &self.masks, &map.masks, &changes.masks)?,
            send(uploader, &self.attributes, &map.attributes, &changes.attributes)?,
        ];
        Ok(Updated::Queued(tickets.into_iter().flatten().max()))
    }

    /// Bytes of device memory.
    pub fn bytes(&self) -> u64 {
        self.memory.bytes()
    }

    /// Whether a graph, or a clone of this, has its buffers too.
    pub fn is_shared(&self) -> bool {
        self.buffers().iter().any(|buffer| Arc::strong_count(buffer) > 1)
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

    fn buffers(&self) -> [&Arc<DeviceBuffer>; 5] {
        [&self.nodes, &self.bricks, &self.masks, &self.attributes, &self.palette]
    }

    fn upload_with(
        device: &Device,
        map: &BrickMap,
        usage: vk::BufferUsageFlags,
        slack: impl Fn(usize) -> usize,
    ) -> Result<Self, DeviceError> {
        let (budget, category) = (device.budget(), Category::Cacher);
        let descs = [
            desc("voxel nodes", &map.nodes, usage, &slack),
            desc("voxel bricks", &map.bricks, usage, &slack),
            desc("voxel masks", &map.masks, usage, &slack),
            desc("voxel attributes", &map.attributes, usage, &slack),
            desc("voxel palette", &map.palette, usage, |_| 0),
        ];
        // Side by side: each starts where its alignment lets it, after the one before.
        let mut whole = MemoryDesc { name: "voxel scene", size: 0, alignment: 1, type_bits: u32::MAX };
        let mut offsets = [0; 5];
        for (desc, offset) in descs.iter().zip(&mut offsets) {
            let needs = budget.buffer_requirements(desc)?;
            *offset = whole.size.next_multiple_of(needs.alignment);
            whole.size = *offset + needs.size;
            whole.alignment = whole.alignment.max(needs.alignment);
            whole.type_bits &= needs.memory_type_bits;
        }
        let memory = budget.memory(&whole, category)?;
        let place =
            |index: usize| Ok::<_, DeviceError>(budget.aliased_buffer(&memory, offsets[index], &descs[index])?);
        let [nodes, bricks, masks] = [place(0)?, place(1)?, place(2)?].map(Arc::new);
        let [attributes, palette] = [place(3)?, place(4)?].map(Arc::new);
        upload_buffer(device, &nodes, cast_slice(&map.nodes))?;
        upload_buffer(device, &bricks, cast_slice(&map.bricks))?;
        upload_buffer(device, &masks, cast_slice(&map.masks))?;
        upload_buffer(device, &attributes, cast_slice(&map.attributes))?;
        upload_buffer(device, &palette, cast_slice(&map.palette))?;
        Ok(Self { nodes, bricks, masks, attributes, palette, memory })
    }
}

fn desc<'a, T>(
    name: &'a str,
    items: &[T],
    usage: vk::BufferUsageFlags,
    slack: impl Fn(usize) -> usize,
) -> BufferDesc<'a> {
    let usage = usage | vk::BufferUsageFlags::STORAGE_BUFFER | vk::BufferUsageFlags::TRANSFER_DST;
    BufferDesc::new(name, ((items.len() + slack(items.len())) * size_of::<T>()) as u64, usage)
}

fn holds<T>(buffer: &DeviceBuffer, items: &[T]) -> bool {
    size_of_val(items) as u64 <= buffer.size()
}

fn send<T: Pod>(
    uploader: &Uploader,
    buffer: &Arc<DeviceBuffer>,
    items: &[T],
    changed: &[Range<u32>],
) -> Result<Option<Ticket>, DeviceError> {
    let mut last = None;
    for range in changed {
        let bytes = cast_slice(&items[range.start as usize..range.end as usize]);
        last = Some(uploader.buffer(buffer, u64::from(range.start) * size_of::<T>() as u64, bytes)?);
    }
    Ok(last)
}
