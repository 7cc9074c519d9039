//! What a device says about resources before they exist, and resources that get their memory from somewhere else.

use ash::vk;

use super::desc::{BufferDesc, ImageDesc};
use super::error::MemoryError;
use crate::device::DeviceCore;

impl DeviceCore {
    /// What a buffer would need of its memory.
    pub(super) fn buffer_requirements(&self, desc: &BufferDesc<'_>) -> Result<vk::MemoryRequirements, MemoryError> {
        desc.check()?;
        let buffer = desc.create_info();
        let info = vk::DeviceBufferMemoryRequirements::default().create_info(&buffer);
        let mut requirements = vk::MemoryRequirements2::default();
        // SAFETY: the device is alive and of Vulkan 1.3.
        unsafe { self.raw.get_device_buffer_memory_requirements(&info, &mut requirements) };
        Ok(requirements.memory_requirements)
    }

    /// What an image would need of its memory.
    pub(super) fn image_requirements(&self, desc: &ImageDesc<'_>) -> Result<vk::MemoryRequirements, MemoryError> {
        desc.check()?;
        let image = desc.create_info();
        let info = vk::DeviceImageMemoryRequirements::default().create_info(&image);
        let mut requirements = vk::MemoryRequirements2::default();
        // SAFETY: the device is alive and of Vulkan 1.3.
        unsafe { self.raw.get_device_image_memory_requirements(&info, &mut requirements) };
        Ok(requirements.memory_requirements)
    }

    /// Creates a buffer and binds it to memory; destroys it if that fails.
    pub(super) fn bare_buffer(
        &self,
        desc: &BufferDesc<'_>,
        bind: impl FnOnce(vk::Buffer) -> Result<(), vk::Result>,
    ) -> Result<vk::Buffer, MemoryError> {
        let error = |call| move |result| MemoryError::from_result(result, call, desc.name, desc.size, desc.usage);
        // SAFETY: the device is alive, and the allocators check descriptions.
        let handle = unsafe { self.raw.create_buffer(&desc.create_info(), self.callbacks()) }
            .map_err(error("vkCreateBuffer"))?;
        bind(handle).map_err(error("vkBindBufferMemory")).inspect_err(|_| {
            // SAFETY: the buffer was made above with these callbacks, and nobody else knows it.
            unsafe { self.raw.destroy_buffer(handle, self.callbacks()) };
        })?;
        Ok(handle)
    }

    /// Creates an image and binds it to memory; destroys it if that fails.
    pub(super) fn bare_image(
        &self,
        desc: &ImageDesc<'_>,
        bind: impl FnOnce(vk::Image) -> Result<(), vk::Result>,
    ) -> Result<vk::Image, MemoryError> {
        let error = |call| move |result| MemoryError::from_result(result, call, desc.name, 0, desc.usage);
        // SAFETY: the device is alive, and the allocators check descriptions.
        let handle =
            unsafe { self.raw.create_image(&desc.create_info(), self.callbacks()) }.map_err(error("vkCreateImage"))?;
        bind(handle).map_err(error("vkBindImageMemory")).inspect_err(|_| {
            // SAFETY: the image was made above with these callbacks, and nobody else knows it.
            unsafe { self.raw.destroy_image(handle, self.callbacks()) };
        })?;
        Ok(handle)
    }

    /// The address of a buffer that was made, bound, and has the usage for it.
    pub(super) fn buffer_address(&self, buffer: vk::Buffer) -> vk::DeviceAddress {
        let info = vk::BufferDeviceAddressInfo::default().buffer(buffer);
        // SAFETY: the allocators call this only for a buffer as described.
        unsafe { self.raw.get_buffer_device_address(&info) }
    }
}
