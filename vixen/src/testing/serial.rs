//! Tests with a device, one after another.

use std::cell::RefCell;
use std::sync::{Mutex, MutexGuard, PoisonError};

static TURN: Mutex<()> = Mutex::new(());

thread_local! {
    static HELD: RefCell<Option<MutexGuard<'static, ()>>> = const { RefCell::new(None) };
}

/// Waits until no other thread that has called this is left, and makes those that call it later wait until this thread ends.
/// A thread may call it again. Call it in a test before it makes a device, and on none of the threads that the test starts.
///
/// Rust runs the tests of a program in parallel, and Vulkan allows devices to come and go in parallel. Not all that stands
/// between does: validation layers of 1.3.239 (Debian 12) look every call's device up in a table that no lock guards, so that
/// a call crashes, or finds its objects unknown, when another thread makes or destroys a device at that moment.
pub fn serial() {
    HELD.with_borrow_mut(|held| {
        held.get_or_insert_with(|| TURN.lock().unwrap_or_else(PoisonError::into_inner));
    });
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;

    use super::serial;

    #[test]
    fn threads_take_turns_and_may_ask_twice() {
        let inside = AtomicU32::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    serial();
                    serial();
                    assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0, "two threads have their turn");
                    thread::yield_now();
                    inside.fetch_sub(1, Ordering::Relaxed);
                });
            }
        });
    }

    #[test]
    fn a_thread_that_panics_gives_its_turn_back() {
        let failed = thread::spawn(|| {
            serial();
            panic!("this test's own");
        });
        assert!(failed.join().is_err());
        thread::spawn(serial).join().expect("it is its turn");
    }
}
