//! The uploader: what threads call.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ash::vk;

use super::images::ImageWrite;
use super::level::{ImageRegion, Level};
use super::options::{ScatterPolicy, UploaderOptions};
use super::queue::{Fit, Kind, Queue, Room};
use super::scatter::{RECORD_BYTES, Scatter};
use super::statistics::{Counters, UploadStatistics};
use super::submit::Submission;
use super::timeline::Timeline;
use crate::device::{Device, DeviceError};
use crate::memory::copy::copy_in_lines;
use crate::memory::error::MemoryError;
use crate::memory::staging::{StagingPool, TIERS, tier_of};
use crate::memory::{Buffer, Image, Wait};

/// From how many scatterable pieces on a dispatch may pay, where it was measured to be faster.
const MANY: usize = 16;
/// After how many batches the pool is fitted to demand.
const ADAPT_EVERY: u64 = 64;

/// Takes bytes for buffers and images from any thread, and gives them to the device in one batch a frame.
///
/// An upload copies its bytes into staging memory and returns; the caller's bytes are free again. A compiled graph that the
/// uploader is attached to takes all that was uploaded before its frame along in the frame's own submission, and the frame sees
/// it. Without a graph, [`Self::flush`] submits. Either way uploads run after everything submitted before has used their
/// targets, so a buffer that frames in flight read can be written at any time.
///
/// Neighbouring writes become one copy region, writes that are overwritten in the same batch are left out, and many small
/// scattered ones are put in their places by a compute shader where that is faster.
///
/// Once warm, neither uploads nor batches allocate anything. When the queue is full or the staging quota used up, an upload
/// submits what there is and waits, and that is counted as a stall.
pub struct Uploader {
    pub(super) device: Device,
    pub(super) options: UploaderOptions,
    pool: Arc<StagingPool>,
    pub(super) queue: Mutex<Queue>,
    pub(super) submission: Mutex<Submission>,
    /// Counts batches that have arrived.
    pub(super) done: Timeline,
    /// Number of the last batch that was submitted.
    pub(super) submitted: AtomicU64,
    /// Numbers for uploads to images.
    image_uploads: AtomicU64,
    adapt: AtomicBool,
    longest: AtomicU64,
    /// From how many scatterable pieces on they are scattered.
    pub(super) scatter_from: usize,
    pub(super) counters: Counters,
}

/// An upload, to ask or wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket {
    batch: u64,
}

impl Ticket {
    /// The value of [`Uploader::semaphore`] at which it is done: for a wait of the application's own submissions. 0 means that
    /// it was done at once.
    pub fn value(self) -> u64 {
        self.batch
    }
}

impl Uploader {
    /// An uploader that stages in blocks of a pool.
    ///
    /// # Errors
    /// When what it needs cannot be made.
    pub fn new(device: &Device, pool: &Arc<StagingPool>, options: UploaderOptions) -> Result<Arc<Self>, DeviceError> {
        let options = UploaderOptions {
            writes: options.writes.max(1),
            images: options.images.max(1),
            batches: options.batches.max(1),
            ..options
        };
        let scatter = match options.scatter {
            ScatterPolicy::Never => None,
            _ => Scatter::new(device)?,
        };
        let mut uploader = Self {
            submission: Mutex::new(Submission::new(device, &options, scatter)?),
            queue: Mutex::new(Queue::new(options.writes, options.images, TIERS[0])),
            device: device.clone(),
            options,
            pool: pool.clone(),
            done: Timeline::new(device)?,
            submitted: AtomicU64::new(0),
            image_uploads: AtomicU64::new(0),
            adapt: AtomicBool::new(false),
            longest: AtomicU64::new(TIERS[0]),
            scatter_from: 1,
            counters: Counters::default(),
        };
        uploader.follow_quota();
        if options.scatter == ScatterPolicy::Measured && uploader.can_scatter() {
            uploader.scatter_from = if uploader.measure()? { MANY } else { usize::MAX };
            uploader.counters = Counters::default();
        }
        uploader.warm(options.frame_bytes, options.batches)?;
        Ok(Arc::new(uploader))
    }

