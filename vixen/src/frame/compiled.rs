//! A compiled graph: what runs frames, and what the handles that outlive compile act on.

use std::time::Instant;

use ash::vk;

use crate::device::{Device, DeviceError};
use crate::frame::context::{FrameInfo, RecordContext, Work};
use crate::frame::moment::Moment;
use crate::frame::node::{NodeParts, NodeRuntime};
use crate::frame::owned::Owned;
use crate::frame::physical::{Resources, Usages};
use crate::frame::pipeline::PipelineCache;
use crate::frame::record::{BarrierScratch, Recorder};
use crate::frame::report::Report;
use crate::frame::segment::Segments;
use crate::frame::swapchain::{ACQUIRE_STAGE, Acquired, Swapchain};
use crate::frame::timeline::Timeline;
use crate::frame::timing::Timing;
use crate::graph::tables::{Declared, Placement};
use crate::graph::{CompileError, OutputId, Param, Readback, Resource, Retained, Switch};
use crate::plan::{Plan, ResourceId, Step};
use crate::shader::Block;

/// A graph that runs.
///
/// [`frame`](CompiledGraph::frame) does nothing but submit: it allocates nothing and creates nothing. What must allocate, a
/// resize for one, is a recompile of what it touches, counted in [`recompiles`](CompiledGraph::recompiles).
pub struct CompiledGraph {
    pub(super) graph: u64,
    pub(super) params: Vec<ParamRuntime>,
    /// State of every switch, a bit each.
    pub(super) switches: u32,
    pub(super) last_frame: Option<Instant>,
    /// Number of the next frame.
    pub(super) number: u64,
    pub(super) frame_slots: u32,
    pub(super) segments: Segments,
    pub(super) timeline: Timeline,
    pub(super) scratch: BarrierScratch,
    pub(super) hosts: Vec<Host>,
    pub(super) report: Report,
    pub(super) layouts: Vec<vk::ImageLayout>,
    pub(super) usages: Vec<Usages>,
    pub(super) declared: Declared,
    pub(super) plan: Plan,
    /// For each declared node, its index among the living ones.
    pub(super) living: Vec<Option<u32>>,
    pub(super) nodes: Vec<NodeRuntime>,
    pub(super) _pool: Option<Owned<vk::DescriptorPool>>,
    pub(super) _pipelines: PipelineCache,
    pub(super) timing: Option<Timing>,
    pub(super) resources: Resources,
    pub(super) outputs: Vec<OutputRuntime>,
    pub(super) waits: Vec<vk::SemaphoreSubmitInfo<'static>>,
    pub(super) signals: Vec<vk::SemaphoreSubmitInfo<'static>>,
    pub(super) submits: Vec<vk::CommandBufferSubmitInfo<'static>>,
    pub(super) recompiles: u64,
    // Last: everything above belongs to it.
    pub(super) device: Device,
}

/// A node that runs on the CPU.
pub(crate) struct Host {
    pub node: u32,
}

/// An output while frames run.
pub(crate) struct OutputRuntime {
    pub extent: [u32; 2],
    pub swapchain: Option<Swapchain>,
    /// The image acquired for this frame.
    pub image: Option<u32>,
    /// The swapchain no longer fits its surface.
    pub stale: bool,
}

