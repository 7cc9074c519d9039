//! Builds under way, and who waits for them.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

/// A build under way.
pub(super) struct Flight {
    builder: ThreadId,
    landed: Mutex<bool>,
    wake: Condvar,
}

/// Which build each thread waits for, of all cachers: builds of one may ask another.
static WAITS: LazyLock<Mutex<HashMap<ThreadId, Arc<Flight>>>> = LazyLock::new(Mutex::default);

impl Flight {
    /// A build by the calling thread.
    pub fn new() -> Self {
        Self { builder: thread::current().id(), landed: Mutex::new(false), wake: Condvar::new() }
    }

    /// Waits until it has ended; false, at once, when it waits for a build of the calling thread, directly or through others.
    pub fn wait(self: &Arc<Self>) -> bool {
        let caller = thread::current().id();
        {
            // Whoever would close a ring sees all others of it here, since they wait until it is through.
            let mut waits = waits();
            let mut next = Some(self);
            while let Some(flight) = next.filter(|flight| !*flight.landed()) {
                if flight.builder == caller {
                    return false;
                }
                next = waits.get(&flight.builder);
            }
            waits.insert(caller, self.clone());
        }
        drop(self.wake.wait_while(self.landed(), |landed| !*landed).unwrap_or_else(PoisonError::into_inner));
        waits().remove(&caller);
        true
    }

    /// It has ended, whether or not anything came of it.
    pub fn land(&self) {
        *self.landed() = true;
        self.wake.notify_all();
    }

    fn landed(&self) -> MutexGuard<'_, bool> {
        // Nothing panics while it holds the lock.
        self.landed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn waits() -> MutexGuard<'static, HashMap<ThreadId, Arc<Flight>>> {
    // As above.
    WAITS.lock().unwrap_or_else(PoisonError::into_inner)
}
