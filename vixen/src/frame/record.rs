//! Recording: the steps of a segment into a command buffer.

use std::cell::Cell;

use ash::vk;

use crate::device::{Device, DeviceError};
use crate::frame::RecordContext;
use crate::frame::context::{Recording, Work};
use crate::frame::moment::Moment;
use crate::frame::node::{NodeParts, NodeRuntime};
use crate::frame::physical::Resources;
use crate::frame::timing::Timing;
use crate::frame::view::subresources;
use crate::graph::CompileError;
use crate::plan::{Dependency, Plan, Segment, Step};

/// What recording reads, beside the nodes.
pub(crate) struct Recorder<'r> {
    pub device: &'r Device,
    pub plan: &'r Plan,
    pub resources: &'r Resources,
    /// For each node of the plan, its index among the living ones.
    pub living: &'r [Option<u32>],
    pub timing: Option<&'r Timing>,
}

/// Why a segment was not recorded.
pub(crate) enum RecordError {
    /// A call of the device failed.
    Device(DeviceError),
    /// A node (an index of the living ones) recorded what cannot be.
    Refused { node: u32, problem: &'static str },
}

impl RecordError {
    /// The error with the node's name.
    pub fn named(self, nodes: &[NodeRuntime]) -> CompileError {
        match self {
            Self::Device(error) => error.into(),
            Self::Refused { node, problem } => {
                let node = &nodes[node as usize];
                CompileError::Record { node: node.name.clone(), at: node.at, problem }
            }
        }
    }
}

/// Room for the barriers of one command, so that recording allocates nothing.
#[derive(Default)]
pub(crate) struct BarrierScratch {
    buffers: Vec<vk::BufferMemoryBarrier2<'static>>,
    images: Vec<vk::ImageMemoryBarrier2<'static>>,
    memory: Vec<vk::MemoryBarrier2<'static>>,
}

// SAFETY: it is not `Send` by itself only because of `p_next`, which is null in every barrier: the functions below build
// them from handles and numbers alone.
unsafe impl Send for BarrierScratch {}
// SAFETY: as above, and nothing changes through a shared reference.
unsafe impl Sync for BarrierScratch {}

impl BarrierScratch {
    /// Room for the largest barrier of a plan.
    pub fn new(plan: &Plan) -> Self {
        let most = plan.barriers.iter().map(ExactSizeIterator::len).max().unwrap_or(0).max(plan.initial.len());
        Self { buffers: Vec::with_capacity(most), images: Vec::with_capacity(most), memory: Vec::with_capacity(most) }
    }
}

impl Recorder<'_> {
    /// Records a segment for a moment.
    pub fn segment(
        &self,
        nodes: &mut [NodeRuntime],
        scratch: &mut BarrierScratch,
        segment: &Segment,
        moment: &Moment,
        commands: vk::CommandBuffer,
        flags: vk::CommandBufferUsageFlags,
    ) -> Result<(), RecordError> {
        let raw = self.device.raw();
        let begin = vk::CommandBufferBeginInfo::default().flags(flags);
        let failed = |call| move |result| RecordError::Device(DeviceError::vulkan(call)(result));
        // SAFETY: the command buffer is not pending: it is new, its frame has finished, or the executor waited for the
        // device. Beginning resets it, which its pool allows, or its pool was reset.
        unsafe { raw.begin_command_buffer(commands, &begin) }.map_err(failed("vkBeginCommandBuffer"))?;
        let mut refused = None;
        for step in &self.plan.steps[segment.steps.start as usize..segment.steps.end as usize] {
            match *step {
                Step::Barrier(barrier) => {
                    let range = self.plan.barriers[barrier as usize].clone();
                    let dependencies = &self.plan.dependencies[range.start as usize..range.end as usize];
                    self.barrier(scratch, dependencies, moment, commands);
                }
                Step::Node(node) => {
                    if let Some(index) = self.living[node.0 as usize] {
                        let problem = self.node(&mut nodes[index as usize], index, moment, commands);
                        refused = refused.or(problem.map(|problem| RecordError::Refused { node: index, problem }));
                    }
                }
            }
        }
        // SAFETY: recording began above.
        unsafe { raw.end_command_buffer(commands) }.map_err(failed("vkEndCommandBuffer"))?;
        refused.map_or(Ok(()), Err)
    }

