//! The staging quota: how many bytes may be on their way to the device at a time.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::budget::BudgetManager;
use super::error::MemoryError;

/// What to do when the staging quota has no room at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Wait until there is.
    Block,
    /// Fail at once.
    Fail,
}

/// A counter with a limit that can be waited at.
#[derive(Debug)]
pub(super) struct Quota {
    state: Mutex<QuotaUsage>,
    /// Something was given back, or the limit changed.
    changed: Condvar,
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
        Self { state: Mutex::new(QuotaUsage { limit, reserved: 0, peak: 0, waits: 0 }), changed: Condvar::new() }
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

    fn take(&self, bytes: u64, wait: Wait) -> Result<(), MemoryError> {
        let mut state = self.lock();
        let mut waited = false;
        loop {
            let QuotaUsage { limit, reserved, .. } = *state;
            let fits = reserved.checked_add(bytes).is_some_and(|after| after <= limit);
            if fits {
                state.reserved = reserved + bytes;
                state.peak = state.peak.max(state.reserved);
                return Ok(());
            }
            // What exceeds the whole quota would wait forever.
            if bytes > limit || wait == Wait::Fail {
                return Err(MemoryError::StagingQuota { requested: bytes, reserved, quota: limit });
            }
            if !waited {
                (waited, state.waits) = (true, state.waits + 1);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
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
    /// others have given back enough; it allocates no memory, neither here nor on the device.
    ///
    /// # Errors
    /// When the quota has no room and the caller does not want to wait, or when no wait could help because the request
    /// exceeds the whole quota: cut it into pieces.
    pub fn staging(self: &Arc<Self>, bytes: u64, wait: Wait) -> Result<StagingReservation, MemoryError> {
        self.quota().take(bytes, wait)?;
        Ok(StagingReservation { budget: self.clone(), bytes })
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
