//! A command buffer with its pool.

use ash::vk;

use crate::device::{Device, DeviceError};

/// A command buffer with its pool.
pub(super) struct Commands {
    device: Device,
    pool: vk::CommandPool,
    pub buffer: vk::CommandBuffer,
}

impl Commands {
    pub fn new(device: &Device, family: u32) -> Result<Self, DeviceError> {
        let (raw, device) = (device.raw(), device.clone());
        let info = vk::CommandPoolCreateInfo::default()
            .flags(vk::CommandPoolCreateFlags::TRANSIENT)
            .queue_family_index(family);
        // SAFETY: the device is alive and has the family.
        let pool = unsafe { raw.create_command_pool(&info, device.callbacks()) }
            .map_err(DeviceError::vulkan("vkCreateCommandPool"))?;
        // Owned from here on: whatever fails below frees it.
        let mut commands = Self { device: device.clone(), pool, buffer: vk::CommandBuffer::null() };
        let info = vk::CommandBufferAllocateInfo::default()
            .command_pool(pool)
            .level(vk::CommandBufferLevel::PRIMARY)
            .command_buffer_count(1);
        // SAFETY: the pool was made above and nobody else knows it.
        commands.buffer =
            unsafe { raw.allocate_command_buffers(&info) }.map_err(DeviceError::vulkan("vkAllocateCommandBuffers"))?[0];
        Ok(commands)
    }

    /// Begins to record anew.
    pub fn begin(&self, flags: vk::CommandBufferUsageFlags) -> Result<(), DeviceError> {
        let begin = vk::CommandBufferBeginInfo::default().flags(flags);
        let raw = self.device.raw();
        // SAFETY: the uploader has waited for the batch that used them last. The pool keeps its memory.
        unsafe { raw.reset_command_pool(self.pool, vk::CommandPoolResetFlags::empty()) }
            .map_err(DeviceError::vulkan("vkResetCommandPool"))?;
        // SAFETY: the buffer has been reset with its pool.
        unsafe { raw.begin_command_buffer(self.buffer, &begin) }.map_err(DeviceError::vulkan("vkBeginCommandBuffer"))
    }

    pub fn end(&self) -> Result<(), DeviceError> {
        // SAFETY: recording began in `begin`.
        unsafe { self.device.raw().end_command_buffer(self.buffer) }.map_err(DeviceError::vulkan("vkEndCommandBuffer"))
    }

    pub fn barrier(&self, memory: &[vk::MemoryBarrier2<'_>], buffers: &[vk::BufferMemoryBarrier2<'_>]) {
        if memory.is_empty() && buffers.is_empty() {
            return;
        }
        let info = vk::DependencyInfo::default().memory_barriers(memory).buffer_memory_barriers(buffers);
        // SAFETY: recording began in `begin`, and there is no rendering scope; the buffers are alive.
        unsafe { self.device.raw().cmd_pipeline_barrier2(self.buffer, &info) };
    }
}

impl Drop for Commands {
    fn drop(&mut self) {
        // SAFETY: made of this device with these callbacks; the uploader has waited for its last batch.
        unsafe { self.device.raw().destroy_command_pool(self.pool, self.device.callbacks()) };
    }
}
