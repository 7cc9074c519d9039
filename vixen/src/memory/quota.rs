//! The staging quota: how many bytes may be on their way to the device at a time.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::budget::BudgetManager;
use super::error::MemoryError;
use crate::device::DeviceError;

/// How long a waiter sleeps before it looks again: nobody is notified when a device has done with staging.
const PATIENCE: Duration = Duration::from_millis(2);

/// What to do when the staging quota has no room at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Wait until there is.
    Block,
    /// Fail at once.
    Fail,
}

/// Has reserved staging that it may not need at the moment.
pub(super) trait Holder: Send + Sync {
    /// Gives back what it does not need, and gets the device to work on the rest.
    fn make_way(&self) -> Result<(), DeviceError>;
}

/// A counter with a limit that can be waited at.
pub(super) struct Quota {
    state: Mutex<QuotaUsage>,
    /// Something was given back, or the limit changed.
    changed: Condvar,
    /// Whom to ask for room before waiting for it.
    holders: Mutex<Vec<Weak<dyn Holder>>>,
}

/// What of the staging quota is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuotaUsage {
    /// The most bytes that may be reserved at a time.
    pub limit: u64,
    /// The bytes that are reserved.
    pub reserved: u64,
    /// The most bytes that were ever reserved at a time.
    pub peak: u64,
    /// How often somebody had to wait.
    pub waits: u64,
}

impl Quota {
    pub(super) fn new(limit: u64) -> Self {
        Self {
            state: Mutex::new(QuotaUsage { limit, reserved: 0, peak: 0, waits: 0 }),
            changed: Condvar::new(),
            holders: Mutex::new(Vec::new()),
        }
    }

    pub(super) fn usage(&self) -> QuotaUsage {
        *self.lock()
    }

    pub(super) fn set_limit(&self, bytes: u64) {
        self.lock().limit = bytes;
        // Waiters for whom there is room now, and those for whom there never will be.
        self.changed.notify_all();
    }

    pub(super) fn reset(&self) {
        let mut state = self.lock();
        (state.peak, state.waits) = (state.reserved, 0);
    }

    /// Takes as much as there is, between these bounds.
    fn take(&self, least: u64, most: u64) -> Result<u64, Refused> {
        let mut state = self.lock();
        let QuotaUsage { limit, reserved, .. } = *state;
        let free = limit.saturating_sub(reserved);
        if least > free {
            return Err(Refused { requested: least, reserved, limit });
        }
        let taken = most.min(free);
        state.reserved = reserved + taken;
        state.peak = state.peak.max(state.reserved);
        Ok(taken)
    }

    /// Counts somebody who has to wait.
    fn wait(&self) {
        self.lock().waits += 1;
    }

    /// Sleeps until something changes, or a moment, unless there is room for this many bytes.
    fn sleep(&self, bytes: u64) {
        let state = self.lock();
        if bytes > state.limit.saturating_sub(state.reserved) {
            drop(self.changed.wait_timeout(state, PATIENCE).unwrap_or_else(PoisonError::into_inner));
        }
    }

    fn give_back(&self, bytes: u64) {
        self.lock().reserved -= bytes;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, QuotaUsage> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.usage().fmt(f)
    }
}

/// There is no room in the quota. Not an error yet: an error has a name and so allocates, while most callers just wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused {
    pub requested: u64,
    pub reserved: u64,
    pub limit: u64,
}

impl Refused {
    /// The error for whoever asked for it.
    pub fn error(self, name: &str) -> MemoryError {
        let Self { requested, reserved, limit } = self;
        MemoryError::StagingQuota { name: name.to_owned(), requested, reserved, quota: limit }
    }
}

/// Bytes of the staging quota, given back when this is dropped.
#[derive(Debug)]
pub struct StagingReservation {
    budget: Arc<BudgetManager>,
    bytes: u64,
}

impl StagingReservation {
    /// How many bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for StagingReservation {
    fn drop(&mut self) {
        self.budget.quota().give_back(self.bytes);
    }
}

impl BudgetManager {
    /// Reserves bytes of the staging quota, which is at first a tenth of the limit. Beyond it [`Wait::Block`] waits until
    /// others have given back enough; it allocates no memory, neither here nor on the device. Pools and uploaders give back
    /// what they hold in reserve. `name` says in errors for what it is.
    ///
    /// # Errors
    /// When the quota has no room and the caller does not want to wait, or when no wait could help because the request
    /// exceeds the whole quota: cut it into pieces.
    pub fn staging(self: &Arc<Self>, name: &str, bytes: u64, wait: Wait) -> Result<StagingReservation, MemoryError> {
        match wait {
            Wait::Fail => self.take_staging(bytes, bytes).map_err(|refused| refused.error(name)),
            // Whoever cannot make way because the device is lost gives back what he holds when he goes.
            Wait::Block => self.wait_for_staging(name, bytes, bytes, |_| Ok::<_, MemoryError>(())),
        }
    }

    /// Reserves as many bytes as there are, at most `most`; waits until there are at least `least`.
    ///
    /// # Errors
    /// When no wait could help, because the quota is smaller than that or the device is lost.
    pub(super) fn some_staging(
        self: &Arc<Self>,
        name: &str,
        least: u64,
        most: u64,
    ) -> Result<StagingReservation, DeviceError> {
        self.wait_for_staging(name, least, most, |made| made)
    }

    /// Asks everyone who holds staging in reserve to give it back. The caller holds no lock of theirs. It allocates nothing.
    pub(super) fn make_way_in_staging(&self) -> Result<(), DeviceError> {
        for index in 0.. {
            let holder = match self.holders().get(index) {
                Some(holder) => holder.upgrade(),
                None => break,
            };
            holder.map_or(Ok(()), |holder| holder.make_way())?;
        }
        Ok(())
    }

    /// Remembers somebody who will hold staging, for as long as he is there.
    pub(super) fn add_holder(&self, holder: Weak<dyn Holder>) {
        let mut holders = self.holders();
        holders.retain(|holder| holder.strong_count() > 0);
        holders.push(holder);
    }

    fn holders(&self) -> MutexGuard<'_, Vec<Weak<dyn Holder>>> {
        self.quota().holders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reserves as many bytes as there are, at most `most`, where there are at least `least`.
    pub(super) fn take_staging(self: &Arc<Self>, least: u64, most: u64) -> Result<StagingReservation, Refused> {
        let bytes = self.quota().take(least, most)?;
        Ok(StagingReservation { budget: self.clone(), bytes })
    }

    fn wait_for_staging<E: From<MemoryError>>(
        self: &Arc<Self>,
        name: &str,
        least: u64,
        most: u64,
        made_way: impl Fn(Result<(), DeviceError>) -> Result<(), E>,
    ) -> Result<StagingReservation, E> {
        let mut waits = false;
        loop {
            match self.take_staging(least, most) {
                Ok(reservation) => return Ok(reservation),
                // What exceeds the whole quota would wait forever.
                Err(refused) if refused.requested > refused.limit => return Err(refused.error(name).into()),
                Err(_) => {}
            }
            if !std::mem::replace(&mut waits, true) {
                self.quota().wait();
            }
            made_way(self.make_way_in_staging())?;
            self.quota().sleep(least);
        }
    }

    /// Sets the most bytes that may be reserved for staging at a time. Below what is reserved it revokes nothing.
    pub fn set_staging_quota(&self, bytes: u64) {
        self.quota().set_limit(bytes);
    }

    /// What of the staging quota is in use.
    pub fn staging_usage(&self) -> QuotaUsage {
        self.quota().usage()
    }
}
