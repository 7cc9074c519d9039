//! What a frame submits, in containers that are as large as it can get.

use ash::vk;

use crate::device::{Device, DeviceError};
use crate::frame::moment::Moment;
use crate::frame::record::segment::Segments;
use crate::memory::UploadBatch;

/// Command buffers and semaphores of the next frame. What every frame has is in its place from the start, and comes first.
#[repr(C)]
pub(crate) struct Submission {
    /// Segments × frame slots, those of a slot together.
    commands: Vec<vk::CommandBufferSubmitInfo<'static>>,
    segments: usize,
    /// The frame's own timeline, the application's, the windows'.
    signals: Vec<vk::SemaphoreSubmitInfo<'static>>,
    /// The application's, then the windows'.
    waits: Vec<vk::SemaphoreSubmitInfo<'static>>,
    /// How many there are before the windows'.
    kept_signals: usize,
    kept_waits: usize,
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
    /// Room for the command buffers of this many segments in each frame slot, and for windows.
    pub fn new(segments: usize, frame_slots: u32, windows: usize) -> Self {
        let mut signals = Vec::with_capacity(1 + SEMAPHORES + windows);
        signals.push(vk::SemaphoreSubmitInfo::default());
        Self {
            commands: vec![vk::CommandBufferSubmitInfo::default(); segments * frame_slots as usize],
            segments,
            signals,
            waits: Vec::with_capacity(SEMAPHORES + windows),
            kept_signals: 1,
            kept_waits: 0,
            windows,
        }
    }

    /// Lets the next frame wait for a semaphore of the application.
    pub fn wait_for(&mut self, semaphore: vk::Semaphore, value: u64, stages: vk::PipelineStageFlags2) {
        self.forget_windows();
        self.waits.push(info(semaphore, value, stages));
        self.waits.reserve(self.windows);
        self.kept_waits += 1;
    }

    /// Lets the next frame signal a semaphore of the application.
    pub fn signal_after(&mut self, semaphore: vk::Semaphore, value: u64) {
        self.forget_windows();
        self.signals.push(info(semaphore, value, vk::PipelineStageFlags2::ALL_COMMANDS));
        self.signals.reserve(self.windows);
        self.kept_signals += 1;
    }

    /// Puts the command buffers of all segments in their places; segments that vary within a slot get theirs in each frame.
    pub fn fill(&mut self, segments: &Segments) {
        for (at, info) in self.commands.iter_mut().enumerate() {
            let moment = Moment { slot: (at / self.segments) as u32, ..Moment::default() };
            info.command_buffer = segments.items()[at % self.segments].commands(&moment);
        }
    }

    /// Starts a frame, which signals `finished` when everything has finished. The application's semaphores stay, including those left
    /// by a frame that failed.
    pub fn begin(&mut self, finished: vk::SemaphoreSubmitInfo<'static>) {
        self.signals[0] = finished;
        self.forget_windows();
    }

    /// Puts another command buffer in the place of a segment.
    pub fn set(&mut self, slot: u32, segment: usize, commands: vk::CommandBuffer) {
        self.commands[slot as usize * self.segments + segment].command_buffer = commands;
    }

    /// Adds a window: the frame waits for its image, and signals that it is done with it.
    pub fn window(&mut self, acquired: vk::Semaphore, stages: vk::PipelineStageFlags2, finished: vk::Semaphore) {
        self.waits.push(info(acquired, 0, stages));
        self.signals.push(info(finished, 0, vk::PipelineStageFlags2::ALL_COMMANDS));
    }

    fn forget_windows(&mut self) {
        self.waits.truncate(self.kept_waits);
        self.signals.truncate(self.kept_signals);
    }

    /// Forgets the application's semaphores, which are for one frame, and the windows'.
    pub fn forget_semaphores(&mut self) {
        (self.kept_waits, self.kept_signals) = (0, 1);
        self.forget_windows();
    }

    /// Submits the command buffers of a slot to the main queue, and nothing else, and ends the frame for the device's memory.
    #[inline]
    pub fn submit_and_end(
        &self,
        device: &Device,
        slot: u32,
        finished: &[vk::SemaphoreSubmitInfo<'static>],
    ) -> Result<(), vk::Result> {
        let commands = self.commands(slot);
        // Spelt out: from one builder to the next it would be copied.
        let frame = vk::SubmitInfo2 {
            command_buffer_info_count: commands.len() as u32,
            p_command_buffer_infos: commands.as_ptr(),
            signal_semaphore_info_count: finished.len() as u32,
            p_signal_semaphore_infos: finished.as_ptr(),
            ..vk::SubmitInfo2::default()
        };
        self.submit_infos(device, std::slice::from_ref(&frame), || device.budget().end_submitted_frame())
    }

    /// Submits everything to the main queue, in one call, uploads before the frame that is to see them.
    pub fn submit_all(&self, device: &Device, slot: u32, uploads: Option<UploadBatch<'_>>) -> Result<(), DeviceError> {
        let frame = vk::SubmitInfo2::default().command_buffer_infos(self.commands(slot));
        let frame = frame.wait_semaphore_infos(&self.waits).signal_semaphore_infos(&self.signals);
        let result = match uploads {
            None => self.submit_infos(device, &[frame], || ()),
            Some(uploads) => {
                let result = self.submit_infos(device, &[uploads.info(), frame], || ());
                uploads.submitted(result);
                result
            }
        };
        result.map_err(failed)
    }

    #[inline]
    fn commands(&self, slot: u32) -> &[vk::CommandBufferSubmitInfo<'static>] {
        &self.commands[slot as usize * self.segments..][..self.segments]
    }

    /// Submits, and calls for what is to be done while no other thread submits.
    #[inline]
    fn submit_infos(
        &self,
        device: &Device,
        infos: &[vk::SubmitInfo2<'_>],
        then: impl FnOnce(),
    ) -> Result<(), vk::Result> {
        // SAFETY: every command buffer is recorded; those of the frame's slot are not pending, since `frame` waited for it, and
        // shared ones allow simultaneous use. The graph's semaphores are alive, and its timeline's value rises; for the
        // application's semaphores it has promised the same, and uploads are as `UploadBatch` makes them.
        unsafe { device.main_queue().submit_and(infos, vk::Fence::null(), then) }
    }
}

/// What a failed submission is.
#[cold]
pub(crate) fn failed(result: vk::Result) -> DeviceError {
    DeviceError::vulkan("vkQueueSubmit2")(result)
}

fn info(semaphore: vk::Semaphore, value: u64, stages: vk::PipelineStageFlags2) -> vk::SemaphoreSubmitInfo<'static> {
    vk::SemaphoreSubmitInfo::default().semaphore(semaphore).value(value).stage_mask(stages)
}
