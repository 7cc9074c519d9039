//! A frame: wait for its slot, run host nodes, record what is dynamic, submit, present. Nothing here allocates.

pub(super) mod chores;
pub(super) mod events;
pub(super) mod frame_info;
pub(super) mod params;
pub(super) mod submission;
pub(super) mod swapchain;
pub(super) mod timeline;
pub(super) mod timing;
mod uploads;

use std::time::Instant;

use ash::vk;

use crate::device::DeviceError;
use crate::frame::compiled::CompiledGraph;
use crate::frame::moment::{MAX_OUTPUTS, Moment};
use crate::frame::record::context::{RecordContext, Work};
use crate::frame::run::frame_info::FrameInfo;
use crate::frame::run::swapchain::ACQUIRE_STAGE;
use crate::frame::watched;
use crate::graph::CompileError;
use crate::memory::Phase;

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameOutcome {
    /// It was submitted; the number counts from 0 since compile.
    Submitted(u64),
    /// A window has no size, as while it is minimised, so there was nothing to draw to.
    Minimised,
}

/// Why a frame failed.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A call of the device failed.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// Making anew what follows a new size, or something that was replaced, failed.
    #[error("the graph could not follow a change: {0}")]
    Resize(#[from] CompileError),
    /// A dynamic node recorded a command that cannot be.
    #[error("{0}")]
    Record(CompileError),
}

crate::debug_as_display!(FrameError);

impl From<DeviceError> for Box<FrameError> {
    #[cold]
    fn from(error: DeviceError) -> Self {
        Self::new(error.into())
    }
}

impl FrameError {
    /// Whether the device stopped working: everything on it is lost, and has to be made anew on another.
    pub fn is_device_lost(&self) -> bool {
        match self {
            Self::Device(error) | Self::Resize(CompileError::Device(error)) => error.is_device_lost(),
            _ => false,
        }
    }
}

impl CompiledGraph {
    /// Runs one frame: waits for its slot, runs host nodes, records dynamic segments, submits, presents.
    ///
    /// A window that changed its size or lost its swapchain is followed first; that is a recompile of what it touches.
    ///
    /// # Errors
    /// When a call of the device fails, or when the resources of a new size cannot be made. A frame that failed was not
    /// submitted, unless presenting failed; the next one tries again.
    pub fn frame(&mut self) -> Result<FrameOutcome, FrameError> {
        self.try_frame().map_err(|error| {
            self.failed(&error);
            *error
        })
    }

    /// Waits until the next frame can begin, for which [`frame`](Self::frame) would wait first. After this, [`read`](Self::read) has what
    /// the newest finished frame copied, even where the device is always behind.
    ///
    /// # Errors
    /// When the device is lost.
    pub fn wait_for_turn(&mut self) -> Result<(), DeviceError> {
        self.wait_for_slot().map(drop)
    }

    #[cold]
    fn failed(&mut self, error: &FrameError) {
        if error.is_device_lost() {
            self.events.device_lost(self.number);
        }
    }

    /// The error is boxed so that a frame without one need not make room for it, in memory or in code.
    #[inline]
    fn try_frame(&mut self) -> Result<FrameOutcome, Box<FrameError>> {
        if self.chores.any() {
            return self.busy_frame();
        }
        // This is all that an unchanged frame does.
        let slot = self.slot;
        self.timeline.try_wait(self.finished_by_now()).map_err(not_waited)?;
        self.params.write(&self.resources, slot)?;
        let finished = [self.timeline.signal(self.number + 1)];
        self.submission.submit_and_end(&self.device, slot, &finished).map_err(not_submitted)?;
        self.next_frame();
        Ok(FrameOutcome::Submitted(self.number - 1))
    }

    /// A frame that has more to look after.
    #[inline(never)]
    fn busy_frame(&mut self) -> Result<FrameOutcome, Box<FrameError>> {
        let _phase = Phase::Execute.enter();
        let slot = self.wait_for_slot()?;
        self.take_back();
        if self.chores.follow && !self.acquire(slot)? {
            self.events.no_frame();
            return Ok(FrameOutcome::Minimised);
        }
        let (number, windows) = (self.number, self.chores.windows);
        let images = if windows { self.outputs.acquired_images() } else { [0; MAX_OUTPUTS] };
        let moment = Moment { slot, frame: number, switches: self.switches, images };
        self.params.write(&self.resources, slot)?;
        if self.chores.events {
            self.events.begin_frame(number);
        }
        if self.chores.hosts {
            self.run_hosts(&moment);
        }
        if self.chores.dynamic {
            self.record_dynamic(&moment)?;
        }
        self.submit(&moment)?;
        if self.chores.events {
            self.events.end_frame(number);
        }
        let outcome = self.end_frame();
        if windows {
            self.present()?;
        }
        Ok(outcome)
    }

