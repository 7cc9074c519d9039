//! What has been asked for and not been given to the device yet. Every container has its size from the start.
//!
//! An upload takes two steps under the lock: it gets room in staging, and when the bytes are there it queues the write. It lets
//! go of the lock while it copies them, so that threads copy side by side; a short copy that nobody waits for costs less than
//! a second lock, and is done under the first. What is queued is complete, so a batch never waits for
//! somebody who is still copying. If one upload returned before another began, it was queued before it, and its order is lower.

use std::ptr::NonNull;
use std::sync::Arc;

use ash::vk;

use super::images::ImageWrite;
use super::pieces::{Lane, Write};
use crate::memory::error::MemoryError;
use crate::memory::staging::{StagingBlock, StagingPool, tier_of};
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

/// Where in its block an upload may start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    pub align: u64,
    pub residue: u64,
}

/// What an upload goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Buffer,
    Image,
}

/// Bytes of a block that one thread fills, and places in the list of what they are for.
pub(super) struct Room {
    kind: Kind,
    places: usize,
    pub block: u32,
    pub from: u64,
    pub address: NonNull<u8>,
}

/// Everything that waits for the next batch.
pub(super) struct Queue {
    writes: Vec<Write>,
    images: Vec<ImageWrite>,
    targets: Vec<Target>,
    /// The number of the batch that is being collected.
    batch: u64,
    blocks: Vec<Option<Lent>>,
    /// The block that is being filled.
    open: Option<usize>,
    /// Places in the lists that belong to rooms given out, by kind.
    taken: [usize; 2],
    /// Bytes of this batch so far, what a batch usually has, and what was announced.
    bytes: u64,
    typical: u64,
    announced: u64,
    /// Writes of this batch that have become part of the one before.
    merged: u64,
    /// Somebody had to wait for the lock in this batch.
    crowded: bool,
}

/// A block while it is filled and read.
struct Lent {
    block: StagingBlock,
    cursor: u64,
    /// Rooms in it that are being filled.
    writers: u32,
    /// Whether a queued write reads it.
    queued: bool,
    /// The last batch that reads it.
    batch: u64,
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
            batch: 1,
            blocks: std::iter::repeat_with(|| None).take(BLOCKS).collect(),
            open: None,
            taken: [0; 2],
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

    /// Whether so many bytes are better copied without the lock.
    pub fn shares(&self, len: u64) -> bool {
        self.crowded || len > SHORT
    }

    /// Whether so many more writes of a kind have places in their list, those that are being filled counted in.
    pub fn has_places(&self, kind: Kind, places: usize) -> bool {
        let (len, capacity) = match kind {
            Kind::Buffer => (self.writes.len(), self.writes.capacity()),
            Kind::Image => (self.images.len(), self.images.capacity()),
        };
        len + self.taken[kind as usize] + places <= capacity
    }

    /// Room for so many writes, of so many bytes together, in the open block.
    pub fn room(&mut self, kind: Kind, places: usize, len: u64, fit: Fit) -> Option<Room> {
        let index = self.open?;
        let lent = self.blocks[index].as_mut().expect("the open block is there");
        let from = fit.at_or_after(lent.cursor);
        let end = from.checked_add(len).filter(|&end| end <= lent.block.size())?;
        lent.cursor = end;
        lent.writers += 1;
        self.taken[kind as usize] += places;
        // SAFETY: the block is mapped for its whole size, and `from` lies within.
        let address = unsafe { lent.block.mapped().add(from as usize) };
        Some(Room { kind, places, block: index as u32, from, address })
    }

    /// Gets another block from the pool for uploads of `len` bytes and more to come, at most `most`.
    pub fn open(&mut self, pool: &Arc<StagingPool>, len: u64, most: u64) -> Result<(), MemoryError> {
        let wanted = self.bytes.max(self.typical).min(most).max(len);
        let place = self.blocks.iter().position(Option::is_none).ok_or_else(|| {
            let reserved = self.blocks.iter().flatten().map(|lent| lent.block.size()).sum();
            MemoryError::StagingQuota { requested: wanted, reserved, quota: reserved }
        })?;
        let block = pool.checkout(wanted, Wait::Fail).or_else(|error| match tier_of(len) < tier_of(wanted) {
            true => pool.checkout(len, Wait::Fail),
            false => Err(error),
        })?;
        self.blocks[place] = Some(Lent { block, cursor: 0, writers: 0, queued: false, batch: 0 });
        self.open = Some(place);
        Ok(())
    }

