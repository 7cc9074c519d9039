//! A voxel scene on the GPU.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytemuck::{Pod, cast_slice};
use vixen::ash::vk;
use vixen::device::{DeviceError, Feature};
use vixen::event::{SceneChanged, Sender};
use vixen::memory::{
    Buffer as DeviceBuffer, BufferDesc, Category, Memory, MemoryDesc, Ticket, Uploader, upload_buffers,
};
use vixen::{Buffer, Device, Graph, Shared, Source};

use crate::ranges;
use crate::scene_news::SceneNews;
use crate::voxel::layout::ROOM_FOR_EDITS;
use crate::voxel::{Brick, BrickMap, Changes, Material, Node, TopGrid};

/// The buffers of a [`BrickMap`] in the device's memory, side by side in one allocation. Graphs share them.
#[derive(Clone)]
pub struct VoxelScene {
    nodes: Arc<DeviceBuffer>,
    bricks: Arc<DeviceBuffer>,
    masks: Arc<DeviceBuffer>,
    attributes: Arc<DeviceBuffer>,
    palette: Arc<DeviceBuffer>,
    grid: Arc<DeviceBuffer>,
    /// How its cells lie in memory.
    grid_format: i32,
    /// What is in `grid`.
    top: Arc<Mutex<Top>>,
    memory: Arc<Memory>,
    news: Arc<SceneNews>,
}

/// The grid of a scene that is edited.
struct Top {
    grid: TopGrid,
    /// Words that the device may not have: of updates that failed.
    unsent: Vec<Range<u32>>,
}

/// The scene's buffers as wires of one graph; [`voxel::layout`](crate::voxel::layout) says what they hold.
#[derive(Clone)]
pub struct VoxelSceneWires {
    /// Inner nodes of the tree.
    pub nodes: Shared<Buffer<[Node]>>,
    /// Its leaves.
    pub bricks: Shared<Buffer<[Brick]>>,
    /// Occupancy of the leaves.
    pub masks: Shared<Buffer<[u32]>>,
    /// Materials and normals of voxels.
    pub attributes: Shared<Buffer<[u32]>>,
    /// What the materials look like.
    pub palette: Shared<Buffer<[Material]>>,
    /// What stands where, and how far rays leap: the words of a [`TopGrid`].
    pub grid: Shared<Buffer<[u32]>>,
    /// [How](TopGrid::shader_format) its cells lie in memory, which shaders are specialised for.
    pub grid_format: i32,
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
        Self::upload_with(device, map, usage, |len| (len / ROOM_FOR_EDITS.0).max(ROOM_FOR_EDITS.1))
    }

    /// Brings what an edit changed to the device. Frames in flight still see the scene as it was, and those after them as it is.
    /// Nothing waits.
    ///
    /// `changes` are all changes of the map since the last update. Call this between frames: one that another thread runs meanwhile
    /// may see a part of them.
    ///
    /// # Errors
    /// When the uploader cannot take all of it: see [`Uploader::buffer`]. Update with the same changes again.
    pub fn update(&self, uploader: &Uploader, map: &BrickMap, changes: &Changes) -> Result<Updated, DeviceError> {
        let fits = holds(&self.nodes, &map.nodes) && holds(&self.bricks, &map.bricks);
        if !(fits && holds(&self.masks, &map.masks) && holds(&self.attributes, &map.attributes)) {
            return Ok(Updated::Outgrown);
        }
        let mut top = self.top.lock().unwrap_or_else(PoisonError::into_inner);
        let Top { grid, unsent } = &mut *top;
        if !changes.is_empty() {
            unsent.extend(grid.update(map, changes.bounds));
        }
        ranges::join(unsent, if uploader.scatters() { NEAR_SCATTERED } else { NEAR_COPIED });
        let tickets = [
            send(uploader, &self.grid, grid.words(), unsent)?,
            send(uploader, &self.nodes, &map.nodes, &changes.nodes)?,
            send(uploader, &self.bricks, &map.bricks, &changes.bricks)?,
            send(uploader, &self.masks, map.mask_words(), &changes.masks)?,
            send(uploader, &self.attributes, &map.attributes, &changes.attributes)?,
        ];
        unsent.clear();
        let last = tickets.into_iter().flatten().max();
        if last.is_some() {
            self.news.changed();
        }
        Ok(Updated::Queued(last))
    }

    /// Tells a graph's event bus of this scene now, and then of each [update](Self::update):
    /// `scene.announce(graph.events().sender(channel))`.
    pub fn announce(&self, to: Sender<SceneChanged>) {
        self.news.tell(to);
    }

    /// What [`SceneChanged`] calls this scene; clones are the same one.
    pub fn id(&self) -> u64 {
        self.news.scene()
    }

    /// Bytes of device memory.
    pub fn bytes(&self) -> u64 {
        self.memory.bytes()
    }

    /// Those of the [grid](TopGrid) among them.
    pub fn grid_bytes(&self) -> u64 {
        self.grid.size()
    }

    /// Whether a graph, or a clone of this, has its buffers too.
    pub fn is_shared(&self) -> bool {
        self.buffers().iter().any(|buffer| Arc::strong_count(buffer) > 1)
    }

    fn buffers(&self) -> [&Arc<DeviceBuffer>; 6] {
        [&self.nodes, &self.bricks, &self.masks, &self.attributes, &self.palette, &self.grid]
    }

    fn upload_with(
        device: &Device,
        map: &BrickMap,
        usage: vk::BufferUsageFlags,
        slack: impl Fn(usize) -> usize,
    ) -> Result<Self, DeviceError> {
        let top = TopGrid::of(map);
        let descs = [
            with(desc("voxel nodes", &map.nodes), usage, &map.nodes, &slack),
            with(desc("voxel bricks", &map.bricks), usage, &map.bricks, &slack),
            with(desc("voxel masks", &map.masks), usage, map.mask_words(), &slack),
            with(desc("voxel attributes", &map.attributes), usage, &map.attributes, &slack),
            desc("voxel palette", &map.palette),
            with(desc("voxel grid", top.words()), usage, top.words(), |_| 0),
        ];
        let contents = [
            cast_slice(&map.nodes),
            cast_slice(&map.bricks),
            &map.masks,
            cast_slice(&map.attributes),
            cast_slice(&map.palette),
            cast_slice(top.words()),
        ];
        let ([nodes, bricks, masks, attributes, palette, grid], memory) =
            side_by_side(device, "voxel scene", descs, contents)?;
        let (grid_format, top) = (top.shader_format(), Top { grid: top, unsent: Vec::new() });
        let (top, news) = (Arc::new(Mutex::new(top)), Arc::new(SceneNews::new()));
        Ok(Self { nodes, bricks, masks, attributes, palette, grid, grid_format, top, memory, news })
    }
}

