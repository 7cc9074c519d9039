//! A timeline semaphore that counts batches.
//!
//! One thread at a time asks the device, the others make do with what the last answer was. That saves calls, and it keeps the
//! validation layer up to 1.3.239 from crashing: there a thread that learns of a finished batch marks its commands as retired
//! without a lock, while a second one that learns of it may already be recording them anew.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use ash::vk;

use crate::device::{Device, DeviceError, DeviceKind};

/// Twice what a batch of small uploads takes on an H200, where being woken up took 30 to 200 µs more.
const PATIENCE: Duration = Duration::from_micros(50);

/// A timeline semaphore of a device.
pub(super) struct Timeline {
    device: Device,
    semaphore: vk::Semaphore,
    /// The last batch that is known to have finished: stored when the call that told has returned.
    finished: AtomicU64,
    /// Held by the thread that asks.
    asking: Mutex<()>,
    /// How long to look before going to sleep.
    patience: Duration,
}

impl Timeline {
    pub fn new(device: &Device) -> Result<Self, DeviceError> {
        let mut kind = vk::SemaphoreTypeCreateInfo::default().semaphore_type(vk::SemaphoreType::TIMELINE);
        let info = vk::SemaphoreCreateInfo::default().push_next(&mut kind);
        // SAFETY: the device is alive and has timeline semaphores.
        let semaphore = unsafe { device.raw().create_semaphore(&info, device.callbacks()) }
            .map_err(DeviceError::vulkan("vkCreateSemaphore"))?;
        // A software driver needs the processor itself.
        let patience = match device.info().kind {
            DeviceKind::Cpu => Duration::ZERO,
            _ => PATIENCE,
        };
        Ok(Self { device: device.clone(), semaphore, finished: AtomicU64::new(0), asking: Mutex::new(()), patience })
    }

    pub fn semaphore(&self) -> vk::Semaphore {
        self.semaphore
    }

    /// The last batch that has finished, or an earlier one where another thread is about to learn of it.
    pub fn finished(&self) -> Result<u64, DeviceError> {
        let _asking = match self.asking.try_lock() {
            Ok(asking) => asking,
            Err(TryLockError::Poisoned(asking)) => asking.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(self.finished.load(Ordering::Acquire)),
        };
        // SAFETY: the semaphore is alive.
        let finished = unsafe { self.device.raw().get_semaphore_counter_value(self.semaphore) }
            .map_err(DeviceError::vulkan("vkGetSemaphoreCounterValue"))?;
        self.finished.store(finished, Ordering::Release);
        Ok(finished)
    }

    /// Whether a batch has finished. The device is asked only if that is not known.
    pub fn has_finished(&self, batch: u64) -> Result<bool, DeviceError> {
        Ok(self.finished.load(Ordering::Acquire) >= batch || self.finished()? >= batch)
    }

    /// Waits until a batch has finished that was submitted.
    pub fn wait(&self, batch: u64) -> Result<(), DeviceError> {
        while self.finished.load(Ordering::Acquire) < batch {
            let _asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
            // One batch after another, so that nobody who comes later waits for more than he asked for.
            let next = self.finished.load(Ordering::Acquire) + 1;
            if next > batch {
                break;
            }
            if self.spin(next)? {
                continue;
            }
            let (semaphores, values) = ([self.semaphore], [next]);
            let info = vk::SemaphoreWaitInfo::default().semaphores(&semaphores).values(&values);
            // SAFETY: the semaphore is alive.
            unsafe { self.device.raw().wait_semaphores(&info, u64::MAX) }
                .map_err(DeviceError::vulkan("vkWaitSemaphores"))?;
            self.finished.store(next, Ordering::Release);
        }
        Ok(())
    }

    /// Looks for a while whether a batch has finished: being woken up takes longer than most batches.
    fn spin(&self, batch: u64) -> Result<bool, DeviceError> {
        let start = Instant::now();
        while start.elapsed() < self.patience {
            // SAFETY: the semaphore is alive.
            let finished = unsafe { self.device.raw().get_semaphore_counter_value(self.semaphore) }
                .map_err(DeviceError::vulkan("vkGetSemaphoreCounterValue"))?;
            if finished >= batch {
                self.finished.store(finished, Ordering::Release);
                return Ok(true);
            }
            std::hint::spin_loop();
        }
        Ok(false)
    }

    /// To signal a batch, or to wait for it, with everything.
    pub fn at(&self, batch: u64) -> vk::SemaphoreSubmitInfo<'static> {
        vk::SemaphoreSubmitInfo::default()
            .semaphore(self.semaphore)
            .value(batch)
            .stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS)
    }
}

impl Drop for Timeline {
    fn drop(&mut self) {
        // SAFETY: made of this device with these callbacks; its uploader has waited for what signals it.
        unsafe { self.device.raw().destroy_semaphore(self.semaphore, self.device.callbacks()) };
    }
}
