//! What a frame submits, in containers that are as large as it can get.

use ash::vk;

use crate::device::{Device, DeviceError};
use crate::memory::UploadBatch;

/// Command buffers and semaphores of the next frame.
#[derive(Default)]
pub(crate) struct Submission {
    commands: Vec<vk::CommandBufferSubmitInfo<'static>>,
    /// The application's first, then the frame's own.
    waits: Vec<vk::SemaphoreSubmitInfo<'static>>,
    signals: Vec<vk::SemaphoreSubmitInfo<'static>>,
    /// How many of each are the application's.
    own_waits: usize,
    own_signals: usize,
    windows: usize,
}

// SAFETY: it is not `Send` by itself only because of `p_next`, which is null in all of its structures: they are built here
// from handles and numbers alone.
unsafe impl Send for Submission {}
// SAFETY: as above, and no method changes anything through a shared reference.
unsafe impl Sync for Submission {}

/// Semaphores of the application for which there is room from the start.
const SEMAPHORES: usize = 16;

impl Submission {
    /// Room for this many command buffers and windows.
    pub fn new(segments: usize, windows: usize) -> Self {
        Self {
            commands: Vec::with_capacity(segments),
            waits: Vec::with_capacity(SEMAPHORES + windows),
            signals: Vec::with_capacity(SEMAPHORES + windows + 1),
            windows,
            ..Self::default()
        }
    }

    /// Lets the next frame wait for a semaphore of the application.
    pub fn wait_for(&mut self, semaphore: vk::Semaphore, value: u64, stages: vk::PipelineStageFlags2) {
        self.begin();
        self.waits.push(info(semaphore, value, stages));
        self.waits.reserve(self.windows);
        self.own_waits += 1;
    }

    /// Lets the next frame signal a semaphore of the application.
    pub fn signal_after(&mut self, semaphore: vk::Semaphore, value: u64) {
        self.begin();
        self.signals.push(info(semaphore, value, vk::PipelineStageFlags2::ALL_COMMANDS));
        self.signals.reserve(self.windows + 1);
        self.own_signals += 1;
    }

    /// Starts a frame: only the application's semaphores stay, which a frame that failed has left too.
    pub fn begin(&mut self) {
        self.commands.clear();
        self.waits.truncate(self.own_waits);
        self.signals.truncate(self.own_signals);
    }

    /// Adds a command buffer.
    pub fn command(&mut self, commands: vk::CommandBuffer) {
        self.commands.push(vk::CommandBufferSubmitInfo::default().command_buffer(commands));
    }

    /// Adds a semaphore of the frame to wait for.
    pub fn wait(&mut self, semaphore: vk::Semaphore, stages: vk::PipelineStageFlags2) {
        self.waits.push(info(semaphore, 0, stages));
    }

    /// Adds a semaphore of the frame to signal; `value` counts for a timeline.
    pub fn signal(&mut self, semaphore: vk::Semaphore, value: u64) {
        self.signals.push(info(semaphore, value, vk::PipelineStageFlags2::ALL_COMMANDS));
    }

    /// Submits everything to the main queue, in one call, uploads before the frame that is to see them.
    pub fn submit(&mut self, device: &Device, uploads: Option<UploadBatch<'_>>) -> Result<(), DeviceError> {
        let frame = vk::SubmitInfo2::default()
            .command_buffer_infos(&self.commands)
            .wait_semaphore_infos(&self.waits)
            .signal_semaphore_infos(&self.signals);
        let before = uploads.as_ref().map(UploadBatch::info);
        let infos = [before.unwrap_or_default(), frame];
        let infos = if before.is_some() { &infos[..] } else { &infos[1..] };
        // SAFETY: every command buffer is recorded; those of the frame's slot are not pending, since `frame` waited for it, and
        // shared ones allow simultaneous use. The graph's semaphores are alive, and its timeline's value rises; for the
        // application's semaphores it has promised the same.
        let result = unsafe { device.main_queue().submit(device.raw(), infos, vk::Fence::null()) };
        if let Some(uploads) = uploads {
            uploads.submitted(result);
        }
        result.map_err(DeviceError::vulkan("vkQueueSubmit2"))?;
        (self.own_waits, self.own_signals) = (0, 0);
        Ok(())
    }
}

fn info(semaphore: vk::Semaphore, value: u64, stages: vk::PipelineStageFlags2) -> vk::SemaphoreSubmitInfo<'static> {
    vk::SemaphoreSubmitInfo::default().semaphore(semaphore).value(value).stage_mask(stages)
}