/// A value that the application sets.
pub(crate) struct ParamRuntime {
    pub resource: ResourceId,
    pub value: Vec<u8>,
    /// How many frame slots have not got the value yet.
    pub stale_slots: u32,
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameOutcome {
    /// It was submitted; the number counts from 0 since compile.
    Submitted(u64),
    /// A window has no size, as while it is minimised, so there was nothing to draw to.
    Minimised,
}

/// Why a frame failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A call of the device failed.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// Making the resources of a new size failed.
    #[error("the graph could not follow the output's new size: {0}")]
    Resize(#[from] CompileError),
}

impl CompiledGraph {
    /// Runs one frame: waits for its slot, runs host nodes, records dynamic segments, submits, presents.
    ///
    /// A window that changed its size or lost its swapchain is followed first; that is a recompile of what it touches.
    ///
    /// # Errors
    /// When a call of the device fails, or when the resources of a new size cannot be made.
    pub fn frame(&mut self) -> Result<FrameOutcome, FrameError> {
        let slot = (self.number % u64::from(self.frame_slots)) as u32;
        self.timeline.wait((self.number + 1).saturating_sub(self.frame_slots.into()))?;
        if let Some(timing) = &mut self.timing
            && self.number >= u64::from(self.frame_slots)
        {
            timing.collect(&self.device, slot);
        }
        if !self.acquire(slot)? {
            return Ok(FrameOutcome::Minimised);
        }
        let moment = Moment { slot, frame: self.number, switches: self.switches, image: 0 };
        self.write_params(slot)?;
        self.run_hosts(&moment);
        self.record_dynamic(&moment)?;
        self.submit(&moment)?;
        let number = self.number;
        self.number += 1;
        self.present()?;
        Ok(FrameOutcome::Submitted(number))
    }

    /// Waits until every submitted frame has finished.
    ///
    /// # Errors
    /// When the device is lost.
    pub fn wait(&self) -> Result<(), DeviceError> {
        self.timeline.wait(self.number)
    }

    /// The number of frames submitted.
    pub fn frames(&self) -> u64 {
        self.number
    }

    /// How often something was made anew since compile: resizes so far.
    pub fn recompiles(&self) -> u64 {
        self.recompiles
    }

