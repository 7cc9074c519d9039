//! The frame counter that the CPU and the GPU share.

use std::sync::atomic::{AtomicU64, Ordering};

use ash::vk;

use crate::device::{Device, DeviceError};
use crate::frame::owned::Owned;

/// A timeline semaphore whose value is the number of frames that have finished. What a frame looks at comes first.
#[repr(C)]
pub(crate) struct Timeline {
    /// How many frames are known to have finished, so that nobody asks twice.
    known: AtomicU64,
    semaphore: vk::Semaphore,
    /// The device, and its own function to wait: its table has one of hundreds.
    raw: vk::Device,
    wait: vk::PFN_vkWaitSemaphores,
    device: Device,
    _owner: Owned<vk::Semaphore>,
}

impl Timeline {
    /// A timeline on which this many frames have finished.
    pub fn new(device: &Device, finished: u64) -> Result<Self, DeviceError> {
        let mut kind =
            vk::SemaphoreTypeCreateInfo::default().semaphore_type(vk::SemaphoreType::TIMELINE).initial_value(finished);
        let info = vk::SemaphoreCreateInfo::default().push_next(&mut kind);
        // SAFETY: the device is alive and has timeline semaphores.
        let semaphore = unsafe { device.raw().create_semaphore(&info, device.callbacks()) }
            .map_err(DeviceError::vulkan("vkCreateSemaphore"))?;
        device.set_name(semaphore, "vixen frames");
        Ok(Self {
            known: AtomicU64::new(finished),
            semaphore,
            raw: device.raw().handle(),
            wait: device.raw().fp_v1_2().wait_semaphores,
            device: device.clone(),
            _owner: Owned::new(device, semaphore),
        })
    }

    /// What a frame signals when it has finished as the one of this number, counted from 1.
    #[inline]
    pub fn signal(&self, number: u64) -> vk::SemaphoreSubmitInfo<'static> {
        vk::SemaphoreSubmitInfo::default()
            .semaphore(self.semaphore)
            .value(number)
            .stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS)
    }

    /// How many frames have finished.
    pub fn finished(&self) -> Result<u64, DeviceError> {
        // SAFETY: the semaphore is alive.
        let finished = unsafe { self.device.raw().get_semaphore_counter_value(self.semaphore) }
            .map_err(DeviceError::vulkan("vkGetSemaphoreCounterValue"))?;
        self.note(finished);
        Ok(finished)
    }

    /// Waits until `frames` frames have finished.
    #[inline]
    pub fn wait(&self, frames: u64) -> Result<(), DeviceError> {
        self.try_wait(frames).map_err(failed)
    }

    /// As [`wait`](Self::wait), with an error that says no more than Vulkan.
    #[inline]
    pub fn try_wait(&self, frames: u64) -> Result<(), vk::Result> {
        if frames <= self.known.load(Ordering::Relaxed) {
            return Ok(());
        }
        let (semaphores, values) = ([self.semaphore], [frames]);
        let info = vk::SemaphoreWaitInfo::default().semaphores(&semaphores).values(&values);
        // SAFETY: device and semaphore are alive, since this owns them; `new` took the function from the device's table.
        unsafe { (self.wait)(self.raw, &info, u64::MAX) }.result()?;
        self.note(frames);
        Ok(())
    }

    /// Of two threads at once the smaller number may stay; then somebody asks the device once more.
    fn note(&self, finished: u64) {
        if finished > self.known.load(Ordering::Relaxed) {
            self.known.store(finished, Ordering::Relaxed);
        }
    }
}

/// What a failed wait is.
#[cold]
pub(crate) fn failed(result: vk::Result) -> DeviceError {
    DeviceError::vulkan("vkWaitSemaphores")(result)
}
