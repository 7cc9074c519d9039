//! Commands that are recorded, run and forgotten: for setting up and compiling, never in a frame.

use ash::vk;

use super::{Device, DeviceError};

impl Device {
    /// Records commands, submits them to the main queue and waits until they are done.
    ///
    /// The commands run after everything that was submitted before has *started*; the closure records the barriers that it
    /// needs, as anywhere else.
    pub fn submit_once(&self, record: impl FnOnce(vk::CommandBuffer)) -> Result<(), DeviceError> {
        let once = Once::new(self)?;
        let (raw, commands) = (self.raw(), once.commands);
        let begin = vk::CommandBufferBeginInfo::default().flags(vk::CommandBufferUsageFlags::ONE_TIME_SUBMIT);
        // SAFETY: the command buffer is new, of a pool that nobody else knows, and not yet recording.
        unsafe { raw.begin_command_buffer(commands, &begin) }.map_err(DeviceError::vulkan("vkBeginCommandBuffer"))?;
        record(commands);
        // SAFETY: recording began above.
        unsafe { raw.end_command_buffer(commands) }.map_err(DeviceError::vulkan("vkEndCommandBuffer"))?;

        let buffers = [vk::CommandBufferSubmitInfo::default().command_buffer(commands)];
        let submit = [vk::SubmitInfo2::default().command_buffer_infos(&buffers)];
        // SAFETY: the commands are recorded, and the fence is new and unsignalled.
        unsafe { self.main_queue().submit(&submit, once.fence) }.map_err(DeviceError::vulkan("vkQueueSubmit2"))?;
        // SAFETY: the fence is alive and was submitted above.
        unsafe { raw.wait_for_fences(&[once.fence], true, u64::MAX) }.map_err(|result| {
            // The caller may free what the commands use as soon as this returns, so wait by other means. A lost device has
            // nothing left to wait for.
            let _ = self.wait_idle();
            DeviceError::vulkan("vkWaitForFences")(result)
        })
    }
}

/// A pool with one command buffer, and a fence; destroyed when dropped.
struct Once<'d> {
    device: &'d Device,
    pool: vk::CommandPool,
    commands: vk::CommandBuffer,
    fence: vk::Fence,
}

impl<'d> Once<'d> {
    fn new(device: &'d Device) -> Result<Self, DeviceError> {
        let mut once = Self {
            device,
            pool: vk::CommandPool::null(),
            commands: vk::CommandBuffer::null(),
            fence: vk::Fence::null(),
        };
        let raw = device.raw();
        let pool = vk::CommandPoolCreateInfo::default()
            .flags(vk::CommandPoolCreateFlags::TRANSIENT)
            .queue_family_index(device.main_queue().family);
        // SAFETY: the device is alive and the family is one of its own.
        once.pool = unsafe { raw.create_command_pool(&pool, device.callbacks()) }
            .map_err(DeviceError::vulkan("vkCreateCommandPool"))?;
        let buffers = vk::CommandBufferAllocateInfo::default()
            .command_pool(once.pool)
            .level(vk::CommandBufferLevel::PRIMARY)
            .command_buffer_count(1);
        // SAFETY: the pool was made above and nobody else knows it.
        once.commands = unsafe { raw.allocate_command_buffers(&buffers) }
            .map_err(DeviceError::vulkan("vkAllocateCommandBuffers"))?[0];
        // SAFETY: the device is alive.
        once.fence = unsafe { raw.create_fence(&vk::FenceCreateInfo::default(), device.callbacks()) }
            .map_err(DeviceError::vulkan("vkCreateFence"))?;
        Ok(once)
    }
}

impl Drop for Once<'_> {
    fn drop(&mut self) {
        // SAFETY: both are null or were made from this device with these callbacks. The commands were never submitted, or
        // they are done, or the device is lost, after which its objects may be destroyed.
        unsafe {
            self.device.raw().destroy_fence(self.fence, self.device.callbacks());
            self.device.raw().destroy_command_pool(self.pool, self.device.callbacks());
        }
    }
}
