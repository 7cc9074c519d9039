//! Recording: what was queued becomes the commands of one batch.
//!
//! # Why the uploads are ordered right
//!
//! Every batch ends up on the main queue, in a submission of its own or as the first part of a frame's. There it begins with a
//! barrier from all commands to its writes, and ends with one from its writes to all commands. The first scope of the one and
//! the second scope of the other reach over everything on that queue before and after in submission order. So a batch writes
//! after every earlier frame has read and written, in flight or not, and every later frame, the one that it goes with first,
//! sees what it wrote. Batches are submitted in the order of their numbers, since the submitter is locked from recording to
//! submission; and within a batch no two pieces overlap, so its copies and dispatches need no order among themselves.
//! A batch in which everything is `fresh` leaves the first barrier out: nothing before it uses what it writes.
//!
//! What goes through a transfer queue touches only bytes that nothing before it uses, as the caller has said (`fresh`): no
//! commands need to be waited for, and nothing needs to be acquired from the main queue, as the old contents are not kept.
//! There the copy is followed by a release to the main family. The batch on the main queue waits for the semaphore that the
//! transfer signals, with all commands, and acquires the same ranges before all commands after it.

use ash::vk;

use super::commands::Commands;
use super::images::{self, Handover, ImageRecorder, ImageWrite};
use super::pieces::{Lane, Pieces, Write};
use super::queue::{BLOCKS, Source, Target};
use super::scatter::{LONGEST, Scatters};
use super::statistics::Counters;
use crate::device::{Device, DeviceError};

/// The smallest piece for which a way through another queue pays.
const SMALLEST_MOVED: u32 = 64 << 10;

/// Everything that one thread at a time needs to record and submit batches.
pub(super) struct Submitter {
    /// One for each batch that may be under way.
    pub slots: Vec<Slot>,
    pub writes: Vec<Write>,
    pub images: Vec<ImageWrite>,
    pub sources: Box<[Source]>,
    pieces: Pieces,
    regions: Vec<vk::BufferCopy>,
    buffer_barriers: Vec<vk::BufferMemoryBarrier2<'static>>,
    image_barriers: Vec<vk::ImageMemoryBarrier2<'static>>,
}

/// What a batch needs until the device has done with it.
pub(super) struct Slot {
    /// The batch that it was last used for.
    pub batch: u64,
    pub targets: Vec<Target>,
    /// What the main queue is to run of it.
    pub commands: vk::CommandBuffer,
    main: Commands,
    pub transfer: Option<Commands>,
    scatters: Option<Scatters>,
}

/// What a batch is recorded with.
#[derive(Clone, Copy)]
pub(super) struct Recording<'r> {
    pub device: &'r Device,
    pub scatters: bool,
    /// From how many scatterable pieces on they are scattered.
    pub scatter_from: usize,
    /// The transfer queue's family and the main one's, where this batch may use it.
    pub handover: Option<Handover>,
    pub counters: &'r Counters,
}

impl Submitter {
    pub fn new(writes: usize, images: usize, slots: Vec<Slot>) -> Self {
        Self {
            slots,
            writes: Vec::with_capacity(writes),
            images: Vec::with_capacity(images),
            sources: vec![Source::default(); BLOCKS].into_boxed_slice(),
            pieces: Pieces::with_capacity(writes),
            regions: Vec::with_capacity(2 * writes),
            buffer_barriers: Vec::with_capacity(2 * writes),
            image_barriers: Vec::with_capacity(images),
        }
    }

