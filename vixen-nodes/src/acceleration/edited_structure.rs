//! The acceleration structure of a voxel scene that is edited while graphs trace against it.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use bytemuck::cast_slice;
use vixen::ash::vk;
use vixen::memory::{
    AccelerationStructure as Structure, AccelerationStructureDesc, Buffer as DeviceBuffer, BufferDesc, Category,
    Uploader, upload_buffer,
};
use vixen::{Buffer, Device, Graph, Source, Transfer, node};

use super::commands::{Build, Edge, barrier, build_one};
use super::edited_cells::EditedCells;
use super::error::AccelerationError;
use super::geometry::{Aabb, Geometry};
use super::memory::{Input, Kind, Scratch, functions, sizes};
use super::tlas::{self, encode};
use super::voxel_cells::{BOX_EDGE, Cell};
use super::voxel_structure::VoxelStructureWires;
use crate::Updated;
use crate::voxel::{BrickMap, Changes};

/// Boxes around the voxels of a scene that is edited. Graphs that share it build it anew within the next frame after an edit that changes
/// boxes, in place: nothing waits, and nothing is allocated.
pub struct EditableVoxelStructure {
    edited: EditedCells,
    /// Places that the device may not have: of updates that failed.
    unsent: Vec<Range<u32>>,
    room: u64,
    rebuild: Arc<Rebuild>,
}

impl EditableVoxelStructure {
    /// Builds the structure of a scene, one box for each aligned cube of [`BOX_EDGE`] voxels along its edge, with room for all that there can
    /// be, and waits.
    ///
    /// # Errors
    /// When the device lacks `accelerationStructure` or `rayTracingPipeline`, or its memory or budget does not suffice.
    pub fn build(device: &Device, map: &BrickMap) -> Result<Self, AccelerationError> {
        let cubes = map.size.map(|size| size.div_ceil(BOX_EDGE)).element_product();
        Self::build_with(device, map, BOX_EDGE, u64::from(cubes))
    }

    /// The same with boxes of another size, as for [`VoxelCells::of`](super::VoxelCells::of), and room for this many in all.
    ///
    /// # Errors
    /// As for [`build`](Self::build), and when the scene has more.
    pub fn build_with(device: &Device, map: &BrickMap, edge: u32, room: u64) -> Result<Self, AccelerationError> {
        let edited = EditedCells::new(map, edge);
        let rebuild = Arc::new(Rebuild::new(device, &edited, room)?);
        let loader = functions(device)?.0;
        device.submit_once(|commands| {
            // SAFETY: the buffer is being recorded, and the structures live until the submission has been waited for.
            unsafe { rebuild.record(loader, commands) };
        })?;
        Ok(Self { edited, unsent: Vec::new(), room, rebuild })
    }

    /// Follows an edit of the scene, between frames: `changes` are all changes of the map since the last time. The next frame of a graph that
    /// the uploader is attached to and that has this sees it; it must see the edit of the scene's own buffers too, so
    /// [update](crate::VoxelScene::update) them with the same changes.
    ///
    /// # Errors
    /// When the uploader cannot take all of it: see [`Uploader::buffer`]. Update with the same changes again.
    pub fn update(
        &mut self,
        uploader: &Uploader,
        map: &BrickMap,
        changes: &Changes,
    ) -> Result<Updated, AccelerationError> {
        if changes.is_empty() {
            return Ok(Updated::Queued(None));
        }
        let Some(places) = self.edited.follow(map, changes.bounds, self.room as usize) else {
            return Ok(Updated::Outgrown);
        };
        self.unsent.extend(places);
        let mut last = None;
        for places in &self.unsent {
            let range = places.start as usize..places.end as usize;
            let at = |size: usize| u64::from(places.start) * size as u64;
            let (boxes, cells) = (&self.edited.boxes[range.clone()], &self.edited.cells[range]);
            uploader.buffer(&self.rebuild.boxes, at(size_of::<Aabb>()), cast_slice(boxes))?;
            last = Some(uploader.buffer(&self.rebuild.cells, at(size_of::<Cell>()), cast_slice(cells))?);
        }
        if last.is_none() {
            // What was edited lies within boxes that stay as they are.
            return Ok(Updated::Queued(None));
        }
        self.unsent.clear();
        self.rebuild.count.store(self.edited.cells.len() as u32, Ordering::Relaxed);
        // Released after the count, which whoever sees this sees too.
        self.rebuild.edits.fetch_add(1, Ordering::Release);
        Ok(Updated::Queued(last))
    }

