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
use crate::memory::charge::Charge;
use crate::memory::copy::copy_in_lines;
use crate::memory::error::MemoryError;
use crate::memory::quota::Refused;
use crate::memory::staging::{Shortage, TIERS, tier_of};
use crate::memory::{Buffer, Image, Wait};

/// The most pieces that share a room: so that others need not wait for places that nobody fills yet.
const GROUP: usize = 4096;

const QUEUE_IS_FULL: &str = "cannot be uploaded to now: the upload queue is full; make it larger, or flush more often";

impl Uploader {
    /// Uploads pieces to one buffer.
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
        if let &[(to, bytes)] = pieces
            && let Some(ticket) = self.stage_short(buffer, to, bytes, fresh)
        {
            return Ok(ticket);
        }
        let mut rest = pieces;
        while let Some((&(to, bytes), after)) = rest.split_first() {
            let queue = self.lock_queue();
            let most = queue.shared_room(bytes.len() as u64, Fit::to(to), self.longest());
            let (count, span) = group(rest, GROUP.min(self.options.writes), most);
            let newest = if count == 0 {
                drop(queue);
                rest = after;
                self.stage_long(buffer, to, bytes, fresh)?
            } else {
                let pieces = &rest[..count];
                match self.stage_group(queue, buffer, pieces, span, fresh, count as u64) {
                    // The quota has been lowered since: fewer or smaller pieces may fit.
                    Err(DeviceError::Memory(MemoryError::StagingQuota { .. })) if self.longest() < most => continue,
                    staged => {
                        rest = &rest[count..];
                        staged?
                    }
                }
            };
            ticket = ticket.max(newest);
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
            let (queue, space) = self.room(self.lock_queue(), &image.charge, Kind::Image, 1, copy.bytes, fit)?;
            // SAFETY: see `fill`; the room is as long as these bytes.
            let mut queue = self.fill(queue, copy.bytes, || unsafe { copy_in_lines(chunk, space.address) });
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
        buffer.write_pieces(pieces, &self.copiers)?;
        self.counters.direct.add(pieces.len() as u64);
        self.counters.direct_bytes.add(pieces.iter().map(|(_, bytes)| bytes.len() as u64).sum());
        Ok(())
    }

    /// Stages one short upload under one lock, if the open block has room for it: what most uploads are, of which there are many.
    #[inline]
    fn stage_short(&self, buffer: &Arc<Buffer>, to: u64, bytes: &[u8], fresh: bool) -> Option<Ticket> {
        let len = bytes.len() as u64;
        let mut queue = self.lock_queue();
        if len == 0 || queue.shares(len) {
            return None;
        }
        let Space { room, address } = queue.room(Kind::Buffer, 1, len, Fit::to(to))?;
        // SAFETY: see `fill`; the room is as long as these bytes.
        unsafe { copy_in_lines(bytes, address) };
        queue.write(&room, buffer, fresh, [(room.from, to, len)]);
        self.count(&queue, 1, len);
        Some(Ticket { batch: queue.settle(&room, len) })
    }