    /// Copies bytes to a place in a buffer, after everything submitted so far has used them. The buffer needs the usage
    /// `TRANSFER_DST`, and for small scattered writes had better have `SHADER_DEVICE_ADDRESS`.
    ///
    /// Of two uploads to the same bytes the later one counts, where one returned before the other began.
    ///
    /// # Errors
    /// When the range is not in the buffer, when the queue or staging has no room and the uploader does not wait, and when the
    /// device is lost.
    pub fn buffer(&self, buffer: &Arc<Buffer>, offset: u64, bytes: &[u8]) -> Result<Ticket, DeviceError> {
        self.upload_buffer(buffer, offset, bytes, false)
    }

    /// As [`Self::buffer`], for bytes that nothing uses that was submitted and has not finished: a new buffer for one. Such
    /// uploads go through the transfer queue where there is one, and straight into memory that the host reaches; otherwise what
    /// uses the bytes meanwhile may see either contents.
    ///
    /// # Errors
    /// As [`Self::buffer`].
    pub fn fresh_buffer(&self, buffer: &Arc<Buffer>, offset: u64, bytes: &[u8]) -> Result<Ticket, DeviceError> {
        self.upload_buffer(buffer, offset, bytes, true)
    }

    /// Fills one mip level of one layer with tightly packed texels, after everything submitted so far has used it. The level
    /// is left in the layout `layout`, and the contents that it had are lost. The image needs the usage `TRANSFER_DST`.
    ///
    /// # Errors
    /// When there is no such level or the texels do not fill it, and as for [`Self::buffer`].
    pub fn image(
        &self,
        image: &Arc<Image>,
        region: ImageRegion,
        layout: vk::ImageLayout,
        texels: &[u8],
    ) -> Result<Ticket, DeviceError> {
        self.upload_image(image, region, layout, texels, false)
    }

    /// As [`Self::image`], for a level that nothing uses that was submitted and has not finished: see [`Self::fresh_buffer`].
    ///
    /// # Errors
    /// As [`Self::image`].
    pub fn fresh_image(
        &self,
        image: &Arc<Image>,
        region: ImageRegion,
        layout: vk::ImageLayout,
        texels: &[u8],
    ) -> Result<Ticket, DeviceError> {
        self.upload_image(image, region, layout, texels, true)
    }

    /// Submits what was uploaded and not submitted yet, to the main queue. For use without a graph, or between frames. Returns
    /// the ticket of the newest batch.
    ///
    /// # Errors
    /// When a call of the device fails.
    pub fn flush(&self) -> Result<Ticket, DeviceError> {
        self.submit_alone()?;
        Ok(Ticket { batch: self.submitted.load(Ordering::Acquire) })
    }

    /// Whether an upload has arrived.
    ///
    /// # Errors
    /// When the device is lost.
    pub fn is_done(&self, ticket: Ticket) -> Result<bool, DeviceError> {
        Ok(ticket.batch == 0 || self.finished()? >= ticket.batch)
    }

    /// Waits until an upload has arrived, and submits it first if nobody has.
    ///
    /// # Errors
    /// When the device is lost.
    pub fn wait(&self, ticket: Ticket) -> Result<(), DeviceError> {
        if self.submitted.load(Ordering::Acquire) < ticket.batch {
            self.submit_alone()?;
        }
        self.timeline_wait(ticket.batch)
    }

    /// The timeline semaphore whose value is the number of the last batch that has arrived.
    pub fn semaphore(&self) -> vk::Semaphore {
        self.done.semaphore()
    }

    /// Warms the staging pool to frames that upload so many bytes each, of which `frames` are under way at a time.
    ///
    /// # Errors
    /// When the device refuses the memory. What the quota has no room for is made on demand.
    pub fn warm(&self, frame_bytes: u64, frames: u32) -> Result<(), DeviceError> {
        if frame_bytes == 0 {
            return Ok(());
        }
        self.lock_queue().announce(frame_bytes);
        let block = frame_bytes.min(self.longest());
        // One more than are under way, since one is being filled.
        let count = frame_bytes.div_ceil(block) * (u64::from(frames) + 1);
        match self.pool.warm(block, count as usize) {
            Err(MemoryError::StagingQuota { .. }) => Ok(()),
            result => Ok(result?),
        }
    }

    /// Gives back every staging block that nobody needs, and trims the pool.
    ///
    /// # Errors
    /// When the device is lost.
    pub fn trim(&self) -> Result<(), DeviceError> {
        let finished = self.finished()?;
        self.lock_queue().close(finished);
        self.pool.trim();
        Ok(())
    }