    /// How many places there are for boxes; some may be empty.
    pub fn boxes(&self) -> u64 {
        self.edited.cells.len() as u64
    }

    /// Bytes of device memory, with what builds need.
    pub fn bytes(&self) -> u64 {
        let Rebuild { boxes, cells, bottom, top, instance, scratch, .. } = &*self.rebuild;
        boxes.bytes() + cells.bytes() + bottom.bytes() + top.bytes() + instance.bytes() + scratch.bytes()
    }
}

impl Source for EditableVoxelStructure {
    const NAME: &'static str = "EditableVoxelStructure";
    type Wires = VoxelStructureWires;

    fn share(&self, graph: &Graph) -> VoxelStructureWires {
        let buffer = &self.rebuild.cells;
        let length = buffer.size() / size_of::<Cell>() as u64;
        // SAFETY: the buffer is of the device that the node's own structures are of, was made with the usages of storage and transfer, holds
        // as many cells, and lives as long as the node's data. Only the uploader writes to it, which waits for frames and has them wait.
        let (cells, _) = unsafe { graph.import_buffer(buffer.raw(), length, None, None) };
        let last = Last::default();
        let followed = graph.add(FollowEdits { cells, rebuild: Arc::clone(&self.rebuild), last });
        VoxelStructureWires {
            boxes: graph.share_acceleration_structure(&self.rebuild.top),
            cells: followed.cells.share(),
        }
    }
}

/// Builds the structure anew where an edit has made it stale. All who trace read the cells that it hands on, and so come after it.
#[node(transfer, dynamic)]
struct FollowEdits {
    /// What the boxes stand for; nothing is written.
    #[transfer_destination(read_write)]
    cells: Buffer<[Cell]>,
    rebuild: Arc<Rebuild>,
    last: Last,
}

#[node]
impl Transfer for FollowEdits {
    fn record(view: &View, commands: &mut Commands) {
        let rebuild = &**view.rebuild;
        if view.last.is_stale(rebuild.edits.load(Ordering::Acquire), commands.frame())
            && let Some(loader) = rebuild.device.acceleration_structure()
        {
            // SAFETY: the buffer is being recorded, outside of a rendering scope. The structures are no slots of this node; the barriers that
            // are recorded with the builds order them after all that was submitted before, and all that comes after them.
            unsafe { rebuild.record(loader, commands.raw()) };
        }
    }
}

/// The last build that a graph has recorded.
#[derive(Default)]
struct Last {
    /// How many edits it followed.
    edits: std::cell::Cell<u64>,
    /// The number of its frame.
    frame: std::cell::Cell<Option<u64>>,
}

impl Last {
    /// Whether this frame has to build what this many edits have made of the boxes: not if an earlier one has. One of the same number has
    /// failed before its submission, and its build with it.
    fn is_stale(&self, edits: u64, frame: u64) -> bool {
        let stale = self.edits.get() != edits || self.frame.get() == Some(frame);
        if stale {
            self.edits.set(edits);
            self.frame.set(Some(frame));
        }
        stale
    }
}

/// What builds read, write and work in, all of it sized for as many boxes as there is room for.
struct Rebuild {
    device: Device,
    boxes: Arc<DeviceBuffer>,
    cells: Arc<DeviceBuffer>,
    bottom: Arc<Structure>,
    top: Arc<Structure>,
    /// The one instance.
    instance: Input,
    /// Of the bottom-level build, then of the top-level one.
    scratch: Scratch,
    /// Boxes to build from.
    count: AtomicU32,
    /// How often boxes have changed.
    edits: AtomicU64,
}

impl Rebuild {
    const NAME: &str = "edited voxel boxes";
    const BOTTOM: Kind = Kind {
        ty: vk::AccelerationStructureTypeKHR::BOTTOM_LEVEL,
        flags: vk::BuildAccelerationStructureFlagsKHR::PREFER_FAST_TRACE,
    };
    const TOP: Kind = Kind {
        ty: vk::AccelerationStructureTypeKHR::TOP_LEVEL,
        flags: vk::BuildAccelerationStructureFlagsKHR::PREFER_FAST_TRACE,
    };

