//! A frame by hand, for `vixen::testing`: the commands that the next frame would submit, by bare Vulkan calls alone.

use arrayvec::ArrayVec;
use ash::vk;

use crate::device::DeviceError;
use crate::frame::compiled::CompiledGraph;
use crate::frame::moment::{MAX_OUTPUTS, Moment};
use crate::frame::run::FrameError;
use crate::frame::swapchain::ACQUIRE_STAGE;
use crate::frame::timeline::Timeline;
use crate::memory::Phase;
use crate::testing::frames::watch;

impl CompiledGraph {
    /// What tells the graph from all others of the process.
    pub(crate) fn number_of_graph(&self) -> u64 {
        self.graph
    }

    /// Frames in flight.
    pub(crate) fn frame_slots(&self) -> u32 {
        self.frame_slots
    }

    /// The state of all switches.
    pub(crate) fn switches(&self) -> u32 {
        self.switches
    }

    /// Gives all switches a state.
    pub(crate) fn set_switches(&mut self, switches: u32) {
        self.switches = switches;
    }

    /// Makes pools and the timeline as if no frame had ever run: drivers allocate for the first ones and use that again. Returns
    /// another timeline, for uploads.
    ///
    /// # Errors
    /// When the device is lost.
    pub(crate) fn begin_by_hand(&mut self) -> Result<Timeline, DeviceError> {
        self.timeline.wait(self.number)?;
        self.timeline = Timeline::new(&self.device, self.number)?;
        for slot in 0..self.frame_slots {
            let (pool, flags) = (self.segments.dynamic_pool(slot), vk::CommandPoolResetFlags::RELEASE_RESOURCES);
            // SAFETY: all frames have finished, as waited for above.
            unsafe { self.device.raw().reset_command_pool(pool, flags) }
                .map_err(DeviceError::vulkan("vkResetCommandPool"))?;
        }
        Timeline::new(&self.device, self.number)
    }

    /// Waits for a frame slot, records what is dynamic, submits and presents. `uploads` is the semaphore of a first part of the
    /// submission, as where uploads go along; they are the application's, and so without commands here.
    ///
    /// # Errors
    /// As [`CompiledGraph::frame`].
    pub(crate) fn frame_by_hand(&mut self, uploads: Option<&Timeline>) -> Result<(), FrameError> {
        let _phase = Phase::Execute.enter();
        let _watched = watch::frame(self.graph, self.number);
        let slot = self.wait_for_slot()?;
        if !self.acquire(slot)? {
            return Ok(());
        }
        let images = self.outputs.acquired_images();
        let moment = Moment { slot, frame: self.number, switches: self.switches, images };
        self.record_dynamic(&moment)?;
        self.submit_by_hand(&moment, uploads)?;
        self.number += 1;
        Ok(self.present()?)
    }

    fn submit_by_hand(&self, moment: &Moment, uploads: Option<&Timeline>) -> Result<(), DeviceError> {
        let semaphore = |semaphore| vk::SemaphoreSubmitInfo::default().semaphore(semaphore);
        let mut waits = ArrayVec::<_, MAX_OUTPUTS>::new();
        let mut signals = Vec::with_capacity(1 + MAX_OUTPUTS);
        for output in &self.outputs.items {
            if let (Some(swapchain), Some(image)) = (&output.swapchain, output.image) {
                waits.push(semaphore(swapchain.acquired(moment.slot)).stage_mask(ACQUIRE_STAGE));
                signals.push(semaphore(swapchain.finished(image)).stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS));
            }
        }
        let finished = semaphore(self.timeline.semaphore()).value(self.number + 1);
        signals.push(finished.stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS));
        let commands = self.segments.items().iter().map(|segment| segment.commands(moment));
        let commands: Vec<_> =
            commands.map(|commands| vk::CommandBufferSubmitInfo::default().command_buffer(commands)).collect();
        let submit = vk::SubmitInfo2::default()
            .command_buffer_infos(&commands)
            .wait_semaphore_infos(&waits)
            .signal_semaphore_infos(&signals);
        let uploaded = uploads.map(|uploads| semaphore(uploads.semaphore()).value(self.number + 1));
        let uploaded = uploaded.map(|uploaded| uploaded.stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS));
        let before = vk::SubmitInfo2::default().signal_semaphore_infos(uploaded.as_slice());
        let submits = [before, submit];
        let queue = self.device.main_queue();
        let _held = queue.lock();
        // SAFETY: as in `Submission::submit`, for the same command buffers and semaphores.
        unsafe {
            self.device.raw().queue_submit2(queue.handle, &submits[usize::from(uploads.is_none())..], vk::Fence::null())
        }
        .map_err(DeviceError::vulkan("vkQueueSubmit2"))
    }
}
