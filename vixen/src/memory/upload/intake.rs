//! How uploads get into staging and into the queue.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};

use ash::vk;

use super::images::ImageWrite;
use super::level::{ImageRegion, Level};
use super::queue::{Queue, Space};
use super::rooms::{Fit, Kind};
use super::uploader::{Ticket, Uploader};
use crate::device::DeviceError;
use crate::memory::copy::copy_in_lines;
use crate::memory::error::MemoryError;
use crate::memory::quota::Refused;
use crate::memory::staging::{Shortage, TIERS, tier_of};
use crate::memory::{Buffer, Image, Wait};

/// The most pieces that share a room: so that others need not wait for places that nobody fills yet.
const GROUP: usize = 4096;

const QUEUE_IS_FULL: &str = "cannot be uploaded to now: the upload queue is full; make it larger, or flush more often";

impl Uploader {
    pub(super) fn upload_buffer(
        &self,
        buffer: &Arc<Buffer>,
        offset: u64,
        bytes: &[u8],
        fresh: bool,
    ) -> Result<Ticket, DeviceError> {
        buffer.charge.check_device(&self.device)?;
        if is_direct(buffer, &[(offset, bytes)], fresh)? {
            self.write(buffer, &[(offset, bytes)])?;
            return Ok(Ticket { batch: 0 });
        }
        self.stage_whole(buffer, offset, bytes, fresh)
    }

    pub(super) fn upload_pieces(
        &self,
        buffer: &Arc<Buffer>,
        pieces: &[(u64, &[u8])],
        fresh: bool,
    ) -> Result<Ticket, DeviceError> {
        buffer.charge.check_device(&self.device)?;
        let mut ticket = Ticket { batch: 0 };
        if is_direct(buffer, pieces, fresh)? {
            self.write(buffer, pieces)?;
            return Ok(ticket);
        }
        let mut rest = pieces;
        while let Some(&(to, bytes)) = rest.first() {
            // Somebody may be faster, which costs no more than what the block had left.
            let most = self.lock_queue().shared_room(bytes.len() as u64, Fit::to(to), self.longest());
            let (count, span) = group(rest, GROUP.min(self.options.writes), most);
            let (pieces, after) = rest.split_at(count.max(1));
            let newest = match count {
                0 => self.stage_whole(buffer, to, bytes, fresh)?,
                _ => self.stage_group(buffer, pieces, span, fresh)?,
            };
            ticket = ticket.max(newest);
            rest = after;
        }
        Ok(ticket)
    }

    pub(super) fn upload_image(
        &self,
        image: &Arc<Image>,
        region: ImageRegion,
        layout: vk::ImageLayout,
        texels: &[u8],
        fresh: bool,
    ) -> Result<Ticket, DeviceError> {
        image.charge.check_device(&self.device)?;
        let level = Level::of(image, region, texels.len() as u64)?;
        let upload = self.image_uploads.fetch_add(1, Ordering::Relaxed);
        let fit = Fit { align: least_common_multiple(level.block_bytes(), 16), residue: 0 };
        let mut ticket = Ticket { batch: 0 };
        let mut rest = texels;
        for copy in level.copies(self.longest()) {
            let (chunk, after) = rest.split_at(copy.bytes as usize);
            let first = rest.len() == texels.len();
            let (image_raw, region) = (image.raw(), copy.region);
            let write = ImageWrite { image: image_raw, level, layout, region, block: 0, upload, first, fresh };
            let (mut queue, space) = self.stage(image.name(), Kind::Image, fit, chunk)?;
            queue.image(&space.room, image, write);
            ticket.batch = queue.settle(&space.room, copy.bytes);
            rest = after;
            if rest.is_empty() {
                self.count(&queue, 1, texels.len() as u64);
            }
        }
        Ok(ticket)
    }

    /// Writes pieces into the buffer itself. The device sees what the host wrote before a submission.
    fn write(&self, buffer: &Buffer, pieces: &[(u64, &[u8])]) -> Result<(), MemoryError> {
        buffer.write_pieces(pieces)?;
        self.counters.direct.add(pieces.len() as u64);
        self.counters.direct_bytes.add(pieces.iter().map(|(_, bytes)| bytes.len() as u64).sum());
        Ok(())
    }

