//! A compiled graph, and what the handles that outlive compile do with it. `run` runs its frames, `recompile` makes it anew in
//! part.

use std::sync::Arc;
use std::time::Instant;

use ash::vk::{self, Handle as _};

use crate::device::{Device, DeviceError};
use crate::frame::moment::Moment;
use crate::frame::pipeline::Pipelines;
use crate::frame::provision::descriptors::DescriptorPool;
use crate::frame::provision::gathered::Gathered;
use crate::frame::provision::node::NodeRuntime;
use crate::frame::provision::resources::Resources;
use crate::frame::provision::usages::Usages;
use crate::frame::recompile::follow::Outputs;
use crate::frame::recompile::{Changes, Recompiled};
use crate::frame::record::segment::Segments;
use crate::frame::report::Report;
use crate::frame::run::chores::Chores;
use crate::frame::run::events::GraphEvents;
use crate::frame::run::params::Params;
use crate::frame::run::submission::Submission;
use crate::frame::run::timeline::Timeline;
use crate::frame::run::timing::Timing;
use crate::graph::tables::Declared;
use crate::graph::{OutputId, Param, Placed, Readback, Resource, Retained, Switch};
use crate::memory::{Phase, RetireRing, Retired, Uploader};
use crate::plan::Plan;
use crate::shader::Block;
use crate::workers::Workers;

/// A graph that runs.
///
/// [`frame`](CompiledGraph::frame) does nothing but submit: it allocates nothing and creates nothing. What must allocate, a
/// resize for one, is a recompile of what it touches, counted in [`recompiles`](CompiledGraph::recompiles).
#[repr(C, align(64))]
pub struct CompiledGraph {
    // What an unchanged frame reads comes first, and stays together: after a long submission nothing is in the caches any more.
    pub(super) graph: u64,
    /// Number of the next frame.
    pub(super) number: u64,
    pub(super) frame_slots: u32,
    /// That of the next frame: its number modulo `frame_slots`.
    pub(super) slot: u32,
    /// What is made on it holds it too.
    pub(super) device: Device,
    pub(super) chores: Chores,
    /// State of every switch, a bit each.
    pub(super) switches: u32,
    pub(super) timeline: Timeline,
    pub(super) params: Params,
    pub(super) submission: Submission,

    pub(super) segments: Segments,
    pub(super) last_frame: Option<Instant>,
    pub(super) workers: Workers,
    /// The nodes that run on the CPU, as indices of `nodes`.
    pub(super) hosts: Vec<u32>,
    pub(super) report: Report,
    pub(super) layouts: Vec<vk::ImageLayout>,
    pub(super) usages: Vec<Usages>,
    pub(super) declared: Declared,
    pub(super) plan: Plan,
    /// For each declared node, its index among the living ones.
    pub(super) living: Vec<Option<u32>>,
    pub(super) nodes: Vec<NodeRuntime>,
    pub(super) gathered: Gathered,
    pub(super) descriptors: DescriptorPool,
    pub(super) pipelines: Pipelines,
    pub(super) timing: Option<Timing>,
    pub(super) resources: Resources,
    /// What others may replace.
    pub(super) placed: Vec<Placed>,
    pub(super) retired: RetireRing<Retired>,
    pub(super) outputs: Outputs,
    /// What frames take along.
    pub(super) uploader: Option<Arc<Uploader>>,
    pub(super) recompiles: u64,
    pub(super) events: GraphEvents,
    /// What the next frame has to make anew first.
    pub(super) changes: Changes,
    /// Looks after the files of shaders.
    #[cfg(feature = "hot-reload")]
    pub(super) watcher: Option<crate::shader::reload::Watcher>,
    /// What the last recompile made anew.
    pub(super) recompiled: Option<Recompiled>,
}

impl CompiledGraph {
    /// Waits until every submitted frame has finished. [`gpu_times`](CompiledGraph::gpu_times) are then those of the last one.
    ///
    /// # Errors
    /// When the device is lost.
    pub fn wait(&mut self) -> Result<(), DeviceError> {
        self.timeline.wait(self.number)?;
        if let Some(timing) = &mut self.timing {
            timing.collect(&self.device, self.number);
        }
        Ok(())
    }

    /// The number of frames submitted.
    pub fn frames(&self) -> u64 {
        self.number
    }

    /// The number of frames that have finished.
    ///
    /// # Errors
    /// When the device is lost.
    pub fn finished(&self) -> Result<u64, DeviceError> {
        self.timeline.finished()
    }

    /// Sets a value from the next frame on.
    ///
    /// # Panics
    /// When the handle is of another graph.
    #[inline]
    pub fn set<T: Block>(&mut self, param: Param<T>, value: T) {
        assert!(param.graph == self.graph, "this `Param` belongs to another graph");
        self.params.set(param.resource, &value);
    }