    /// Stages an upload that is longer than a block, in parts.
    fn stage_long(&self, buffer: &Arc<Buffer>, offset: u64, bytes: &[u8], fresh: bool) -> Result<Ticket, DeviceError> {
        let mut ticket = Ticket { batch: 0 };
        let (mut to, mut rest) = (offset, bytes);
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(rest.len().min(self.longest_chunk()));
            let (len, last) = (chunk.len() as u64, after.is_empty());
            ticket = match self.stage_group(self.lock_queue(), buffer, &[(to, chunk)], len, fresh, last.into()) {
                // As in `upload_pieces`.
                Err(DeviceError::Memory(MemoryError::StagingQuota { .. })) if self.longest_chunk() < chunk.len() => {
                    continue;
                }
                staged => staged?,
            };
            (to, rest) = (to + len, after);
        }
        Ok(ticket)
    }

    /// Stages pieces that take this many bytes side by side, and counts this many uploads. However many they are, they cost two
    /// locks at most, between which others can stage theirs; and every lock drains memory that is write-combining.
    fn stage_group(
        &self,
        queue: MutexGuard<'_, Queue>,
        buffer: &Arc<Buffer>,
        pieces: &[(u64, &[u8])],
        span: u64,
        fresh: bool,
        uploads: u64,
    ) -> Result<Ticket, DeviceError> {
        if pieces.iter().all(|(_, bytes)| bytes.is_empty()) {
            return Ok(Ticket { batch: 0 });
        }
        let fit = Fit::to(pieces[0].0);
        let (queue, Space { room, address }) =
            self.room(queue, &buffer.charge, Kind::Buffer, pieces.len(), span, fit)?;
        let place = |cursor, to| Fit::to(to).at_or_after(cursor);
        let mut queue = self.fill(queue, span, || {
            // SAFETY: see `fill`; the room is in this block, and `group` added the pieces up in the same way.
            unsafe {
                let block = address.sub(room.from as usize);
                self.copiers.copy(block, room.from..room.from + span, pieces, place);
            }
        });
        let (mut cursor, mut sum) = (room.from, 0);
        let parts = pieces.iter().map(|&(to, bytes)| {
            let (from, len) = (place(cursor, to), bytes.len() as u64);
            (cursor, sum) = (from + len, sum + len);
            (from, to, len)
        });
        queue.write(&room, buffer, fresh, parts.filter(|&(_, _, len)| len > 0));
        self.count(&queue, uploads, sum);
        Ok(Ticket { batch: queue.settle(&room, sum) })
    }

    /// Copies into a room of this many bytes, without the lock where others wait for it or that takes longer than another lock.
    ///
    /// The room is in a block that stays mapped and lent while somebody fills it. No other room overlaps it, and the device
    /// reads it only once the write is queued.
    fn fill<'q>(&'q self, queue: MutexGuard<'q, Queue>, len: u64, copy: impl FnOnce()) -> MutexGuard<'q, Queue> {
        if queue.shares(len) {
            drop(queue);
            copy();
            self.lock_queue()
        } else {
            copy();
            queue
        }
    }

    /// Counts uploads. Who holds the queue counts alone.
    fn count(&self, _queue: &MutexGuard<'_, Queue>, uploads: u64, bytes: u64) {
        self.counters.uploads.add_alone(uploads);
        self.counters.bytes.add_alone(bytes);
    }

    /// Room in staging for a target, and places in the queue to go with it.
    #[inline]
    fn room<'q>(
        &'q self,
        mut queue: MutexGuard<'q, Queue>,
        target: &Charge,
        kind: Kind,
        places: usize,
        len: u64,
        fit: Fit,
    ) -> Result<(MutexGuard<'q, Queue>, Space), DeviceError> {
        match queue.room(kind, places, len, fit) {
            Some(space) => Ok((queue, space)),
            None => {
                drop(queue);
                self.make_room(target, kind, places, len, fit)
            }
        }
    }

    /// The same where the open block or the queue has none left.
    #[cold]
    fn make_room(
        &self,
        target: &Charge,
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
            let finished = self.finished()?;
            let full = {
                let mut queue = self.lock_queue();
                loop {
                    if !queue.has_places(kind, places) {
                        break Full::Queue;
                    }
                    if let Some(space) = queue.room(kind, places, len, fit) {
                        return Ok((queue, space));
                    }
                    queue.reclaim(finished);
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
                return Err(full.error(target.name()).into());
            }
            if !std::mem::replace(&mut stalled, true) {
                self.counters.stalls.add(1);
            }
            self.relieve(finished)?;
        }
    }

    /// Gets the device to work on what is queued, or waits until it has done more of what it was given than it had at first.
    fn relieve(&self, at_first: u64) -> Result<(), DeviceError> {
        if self.submit_alone()? {
            return Ok(());
        }
        let finished = self.finished()?;
        if finished > at_first {
            return Ok(());
        }
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

fn least_common_multiple(a: u64, b: u64) -> u64 {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    a / x * b
}
