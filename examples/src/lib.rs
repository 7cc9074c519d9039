//! What the example programs share: counting heap allocations, thread CPU time, statistics.

pub mod clock;
pub mod heap;
pub mod statistics;
