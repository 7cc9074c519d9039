//! Recording: the steps of a segment into a command buffer.

pub(super) mod commands;
pub(super) mod context;
mod dynamic;
pub(super) mod segment;
mod tape;

use std::cell::Cell;
use std::mem;

use ash::{ext, vk};

use crate::device::{Device, DeviceError};
use crate::event::NodeEvents;
use crate::frame::RecordContext;
use crate::frame::moment::Moment;
use crate::frame::provision::gathered::Gathered;
use crate::frame::provision::node::NodeRuntime;
use crate::frame::provision::resources::Resources;
use crate::frame::record::context::{Recording, Work};
use crate::frame::record::tape::Tape;
use crate::frame::run::timing::Timing;
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
        gathered: &'r mut Gathered,
        timing: Option<&'r Timing>,
        moment: &'r Moment,
        events: Option<NodeEvents<'r>>,
    ) -> Self {
        let gathered = gathered.turn(moment);
        Self { device, raw: device.raw(), labels: device.debug_labels(), resources, gathered, timing, moment, events }
    }

    /// Records a segment. `nodes` are those of its tape.
    pub fn segment(
        &self,
        mut nodes: &mut [NodeRuntime],
        tape: &mut Tape,
        commands: vk::CommandBuffer,
        flags: vk::CommandBufferUsageFlags,
    ) -> Result<(), RecordError> {
        tape.turn(self.resources, self.moment);
        let raw = self.raw;
        let begin = vk::CommandBufferBeginInfo::default().flags(flags);
        let failed = |call| move |result| RecordError::Device(DeviceError::vulkan(call)(result));
        // SAFETY: the command buffer is new (`Segments::renew` puts new ones in the place of those that were recorded), or the
        // frame that it was recorded for has finished and its pool was reset (`DynamicPools::reset`).
        unsafe { raw.begin_command_buffer(commands, &begin) }.map_err(failed("vkBeginCommandBuffer"))?;
        let recording = Recording {
            device: self.device,
            raw,
            buffer: commands,
            gathered: self.gathered,
            frame: self.moment.frame,
            events: self.events,
            problem: Cell::new(None),
        };
        let (switches, followed) = (self.moment.switches, self.follows_nodes());
        tape.play(|count, barrier| {
            let (played, rest) = mem::take(&mut nodes).split_at_mut(count);
            nodes = rest;
            for node in played {
                if node.condition.holds(switches) {
                    if followed {
                        self.follow(node, &recording);
                    } else {
                        record(node, &recording);
                    }
                }
            }
            if let Some(barrier) = barrier {
                // SAFETY: the buffer is being recorded outside a rendering scope; the resources are alive and the planner
                // knows their state.
                unsafe { raw.cmd_pipeline_barrier2(commands, barrier) };
            }
        });
        // SAFETY: recording began above.
        unsafe { raw.end_command_buffer(commands) }.map_err(failed("vkEndCommandBuffer"))?;
        match recording.problem.get() {
            None => Ok(()),
            Some((node, problem)) => Err(RecordError::Refused { node, problem }),
        }
    }

    /// Whether somebody wants to know where each node begins and ends.
    fn follows_nodes(&self) -> bool {
        self.labels.is_some() || self.timing.is_some() || watched::any()
    }

    /// Records a node for whoever wants to know where it begins and ends.
    #[inline(never)]
    fn follow(&self, node: &mut NodeRuntime, recording: &Recording<'_>) {
        let (commands, slot, index) = (recording.buffer, self.moment.slot, node.facts.index);
        if let Some(labels) = self.labels {
            let label = vk::DebugUtilsLabelEXT::default().label_name(node.label());
            // SAFETY: the buffer is being recorded, and the name lives until the call returns.
            unsafe { labels.cmd_begin_debug_utils_label(commands, &label) };
        }
        if let Some(timing) = self.timing {
            timing.start(self.device, commands, slot, index);
        }
        let watched = watched::node(node.label());
        record(node, recording);
        drop(watched);
        if let Some(timing) = self.timing {
            timing.end(self.device, commands, slot, index);
        }
        if let Some(labels) = self.labels {
            // SAFETY: closes the label that was opened above.
            unsafe { labels.cmd_end_debug_utils_label(commands) };
        }
    }
}

#[inline]
fn record(node: &mut NodeRuntime, recording: &Recording<'_>) {
    (node.record)(&mut RecordContext { node, work: Work::Record(recording) });
}
