//! What has been asked for and not been given to the device yet. Every container has its size from the start.
//!
//! An upload takes two steps under the lock: it gets room in staging, and when the bytes are there it queues the write. It lets
//! go of the lock while it copies them, so that threads copy side by side; a short copy that nobody waits for costs less than
//! a second lock, and is done under the first. What is queued is complete, so a batch never waits for somebody who is still
//! copying. If one upload returned before another began, it was queued before it, and stands before it in the list.

use std::ptr::NonNull;
use std::sync::Arc;

use ash::vk;

use super::images::ImageWrite;
use super::pieces::{Lane, Write};
use super::rooms::{Fit, Kind, Room, Rooms};
use crate::memory::error::MemoryError;
use crate::memory::quota::Refused;
use crate::memory::staging::{Shortage, StagingBlock, StagingPool, TIERS, tier_of};
use crate::memory::{Buffer, Image, Wait};

/// How many blocks may be filled or read at a time.
pub(super) const BLOCKS: usize = 256;

/// The longest copy under the lock.
const SHORT: u64 = 8 << 10;

/// What keeps the target of a write alive until the device has done with it.
pub(super) enum Target {
    Buffer(Arc<Buffer>),
    Image(#[expect(dead_code, reason = "held for its drop")] Arc<Image>),
}

/// A block as commands need it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Source {
    pub buffer: vk::Buffer,
    pub address: vk::DeviceAddress,
}

/// Room in staging, and its first byte.
pub(super) struct Space {
    pub room: Room,
    pub address: NonNull<u8>,
}

/// Everything that waits for the next batch.
pub(super) struct Queue {
    writes: Vec<Write>,
    images: Vec<ImageWrite>,
    targets: Vec<Target>,
    rooms: Rooms<StagingBlock>,
    /// Bytes of this batch so far, what a batch usually has, and what was announced.
    bytes: u64,
    typical: u64,
    announced: u64,
    /// Writes of this batch that have become part of the one before.
    merged: u64,
    /// Somebody had to wait for the lock in this batch.
    crowded: bool,
}

/// What a batch is made of, swapped with the queue's own containers.
pub(super) struct Taken<'t> {
    pub writes: &'t mut Vec<Write>,
    pub images: &'t mut Vec<ImageWrite>,
    pub targets: &'t mut Vec<Target>,
    pub sources: &'t mut [Source],
}

impl Queue {
    pub fn new(writes: usize, images: usize, typical: u64) -> Self {
        Self {
            writes: Vec::with_capacity(writes),
            images: Vec::with_capacity(images),
            targets: Vec::with_capacity(writes + images),
            rooms: Rooms::new([writes, images], BLOCKS),
            bytes: 0,
            typical,
            announced: typical,
            merged: 0,
            crowded: false,
        }
    }

    /// Says how many bytes a batch will have: blocks for them are warm.
    pub fn announce(&mut self, bytes: u64) {
        self.announced = self.announced.max(bytes);
        self.typical = self.typical.max(bytes);
    }

    /// Somebody had to wait for the lock.
    pub fn crowd(&mut self) {
        self.crowded = true;
    }

    /// Whether this many bytes are better copied without the lock.
    pub fn shares(&self, len: u64) -> bool {
        self.crowded || len > SHORT
    }

    /// Whether this many more writes of a kind have places in their list, those that are being filled counted in.
    pub fn has_places(&self, kind: Kind, places: usize) -> bool {
        self.rooms.has_places(kind, places)
    }

    /// Room for this many writes, of this many bytes together, in the open block, if they have places too.
    #[inline]
    pub fn room(&mut self, kind: Kind, places: usize, len: u64, fit: Fit) -> Option<Space> {
        if !self.has_places(kind, places) {
            return None;
        }
        let room = self.rooms.room(kind, places, len, fit)?;
        // SAFETY: the block is mapped for its whole size, within which the room lies.
        let address = unsafe { self.rooms.block(&room).mapped().add(room.from as usize) };
        Some(Space { room, address })
    }

    /// How many bytes can share a room, of which the first take `len`: what the open block has left, or else the next one,
    /// which is to have at most `most`; 0 where that is too few for the first.
    pub fn shared_room(&self, len: u64, fit: Fit, most: u64) -> u64 {
        let left = self.rooms.left(fit);
        if left >= len {
            return left;
        }
        // What the fit may skip at the start of a block.
        let len = len + fit.residue;
        let next = tier_of(self.wanted(len, most)).filter(|_| len <= most);
        next.map_or(0, |tier| TIERS[tier] - fit.residue)
    }

