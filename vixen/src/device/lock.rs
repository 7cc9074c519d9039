//! A lock for queues: one that is free costs a frame two instructions and no memory but its own.
//!
//! A `Mutex` of the standard library also looks, twice, whether the thread panics, in memory that is cold after a long submission. A queue
//! is as good as before when somebody panics between two submissions.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

const FREE: u32 = 0;
const HELD: u32 = 1;
/// Held, and somebody may sleep until it is free.
const AWAITED: u32 = 2;

/// What one thread at a time can hold.
#[derive(Debug, Default)]
pub(super) struct Lock {
    state: AtomicU32,
    /// Guards the step from finding the lock held to sleeping.
    falling_asleep: Mutex<()>,
    freed: Condvar,
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
        if self.state.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_err() {
            self.wait();
        }
        Held { lock: self, not_send: PhantomData }
    }

    /// Takes the lock as awaited, since others may sleep too: whoever frees it wakes one of them.
    #[cold]
    fn wait(&self) {
        let mut awake = self.falling_asleep.lock().unwrap_or_else(PoisonError::into_inner);
        while self.state.swap(AWAITED, Ordering::Acquire) != FREE {
            awake = self.freed.wait(awake).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whoever found the lock held before it became free sleeps by now, or has it.
    #[cold]
    fn wake(&self) {
        drop(self.falling_asleep.lock().unwrap_or_else(PoisonError::into_inner));
        self.freed.notify_one();
    }
}

impl Drop for Held<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.lock.state.swap(FREE, Ordering::Release) == AWAITED {
            self.lock.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;
    use std::thread;

    use super::*;

    #[test]
    fn one_thread_at_a_time_holds_it_and_nobody_sleeps_for_ever() {
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
        assert_eq!(lock.state.into_inner(), FREE);
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