    fn new(device: &Device, edited: &EditedCells, room: u64) -> Result<Self, AccelerationError> {
        let (loader, limits) = functions(device)?;
        let most = limits.max_primitive_count.min(u64::from(u32::MAX));
        let cells = edited.cells.len() as u64;
        if room < cells || room > most {
            let (count, limit) = if room < cells { (cells, room) } else { (room, most) };
            return Err(AccelerationError::TooMany { name: Self::NAME.to_owned(), what: "boxes", count, limit });
        }
        let room = room.max(1);
        let buffer = |name, size: usize, usage, bytes: &[u8]| -> Result<_, AccelerationError> {
            let usage = usage | vk::BufferUsageFlags::TRANSFER_DST | vk::BufferUsageFlags::SHADER_DEVICE_ADDRESS;
            let desc = BufferDesc::new(name, room * size as u64, usage);
            let buffer = device.budget().buffer(&desc, Category::Cacher)?;
            if !bytes.is_empty() {
                upload_buffer(device, &buffer, bytes)?;
            }
            Ok(Arc::new(buffer))
        };
        let input = vk::BufferUsageFlags::ACCELERATION_STRUCTURE_BUILD_INPUT_READ_ONLY_KHR;
        let boxes = buffer("edited voxel boxes", size_of::<Aabb>(), input, cast_slice(&edited.boxes))?;
        let storage = vk::BufferUsageFlags::STORAGE_BUFFER;
        let cells = buffer("edited voxel cells", size_of::<Cell>(), storage, cast_slice(&edited.cells))?;

        let structure = |kind: Kind, size| {
            Structure::new(device, &AccelerationStructureDesc { name: Self::NAME, kind: kind.ty, size }).map(Arc::new)
        };
        let bottom_sizes = sizes(loader, Self::BOTTOM, &Geometry::Aabbs(&[]).describe([0; 2]), room as u32);
        let bottom = structure(Self::BOTTOM, bottom_sizes.structure)?;
        let top_sizes = sizes(loader, Self::TOP, &tlas::describe(0), 1);
        let top = structure(Self::TOP, top_sizes.structure)?;
        top.keep(vec![Arc::clone(&bottom)]);
        let instance = Input::new(device, &[cast_slice(&encode(&bottom))])?;
        let scratch = Scratch::new(device, &limits, &[bottom_sizes.build_scratch, top_sizes.build_scratch])?;
        let (count, edits) = (AtomicU32::new(edited.cells.len() as u32), AtomicU64::new(0));
        Ok(Self { device: device.clone(), boxes, cells, bottom, top, instance, scratch, count, edits })
    }

    /// Records the builds, with barriers before, between and after them.
    ///
    /// # Safety
    /// The buffer is being recorded, outside of a rendering scope, and this lives until what was recorded has run.
    unsafe fn record(&self, loader: &vixen::ash::khr::acceleration_structure::Device, commands: vk::CommandBuffer) {
        let boxes = self.boxes.device_address().expect("made with SHADER_DEVICE_ADDRESS");
        let bottom = Build {
            kind: Self::BOTTOM,
            update: false,
            target: self.bottom.raw(),
            geometry: Geometry::Aabbs(&[]).describe([boxes, 0]),
            primitives: self.count.load(Ordering::Relaxed),
            scratch: self.scratch.parts[0],
        };
        let top = Build {
            kind: Self::TOP,
            update: false,
            target: self.top.raw(),
            geometry: tlas::describe(self.instance.parts[0]),
            primitives: 1,
            scratch: self.scratch.parts[1],
        };
        barrier(&self.device, commands, Edge::Begin);
        // SAFETY: the caller's buffer is being recorded; targets and scratch memory were made for as many boxes as there is room for, which
        // `follow` does not exceed; boxes and instance lie at their addresses, and all of it lives as long as this.
        unsafe { build_one(loader, commands, &bottom) };
        barrier(&self.device, commands, Edge::Between);
        // SAFETY: as above, with one instance.
        unsafe { build_one(loader, commands, &top) };
        barrier(&self.device, commands, Edge::End);
    }
}