    /// Records what was taken from the queue into a slot's commands; says whether a part of it is for the transfer queue.
    pub fn record(&mut self, slot: usize, recording: Recording<'_>) -> Result<bool, DeviceError> {
        let Recording { device, handover, counters, .. } = recording;
        let slot = &mut self.slots[slot];
        let written = self.writes.len() as u64;
        let pieces = self.pieces.resolve(&self.writes);
        counters.merged.add(written.saturating_sub(pieces.len() as u64));
        choose_lanes(pieces, &slot.targets, &recording);
        // What is scattered needs no order.
        if pieces.iter().any(|piece| piece.lane != Lane::Scatter) {
            pieces.sort_unstable_by_key(|piece| (piece.lane, piece.target, piece.block, piece.to));
        }
        let moved = pieces.partition_point(|piece| piece.lane == Lane::Transfer);
        let (moved, pieces) = pieces.split_at(moved);
        let (copied, scattered) = pieces.split_at(pieces.partition_point(|piece| piece.lane == Lane::Copy));
        let (scattered, rest) = match &mut slot.scatters {
            Some(scatters) if !scattered.is_empty() => scatters.fill(scattered, &slot.targets, &self.sources)?,
            _ => (&[][..], scattered),
        };
        counters.scattered.add(scattered.len() as u64);
        let ordered = pieces.iter().any(|piece| !piece.fresh);
        let moved_images = images::sort(&mut self.images, handover.is_some());
        let (moved_images, images) = self.images.split_at(moved_images);
        let barriers = &mut self.image_barriers;
        let mut images_of = ImageRecorder { device, sources: &self.sources, barriers };
        let mut copies =
            CopyRecorder { device, sources: &self.sources, targets: &slot.targets, regions: &mut self.regions };

        let moving = handover.filter(|_| !moved.is_empty() || !moved_images.is_empty()).zip(slot.transfer.as_ref());
        if let Some((handover, transfer)) = moving {
            transfer.begin(vk::CommandBufferUsageFlags::ONE_TIME_SUBMIT)?;
            let mut regions = copies.record(transfer.buffer, moved);
            release(moved, &slot.targets, handover, &mut self.buffer_barriers);
            transfer.barrier(&[], &self.buffer_barriers);
            regions += images_of.record(transfer.buffer, moved_images, Some(handover));
            counters.regions.add(regions);
            transfer.end()?;
        }

        let others = [moved, copied, rest].iter().any(|pieces| !pieces.is_empty()) || !self.images.is_empty();
        if let Some(scatters) = slot.scatters.as_ref().filter(|_| !others) {
            slot.commands = scatters.commands(ordered);
            self.writes.clear();
            return Ok(false);
        }
        slot.main.begin(vk::CommandBufferUsageFlags::ONE_TIME_SUBMIT)?;
        let commands = slot.main.buffer;
        slot.commands = commands;
        if let Some((handover, _)) = moving {
            acquire(&mut self.buffer_barriers);
            slot.main.barrier(&[], &self.buffer_barriers);
            images_of.acquire(commands, moved_images, handover);
        }
        if !pieces.is_empty() {
            if ordered {
                slot.main.barrier(&[BEFORE], &[]);
            }
            counters.regions.add(copies.record(commands, copied) + copies.record(commands, rest));
            if let Some(scatters) = slot.scatters.as_ref().filter(|_| !scattered.is_empty()) {
                scatters.record(device, commands);
            }
            slot.main.barrier(&[AFTER], &[]);
        }
        counters.regions.add(images_of.record(commands, images, None));
        slot.main.end()?;
        self.writes.clear();
        self.images.clear();
        Ok(moving.is_some())
    }
}

/// Decides how each piece gets to its buffer.
fn choose_lanes(pieces: &mut [Write], targets: &[Target], recording: &Recording<'_>) {
    let mut scatterable = 0;
    let mut addresses = Addresses::of(targets);
    let (moves, scatters) = (recording.handover.is_some(), recording.scatters);
    for piece in pieces.iter_mut() {
        let whole_words = (piece.to | u64::from(piece.len)) % 4 == 0;
        piece.lane = if moves && piece.fresh && piece.len >= SMALLEST_MOVED {
            Lane::Transfer
        } else if scatters && whole_words && piece.len <= LONGEST && addresses.at(piece.target).is_some() {
            scatterable += 1;
            Lane::Scatter
        } else {
            Lane::Copy
        };
    }
    if scatterable < recording.scatter_from {
        for piece in pieces.iter_mut().filter(|piece| piece.lane == Lane::Scatter) {
            piece.lane = Lane::Copy;
        }
    }
}

/// The addresses of a batch's targets. Pieces of one target mostly come together, so the last answer is kept.
pub(super) struct Addresses<'t> {
    targets: &'t [Target],
    last: (u32, Option<vk::DeviceAddress>),
}

impl<'t> Addresses<'t> {
    pub fn of(targets: &'t [Target]) -> Self {
        Self { targets, last: (u32::MAX, None) }
    }

    /// Of a target, if it is a buffer that has one.
    pub fn at(&mut self, target: u32) -> Option<vk::DeviceAddress> {
        if self.last.0 != target {
            let address = match &self.targets[target as usize] {
                Target::Buffer(buffer) => buffer.device_address(),
                Target::Image(_) => None,
            };
            self.last = (target, address);
        }
        self.last.1
    }
}

/// Records copies of pieces to buffers.
struct CopyRecorder<'r> {
    device: &'r Device,
    sources: &'r [Source],
    targets: &'r [Target],
    regions: &'r mut Vec<vk::BufferCopy>,
}

