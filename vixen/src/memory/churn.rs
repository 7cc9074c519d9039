//! How much came and went.

use std::ops::{AddAssign, SubAssign};

/// How much was allocated and freed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Churn {
    /// How many allocations.
    pub allocations: u64,
    /// How many frees.
    pub frees: u64,
    /// Bytes allocated.
    pub bytes_allocated: u64,
    /// Bytes freed.
    pub bytes_freed: u64,
}

impl Churn {
    /// By how many bytes the use grew; negative when it shrank.
    pub const fn delta(&self) -> i64 {
        self.bytes_allocated.wrapping_sub(self.bytes_freed) as i64
    }
}

// An allocator may claim to have made what no machine has room for, so bytes do not overflow.
impl AddAssign for Churn {
    fn add_assign(&mut self, other: Self) {
        self.allocations += other.allocations;
        self.frees += other.frees;
        self.bytes_allocated = self.bytes_allocated.saturating_add(other.bytes_allocated);
        self.bytes_freed = self.bytes_freed.saturating_add(other.bytes_freed);
    }
}

impl SubAssign for Churn {
    fn sub_assign(&mut self, other: Self) {
        self.allocations = self.allocations.saturating_sub(other.allocations);
        self.frees = self.frees.saturating_sub(other.frees);
        self.bytes_allocated = self.bytes_allocated.saturating_sub(other.bytes_allocated);
        self.bytes_freed = self.bytes_freed.saturating_sub(other.bytes_freed);
    }
}