    /// Gives back the blocks that nobody fills or reads, now that batches up to `finished` are done; the open one starts anew.
    pub fn reclaim(&mut self, finished: u64) {
        for (index, place) in self.blocks.iter_mut().enumerate() {
            let Some(lent) = place else { continue };
            if lent.writers > 0 || lent.queued || lent.batch > finished {
                continue;
            }
            if self.open == Some(index) {
                lent.cursor = 0;
            } else {
                *place = None;
            }
        }
    }

    /// Gives back the open block too, if nobody needs it.
    pub fn close(&mut self, finished: u64) {
        self.open = None;
        self.reclaim(finished);
    }

    /// Queues what was written into a room from one place of its block on, for a range of a buffer.
    pub fn write(&mut self, room: &Room, from: u64, buffer: &Arc<Buffer>, (to, len): (u64, u64), fresh: bool) {
        use ash::vk::Handle as _;
        let target = match self.targets.last() {
            Some(Target::Buffer(last)) if Arc::ptr_eq(last, buffer) => self.targets.len() - 1,
            _ => {
                self.targets.push(Target::Buffer(buffer.clone()));
                self.targets.len() - 1
            }
        };
        let order = self.writes.len() as u32;
        let buffer = buffer.raw().as_raw();
        let (block, target) = (room.block, target as u32);
        let write = Write { buffer, to, len, block, from, target, fresh, order, lane: Lane::Copy };
        match self.writes.last_mut() {
            // The common case of merging, at once. Nothing was queued between the two that could overlap.
            Some(last) if last.continues_with(&write) => {
                last.len += len;
                self.merged += 1;
            }
            _ => self.writes.push(write),
        }
    }

    /// The same for an image.
    pub fn image(&mut self, room: &Room, image: &Arc<Image>, mut write: ImageWrite) {
        self.targets.push(Target::Image(image.clone()));
        write.block = room.block;
        write.region.buffer_offset = room.from;
        self.images.push(write);
    }

    /// All that a room is for, so many bytes, has been queued: returns the number of its batch.
    pub fn settle(&mut self, room: &Room, len: u64) -> u64 {
        let lent = self.blocks[room.block as usize].as_mut().expect("a block that is being filled is there");
        lent.writers -= 1;
        lent.queued = true;
        self.taken[room.kind as usize] -= room.places;
        self.bytes += len;
        self.batch
    }

    /// The number of the batch that is being collected.
    pub fn batch(&self) -> u64 {
        self.batch
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
        for (lent, source) in self.blocks.iter_mut().zip(taken.sources) {
            let Some(lent) = lent.as_mut().filter(|lent| lent.queued) else { continue };
            lent.queued = false;
            lent.batch = self.batch;
            let buffer = lent.block.buffer();
            buffer.flush(0, buffer.size())?;
            *source = Source { buffer: buffer.raw(), address: buffer.device_address().unwrap_or(0) };
        }
        self.batch += 1;
        // Follows growth at once, and shrinks slowly.
        self.typical = self.bytes.max(self.typical - self.typical / 16).max(self.announced);
        self.bytes = 0;
        self.crowded = false;
        Ok(Some(std::mem::take(&mut self.merged)))
    }
}

impl Fit {
    /// For a range of a buffer: neighbours there can lie side by side in staging, and both are aligned alike.
    pub fn to(to: u64) -> Self {
        Self { align: 16, residue: to % 16 }
    }

    /// The first such place.
    pub fn at_or_after(self, cursor: u64) -> u64 {
        let start = cursor / self.align * self.align + self.residue;
        if start < cursor { start + self.align } else { start }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_a_buffer_lie_side_by_side_in_staging() {
        let (mut cursor, mut to) = (0, 7);
        for (index, len) in [3, 16, 1, 4096, 30].into_iter().enumerate() {
            let from = Fit { align: 16, residue: to % 16 }.at_or_after(cursor);
            assert!(from >= cursor && from % 16 == to % 16);
            assert!(index == 0 || from == cursor, "no gap before write {index}");
            (cursor, to) = (from + len, to + len);
        }
    }

    #[test]
    fn texels_start_at_whole_blocks() {
        for cursor in 0..200 {
            let from = Fit { align: 48, residue: 0 }.at_or_after(cursor);
            assert!(from >= cursor && from < cursor + 48 && from.is_multiple_of(48));
        }
    }
}