impl CopyRecorder<'_> {
    /// One command for each pair of block and buffer; returns the number of regions.
    fn record(&mut self, commands: vk::CommandBuffer, pieces: &[Write]) -> u64 {
        for pair in pieces.chunk_by(|a, b| (a.target, a.block) == (b.target, b.block)) {
            let Target::Buffer(target) = &self.targets[pair[0].target as usize] else { continue };
            self.regions.clear();
            self.regions.extend(pair.iter().map(|piece| vk::BufferCopy {
                src_offset: piece.from.into(),
                dst_offset: piece.to,
                size: piece.len.into(),
            }));
            let source = self.sources[pair[0].block as usize].buffer;
            // SAFETY: the commands are being recorded; the block is read and the buffer alive until the batch has been waited
            // for; ranges and usage were checked when the uploads were asked for, and pieces do not overlap.
            unsafe { self.device.raw().cmd_copy_buffer(commands, source, target.raw(), self.regions) };
        }
        pieces.len() as u64
    }
}

/// Fills `barriers` with the release of each piece after its copy.
fn release(
    pieces: &[Write],
    targets: &[Target],
    handover: Handover,
    barriers: &mut Vec<vk::BufferMemoryBarrier2<'static>>,
) {
    barriers.clear();
    barriers.extend(pieces.iter().filter_map(|piece| {
        let Target::Buffer(buffer) = &targets[piece.target as usize] else { return None };
        let barrier = vk::BufferMemoryBarrier2::default()
            .src_stage_mask(vk::PipelineStageFlags2::COPY)
            .src_access_mask(vk::AccessFlags2::TRANSFER_WRITE)
            .src_queue_family_index(handover.from_family)
            .dst_queue_family_index(handover.to_family)
            .buffer(buffer.raw())
            .offset(piece.to)
            .size(piece.len.into());
        Some(barrier)
    }));
}

/// Turns the releases into their other halves.
fn acquire(barriers: &mut [vk::BufferMemoryBarrier2<'static>]) {
    for barrier in barriers {
        barrier.src_stage_mask = vk::PipelineStageFlags2::ALL_COMMANDS;
        barrier.src_access_mask = vk::AccessFlags2::NONE;
        barrier.dst_stage_mask = vk::PipelineStageFlags2::ALL_COMMANDS;
        barrier.dst_access_mask = vk::AccessFlags2::MEMORY_READ | vk::AccessFlags2::MEMORY_WRITE;
    }
}

/// Earlier commands have done with what is overwritten.
pub(super) const BEFORE: vk::MemoryBarrier2<'static> = barrier(
    (vk::PipelineStageFlags2::ALL_COMMANDS, vk::AccessFlags2::MEMORY_WRITE),
    (
        vk::PipelineStageFlags2::from_raw(
            vk::PipelineStageFlags2::COPY.as_raw() | vk::PipelineStageFlags2::COMPUTE_SHADER.as_raw(),
        ),
        vk::AccessFlags2::from_raw(
            vk::AccessFlags2::TRANSFER_WRITE.as_raw() | vk::AccessFlags2::SHADER_STORAGE_WRITE.as_raw(),
        ),
    ),
);

/// Later commands see what was written.
pub(super) const AFTER: vk::MemoryBarrier2<'static> = barrier(
    (BEFORE.dst_stage_mask, BEFORE.dst_access_mask),
    (
        vk::PipelineStageFlags2::ALL_COMMANDS,
        vk::AccessFlags2::from_raw(vk::AccessFlags2::MEMORY_READ.as_raw() | vk::AccessFlags2::MEMORY_WRITE.as_raw()),
    ),
);

const fn barrier(
    (src_stage_mask, src_access_mask): (vk::PipelineStageFlags2, vk::AccessFlags2),
    (dst_stage_mask, dst_access_mask): (vk::PipelineStageFlags2, vk::AccessFlags2),
) -> vk::MemoryBarrier2<'static> {
    vk::MemoryBarrier2 {
        s_type: vk::StructureType::MEMORY_BARRIER_2,
        p_next: std::ptr::null(),
        src_stage_mask,
        src_access_mask,
        dst_stage_mask,
        dst_access_mask,
        _marker: std::marker::PhantomData,
    }
}

impl Slot {
    /// Room for one batch.
    pub fn new(
        device: &Device,
        targets: usize,
        scatters: Option<Scatters>,
        transfer_family: Option<u32>,
    ) -> Result<Self, DeviceError> {
        let main = Commands::new(device, device.main_queue().family)?;
        Ok(Self {
            batch: 0,
            targets: Vec::with_capacity(targets),
            commands: main.buffer,
            main,
            scatters,
            transfer: transfer_family.map(|family| Commands::new(device, family)).transpose()?,
        })
    }
}