    /// Stages one upload, in several parts where it is longer than a block.
    fn stage_whole(&self, buffer: &Arc<Buffer>, offset: u64, bytes: &[u8], fresh: bool) -> Result<Ticket, DeviceError> {
        let mut ticket = Ticket { batch: 0 };
        let (mut to, mut rest) = (offset, bytes);
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(rest.len().min(self.longest_chunk()));
            let len = chunk.len() as u64;
            let (mut queue, space) = match self.stage(buffer.name(), Kind::Buffer, Fit::to(to), chunk) {
                // The quota has been lowered since: smaller pieces may fit.
                Err(DeviceError::Memory(MemoryError::StagingQuota { .. })) if self.longest_chunk() < chunk.len() => {
                    continue;
                }
                staged => staged?,
            };
            queue.write(&space.room, buffer, fresh, [(space.room.from, to, len)]);
            ticket.batch = queue.settle(&space.room, len);
            (to, rest) = (to + len, after);
            if rest.is_empty() {
                self.count(&queue, 1, bytes.len() as u64);
            }
        }
        Ok(ticket)
    }

    /// Stages pieces that take so many bytes side by side. However many they are, they cost two locks, between which others can
    /// stage theirs; and every lock drains memory that is write-combining.
    fn stage_group(
        &self,
        buffer: &Arc<Buffer>,
        pieces: &[(u64, &[u8])],
        span: u64,
        fresh: bool,
    ) -> Result<Ticket, DeviceError> {
        if pieces.iter().all(|(_, bytes)| bytes.is_empty()) {
            return Ok(Ticket { batch: 0 });
        }
        let fit = Fit::to(pieces[0].0);
        let (queue, Space { room, address }) = self.room(buffer.name(), Kind::Buffer, pieces.len(), span, fit)?;
        drop(queue);
        let mut cursor = room.from;
        for &(to, bytes) in pieces {
            let from = Fit::to(to).at_or_after(cursor);
            // SAFETY: as in `fill`; `group` added the pieces up in the same way.
            unsafe { copy_in_lines(bytes, address.add((from - room.from) as usize)) };
            cursor = from + bytes.len() as u64;
        }
        let mut queue = self.lock_queue();
        let mut cursor = room.from;
        let mut sum = 0;
        let parts = pieces.iter().map(|&(to, bytes)| {
            let (from, len) = (Fit::to(to).at_or_after(cursor), bytes.len() as u64);
            (cursor, sum) = (from + len, sum + len);
            (from, to, len)
        });
        queue.write(&room, buffer, fresh, parts.filter(|&(_, _, len)| len > 0));
        self.count(&queue, pieces.len() as u64, sum);
        Ok(Ticket { batch: queue.settle(&room, sum) })
    }

    /// Counts uploads. Who holds the queue counts alone.
    fn count(&self, _queue: &MutexGuard<'_, Queue>, uploads: u64, bytes: u64) {
        self.counters.uploads.add_alone(uploads);
        self.counters.bytes.add_alone(bytes);
    }

    /// Copies bytes for a target of that name into staging.
    fn stage(
        &self,
        name: &str,
        kind: Kind,
        fit: Fit,
        bytes: &[u8],
    ) -> Result<(MutexGuard<'_, Queue>, Space), DeviceError> {
        let len = bytes.len() as u64;
        let (queue, space) = self.room(name, kind, 1, len, fit)?;
        if queue.shares(len) {
            drop(queue);
            fill(&space, bytes);
            Ok((self.lock_queue(), space))
        } else {
            fill(&space, bytes);
            Ok((queue, space))
        }
    }

    /// Room in staging for a target of that name, and places in the queue to go with it.
    fn room(
        &self,
        name: &str,
        kind: Kind,
        places: usize,
        len: u64,
        fit: Fit,
    ) -> Result<(MutexGuard<'_, Queue>, Space), DeviceError> {
        if self.adapt.load(Ordering::Relaxed) && self.adapt.swap(false, Ordering::Relaxed) {
            self.pool.adapt();
        }
        let mut stalled = false;
        loop {
            let full = {
                let mut queue = self.lock_queue();
                loop {
                    if !queue.has_places(kind, places) {
                        break Full::Queue;
                    }
                    if let Some(space) = queue.room(kind, places, len, fit) {
                        return Ok((queue, space));
                    }
                    queue.reclaim(self.finished()?);
                    if let Some(space) = queue.room(kind, places, len, fit) {
                        return Ok((queue, space));
                    }
                    // What the fit may skip at the start of a block.
                    match queue.open(&self.pool, len + fit.residue, self.longest()) {
                        Ok(()) => {}
                        Err(Shortage::Quota(refused)) => break Full::Staging(refused),
                        Err(Shortage::Memory(error)) => return Err(error.into()),
                    }
                }
            };
            let least = tier_of(len + fit.residue).map_or(u64::MAX, |tier| TIERS[tier]);
            if self.options.wait == Wait::Fail || least > self.device.budget().staging_usage().limit {
                self.follow_quota();
                return Err(full.error(name).into());
            }
            if !std::mem::replace(&mut stalled, true) {
                self.counters.stalls.add(1);
            }
            self.relieve()?;
        }
    }

    /// Gets the device to work on what is queued, or waits until it has done some of what it was given.
    fn relieve(&self) -> Result<(), DeviceError> {
        if self.submit_alone()? {
            return Ok(());
        }
        let finished = self.finished()?;
        if finished < self.submitted.load(Ordering::Acquire) {
            return self.done.wait(finished + 1);
        }
        // Others hold the room: they are copying into it, or it is another uploader's.
        self.device.budget().make_way_in_staging()?;
        self.pool.wait_a_moment();
        Ok(())
    }
}