    #[inline]
    fn end_frame(&mut self) -> FrameOutcome {
        self.device.budget().end_frame();
        self.next_frame();
        FrameOutcome::Submitted(self.number - 1)
    }

    #[inline]
    pub(in crate::frame) fn next_frame(&mut self) {
        self.number += 1;
        self.slot = if self.slot + 1 == self.frame_slots { 0 } else { self.slot + 1 };
    }

    /// Waits for the frame that had the next frame's slot.
    #[inline]
    pub(in crate::frame) fn wait_for_slot(&self) -> Result<u32, DeviceError> {
        self.timeline.wait(self.finished_by_now())?;
        Ok(self.slot)
    }

    /// How many frames have finished once the next one has its slot.
    #[inline]
    fn finished_by_now(&self) -> u64 {
        (self.number + 1).saturating_sub(self.frame_slots.into())
    }

    /// Takes back what the frame that had the slot has finished with.
    pub(in crate::frame) fn take_back(&mut self) {
        let finished = self.finished_by_now();
        if self.chores.retired {
            self.retired.collect(finished);
            self.chores.retired = !self.retired.is_empty();
        }
        if let (true, Some(timing)) = (self.chores.times, &mut self.timing) {
            timing.collect(&self.device, finished);
        }
    }

    /// Makes anew what changed, and gets an image of every window; false when one has no size.
    #[inline(never)]
    pub(in crate::frame) fn acquire(&mut self, slot: u32) -> Result<bool, FrameError> {
        // A window that is being dragged may have another size again.
        const TRIES: u32 = 4;
        for _ in 0..TRIES {
            self.follow()?;
            // What remains to be asked in every frame.
            self.chores.follow = !self.outputs.items.is_empty() || !self.placed.is_empty();
            if self.outputs.any_minimised() {
                return Ok(false);
            }
            if self.outputs.acquire(slot)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    #[inline(never)]
    fn run_hosts(&mut self, moment: &Moment) {
        let now = Instant::now();
        let delta = self.last_frame.map_or(0.0, |last| now.duration_since(last).as_secs_f32());
        self.last_frame = Some(now);
        let output = self.outputs.items.first().map_or([0; 2], |output| output.extent);
        let gathered = self.gathered.turn(moment);
        let info = FrameInfo::new(self.number, delta, output, &self.events.bus);
        for &host in &self.hosts {
            let node = &mut self.nodes[host as usize];
            if !node.condition.holds(moment.switches) {
                continue;
            }
            let _watched = watched::node(node.label());
            (node.record)(&mut RecordContext { node, work: Work::Run(&info, gathered) });
        }
    }

    fn submit(&mut self, moment: &Moment) -> Result<(), DeviceError> {
        let Self { submission, segments, .. } = self;
        submission.begin(self.timeline.signal(self.number + 1));
        if self.chores.varying {
            for &index in segments.varying() {
                submission.set(moment.slot, index, segments.items()[index].commands(moment));
            }
        }
        if self.chores.windows {
            for output in &self.outputs.items {
                if let (Some(swapchain), Some(image)) = (&output.swapchain, output.image) {
                    submission.window(swapchain.acquired(moment.slot), ACQUIRE_STAGE, swapchain.finished(image));
                }
            }
        }
        let uploads = if self.chores.uploads { Self::uploads(self.uploader.as_ref())? } else { None };
        submission.submit_all(&self.device, moment.slot, uploads)?;
        if self.chores.semaphores {
            submission.forget_semaphores();
            self.chores.semaphores = false;
        }
        Ok(())
    }

    /// Presents to every window, whatever becomes of the others: each image's semaphore must be waited for.
    #[inline(never)]
    pub(in crate::frame) fn present(&mut self) -> Result<(), DeviceError> {
        let mut result = Ok(());
        for output in &mut self.outputs.items {
            if let (Some(swapchain), Some(image)) = (&output.swapchain, output.image.take()) {
                match swapchain.present(image) {
                    Ok(fits) => output.stale |= !fits,
                    Err(error) => result = result.and(Err(error)),
                }
            }
        }
        result
    }
}

#[cold]
fn not_waited(result: vk::Result) -> Box<FrameError> {
    timeline::failed(result).into()
}

#[cold]
fn not_submitted(result: vk::Result) -> Box<FrameError> {
    submission::failed(result).into()
}