    /// What it has done so far.
    pub fn statistics(&self) -> UploadStatistics {
        self.counters.read()
    }

    /// Whether many small scattered writes go to their places by a compute shader.
    pub fn scatters(&self) -> bool {
        self.can_scatter() && self.scatter_from != usize::MAX
    }

    /// The device that it uploads to.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The pool that it stages in.
    pub fn pool(&self) -> &Arc<StagingPool> {
        &self.pool
    }

    fn upload_buffer(
        &self,
        buffer: &Arc<Buffer>,
        offset: u64,
        bytes: &[u8],
        fresh: bool,
    ) -> Result<Ticket, DeviceError> {
        let (len, size) = (bytes.len() as u64, buffer.size());
        if offset.checked_add(len).is_none_or(|end| end > size) {
            return Err(MemoryError::OutOfRange { name: buffer.name().to_owned(), offset, len, size }.into());
        }
        let direct = fresh && buffer.mapped().is_some();
        if !direct && !buffer.usage().contains(vk::BufferUsageFlags::TRANSFER_DST) {
            return Err(MemoryError::invalid(buffer.name(), "cannot be uploaded to: add the usage TRANSFER_DST").into());
        }
        if direct {
            // The device sees what the host wrote before a submission.
            buffer.write(offset, bytes)?;
            self.counters.direct.add(1);
            self.counters.direct_bytes.add(len);
        }
        let mut ticket = Ticket { batch: 0 };
        if direct || bytes.is_empty() {
            return Ok(ticket);
        }
        let (mut to, mut rest) = (offset, bytes);
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(rest.len().min(self.longest_chunk()));
            let len = chunk.len() as u64;
            let fit = Fit { align: 16, residue: to % 16 };
            let (mut queue, room) = match self.stage(Kind::Buffer, fit, chunk) {
                // The quota has been lowered since: smaller pieces may fit.
                Err(DeviceError::Memory(MemoryError::StagingQuota { .. })) if self.longest_chunk() < chunk.len() => {
                    continue;
                }
                staged => staged?,
            };
            ticket.batch = queue.write(&room, buffer, to, len, fresh);
            (to, rest) = (to + len, after);
            if rest.is_empty() {
                self.count(&queue, bytes.len() as u64);
            }
        }
        Ok(ticket)
    }

    fn upload_image(
        &self,
        image: &Arc<Image>,
        region: ImageRegion,
        layout: vk::ImageLayout,
        texels: &[u8],
        fresh: bool,
    ) -> Result<Ticket, DeviceError> {
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
            let (mut queue, room) = self.stage(Kind::Image, fit, chunk)?;
            ticket.batch = queue.image(&room, image, copy.bytes, write);
            rest = after;
            if rest.is_empty() {
                self.count(&queue, texels.len() as u64);
            }
        }
        Ok(ticket)
    }

    /// Counts an upload. Who holds the queue counts alone.
    fn count(&self, _queue: &MutexGuard<'_, Queue>, bytes: u64) {
        self.counters.uploads.add_alone(1);
        self.counters.bytes.add_alone(bytes);
    }

    /// Copies bytes into staging.
    fn stage(&self, kind: Kind, fit: Fit, bytes: &[u8]) -> Result<(MutexGuard<'_, Queue>, Room), DeviceError> {
        let len = bytes.len() as u64;
        let (queue, room) = self.room(kind, len, fit)?;
        if queue.shares(len) {
            drop(queue);
            fill(&room, bytes);
            Ok((self.lock_queue(), room))
        } else {
            fill(&room, bytes);
            Ok((queue, room))
        }
    }

    /// Room in staging, and a place in the queue to go with it.
    fn room(&self, kind: Kind, len: u64, fit: Fit) -> Result<(MutexGuard<'_, Queue>, Room), DeviceError> {
        if self.adapt.load(Ordering::Relaxed) && self.adapt.swap(false, Ordering::Relaxed) {
            self.pool.adapt();
        }
        let mut stalled = false;
        loop {
            let refused = {
                let mut queue = self.lock_queue();
                loop {
                    if !queue.has_place(kind) {
                        break MemoryError::invalid("the upload queue", "is full: make it larger, or flush more often");
                    }
                    if let Some(room) = queue.room(kind, len, fit) {
                        return Ok((queue, room));
                    }
                    queue.reclaim(self.finished()?);
                    if let Some(room) = queue.room(kind, len, fit) {
                        return Ok((queue, room));
                    }
                    // What the fit may skip at the start of a block.
                    match queue.open(&self.pool, len + fit.residue, self.longest()) {
                        Ok(()) => {}
                        Err(error @ MemoryError::StagingQuota { .. }) => break error,
                        Err(error) => return Err(error.into()),
                    }
                }
            };
            let least = tier_of(len + fit.residue).map_or(u64::MAX, |tier| TIERS[tier]);
            if self.options.wait == Wait::Fail || least > self.device.budget().staging_usage().limit {
                self.follow_quota();
                return Err(refused.into());
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
            return self.timeline_wait(finished + 1);
        }
        // Others hold the room: they are copying into it, or it is not ours at all.
        self.pool.wait_a_moment();
        Ok(())
    }

    /// The longest piece that is staged as one: two fit into the quota, so that one can be filled while the other is read.
    fn longest(&self) -> u64 {
        self.longest.load(Ordering::Relaxed)
    }

    /// The quota may have changed.
    fn follow_quota(&self) {
        let quota = self.device.budget().staging_usage().limit;
        let longest = TIERS.into_iter().rev().find(|&size| size <= quota / 2).unwrap_or(TIERS[0]);
        self.longest.store(longest, Ordering::Relaxed);
    }

    /// Less than that by what the fit may skip at the start of a block.
    fn longest_chunk(&self) -> usize {
        (self.longest() - 16) as usize
    }

    /// After a batch: every so often, the next upload fits the pool to demand.
    pub(super) fn batch_ended(&self, batch: u64) {
        self.pool.end_frame();
        self.follow_quota();
        if batch.is_multiple_of(ADAPT_EVERY) {
            self.adapt.store(true, Ordering::Relaxed);
        }
    }

    fn can_scatter(&self) -> bool {
        self.lock_submission().scatter.is_some()
    }

    /// Whether scattering many small pieces is faster than copying them on this device: tries both.
    fn measure(&mut self) -> Result<bool, DeviceError> {
        use crate::memory::{BufferDesc, Category};
        const PIECES: u64 = 256;
        let usage = vk::BufferUsageFlags::TRANSFER_DST | vk::BufferUsageFlags::SHADER_DEVICE_ADDRESS;
        let desc = BufferDesc::new("scatter measurement", PIECES * 2 * RECORD_BYTES, usage);
        let target = Arc::new(self.device.budget().buffer(&desc, Category::Staging)?);
        let bytes = vec![0; RECORD_BYTES as usize];
        let pieces = PIECES.min(self.options.writes as u64 / 2);
        let mut best = [u128::MAX; 2];
        // The first round warms both up and does not count.
        for round in 0..4 {
            for (best, scatter_from) in best.iter_mut().zip([usize::MAX, 1]) {
                self.scatter_from = scatter_from;
                for piece in 0..pieces {
                    self.buffer(&target, piece * 2 * RECORD_BYTES, &bytes)?;
                }
                let start = std::time::Instant::now();
                let ticket = self.flush()?;
                self.wait(ticket)?;
                if round > 0 {
                    *best = start.elapsed().as_nanos().min(*best);
                }
            }
        }
        let [copied, scattered] = best;
        Ok(scattered < copied)
    }

    pub(super) fn finished(&self) -> Result<u64, DeviceError> {
        self.done.finished()
    }

    fn timeline_wait(&self, batch: u64) -> Result<(), DeviceError> {
        self.done.wait(batch)
    }

    pub(super) fn lock_queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.try_lock().unwrap_or_else(|_| {
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.crowd();
            queue
        })
    }

    pub(super) fn lock_submission(&self) -> MutexGuard<'_, Submission> {
        self.submission.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Copies bytes into their room.
fn fill(room: &Room, bytes: &[u8]) {
    // SAFETY: the room is as long as these bytes, in a block that stays mapped and lent while somebody fills it; no other room
    // overlaps it, and the device reads it only once the write is queued.
    unsafe { copy_in_lines(bytes, room.address) };
}

fn least_common_multiple(a: u64, b: u64) -> u64 {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    a / x * b
}

impl fmt::Debug for Uploader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uploader").field("statistics", &self.statistics()).finish_non_exhaustive()
    }
}