impl Source for VoxelScene {
    const NAME: &'static str = "VoxelScene";
    type Wires = VoxelSceneWires;

    fn share(&self, graph: &Graph) -> VoxelSceneWires {
        VoxelSceneWires {
            nodes: graph.share_buffer(&self.nodes),
            bricks: graph.share_buffer(&self.bricks),
            masks: graph.share_buffer(&self.masks),
            attributes: graph.share_buffer(&self.attributes),
            palette: graph.share_buffer(&self.palette),
            grid: graph.share_buffer(&self.grid),
            grid_format: self.grid_format,
        }
    }
}

/// Makes buffers in one allocation, fills them, and waits until they are filled.
pub(crate) fn side_by_side<const N: usize>(
    device: &Device,
    name: &str,
    descs: [BufferDesc<'_>; N],
    contents: [&[u8]; N],
) -> Result<([Arc<DeviceBuffer>; N], Arc<Memory>), DeviceError> {
    let budget = device.budget();
    // Each starts where its alignment lets it, after the one before.
    let mut whole = MemoryDesc { name, size: 0, alignment: 1, type_bits: u32::MAX };
    let mut offsets = [0; N];
    for (desc, offset) in descs.iter().zip(&mut offsets) {
        let needs = budget.buffer_requirements(desc)?;
        *offset = whole.size.next_multiple_of(needs.alignment);
        whole.size = *offset + needs.size;
        whole.alignment = whole.alignment.max(needs.alignment);
        whole.type_bits &= needs.memory_type_bits;
    }
    let memory = budget.memory(&whole, Category::Cacher)?;
    let mut buffers = Vec::with_capacity(N);
    for (desc, offset) in descs.iter().zip(offsets) {
        buffers.push(Arc::new(budget.aliased_buffer(&memory, offset, desc)?));
    }
    let uploads: Vec<(&DeviceBuffer, &[u8])> = buffers.iter().map(|buffer| &**buffer).zip(contents).collect();
    upload_buffers(device, &uploads)?;
    Ok((buffers.try_into().expect("one was made for each of N descriptions"), memory))
}

/// A storage buffer for these.
pub(crate) fn desc<'a, T>(name: &'a str, items: &[T]) -> BufferDesc<'a> {
    let usage = vk::BufferUsageFlags::STORAGE_BUFFER | vk::BufferUsageFlags::TRANSFER_DST;
    BufferDesc::new(name, size_of_val(items) as u64, usage)
}

/// The same with another use and room for more.
fn with<'a, T>(
    desc: BufferDesc<'a>,
    usage: vk::BufferUsageFlags,
    items: &[T],
    slack: impl Fn(usize) -> usize,
) -> BufferDesc<'a> {
    let size = desc.size + (slack(items.len()) * size_of::<T>()) as u64;
    BufferDesc { size, usage: desc.usage | usage, ..desc }
}

/// Words of the grid between two changes that are sent with them: where they are copied, so that rows of most scenes are one region, and where
/// a shader scatters them, for which many small pieces are as good as one.
const NEAR_COPIED: u32 = 256;
const NEAR_SCATTERED: u32 = 16;

fn holds<T>(buffer: &DeviceBuffer, items: &[T]) -> bool {
    size_of_val(items) as u64 <= buffer.size()
}

fn send<T: Pod>(
    uploader: &Uploader,
    buffer: &Arc<DeviceBuffer>,
    items: &[T],
    changed: &[Range<u32>],
) -> Result<Option<Ticket>, DeviceError> {
    /// Ranges that go in one call.
    const MANY: usize = 64;
    let piece = |range: &Range<u32>| {
        let bytes: &[u8] = cast_slice(&items[range.start as usize..range.end as usize]);
        (u64::from(range.start) * size_of::<T>() as u64, bytes)
    };
    let mut last = None;
    for ranges in changed.chunks(MANY) {
        let mut pieces = [(0, &[] as &[u8]); MANY];
        for (place, range) in pieces.iter_mut().zip(ranges) {
            *place = piece(range);
        }
        last = Some(uploader.buffer_pieces(buffer, &pieces[..ranges.len()])?);
    }
    Ok(last)
}
