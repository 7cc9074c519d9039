//! Queues and their locks.

use std::sync::{Mutex, MutexGuard, PoisonError};

use ash::vk;

/// A queue with the lock that Vulkan's rules ask for.
pub(super) struct Queue {
    handle: vk::Queue,
    family: u32,
    lock: Mutex<()>,
}

impl Queue {
    pub(super) fn new(handle: vk::Queue, family: u32) -> Self {
        Self { handle, family, lock: Mutex::new(()) }
    }

    pub(super) fn as_ref(&self) -> QueueRef<'_> {
        QueueRef { handle: self.handle, family: self.family, lock: &self.lock }
    }
}

/// A queue of a device.
#[derive(Clone, Copy, Debug)]
pub struct QueueRef<'d> {
    /// The queue. Submit and present only while the guard of [`Self::lock`] lives.
    pub handle: vk::Queue,
    /// Its family.
    pub family: u32,
    lock: &'d Mutex<()>,
}

impl<'d> QueueRef<'d> {
    /// Waits for the right to submit and to present. Allocates nothing.
    pub fn lock(&self) -> QueueGuard<'d> {
        // A panic between two submissions leaves the queue as good as before.
        QueueGuard(self.lock.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The right to submit and to present, until it is dropped.
#[derive(Debug)]
#[must_use = "the queue is unlocked at once unless the guard is kept"]
pub struct QueueGuard<'d>(#[expect(dead_code, reason = "held for its drop")] MutexGuard<'d, ()>);
