//! experiment
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
/// times
pub static T: [AtomicU64; 16] = [const { AtomicU64::new(0) }; 16];
/// copy mode
pub static MODE: AtomicUsize = AtomicUsize::new(0);
/// staging mode
pub static HOST_RECORDS: AtomicUsize = AtomicUsize::new(0);
/// add
pub fn add(i: usize, since: std::time::Instant) -> std::time::Instant {
    let now = std::time::Instant::now();
    T[i].fetch_add((now - since).as_nanos() as u64, Relaxed);
    now
}