    /// Records a node; returns what it asked for that cannot be.
    fn node(
        &self,
        node: &mut NodeRuntime,
        index: u32,
        moment: &Moment,
        commands: vk::CommandBuffer,
    ) -> Option<&'static str> {
        if !node.condition.holds(moment.switches) {
            return None;
        }
        let labels = self.device.debug_labels();
        if let Some(labels) = labels {
            let label = vk::DebugUtilsLabelEXT::default().label_name(&node.hot.label);
            // SAFETY: the buffer is being recorded, and the name lives until the call returns.
            unsafe { labels.cmd_begin_debug_utils_label(commands, &label) };
        }
        if let Some(timing) = self.timing {
            timing.start(self.device, commands, moment.slot, index);
        }
        let (declaration, record, variant) = (node.declaration, node.record, node.variants.index(moment));
        let NodeParts { slots, resolved, data, pipelines, sets, push } = node.parts(variant);
        let problem = Cell::new(None);
        let recording = Recording { device: self.device, buffer: commands, pipelines, sets, push, problem: &problem };
        record(&mut RecordContext { declaration, slots, resolved, data, work: Work::Record(recording) });
        if let Some(timing) = self.timing {
            timing.end(self.device, commands, moment.slot, index);
        }
        if let Some(labels) = labels {
            // SAFETY: closes the label that was opened above.
            unsafe { labels.cmd_end_debug_utils_label(commands) };
        }
        problem.get()
    }

    /// Records one barrier command.
    pub fn barrier(
        &self,
        scratch: &mut BarrierScratch,
        dependencies: &[Dependency],
        moment: &Moment,
        commands: vk::CommandBuffer,
    ) {
        let BarrierScratch { buffers, images, memory } = scratch;
        buffers.clear();
        images.clear();
        memory.clear();
        for dependency in dependencies {
            let Some(physical) = self.resources.get(dependency.resource) else { continue };
            match physical.copy_at(dependency.age, moment) {
                (Some(image), _) => {
                    let range = subresources(&dependency.region, physical.aspect(), physical.levels());
                    images.push(image_barrier(dependency, image, range));
                }
                (_, Some(buffer)) => buffers.push(buffer_barrier(dependency, buffer)),
                (None, None) => memory.push(
                    vk::MemoryBarrier2::default()
                        .src_stage_mask(dependency.src_stages)
                        .src_access_mask(dependency.src_access)
                        .dst_stage_mask(dependency.dst_stages)
                        .dst_access_mask(dependency.dst_access),
                ),
            }
        }
        // A null pointer where there is none: for others drivers may allocate, if only no bytes.
        let mut info = vk::DependencyInfo::default();
        if !memory.is_empty() {
            info = info.memory_barriers(memory);
        }
        if !buffers.is_empty() {
            info = info.buffer_memory_barriers(buffers);
        }
        if !images.is_empty() {
            info = info.image_memory_barriers(images);
        }
        // SAFETY: the buffer is being recorded outside a rendering scope; the resources are alive and the planner knows
        // their state.
        unsafe { self.device.raw().cmd_pipeline_barrier2(commands, &info) };
    }
}

fn image_barrier(
    dependency: &Dependency,
    image: vk::Image,
    range: vk::ImageSubresourceRange,
) -> vk::ImageMemoryBarrier2<'static> {
    vk::ImageMemoryBarrier2::default()
        .src_stage_mask(dependency.src_stages)
        .src_access_mask(dependency.src_access)
        .dst_stage_mask(dependency.dst_stages)
        .dst_access_mask(dependency.dst_access)
        .old_layout(dependency.old_layout)
        .new_layout(dependency.new_layout)
        .src_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
        .dst_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
        .image(image)
        .subresource_range(range)
}

fn buffer_barrier(dependency: &Dependency, buffer: vk::Buffer) -> vk::BufferMemoryBarrier2<'static> {
    let [offset, end] = dependency.region.major;
    vk::BufferMemoryBarrier2::default()
        .src_stage_mask(dependency.src_stages)
        .src_access_mask(dependency.src_access)
        .dst_stage_mask(dependency.dst_stages)
        .dst_access_mask(dependency.dst_access)
        .src_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
        .dst_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
        .buffer(buffer)
        .offset(offset)
        .size(if end == u64::MAX { vk::WHOLE_SIZE } else { end - offset })
}
