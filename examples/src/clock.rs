//! CPU time of the calling thread.

use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

/// Measures calls on this thread.
pub struct Clock {
    thread: bool,
    start: Instant,
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock {
    /// The thread's CPU clock; the wall clock where the kernel keeps that one too coarsely, as some sandboxes do.
    pub fn new() -> Self {
        let mut clock = Self { thread: true, start: Instant::now() };
        clock.thread = clock.step() < COARSE;
        clock
    }

    /// Nanoseconds that a call takes, and what it returns. An empty call takes some time too: what reading the clock costs.
    pub fn measure<T>(&self, call: impl FnOnce() -> T) -> (f64, T) {
        let start = self.now();
        let result = call();
        ((self.now() - start) as f64, result)
    }

    /// Which clock it is.
    pub fn name(&self) -> &'static str {
        if self.thread { "thread CPU time" } else { "wall time (this kernel keeps thread CPU time too coarsely)" }
    }

    /// The smallest step that the clock makes.
    fn step(&self) -> u64 {
        (0..16)
            .map(|_| {
                let start = self.now();
                let mut now = start;
                while now == start {
                    now = self.now();
                }
                now - start
            })
            .min()
            .unwrap_or(u64::MAX)
    }

    fn now(&self) -> u64 {
        if !self.thread {
            return self.start.elapsed().as_nanos() as u64;
        }
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    }
}

/// Nanoseconds above which a step of the clock is of no use for frames of microseconds.
const COARSE: u64 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_moves_with_work() {
        let clock = Clock::new();
        let count = |count: u64| clock.measure(|| (0..count).fold(0u64, |sum, n| std::hint::black_box(sum ^ n))).0;
        assert!(count(10_000_000) > 0.0);
    }
}
