//! A lock for queues: taking a free one costs a frame one atomic step, and touches no memory but its own.
//!
//! The standard library's `Mutex` takes two atomic steps, since unlocking must find out whether somebody sleeps, and each costs as
//! much as twenty other instructions. It also checks twice whether the thread is panicking, in memory that is cold after a long
//! submission. Here a thread that waits polls instead, as a submission takes microseconds; and there is no poisoning, since a panic
//! between two submissions leaves the queue as it was.

use std::hint::spin_loop;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

/// What one thread at a time can hold.
#[derive(Debug, Default)]
pub(super) struct Lock {
    held: AtomicBool,
}

/// The lock is held until this is dropped, by the thread that locked it.
#[derive(Debug)]
pub(super) struct Held<'l> {
    lock: &'l Lock,
    not_send: PhantomData<*const ()>,
}

impl Lock {
    /// Waits until nobody else holds it. Allocates nothing.
    #[inline]
    pub fn lock(&self) -> Held<'_> {
        if self.held.swap(true, Ordering::Acquire) {
            self.wait();
        }
        Held { lock: self, not_send: PhantomData }
    }

    /// Looks again and again: at once for as long as a submission takes, then ever more rarely, since whoever waits for a whole
    /// device holds its queues meanwhile.
    #[cold]
    fn wait(&self) {
        const SPINS: u32 = 256;
        const LONGEST: Duration = Duration::from_millis(1);
        let (mut spins, mut pause) = (0, Duration::from_micros(10));
        while self.held.load(Ordering::Relaxed) || self.held.swap(true, Ordering::Acquire) {
            if spins < SPINS {
                spins += 1;
                spin_loop();
            } else {
                sleep(pause);
                pause = (pause * 2).min(LONGEST);
            }
        }
    }
}

impl Drop for Held<'_> {
    #[inline]
    fn drop(&mut self) {
        self.lock.held.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;
    use std::thread;

    use super::*;

    #[test]
    fn one_thread_at_a_time_holds_it_and_everybody_gets_it() {
        const THREADS: u64 = 4;
        const TURNS: u64 = 20_000;
        let (lock, count) = (Lock::default(), AtomicU64::new(0));
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let (lock, count) = (&lock, &count);
                scope.spawn(move || {
                    for turn in 0..TURNS {
                        let _held = lock.lock();
                        // Two steps, between which nobody else may come.
                        let seen = count.load(Ordering::Relaxed);
                        if (turn + thread) % 64 == 0 {
                            thread::yield_now();
                        }
                        count.store(seen + 1, Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(count.into_inner(), THREADS * TURNS);
        assert!(!lock.held.into_inner());
    }

    #[test]
    fn who_waits_gets_it_when_the_holder_panics() {
        let lock = Lock::default();
        thread::scope(|scope| {
            let holder = scope.spawn(|| {
                let _held = lock.lock();
                panic!("on purpose");
            });
            holder.join().expect_err("it panicked");
        });
        drop(lock.lock());
    }
}