/// Why there is no room at the moment.
enum Full {
    Queue,
    Staging(Refused),
}

impl Full {
    /// The error for a target of that name.
    fn error(self, name: &str) -> MemoryError {
        match self {
            Self::Queue => MemoryError::invalid(name, QUEUE_IS_FULL),
            Self::Staging(refused) => refused.error(name),
        }
    }
}

/// Whether pieces are written into the buffer itself; an error where they do not fit it, or it cannot be uploaded to.
fn is_direct(buffer: &Buffer, pieces: &[(u64, &[u8])], fresh: bool) -> Result<bool, MemoryError> {
    let size = buffer.size();
    for &(offset, bytes) in pieces {
        let len = bytes.len() as u64;
        if offset.checked_add(len).is_none_or(|end| end > size) {
            return Err(MemoryError::OutOfRange { name: buffer.name().to_owned(), offset, len, size });
        }
    }
    let direct = fresh && buffer.mapped().is_some();
    if !direct && !buffer.usage().contains(vk::BufferUsageFlags::TRANSFER_DST) {
        return Err(MemoryError::invalid(buffer.name(), "cannot be uploaded to: add the usage TRANSFER_DST"));
    }
    Ok(direct)
}

/// How many of the first pieces share a room, and its bytes; none where the first is too long to share one.
fn group(pieces: &[(u64, &[u8])], most: usize, most_bytes: u64) -> (usize, u64) {
    let start = pieces.first().map_or(0, |(to, _)| to % 16);
    let (mut count, mut end) = (0, start);
    for (to, bytes) in pieces.iter().take(most) {
        let next = Fit::to(*to).at_or_after(end) + bytes.len() as u64;
        if next - start > most_bytes {
            break;
        }
        (count, end) = (count + 1, next);
    }
    (count, end - start)
}

/// Copies bytes into their room.
fn fill(space: &Space, bytes: &[u8]) {
    // SAFETY: the room is as long as these bytes, in a block that stays mapped and lent while somebody fills it; no other room
    // overlaps it, and the device reads it only once the write is queued.
    unsafe { copy_in_lines(bytes, space.address) };
}

fn least_common_multiple(a: u64, b: u64) -> u64 {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    a / x * b
}
