//! Emitting from any thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::event::kind::Event;
use crate::event::queue::{Queue, QueueFull};

/// Emits events of one type from any thread, whatever the bus is doing.
///
/// What other threads emit has a queue of its own, of the same size and policy. A lock guards it for as long as copying one
/// event takes; nothing allocates.
pub struct Sender<T> {
    queue: Arc<SharedQueue<T>>,
}

/// A queue that other threads push to.
pub(super) struct SharedQueue<T> {
    queue: Mutex<Queue<T>>,
    /// Something was pushed: a dispatch that finds nothing need not lock.
    filled: AtomicBool,
}

impl<T: Event> Sender<T> {
    pub(super) fn new(queue: &Arc<SharedQueue<T>>) -> Self {
        Self { queue: Arc::clone(queue) }
    }

    /// Queues an event for the next dispatch. Once the bus is gone nobody hears it.
    ///
    /// # Errors
    /// When the queue is full and its policy is [`Overflow::Strict`](crate::event::Overflow::Strict).
    pub fn emit(&self, event: T) -> Result<(), QueueFull> {
        self.queue.push(event)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self { queue: Arc::clone(&self.queue) }
    }
}

impl<T> SharedQueue<T> {
    pub fn new(queue: Queue<T>) -> Self {
        Self { queue: Mutex::new(queue), filled: AtomicBool::new(false) }
    }

    /// Queues an event.
    pub fn push(&self, event: T) -> Result<(), QueueFull>
    where
        T: Event,
    {
        let mut queue = self.lock();
        // Under the lock, as it is taken back: a flag that is down means an empty queue to whoever comes after this call.
        self.filled.store(true, Ordering::Release);
        queue.push(event)
    }

    /// Whether anything was pushed since the last call of `lock_filled`.
    pub fn is_filled(&self) -> bool {
        self.filled.load(Ordering::Acquire)
    }

    /// The queue, if anything was pushed since the last call.
    pub fn lock_filled(&self) -> Option<MutexGuard<'_, Queue<T>>> {
        if !self.is_filled() {
            return None;
        }
        let queue = self.lock();
        self.filled.store(false, Ordering::Release);
        Some(queue)
    }

    pub fn lock(&self) -> MutexGuard<'_, Queue<T>> {
        // Nothing that can panic halfway runs under the lock: growing a queue panics before it changes anything.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
