//! Queues and their locks.

#[cfg(feature = "testing")]
use std::sync::atomic::{AtomicBool, Ordering};

use ash::vk;

use super::lock::{Held, Lock};

/// A queue with the lock that Vulkan's rules ask for. What a submission reads is side by side.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Queue {
    /// The device's own function, kept beside the queue: the device's table has hundreds, and would be another cache line.
    submit: vk::PFN_vkQueueSubmit2,
    handle: vk::Queue,
    family: u32,
    /// Every submission says that the device is lost.
    #[cfg(feature = "testing")]
    lost: AtomicBool,
    lock: Lock,
}

impl Queue {
    /// A queue of a device of Vulkan 1.3.
    pub(super) fn new(raw: &ash::Device, handle: vk::Queue, family: u32) -> Self {
        let submit = raw.fp_v1_3().queue_submit2;
        Self {
            submit,
            handle,
            family,
            #[cfg(feature = "testing")]
            lost: AtomicBool::new(false),
            lock: Lock::default(),
        }
    }

    #[inline]
    pub(super) fn as_ref(&self) -> QueueRef<'_> {
        QueueRef { handle: self.handle, family: self.family, queue: self }
    }

    /// Whether [`QueueRef::lose`] was called.
    #[cfg(feature = "testing")]
    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }
}

/// A queue of a device.
#[derive(Clone, Copy, Debug)]
pub struct QueueRef<'d> {
    /// The queue. Submit and present only while the guard of [`Self::lock`] lives.
    pub handle: vk::Queue,
    /// Its family.
    pub family: u32,
    queue: &'d Queue,
}

impl<'d> QueueRef<'d> {
    /// Submits, with the queue locked. Allocates nothing.
    ///
    /// # Safety
    /// What is submitted is what `vkQueueSubmit2` allows: recorded commands that are not pending,
    /// or may be pending more than once, and living semaphores whose values rise.
    #[inline]
    pub(crate) unsafe fn submit(&self, infos: &[vk::SubmitInfo2<'_>], fence: vk::Fence) -> Result<(), vk::Result> {
        // SAFETY: the caller's promise.
        unsafe { self.submit_and(infos, fence, || ()) }
    }

    /// Submits, and calls for what is to be done while no other thread submits.
    ///
    /// # Safety
    /// As [`submit`](Self::submit).
    #[inline]
    pub(crate) unsafe fn submit_and(
        &self,
        infos: &[vk::SubmitInfo2<'_>],
        fence: vk::Fence,
        then: impl FnOnce(),
    ) -> Result<(), vk::Result> {
        let _held = self.lock();
        #[cfg(feature = "testing")]
        if self.queue.is_lost() {
            return Err(vk::Result::ERROR_DEVICE_LOST);
        }
        // SAFETY: `new` took the function from the table of the queue's device, which lives while this borrows from it; the slice
        // has as many structures as are counted; the queue is locked, and the rest is the caller's promise.
        unsafe { (self.queue.submit)(self.handle, infos.len() as u32, infos.as_ptr(), fence) }.result()?;
        then();
        Ok(())
    }

    /// Makes every later submission say that the device is lost.
    #[cfg(feature = "testing")]
    pub(super) fn lose(&self) {
        self.queue.lost.store(true, Ordering::Relaxed);
    }

    /// Waits for the right to submit and to present. Allocates nothing.
    #[inline]
    pub fn lock(&self) -> QueueGuard<'d> {
        QueueGuard(self.queue.lock.lock())
    }
}

/// The right to submit and to present, until it is dropped.
#[derive(Debug)]
#[must_use = "the queue is unlocked at once unless the guard is kept"]
pub struct QueueGuard<'d>(#[expect(dead_code, reason = "held for its drop")] Held<'d>);
