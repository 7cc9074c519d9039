//! Memory that data passes through on its way to the device: blocks of a few sizes, mapped for as long as they live.
//!
//! A pool lends blocks out and takes them back; after it has been warmed, neither makes or allocates anything. What it may hold
//! is the staging quota of the [`BudgetManager`](super::BudgetManager).

#[cfg(test)]
mod model;
mod tiers;

use std::fmt;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use ash::vk;

use self::tiers::{Step, Tiers};
pub(crate) use self::tiers::{TIERS, tier_of};
use super::category::Category;
use super::desc::{BufferDesc, Location};
use super::error::MemoryError;
use super::owned::Buffer;
use super::quota::{Holder, Refused, StagingReservation, Wait};
use crate::device::{Device, DeviceError, DeviceKind, Feature};

/// How long a waiter sleeps before it looks again by itself: quota that others give back tells nobody here.
const PATIENCE: Duration = Duration::from_millis(2);

/// What blocks are called, whoever they are lent to.
const NAME: &str = "staging";

/// Lends out staging blocks of 64 KiB, 256 KiB, 1 MiB, 4 MiB, 16 MiB and 64 MiB, to any thread.
pub struct StagingPool {
    device: Device,
    state: Mutex<Tiers<Block>>,
    /// A block came back, or quota became free.
    returned: Condvar,
    counts: Counts,
}

/// A block that nobody uses at the moment.
struct Block {
    buffer: Buffer,
    // After the buffer is gone, its bytes go back to the quota.
    _reservation: StagingReservation,
}

#[derive(Default)]
struct Counts {
    made: AtomicU64,
    destroyed: AtomicU64,
    lent: AtomicU64,
    waits: AtomicU64,
}

/// Why there is no block.
#[derive(Debug)]
pub(super) enum Shortage {
    /// The quota has no room for one.
    Quota(Refused),
    /// It could not be made.
    Memory(MemoryError),
}

impl Shortage {
    /// The error for whoever asked for it.
    pub fn error(self, name: &str) -> MemoryError {
        match self {
            Self::Quota(refused) => refused.error(name),
            Self::Memory(error) => error,
        }
    }
}

/// What a pool holds and has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StagingStatistics {
    /// Blocks of each tier, from 64 KiB up.
    pub blocks: [usize; TIERS.len()],
    /// Those of them that nobody uses at the moment.
    pub idle: [usize; TIERS.len()],
    /// Blocks made so far; the same in steady state.
    pub made: u64,
    /// Blocks destroyed so far.
    pub destroyed: u64,
    /// Blocks lent out so far.
    pub lent: u64,
    /// How often a request had to wait.
    pub waits: u64,
}

impl StagingPool {
    /// An empty pool of a device.
    pub fn new(device: &Device) -> Arc<Self> {
        let pool = Arc::new(Self {
            device: device.clone(),
            state: Mutex::new(Tiers::new()),
            returned: Condvar::new(),
            counts: Counts::default(),
        });
        let holder: Weak<Self> = Arc::downgrade(&pool);
        device.budget().add_holder(holder);
        pool
    }

    /// Lends out a block of at least this many bytes. Where the quota has no room even after idle blocks have made way, this
    /// waits or fails as `wait` says.
    ///
    /// # Errors
    /// When there is no room and the caller does not want to wait, when no wait could help because the block is larger than
    /// the largest tier or the whole quota, and when the device refuses the memory.
    pub fn checkout(self: &Arc<Self>, bytes: u64, wait: Wait) -> Result<StagingBlock, MemoryError> {
        self.lend(bytes, wait).map_err(|shortage| shortage.error(NAME))
    }

