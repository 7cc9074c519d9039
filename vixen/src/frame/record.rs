//! Recording: the steps of a segment into a command buffer.

use std::cell::Cell;

use ash::{ext, vk};

use crate::device::{Device, DeviceError};
use crate::event::NodeEvents;
use crate::frame::RecordContext;
use crate::frame::context::{Recording, Work};
use crate::frame::moment::Moment;
use crate::frame::node::{Gathered, NodeParts, NodeRuntime};
use crate::frame::physical::Resources;
use crate::frame::tape::{Played, Tape};
use crate::frame::timing::Timing;
use crate::frame::watched;
use crate::graph::CompileError;

/// What recording reads, beside nodes and tapes.
#[derive(Clone, Copy)]
pub(crate) struct Recorder<'r> {
    pub device: &'r Device,
    /// The device's functions, and those that label commands where somebody listens.
    pub raw: &'r ash::Device,
    pub labels: Option<&'r ext::debug_utils::Device>,
    pub resources: &'r Resources,
    pub gathered: &'r Gathered,
    pub timing: Option<&'r Timing>,
    pub moment: &'r Moment,
    /// The events of the frame that this is recorded in; none while something is recorded once.
    pub events: Option<NodeEvents<'r>>,
}

/// Why a segment was not recorded.
pub(crate) enum RecordError {
    /// A call of the device failed.
    Device(DeviceError),
    /// A node (an index of the living ones) recorded what cannot be.
    Refused { node: u32, problem: &'static str },
}

impl From<DeviceError> for RecordError {
    fn from(error: DeviceError) -> Self {
        Self::Device(error)
    }
}

impl RecordError {
    /// The error with the node's name.
    pub fn named(self, nodes: &[NodeRuntime]) -> CompileError {
        match self {
            Self::Device(error) => error.into(),
            Self::Refused { node, problem } => {
                let facts = &nodes[node as usize].facts;
                CompileError::Record { node: facts.name.clone(), at: facts.at, problem }
            }
        }
    }
}

impl<'r> Recorder<'r> {
    /// Records for a moment.
    pub fn new(
        device: &'r Device,
        resources: &'r Resources,
        gathered: &'r Gathered,
        timing: Option<&'r Timing>,
        moment: &'r Moment,
        events: Option<NodeEvents<'r>>,
    ) -> Self {
        Self { device, raw: device.raw(), labels: device.debug_labels(), resources, gathered, timing, moment, events }
    }

    /// Records a segment. `nodes` are those of its tape.
    pub fn segment(
        &self,
        nodes: &mut [NodeRuntime],
        tape: &mut Tape,
        commands: vk::CommandBuffer,
        flags: vk::CommandBufferUsageFlags,
    ) -> Result<(), RecordError> {
        tape.turn(self.resources, self.moment);
        let raw = self.raw;
        let begin = vk::CommandBufferBeginInfo::default().flags(flags);
        let failed = |call| move |result| RecordError::Device(DeviceError::vulkan(call)(result));
        // SAFETY: the command buffer is not pending: it is new, its frame has finished, or the executor waited for the
        // device. Beginning resets it, which its pool allows, or its pool was reset.
        unsafe { raw.begin_command_buffer(commands, &begin) }.map_err(failed("vkBeginCommandBuffer"))?;
        let mut nodes = tape.nodes().zip(nodes);
        let mut refused = Ok(());
        for step in tape.play() {
            match step {
                // SAFETY: the buffer is being recorded outside a rendering scope; the resources are alive and the planner
                // knows their state.
                Played::Barrier(barrier) => unsafe { raw.cmd_pipeline_barrier2(commands, &barrier) },
                Played::Node => {
                    let (index, node) = nodes.next().expect("a tape has as many nodes as it plays");
                    if let Some(problem) = self.node(node, index, commands) {
                        refused = refused.and(Err(RecordError::Refused { node: index, problem }));
                    }
                }
            }
        }
        // SAFETY: recording began above.
        unsafe { raw.end_command_buffer(commands) }.map_err(failed("vkEndCommandBuffer"))?;
        refused
    }

    /// Records a node; returns what it asked for that cannot be.
    fn node(&self, node: &mut NodeRuntime, index: u32, commands: vk::CommandBuffer) -> Option<&'static str> {
        if !node.condition.holds(self.moment.switches) {
            return None;
        }
        let _watched = watched::node(|| node.label());
        let (raw, labels) = (self.raw, self.labels);
        if let Some(labels) = labels {
            let label = vk::DebugUtilsLabelEXT::default().label_name(node.label());
            // SAFETY: the buffer is being recorded, and the name lives until the call returns.
            unsafe { labels.cmd_begin_debug_utils_label(commands, &label) };
        }
        if let Some(timing) = self.timing {
            timing.start(self.device, commands, self.moment.slot, index);
        }
        let (device, declaration, record) = (self.device, node.declaration, node.record);
        let NodeParts { slots, resolved, data, pipelines, sets, push } = node.parts(self.gathered, self.moment);
        let (frame, events, problem) = (self.moment.frame, self.events, Cell::new(None));
        let recording =
            Recording { device, raw, buffer: commands, pipelines, sets, push, frame, events, problem: &problem };
        record(&mut RecordContext { declaration, slots, resolved, data, work: Work::Record(&recording) });
        if let Some(timing) = self.timing {
            timing.end(self.device, commands, self.moment.slot, index);
        }
        if let Some(labels) = labels {
            // SAFETY: closes the label that was opened above.
            unsafe { labels.cmd_end_debug_utils_label(commands) };
        }
        problem.get()
    }
}
