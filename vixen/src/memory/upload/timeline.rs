//! A timeline semaphore that counts batches.

use ash::vk;

use crate::device::{Device, DeviceError};

/// A timeline semaphore of a device.
pub(super) struct Timeline {
    device: Device,
    semaphore: vk::Semaphore,
}

impl Timeline {
    pub fn new(device: &Device) -> Result<Self, DeviceError> {
        let mut kind = vk::SemaphoreTypeCreateInfo::default().semaphore_type(vk::SemaphoreType::TIMELINE);
        let info = vk::SemaphoreCreateInfo::default().push_next(&mut kind);
        // SAFETY: the device is alive and has timeline semaphores.
        let semaphore = unsafe { device.raw().create_semaphore(&info, device.callbacks()) }
            .map_err(DeviceError::vulkan("vkCreateSemaphore"))?;
        Ok(Self { device: device.clone(), semaphore })
    }

    pub fn semaphore(&self) -> vk::Semaphore {
        self.semaphore
    }

    /// The last batch that has finished.
    pub fn finished(&self) -> Result<u64, DeviceError> {
        // SAFETY: the semaphore is alive.
        unsafe { self.device.raw().get_semaphore_counter_value(self.semaphore) }
            .map_err(DeviceError::vulkan("vkGetSemaphoreCounterValue"))
    }

    /// Waits until a batch has finished that was submitted.
    pub fn wait(&self, batch: u64) -> Result<(), DeviceError> {
        let (semaphores, values) = ([self.semaphore], [batch]);
        let info = vk::SemaphoreWaitInfo::default().semaphores(&semaphores).values(&values);
        // SAFETY: the semaphore is alive.
        unsafe { self.device.raw().wait_semaphores(&info, u64::MAX) }.map_err(DeviceError::vulkan("vkWaitSemaphores"))
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