    /// The same for somebody who waits in his own way: without room it allocates nothing.
    pub(super) fn lend(self: &Arc<Self>, bytes: u64, wait: Wait) -> Result<StagingBlock, Shortage> {
        let asked = tier_of(bytes).ok_or_else(|| Shortage::Memory(too_large(bytes)))?;
        let mut state = self.lock();
        state.want(asked);
        let mut waited = false;
        let taken = loop {
            match state.step(asked, |bytes| self.device.budget().take_staging(bytes, bytes)) {
                Step::Take(tier, block) => break Ok((tier, block)),
                Step::Make(reservation) => {
                    drop(state);
                    let made = self.make(asked, reservation);
                    state = self.lock();
                    break made
                        .map(|block| (asked, block))
                        .inspect_err(|_| state.abandon(asked))
                        .map_err(Shortage::Memory);
                }
                Step::Evict(block) => {
                    drop(state);
                    self.destroy(block);
                    // What it leaves may be enough for somebody else and not for us.
                    self.returned.notify_all();
                    state = self.lock();
                }
                Step::Exhausted(refused) => {
                    let hopeless = TIERS[asked] > self.device.budget().staging_usage().limit;
                    if wait == Wait::Fail || hopeless {
                        break Err(Shortage::Quota(refused));
                    }
                    if !std::mem::replace(&mut waited, true) {
                        self.counts.waits.fetch_add(1, Relaxed);
                    }
                    drop(state);
                    // A lost device gives nothing back by itself; whoever holds a block of it drops it some time.
                    let _ = self.device.budget().make_way_in_staging();
                    state = self.lock();
                    state = self.returned.wait_timeout(state, PATIENCE).unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        };
        match taken {
            Ok((tier, block)) => {
                self.counts.lent.fetch_add(1, Relaxed);
                Ok(StagingBlock { pool: self.clone(), tier, asked, block: Some(block) })
            }
            Err(error) => {
                state.unwant(asked);
                drop(state);
                // A reservation may have been given back on the way here.
                self.returned.notify_all();
                Err(error)
            }
        }
    }

    /// Makes blocks in advance: `count` of at least this many bytes each, which [`Self::adapt`] then keeps.
    ///
    /// # Errors
    /// As [`Self::checkout`], which then makes the rest on demand.
    pub fn warm(&self, bytes: u64, count: usize) -> Result<(), MemoryError> {
        let tier = tier_of(bytes).ok_or_else(|| too_large(bytes))?;
        let missing = self.lock().keep(tier, count);
        (0..missing).try_for_each(|_| self.add(tier))
    }

    /// Marks the end of a frame: demand is counted in frames.
    pub fn end_frame(&self) {
        self.lock().end_frame();
    }

    /// Fits the tiers to what the last 32 to 64 frames wanted at a time: destroys what was left over and makes what was
    /// missing, as far as the quota allows. For between frames: it makes buffers.
    pub fn adapt(&self) {
        self.discard(Tiers::surplus);
        for tier in 0..TIERS.len() {
            let missing = self.lock().missing(tier);
            // What cannot be had now is no error: nobody waits for it.
            let _ = (0..missing).try_for_each(|_| self.add(tier));
        }
    }

    /// Destroys every block that nobody uses at the moment.
    pub fn trim(&self) {
        self.discard(Tiers::any_idle);
    }

    /// What the pool holds and has done.
    pub fn statistics(&self) -> StagingStatistics {
        let state = self.lock();
        StagingStatistics {
            blocks: std::array::from_fn(|tier| state.count(tier).0),
            idle: std::array::from_fn(|tier| state.count(tier).1),
            made: self.counts.made.load(Relaxed),
            destroyed: self.counts.destroyed.load(Relaxed),
            lent: self.counts.lent.load(Relaxed),
            waits: self.counts.waits.load(Relaxed),
        }
    }

    /// Sleeps until a block comes back, or a moment.
    pub(crate) fn wait_a_moment(&self) {
        let state = self.lock();
        drop(self.returned.wait_timeout(state, PATIENCE).unwrap_or_else(PoisonError::into_inner));
    }

    /// Makes an idle block.
    fn add(&self, tier: usize) -> Result<(), MemoryError> {
        let reservation = self.device.budget().staging(NAME, TIERS[tier], Wait::Fail)?;
        self.lock().begin(tier);
        let made = self.make(tier, reservation);
        let result = match made {
            Ok(block) => {
                self.lock().give_back(tier, block);
                Ok(())
            }
            Err(error) => {
                self.lock().abandon(tier);
                Err(error)
            }
        };
        self.returned.notify_all();
        result
    }

    /// Destroys the blocks that `which` takes out.
    fn discard(&self, which: impl Fn(&mut Tiers<Block>) -> Option<Block>) {
        loop {
            let Some(block) = which(&mut self.lock()) else { break };
            self.destroy(block);
        }
        self.returned.notify_all();
    }

    fn make(&self, tier: usize, reservation: StagingReservation) -> Result<Block, MemoryError> {
        let mut usage = vk::BufferUsageFlags::TRANSFER_SRC;
        if self.device.capabilities().has(Feature::BufferDeviceAddress) {
            usage |= vk::BufferUsageFlags::SHADER_DEVICE_ADDRESS;
        }
        let buffer = staging_buffer(&self.device, &BufferDesc::new(NAME, TIERS[tier], usage))?;
        self.counts.made.fetch_add(1, Relaxed);
        Ok(Block { buffer, _reservation: reservation })
    }

    fn destroy(&self, block: Block) {
        self.counts.destroyed.fetch_add(1, Relaxed);
        drop(block);
    }

    fn lock(&self) -> MutexGuard<'_, Tiers<Block>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Holder for StagingPool {
    fn make_way(&self) -> Result<(), DeviceError> {
        self.trim();
        Ok(())
    }
}

impl fmt::Debug for StagingPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StagingPool").field("statistics", &self.statistics()).finish_non_exhaustive()
    }
}

