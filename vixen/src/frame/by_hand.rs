//! A frame by hand, for `vixen::testing`: the commands that the next frame would submit, by bare Vulkan calls alone.

use arrayvec::ArrayVec;
use ash::vk;

use crate::device::DeviceError;
use crate::frame::compiled::CompiledGraph;
use crate::frame::moment::{MAX_OUTPUTS, Moment};
use crate::frame::run::FrameError;
use crate::frame::run::swapchain::ACQUIRE_STAGE;
use crate::frame::run::timeline::Timeline;
use crate::memory::Phase;
use crate::testing::frames::watch;

/// What frames by hand need beside the graph.
pub(crate) struct ByHand {
    /// One for each segment.
    commands: Vec<vk::CommandBufferSubmitInfo<'static>>,
    uploads: Timeline,
}

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

    /// Makes pools, timeline and swapchains as if no frame had ever run: drivers allocate for the first ones and use that again.
    ///
    /// # Errors
    /// When the device is lost.
    pub(crate) fn begin_by_hand(&mut self) -> Result<ByHand, DeviceError> {
        self.timeline.wait(self.number)?;
        self.timeline = Timeline::new(&self.device, self.number)?;
        self.outputs.items.iter_mut().for_each(|output| output.stale = output.swapchain.is_some());
        for pool in self.segments.dynamic_pools() {
            let flags = vk::CommandPoolResetFlags::RELEASE_RESOURCES;
            // SAFETY: all frames have finished, as waited for above.
            unsafe { self.device.raw().reset_command_pool(pool, flags) }
                .map_err(DeviceError::vulkan("vkResetCommandPool"))?;
        }
        let commands = vec![vk::CommandBufferSubmitInfo::default(); self.segments.items().len()];
        Ok(ByHand { commands, uploads: Timeline::new(&self.device, self.number)? })
    }

    /// Waits for a frame slot, records what is dynamic, submits and presents. With `uploads` the submission has a first
    /// part, as where uploads go along; they are the application's, and so without commands here.
    ///
    /// # Errors
    /// As [`CompiledGraph::frame`].
    pub(crate) fn frame_by_hand(&mut self, by_hand: &mut ByHand, uploads: bool) -> Result<(), FrameError> {
        let _phase = Phase::Execute.enter();
        let _watched = watch::frame(self.graph, self.number);
        let slot = self.wait_for_slot()?;
        self.take_back();
        if !self.acquire(slot)? {
            return Ok(());
        }
        let images = self.outputs.acquired_images();
        let moment = Moment { slot, frame: self.number, switches: self.switches, images };
        if self.chores.dynamic {
            self.record_dynamic(&moment)?;
        }
        self.submit_by_hand(&moment, by_hand, uploads)?;
        self.next_frame();
        Ok(self.present()?)
    }

    fn submit_by_hand(&self, moment: &Moment, by_hand: &mut ByHand, uploads: bool) -> Result<(), DeviceError> {
        let semaphore = |semaphore| vk::SemaphoreSubmitInfo::default().semaphore(semaphore);
        let mut waits = ArrayVec::<_, MAX_OUTPUTS>::new();
        let mut signals = ArrayVec::<_, { MAX_OUTPUTS + 1 }>::new();
        for output in &self.outputs.items {
            if let (Some(swapchain), Some(image)) = (&output.swapchain, output.image) {
                waits.push(semaphore(swapchain.acquired(moment.slot)).stage_mask(ACQUIRE_STAGE));
                signals.push(semaphore(swapchain.finished(image)).stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS));
            }
        }
        signals.push(self.timeline.signal(self.number + 1));
        for (info, segment) in by_hand.commands.iter_mut().zip(self.segments.items()) {
            info.command_buffer = segment.commands(moment);
        }
        let submit = vk::SubmitInfo2::default()
            .command_buffer_infos(&by_hand.commands)
            .wait_semaphore_infos(&waits)
            .signal_semaphore_infos(&signals);
        let uploaded = [by_hand.uploads.signal(self.number + 1)];
        let before = vk::SubmitInfo2::default().signal_semaphore_infos(&uploaded);
        let submits = [before, submit];
        let queue = self.device.main_queue();
        let _held = queue.lock();
        // SAFETY: as in `Submission::submit`, for the same command buffers and semaphores.
        unsafe { self.device.raw().queue_submit2(queue.handle, &submits[usize::from(!uploads)..], vk::Fence::null()) }
            .map_err(DeviceError::vulkan("vkQueueSubmit2"))
    }
}
