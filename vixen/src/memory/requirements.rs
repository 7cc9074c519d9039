//! What a device says about resources before and after they exist.

use ash::vk;

use super::allocator::{BufferDesc, ImageDesc};
use super::error::MemoryError;
use crate::device::DeviceCore;

impl DeviceCore {
    /// The bytes that a buffer would take.
    pub(super) fn buffer_bytes(&self, desc: &BufferDesc<'_>) -> Result<u64, MemoryError> {
        desc.check()?;
        let buffer = desc.create_info();
        let info = vk::DeviceBufferMemoryRequirements::default().create_info(&buffer);
        let mut requirements = vk::MemoryRequirements2::default();
        // SAFETY: the device is alive and of Vulkan 1.3.
        unsafe {
            self.raw
                .get_device_buffer_memory_requirements(&info, &mut requirements)
        };
        Ok(requirements.memory_requirements.size)
    }

    /// The bytes that an image would take.
    pub(super) fn image_bytes(&self, desc: &ImageDesc<'_>) -> Result<u64, MemoryError> {
        desc.check()?;
        let image = desc.create_info();
        let info = vk::DeviceImageMemoryRequirements::default().create_info(&image);
        let mut requirements = vk::MemoryRequirements2::default();
        // SAFETY: the device is alive and of Vulkan 1.3.
        unsafe {
            self.raw
                .get_device_image_memory_requirements(&info, &mut requirements)
        };
        Ok(requirements.memory_requirements.size)
    }

    /// The address of a buffer that was made, bound, and has the usage for it.
    pub(super) fn buffer_address(&self, buffer: vk::Buffer) -> vk::DeviceAddress {
        let info = vk::BufferDeviceAddressInfo::default().buffer(buffer);
        // SAFETY: the allocators call this only for a buffer as described.
        unsafe { self.raw.get_buffer_device_address(&info) }
    }
}
