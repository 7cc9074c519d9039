//! Queues and their locks.

use std::sync::{Mutex, MutexGuard, PoisonError};

use ash::vk;

/// A queue with the lock that Vulkan's rules ask for.
pub(super) struct Queue {
    handle: vk::Queue,
    family: u32,
    lock: Mutex<State>,
}

/// What the lock guards, beside the queue itself.
#[derive(Debug, Default)]
struct State {
    /// Every submission says that the device is lost.
    #[cfg(feature = "testing")]
    lost: bool,
}

impl Queue {
    pub(super) fn new(handle: vk::Queue, family: u32) -> Self {
        Self { handle, family, lock: Mutex::default() }
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
    lock: &'d Mutex<State>,
}

impl<'d> QueueRef<'d> {
    /// Submits, with the queue locked. Allocates nothing.
    ///
    /// # Safety
    /// `raw` is the queue's device. What is submitted is what `vkQueueSubmit2` allows: recorded commands that are not pending,
    /// or may be pending more than once, and living semaphores whose values rise.
    #[inline]
    pub(crate) unsafe fn submit(
        &self,
        raw: &ash::Device,
        infos: &[vk::SubmitInfo2<'_>],
        fence: vk::Fence,
    ) -> Result<(), vk::Result> {
        let held = self.lock();
        #[cfg(feature = "testing")]
        if held.is_lost() {
            return Err(vk::Result::ERROR_DEVICE_LOST);
        }
        // SAFETY: the queue is locked; the rest is the caller's promise.
        let result = unsafe { raw.queue_submit2(self.handle, infos, fence) };
        drop(held);
        result
    }

    /// Makes every later submission say that the device is lost.
    #[cfg(feature = "testing")]
    pub(super) fn lose(&self) {
        self.lock().0.lost = true;
    }

    /// Waits for the right to submit and to present. Allocates nothing.
    pub fn lock(&self) -> QueueGuard<'d> {
        // A panic between two submissions leaves the queue as good as before.
        QueueGuard(self.lock.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The right to submit and to present, until it is dropped.
#[derive(Debug)]
#[must_use = "the queue is unlocked at once unless the guard is kept"]
pub struct QueueGuard<'d>(
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "held for its drop"))] MutexGuard<'d, State>,
);

impl QueueGuard<'_> {
    /// Whether [`QueueRef::lose`] was called.
    #[cfg(feature = "testing")]
    pub(super) fn is_lost(&self) -> bool {
        self.0.lost
    }
}