    /// The bytes of a block for uploads of `len` bytes and more to come, at most `most`.
    fn wanted(&self, len: u64, most: u64) -> u64 {
        self.bytes.max(self.typical).min(most).max(len)
    }

    /// Gets another block from the pool for uploads of `len` bytes and more to come, at most `most`.
    pub fn open(&mut self, pool: &Arc<StagingPool>, len: u64, most: u64) -> Result<(), Shortage> {
        let wanted = self.wanted(len, most);
        let vacancy = self.rooms.vacancy().ok_or_else(|| {
            let reserved = self.rooms.blocks().map(StagingBlock::size).sum();
            Shortage::Quota(Refused { requested: wanted, reserved, limit: reserved })
        })?;
        let block = pool.lend(wanted, Wait::Fail).or_else(|shortage| match tier_of(len) < tier_of(wanted) {
            true => pool.lend(len, Wait::Fail),
            false => Err(shortage),
        })?;
        let size = block.size();
        self.rooms.open(vacancy, block, size);
        Ok(())
    }

    /// Gives back the blocks that nobody fills or reads, now that batches up to `finished` are done; the open one starts anew.
    pub fn reclaim(&mut self, finished: u64) {
        self.rooms.reclaim(finished, drop);
    }

    /// Gives back the open block too, if nobody needs it.
    pub fn close(&mut self, finished: u64) {
        self.rooms.close(finished, drop);
    }

    /// Queues what was written into a room for ranges of a buffer: of each part its place in the block, its place in the
    /// buffer, and its bytes.
    pub fn write(
        &mut self,
        room: &Room,
        buffer: &Arc<Buffer>,
        fresh: bool,
        parts: impl IntoIterator<Item = (u64, u64, u64)>,
    ) {
        use ash::vk::Handle as _;
        match self.targets.last() {
            Some(Target::Buffer(last)) if Arc::ptr_eq(last, buffer) => {}
            _ => self.targets.push(Target::Buffer(buffer.clone())),
        }
        let (buffer, block, target) = (buffer.raw().as_raw(), room.block as u16, self.targets.len() as u32 - 1);
        for (from, to, len) in parts {
            let (from, len) = (from as u32, len as u32);
            let write = Write { buffer, to, from, len, target, block, fresh, lane: Lane::Copy };
            match self.writes.last_mut() {
                // The common case of merging, at once. Nothing was queued between the two that could overlap.
                Some(last) if last.continues_with(&write) => {
                    last.len += len;
                    self.merged += 1;
                }
                _ => self.writes.push(write),
            }
        }
    }

    /// The same for an image.
    pub fn image(&mut self, room: &Room, image: &Arc<Image>, mut write: ImageWrite) {
        self.targets.push(Target::Image(image.clone()));
        write.block = room.block;
        write.region.buffer_offset = room.from;
        self.images.push(write);
    }

    /// All that a room is for, this many bytes, has been queued: returns the number of its batch.
    pub fn settle(&mut self, room: &Room, len: u64) -> u64 {
        self.bytes += len;
        let queued = match room.kind() {
            Kind::Buffer => self.writes.len(),
            Kind::Image => self.images.len(),
        };
        self.rooms.settle(room, queued)
    }

    /// The number of the batch that is being collected.
    pub fn batch(&self) -> u64 {
        self.rooms.batch()
    }

    /// Swaps what is queued for empty containers of the same capacity, and begins the next batch; returns how many writes were
    /// merged already, or nothing if nothing is queued.
    pub fn take(&mut self, taken: Taken<'_>) -> Result<Option<u64>, MemoryError> {
        if self.writes.is_empty() && self.images.is_empty() {
            return Ok(None);
        }
        std::mem::swap(&mut self.writes, taken.writes);
        std::mem::swap(&mut self.images, taken.images);
        std::mem::swap(&mut self.targets, taken.targets);
        self.rooms.take(|place, block| {
            let buffer = block.buffer();
            buffer.flush(0, buffer.size())?;
            taken.sources[place] = Source { buffer: buffer.raw(), address: buffer.device_address().unwrap_or(0) };
            Ok::<_, MemoryError>(())
        })?;
        // Follows growth at once, and shrinks slowly.
        self.typical = self.bytes.max(self.typical - self.typical / 16).max(self.announced);
        self.bytes = 0;
        self.crowded = false;
        Ok(Some(std::mem::take(&mut self.merged)))
    }
}
