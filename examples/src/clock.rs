//! CPU time of the calling thread.

use rustix::time::{ClockId, clock_gettime};

/// Microseconds that the calling thread has spent on a CPU. Waiting does not count.
pub fn thread_cpu_us() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 * 1e-3
}
