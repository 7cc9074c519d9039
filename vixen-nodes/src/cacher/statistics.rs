//! What a cacher has done so far.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// What a cacher has done so far, and what it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Requests for something that was there.
    pub hits: u64,
    /// Requests that had to build.
    pub misses: u64,
    /// Requests that waited for a build that another had begun; each then hits, or misses if that build failed.
    pub joins: u64,
    /// Builds that failed.
    pub failures: u64,
    /// Entries that left.
    pub evictions: u64,
    /// Entries that are there.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The time that all builds took together.
    pub build_time: Duration,
}

// Relaxed throughout: each number stands for itself.
#[derive(Default)]
pub(super) struct Counters {
    pub hits: AtomicU64,
    pub misses: AtomicU64,
    pub joins: AtomicU64,
    pub failures: AtomicU64,
    pub evictions: AtomicU64,
    pub entries: AtomicU64,
    pub bytes: AtomicU64,
    pub build_nanoseconds: AtomicU64,
}

impl Counters {
    pub fn read(&self) -> Statistics {
        Statistics {
            hits: self.hits.load(Relaxed),
            misses: self.misses.load(Relaxed),
            joins: self.joins.load(Relaxed),
            failures: self.failures.load(Relaxed),
            evictions: self.evictions.load(Relaxed),
            entries: self.entries.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            build_time: Duration::from_nanos(self.build_nanoseconds.load(Relaxed)),
        }
    }
}

pub(super) fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Relaxed);
}