    /// Sets a value from the next frame on.
    ///
    /// # Panics
    /// When the handle is of another graph.
    pub fn set<T: Block>(&mut self, param: Param<T>, value: T) {
        assert!(param.graph == self.graph, "this `Param` belongs to another graph");
        let found = self.params.binary_search_by_key(&param.resource, |known| known.resource);
        let known = &mut self.params[found.expect("every param of the graph is listed, in the order of resources")];
        known.value.copy_from_slice(crate::shader::bytes_of(&value));
        known.stale_slots = self.frame_slots;
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
    /// `None` before the first frame has finished, and while a frame that may overwrite the copy is under way; after
    /// [`wait`](CompiledGraph::wait) it is always there.
    ///
    /// # Errors
    /// When the device is lost.
    ///
    /// # Panics
    /// When the handle is of another graph.
    pub fn read<R: Resource>(&self, readback: Readback<R>) -> Result<Option<(u64, &[u8])>, DeviceError> {
        assert!(readback.graph == self.graph, "this `Readback` belongs to another graph");
        let finished = self.timeline.finished()?;
        if finished == 0 || finished + u64::from(self.frame_slots) <= self.number {
            return Ok(None);
        }
        let newest = finished - 1;
        let slot = (newest % u64::from(self.frame_slots)) as u32;
        let Some(buffer) = self.resources.get(readback.resource).and_then(|physical| physical.host_buffer(slot)) else {
            return Ok(None);
        };
        buffer.invalidate(0, buffer.size())?;
        let Some(mapped) = buffer.mapped() else { return Ok(None) };
        // SAFETY: the memory is mapped for the buffer's whole size and initialised by the copy; the frame that wrote it has
        // finished, and the next one that will needs `&mut self`.
        let bytes = unsafe { std::slice::from_raw_parts(mapped.as_ptr(), buffer.size() as usize) };
        Ok(Some((newest, bytes)))
    }

    /// The Vulkan image or buffer of a retained wire; null where it is the other kind.
    ///
    /// # Panics
    /// When the handle is of another graph.
    pub fn retained<R: Resource>(&self, retained: Retained<R>) -> (vk::Image, vk::Buffer) {
        assert!(retained.graph == self.graph, "this `Retained` belongs to another graph");
        let physical = self.resources.get(retained.resource);
        let (image, buffer) =
            physical.map_or((None, None), |physical| physical.copy_at(0, &Moment { frame: self.number, ..Moment::default() }));
        (image.unwrap_or_default(), buffer.unwrap_or_default())
    }

    /// Width and height of an output, in pixels.
    ///
    /// # Panics
    /// When there is no such output.
    pub fn output_extent(&self, output: OutputId) -> [u32; 2] {
        self.outputs[output.0 as usize].extent
    }

    /// Gives an output without a window another size. Windows are followed by themselves.
    ///
    /// # Errors
    /// When the resources of the new size cannot be made; the graph then goes on with the old ones.
    ///
    /// # Panics
    /// When there is no such output.
    pub fn resize(&mut self, output: OutputId, width: u32, height: u32) -> Result<(), CompileError> {
        if self.outputs[output.0 as usize].extent == [width, height] {
            return Ok(());
        }
        self.device.wait_idle()?;
        self.follow(output, [width, height])
    }

    /// The same for a window: says that its size changed, for platforms whose swapchain does not.
    ///
    /// # Panics
    /// When there is no such output.
    pub fn window_resized(&mut self, output: OutputId, width: u32, height: u32) {
        let output = &mut self.outputs[output.0 as usize];
        if output.extent != [width, height] {
            output.stale = true;
            if output.swapchain.as_ref().is_some_and(|swapchain| swapchain.images().is_empty()) {
                output.extent = [width, height];
            }
        }
    }

    /// The newest known GPU time of each node, in milliseconds; nothing unless compiled with `gpu_times`.
    pub fn gpu_times(&self) -> impl Iterator<Item = (&str, f64)> {
        let times = self.timing.as_ref().map_or(&[][..], Timing::milliseconds);
        self.nodes.iter().zip(times).filter_map(|(node, time)| Some((node.name.as_str(), (*time)?)))
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

    /// Room in every container that a frame fills.
    pub(super) fn reserve(&mut self) {
        self.submits.reserve_exact(self.plan.segments.len());
        self.waits.reserve_exact(self.outputs.len());
        self.signals.reserve_exact(self.outputs.len() + 1);
    }

    /// Allocates command buffers for every variant and records the static segments.
    pub(super) fn record_static(&mut self) -> Result<(), DeviceError> {
        self.assign_outputs();
        self.segments.allocate(&self.device)?;
        let recorder = Recorder {
            device: &self.device,
            plan: &self.plan,
            resources: &self.resources,
            living: &self.living,
            timing: self.timing.as_ref(),
        };
        let (nodes, scratch) = (&mut self.nodes, &mut self.scratch);
        for (segment, runtime) in self.plan.segments.iter().zip(self.segments.items()) {
            // A window without images has nothing to record for until it is restored.
            let minimised = runtime
                .output
                .and_then(|output| self.outputs[output as usize].swapchain.as_ref())
                .is_some_and(|swapchain| swapchain.images().is_empty());
            if runtime.dynamic || minimised {
                continue;
            }
            for (variant, &commands) in runtime.commands.iter().enumerate() {
                let moment = runtime.variants.moment(variant);
                // Frames in flight may share a recording that does not depend on the slot.
                let flags = vk::CommandBufferUsageFlags::SIMULTANEOUS_USE;
                recorder.segment(nodes, scratch, segment, &moment, commands, flags)?;
            }
        }
        Ok(())
    }

    /// Tells each segment that touches a swapchain which output's, and how many images that has.
    fn assign_outputs(&mut self) {
        for (segment, runtime) in self.plan.segments.iter().zip(self.segments.items_mut()) {
            if !segment.swapchain {
                continue;
            }
            let steps = &self.plan.steps[segment.steps.start as usize..segment.steps.end as usize];
            let resources = steps.iter().flat_map(|step| match *step {
                Step::Barrier(barrier) => {
                    let range = self.plan.barriers[barrier as usize].clone();
                    let dependencies = &self.plan.dependencies[range.start as usize..range.end as usize];
                    dependencies.iter().map(|dependency| dependency.resource).collect::<Vec<_>>()
                }
                Step::Node(node) => self.living[node.0 as usize].map_or_else(Vec::new, |index| {
                    let bindings = &self.nodes[index as usize].bindings;
                    bindings.iter().flat_map(|binding| binding.parts.iter().map(|part| part.resource)).collect()
                }),
            });
            for resource in resources {
                if let Placement::Swapchain { output } = self.declared.resources[resource.0 as usize].placement {
                    runtime.output = Some(output);
                    let images = super::compile::images_of(&self.declared, &self.outputs, resource);
                    runtime.variants.images = images;
                }
            }
        }
    }

    /// Gets an image of every window; false when one has no size.
    fn acquire(&mut self, slot: u32) -> Result<bool, FrameError> {
        for index in 0..self.outputs.len() {
            let mut tries = 0;
            while let Some(swapchain) = &self.outputs[index].swapchain {
                if self.outputs[index].image.is_some() {
                    break;
                }
                let acquired = if self.outputs[index].stale { Acquired::OutOfDate } else { swapchain.acquire(slot)? };
                match acquired {
                    Acquired::Image(image, suboptimal) => {
                        self.outputs[index].image = Some(image);
                        self.outputs[index].stale |= suboptimal;
                    }
                    Acquired::OutOfDate => {
                        tries += 1;
                        if tries > 3 || !self.recreate_swapchain(index)? {
                            return Ok(false);
                        }
                    }
                }
            }
        }
        Ok(true)
    }

    /// Makes a window's swapchain anew and follows its size; false when the window has none.
    fn recreate_swapchain(&mut self, index: usize) -> Result<bool, FrameError> {
        self.device.wait_idle()?;
        let output = &mut self.outputs[index];
        let wanted = output.extent;
        let Some(swapchain) = &mut output.swapchain else { return Ok(false) };
        swapchain.recreate(wanted)?;
        output.stale = false;
        if swapchain.images().is_empty() {
            return Ok(false);
        }
        let extent = swapchain.extent();
        self.follow(OutputId(index as u32), extent)?;
        Ok(true)
    }

    /// Makes what follows an output anew. The GPU is idle.
    fn follow(&mut self, output: OutputId, extent: [u32; 2]) -> Result<(), CompileError> {
        let index = output.0 as usize;
        let mut sizes: Vec<[u32; 2]> = self.outputs.iter().map(|output| output.extent).collect();
        sizes[index] = extent;
        let mut changed = if self.outputs[index].extent == extent {
            vec![false; self.declared.resources.len()]
        } else {
            self.resources.resize(&self.declared, &self.usages, &sizes, output)?
        };
        self.outputs[index].extent = extent;
        if let Some(swapchain) = &self.outputs[index].swapchain {
            let lent = self.resources.lend(&self.declared, output.0, swapchain.images(), swapchain.extent());
            changed.iter_mut().zip(lent).for_each(|(changed, lent)| *changed |= lent);
        }
        for node in self.nodes.iter_mut().filter(|node| node.touches(|resource| changed[resource.0 as usize])) {
            let variants = node.variants;
            let (declared, outputs) = (&self.declared, &self.outputs);
            node.count_variants(&self.resources, self.frame_slots, |resource| {
                super::compile::images_of(declared, outputs, resource)
            });
            debug_assert!(
                node.variants.count() == variants.count() || node.pipelines.set_layouts().next().is_none(),
                "only presenting depends on the number of swapchain images, and it has no descriptors"
            );
            node.resolve(&mut self.resources, &self.layouts)?;
            node.write_descriptors(&self.device);
        }
        self.initialise(Some(&changed))?;
        self.record_static()?;
        self.recompiles += 1;
        Ok(())
    }

    fn write_params(&mut self, slot: u32) -> Result<(), DeviceError> {
        for param in self.params.iter_mut().filter(|param| param.stale_slots > 0) {
            if let Some(buffer) =
                self.resources.get(param.resource).and_then(|physical| physical.host_buffer(slot))
            {
                buffer.write(0, &param.value)?;
            }
            param.stale_slots -= 1;
        }
        Ok(())
    }

    fn run_hosts(&mut self, moment: &Moment) {
        if self.hosts.is_empty() {
            return;
        }
        let now = Instant::now();
        let delta = self.last_frame.map_or(0.0, |last| now.duration_since(last).as_secs_f32());
        self.last_frame = Some(now);
        let info = FrameInfo {
            number: self.number,
            delta_seconds: delta,
            output: self.outputs.first().map_or([0; 2], |output| output.extent),
        };
        for host in &self.hosts {
            let node = &mut self.nodes[host.node as usize];
            if !node.condition.holds(moment.switches) {
                continue;
            }
            let (declaration, record, variant) = (node.declaration, node.record, node.variants.index(moment));
            let NodeParts { slots, resolved, data, .. } = node.parts(variant);
            record(&mut RecordContext { declaration, slots, resolved, data, work: Work::Run(&info) });
        }
    }

    fn record_dynamic(&mut self, moment: &Moment) -> Result<(), DeviceError> {
        if self.segments.items().iter().all(|segment| !segment.dynamic) {
            return Ok(());
        }
        let pool = self.segments.dynamic_pool(moment.slot);
        // SAFETY: `frame` waited for the frame that used this slot's buffers. Without the release flag the pool keeps its
        // memory for this recording.
        unsafe { self.device.raw().reset_command_pool(pool, vk::CommandPoolResetFlags::empty()) }
            .map_err(DeviceError::vulkan("vkResetCommandPool"))?;
        let recorder = Recorder {
            device: &self.device,
            plan: &self.plan,
            resources: &self.resources,
            living: &self.living,
            timing: self.timing.as_ref(),
        };
        let (nodes, scratch) = (&mut self.nodes, &mut self.scratch);
        for (segment, runtime) in self.plan.segments.iter().zip(self.segments.items()) {
            if runtime.dynamic {
                let image = runtime.output.and_then(|output| self.outputs[output as usize].image).unwrap_or(0);
                let moment = Moment { image, ..*moment };
                let flags = vk::CommandBufferUsageFlags::ONE_TIME_SUBMIT;
                recorder.segment(nodes, scratch, segment, &moment, runtime.commands(&moment), flags)?;
            }
        }
        Ok(())
    }

    fn submit(&mut self, moment: &Moment) -> Result<(), DeviceError> {
        self.submits.clear();
        self.waits.clear();
        self.signals.clear();
        for segment in self.segments.items() {
            let image = segment.output.and_then(|output| self.outputs[output as usize].image).unwrap_or(0);
            let commands = segment.commands(&Moment { image, ..*moment });
            self.submits.push(vk::CommandBufferSubmitInfo::default().command_buffer(commands));
        }
        for output in &self.outputs {
            if let (Some(swapchain), Some(image)) = (&output.swapchain, output.image) {
                let wait = vk::SemaphoreSubmitInfo::default().semaphore(swapchain.acquired(moment.slot));
                self.waits.push(wait.stage_mask(ACQUIRE_STAGE));
                let signal = vk::SemaphoreSubmitInfo::default().semaphore(swapchain.finished(image));
                self.signals.push(signal.stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS));
            }
        }
        let signal = vk::SemaphoreSubmitInfo::default()
            .semaphore(self.timeline.semaphore())
            .value(self.number + 1)
            .stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS);
        self.signals.push(signal);
        let submit = vk::SubmitInfo2::default()
            .command_buffer_infos(&self.submits)
            .wait_semaphore_infos(&self.waits)
            .signal_semaphore_infos(&self.signals);
        let queue = self.device.main_queue();
        let _held = queue.lock();
        // SAFETY: the queue is locked. Every command buffer is recorded; those of this slot are not pending, since `frame`
        // waited for it, and shared ones allow simultaneous use. Semaphores are alive, and the timeline's value rises.
        unsafe { self.device.raw().queue_submit2(queue.handle, &[submit], vk::Fence::null()) }
            .map_err(DeviceError::vulkan("vkQueueSubmit2"))
    }

    fn present(&mut self) -> Result<(), DeviceError> {
        for output in &mut self.outputs {
            if let (Some(swapchain), Some(image)) = (&output.swapchain, output.image.take())
                && !swapchain.present(image)?
            {
                output.stale = true;
            }
        }
        Ok(())
    }
}

impl Drop for CompiledGraph {
    fn drop(&mut self) {
        // A lost device has nothing under way either.
        drop(self.device.wait_idle());
    }
}
