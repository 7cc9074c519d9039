//! The uploader: what threads call.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use ash::vk;

use super::level::ImageRegion;
use super::options::{ScatterPolicy, UploaderOptions};
use super::queue::Queue;
use super::scatter::Scatter;
use super::statistics::{Counters, UploadStatistics};
use super::submit::Submission;
use super::timeline::Timeline;
use crate::device::{Device, DeviceError};
use crate::memory::copiers::Copiers;
use crate::memory::error::MemoryError;
use crate::memory::quota::Holder;
use crate::memory::staging::{StagingPool, TIERS};
use crate::memory::{Buffer, Image};

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
    pub(super) pool: Arc<StagingPool>,
    pub(super) queue: Mutex<Queue>,
    pub(super) submission: Mutex<Submission>,
    /// Counts batches that have arrived.
    pub(super) done: Timeline,
    /// Number of the last batch that was submitted.
    pub(super) submitted: AtomicU64,
    /// Numbers for uploads to images.
    pub(super) image_uploads: AtomicU64,
    pub(super) adapt: AtomicBool,
    longest: AtomicU64,
    /// From how many scatterable pieces on they are scattered.
    pub(super) scatter_from: usize,
    pub(super) copiers: Copiers,
    pub(super) counters: Counters,
}

/// An upload, to ask or wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket {
    pub(super) batch: u64,
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
            copiers: Copiers::new(options.copiers(device)),
            counters: Counters::default(),
        };
        uploader.follow_quota();
        if options.scatter == ScatterPolicy::Measured && uploader.can_scatter() {
            uploader.scatter_from = if uploader.measure()? { MANY } else { usize::MAX };
            uploader.counters = Counters::default();
        }
        uploader.warm(options.frame_bytes, options.batches)?;
        let uploader = Arc::new(uploader);
        let holder: Weak<Self> = Arc::downgrade(&uploader);
        device.budget().add_holder(holder);
        Ok(uploader)
    }

    /// Copies bytes to a place in a buffer, after everything submitted so far has used them. The buffer needs the usage
    /// `TRANSFER_DST`, and for small scattered writes had better have `SHADER_DEVICE_ADDRESS`.
    ///
    /// Of two uploads to the same bytes the later one counts, where one returned before the other began.
    ///
    /// # Errors
    /// When the range is not in the buffer, when the buffer is another device's, when the queue or staging has no room and the
    /// uploader does not wait, and when the device is lost.
    pub fn buffer(&self, buffer: &Arc<Buffer>, offset: u64, bytes: &[u8]) -> Result<Ticket, DeviceError> {
        self.upload_pieces(buffer, &[(offset, bytes)], false)
    }

    /// As [`Self::buffer`], for bytes that nothing uses that was submitted and has not finished: a new buffer for one. Such
    /// uploads go through the transfer queue where there is one, and straight into memory that the host reaches; otherwise what
    /// uses the bytes meanwhile may see either contents.
    ///
    /// # Errors
    /// As [`Self::buffer`].
    pub fn fresh_buffer(&self, buffer: &Arc<Buffer>, offset: u64, bytes: &[u8]) -> Result<Ticket, DeviceError> {
        self.upload_pieces(buffer, &[(offset, bytes)], true)
    }

    /// Many uploads to one buffer, as [`Self::buffer`] for each place and its bytes in turn, and cheaper: for small ones the lock
    /// that each takes would cost as much as copying them.
    ///
    /// # Errors
    /// As [`Self::buffer`]; where a range is not in the buffer, nothing is uploaded.
    pub fn buffer_pieces(&self, buffer: &Arc<Buffer>, pieces: &[(u64, &[u8])]) -> Result<Ticket, DeviceError> {
        self.upload_pieces(buffer, pieces, false)
    }

    /// As [`Self::buffer_pieces`], for bytes that nothing uses: see [`Self::fresh_buffer`].
    ///
    /// # Errors
    /// As [`Self::buffer_pieces`].
    pub fn fresh_buffer_pieces(&self, buffer: &Arc<Buffer>, pieces: &[(u64, &[u8])]) -> Result<Ticket, DeviceError> {
        self.upload_pieces(buffer, pieces, true)
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
        self.done.has_finished(ticket.batch)
    }

    /// Waits until an upload has arrived, and submits it first if nobody has.
    ///
    /// # Errors
    /// When the device is lost.
    pub fn wait(&self, ticket: Ticket) -> Result<(), DeviceError> {
        if self.submitted.load(Ordering::Acquire) < ticket.batch {
            self.submit_alone()?;
        }
        self.done.wait(ticket.batch)
    }

    /// The timeline semaphore whose value is the number of the last batch that has arrived. What is submitted to the main queue
    /// after an upload sees it anyway; work of other queues waits for [`Ticket::value`], and so does a frame for whose nodes
    /// [`CompiledGraph::wait_for`](crate::CompiledGraph::wait_for) was told to.
    pub fn semaphore(&self) -> vk::Semaphore {
        self.done.semaphore()
    }

    /// Warms the staging pool to frames that upload this many bytes each, of which `frames` are under way at a time.
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

    /// The longest piece that is staged as one: two fit into the quota, so that one can be filled while the other is read.
    pub(super) fn longest(&self) -> u64 {
        self.longest.load(Ordering::Relaxed)
    }

    /// The quota may have changed.
    pub(super) fn follow_quota(&self) {
        let quota = self.device.budget().staging_usage().limit;
        let longest = TIERS.into_iter().rev().find(|&size| size <= quota / 2).unwrap_or(TIERS[0]);
        self.longest.store(longest, Ordering::Relaxed);
    }

    /// Less than that by what the fit may skip at the start of a block.
    pub(super) fn longest_chunk(&self) -> usize {
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

    pub(super) fn finished(&self) -> Result<u64, DeviceError> {
        self.done.finished()
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

impl Holder for Uploader {
    fn make_way(&self) -> Result<(), DeviceError> {
        self.submit_alone()?;
        self.trim()
    }
}

impl fmt::Debug for Uploader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uploader").field("statistics", &self.statistics()).finish_non_exhaustive()
    }
}