/// A block that is lent out. Dropping it gives it back, so whoever lets the device read it keeps it until that has happened.
pub struct StagingBlock {
    pool: Arc<StagingPool>,
    tier: usize,
    asked: usize,
    block: Option<Block>,
}

impl StagingBlock {
    /// Its buffer: mapped, and good for copying from.
    pub fn buffer(&self) -> &Buffer {
        &self.block.as_ref().expect("a block leaves only when this is dropped").buffer
    }

    /// Its bytes, which may be more than were asked for.
    pub fn size(&self) -> u64 {
        TIERS[self.tier]
    }

    /// Its first byte.
    pub fn mapped(&self) -> NonNull<u8> {
        self.buffer().mapped().expect("staging is mapped")
    }
}

impl Drop for StagingBlock {
    fn drop(&mut self) {
        if let Some(block) = self.block.take() {
            let mut state = self.pool.lock();
            state.give_back(self.tier, block);
            state.unwant(self.asked);
            drop(state);
            self.pool.returned.notify_all();
        }
    }
}

impl fmt::Debug for StagingBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StagingBlock").field("size", &self.size()).finish_non_exhaustive()
    }
}

/// A buffer that the host writes and the device reads once: in the device's own memory where the host reaches all of that. Then
/// bytes cross the bus when they are written, and not after that in a transfer that somebody waits for.
pub(super) fn staging_buffer(device: &Device, desc: &BufferDesc<'_>) -> Result<Buffer, MemoryError> {
    let budget = device.budget();
    if across_bus(device) {
        let buffer = budget.buffer(&desc.at(Location::DeviceMapped), Category::Staging)?;
        if buffer.mapped().is_some() {
            return Ok(buffer);
        }
    }
    budget.buffer(&desc.at(Location::Upload), Category::Staging)
}

/// Whether the host writes to the device's own memory over a bus. Where the two share their memory there is none.
pub(super) fn across_bus(device: &Device) -> bool {
    device.info().kind == DeviceKind::Discrete && device.capabilities().maps_all_memory()
}

fn too_large(bytes: u64) -> MemoryError {
    let most = TIERS[TIERS.len() - 1];
    MemoryError::invalid(NAME, format!("has blocks of at most {most} bytes, not {bytes}: upload in pieces"))
}