    /// Turns a switch on or off from the next frame on.
    ///
    /// # Panics
    /// When the handle is of another graph.
    pub fn switch(&mut self, switch: Switch, on: bool) {
        assert!(switch.graph == self.graph, "this `Switch` belongs to another graph");
        let bit = 1 << switch.switch.0;
        self.switches = if on { self.switches | bit } else { self.switches & !bit };
    }

    /// What the newest finished frame copied for the CPU, and the number of that frame.
    ///
    /// `None` before the first frame has finished, while a frame that may overwrite the copy is under way, and after a
    /// resize until a frame of the new size has finished; after a frame and [`wait`](CompiledGraph::wait) it is always there.
    ///
    /// # Errors
    /// When the device is lost.
    ///
    /// # Panics
    /// When the handle is of another graph.
    pub fn read<R: Resource>(&self, readback: Readback<R>) -> Result<Option<(u64, &[u8])>, DeviceError> {
        assert!(readback.graph == self.graph, "this `Readback` belongs to another graph");
        let finished = self.timeline.finished()?;
        let Some(physical) = self.resources.get(readback.resource) else { return Ok(None) };
        if finished <= physical.made || finished + u64::from(self.frame_slots) <= self.number {
            return Ok(None);
        }
        let newest = finished - 1;
        let slot = (newest % u64::from(self.frame_slots)) as u32;
        let Some(buffer) = physical.host_buffer(slot) else { return Ok(None) };
        buffer.invalidate(0, buffer.size())?;
        let Some(mapped) = buffer.mapped() else { return Ok(None) };
        // SAFETY: the memory is mapped for the buffer's whole size and was zeroed when it was made; the frame that wrote it
        // has finished, and the next one that will needs `&mut self`.
        let bytes = unsafe { std::slice::from_raw_parts(mapped.as_ptr(), buffer.size() as usize) };
        Ok(Some((newest, bytes)))
    }

    /// The Vulkan image, buffer or acceleration structure of a retained wire, as the newest frame left it. What a switch selected is
    /// that of the switch's present state.
    ///
    /// # Panics
    /// When the handle is of another graph.
    pub fn retained<R: Resource>(&self, retained: Retained<R>) -> R::Raw {
        assert!(retained.graph == self.graph, "this `Retained` belongs to another graph");
        let parts = self.declared.retained.get(retained.index as usize).map_or(&[][..], Vec::as_slice);
        let part = parts.iter().find(|part| part.condition.holds(self.switches));
        let moment = Moment { frame: self.number.saturating_sub(1), ..Moment::default() };
        let handle = part.and_then(|part| self.resources.get(part.resource)?.handle_at(part.age, &moment));
        handle.map_or_else(R::Raw::default, R::Raw::from_raw)
    }

    /// Lets the next frame wait, in these stages, until a semaphore of the application has the value (which counts for a
    /// timeline semaphore only). There is room for 16 a frame; more allocate, in this call.
    ///
    /// # Safety
    /// The semaphore is of the graph's device and alive until the frame has finished, and something will signal it.
    pub unsafe fn wait_for(&mut self, semaphore: vk::Semaphore, value: u64, stages: vk::PipelineStageFlags2) {
        self.submission.wait_for(semaphore, value, stages);
        self.chores.semaphores = true;
    }

    /// Lets the next frame give a semaphore of the application this value (which counts for a timeline semaphore only) when
    /// all of its commands have finished. There is room for 16 a frame; more allocate, in this call.
    ///
    /// # Safety
    /// The semaphore is of the graph's device and alive until the frame has finished; a binary one is unsignalled by then, a
    /// timeline's value is lower and no other signal to it is under way.
    pub unsafe fn signal_after(&mut self, semaphore: vk::Semaphore, value: u64) {
        self.submission.signal_after(semaphore, value);
        self.chores.semaphores = true;
    }

    /// Width and height of an output, in pixels.
    ///
    /// # Panics
    /// When there is no such output.
    pub fn output_extent(&self, output: OutputId) -> [u32; 2] {
        self.outputs.items[output.0 as usize].extent
    }

    /// The newest known GPU time of each node, in milliseconds; nothing unless compiled with `gpu_times`.
    pub fn gpu_times(&self) -> impl Iterator<Item = (&str, f64)> {
        let times = self.timing.as_ref().map_or(&[][..], Timing::milliseconds);
        self.nodes.iter().zip(times).filter_map(|(node, time)| Some((node.facts.name.as_str(), (*time)?)))
    }

    /// What compile found and made.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The device that it was compiled for.
    pub fn device(&self) -> &Device {
        &self.device
    }
}

impl Drop for CompiledGraph {
    fn drop(&mut self) {
        let _phase = Phase::Cleanup.enter();
        // A lost device has nothing under way either.
        drop(self.device.wait_idle());
        // What has memory, while it counts as cleanup; the rest frees itself after this.
        self.nodes.clear();
        self.pipelines.clear();
        self.retired.collect(u64::MAX);
        self.resources.clear();
    }
}
