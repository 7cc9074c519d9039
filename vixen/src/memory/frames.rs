//! The frames that a budget has seen.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What the end of a frame looks at, side by side: it costs an unchanged frame next to nothing.
#[derive(Debug)]
#[repr(align(32))]
pub(super) struct Frames {
    /// Somebody had the ledger since the last frame ended, or that frame moved something.
    pub stirred: AtomicBool,
    /// Frames that ended meanwhile.
    pub quiet: AtomicU64,
    /// Frames that were submitted meanwhile, one at a time; and how many of them are forgotten.
    pub submitted: AtomicU64,
    pub forgotten: AtomicU64,
}

impl Default for Frames {
    fn default() -> Self {
        let none = || AtomicU64::new(0);
        Self { stirred: AtomicBool::new(true), quiet: none(), submitted: none(), forgotten: none() }
    }
}

impl Frames {
    /// How many ended.
    pub fn count(&self) -> u64 {
        let submitted = self.submitted.load(Ordering::Relaxed).wrapping_sub(self.forgotten.load(Ordering::Relaxed));
        self.quiet.load(Ordering::Relaxed) + submitted
    }

    /// Begins to count anew. `submitted` is not touched: another thread may be about to raise it.
    pub fn reset(&self) {
        self.quiet.store(0, Ordering::Relaxed);
        self.forgotten.store(self.submitted.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}
