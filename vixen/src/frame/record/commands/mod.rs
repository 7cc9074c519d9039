//! The commands that each kind of node can record. Nothing here creates or allocates.

mod compute;
mod graphics;
mod node;
mod ray_tracing;
mod transfer;

use ash::vk;

pub use compute::ComputeCommands;
pub use graphics::GraphicsCommands;
pub(crate) use graphics::MAX_ATTACHMENTS;
pub use node::NodeCommands;
pub use ray_tracing::RayTracingCommands;
pub use transfer::TransferCommands;

use crate::device::{Capabilities, Feature};
use crate::frame::pipeline::NodePipelines;
use crate::frame::pipeline::PipelineIndex;
use crate::frame::provision::gathered::NodeNow;
use crate::frame::provision::node::NodeRuntime;
use crate::frame::record::context::Recording;
use crate::graph::view::Resolved;
use crate::shader::Block;

/// What all kinds share: where commands go, and whose they are.
#[derive(Clone, Copy)]
pub(crate) struct Encoder<'a> {
    recording: &'a Recording<'a>,
    node: &'a NodeRuntime,
    now: NodeNow<'a>,
    // Of the recording, which holds a cell: nobody would believe that they stay.
    device: &'a ash::Device,
    buffer: vk::CommandBuffer,
}

impl<'a> Encoder<'a> {
    #[inline]
    pub fn new(recording: &'a Recording<'a>, node: &'a NodeRuntime, now: NodeNow<'a>) -> Self {
        Self { recording, node, now, device: recording.raw, buffer: recording.buffer }
    }

    #[inline]
    pub fn device(&self) -> &'a ash::Device {
        self.device
    }

    #[inline]
    pub fn buffer(&self) -> vk::CommandBuffer {
        self.buffer
    }

    #[inline]
    pub fn recording(&self) -> &'a Recording<'a> {
        self.recording
    }

    #[inline]
    pub fn node(&self) -> NodeNow<'a> {
        self.now
    }

    #[inline]
    pub fn capabilities(&self) -> &'a Capabilities {
        self.recording.device.capabilities()
    }

    #[inline]
    pub fn pipelines(&self) -> &'a NodePipelines {
        &self.node.pipelines
    }

    /// Notes what was asked for and cannot be: whoever had the node recorded gets it as an error. Says what the node did, and
    /// what to do instead.
    // By value: what is looked at through a pointer has to be in memory.
    #[cold]
    pub fn refuse(self, problem: &'static str) {
        let first = self.recording.problem.get().unwrap_or((self.node.facts.index, problem));
        self.recording.problem.set(Some(first));
    }

    /// Whether `ok`; refuses otherwise.
    #[inline]
    pub fn check(&self, ok: bool, problem: &'static str) -> bool {
        if !ok {
            self.refuse(problem);
        }
        ok
    }

    /// Whether `count` argument structs of `size` bytes can be read from a buffer.
    fn check_indirect(&self, arguments: &Resolved, count: u32, stride: usize, size: usize) -> bool {
        let capabilities = self.capabilities();
        let many = capabilities.has(Feature::MultiDrawIndirect);
        let most = capabilities.limits.max_draw_indirect_count;
        let bytes = (u64::from(count.max(1)) - 1).saturating_mul(stride as u64).saturating_add(size as u64);
        self.check(arguments.indirect, "reads indirect arguments from a slot for something else; declare one `#[indirect]`, to which the same wire may go")
            && self.check(stride >= size || count <= 1, "reads indirect arguments that are larger than the elements of their buffer")
            && self.check(stride.is_multiple_of(4) || count <= 1, "reads indirect arguments from elements that are no multiple of 4 bytes; pad them")
            && self.check(bytes <= arguments.size, "reads more indirect arguments than their buffer has; make it larger")
            && self.check(arguments.offset.is_multiple_of(4), "reads indirect arguments that do not start at a multiple of 4 bytes; split the buffer there")
            && self.check(count <= 1 || count <= most, "draws more often from one buffer than the device allows (maxDrawIndirectCount); call it several times")
            && self.check(count <= 1 || many, "draws several times from one buffer, for which the device lacks multiDrawIndirect; call it once for each")
    }

    /// Binds the first pipeline, the descriptor sets and the node's push constants.
    #[inline]
    fn bind_all(&self, point: vk::PipelineBindPoint) {
        self.bind_handle(point, self.pipelines().first());
        let sets = self.now.sets();
        if !sets.is_empty() {
            // SAFETY: the buffer is being recorded; layout and sets were made for this node and outlive the recording.
            unsafe {
                self.device().cmd_bind_descriptor_sets(self.buffer(), point, self.pipelines().layout(), 0, sets, &[]);
            }
        }
        self.push_bytes(self.now.push());
    }

    #[inline]
    fn bind_pipeline(&self, point: vk::PipelineBindPoint, pipeline: PipelineIndex) -> bool {
        let known = self.node.pipelines.has(pipeline);
        if !self.check(known, "binds a pipeline that it does not have; use the constants of its own type, `Self::NAME`")
        {
            return false;
        }
        self.bind_handle(point, self.pipelines().pipeline(pipeline));
        true
    }

    #[inline]
    fn bind_handle(&self, point: vk::PipelineBindPoint, pipeline: vk::Pipeline) {
        // SAFETY: the buffer is being recorded; the pipeline is one of the node's: it belongs to the graph, outlives it, and was
        // made for `point`. `#[node]` lets no node of a kind that binds any be without.
        unsafe { self.device().cmd_bind_pipeline(self.buffer(), point, pipeline) };
    }

    #[inline]
    fn push_bytes(&self, bytes: &[u8]) {
        let pipelines = self.pipelines();
        if !bytes.is_empty() {
            // SAFETY: the layout has one push-constant range from 0, of the block's size, for these stages.
            unsafe {
                self.device().cmd_push_constants(self.buffer(), pipelines.layout(), pipelines.push_stages(), 0, bytes);
            }
        }
    }

    fn push<T: Block>(&self, value: &T) {
        let declared = self.now.push().len();
        let bytes = crate::shader::bytes_of(value);
        if self.check(
            bytes.len() == declared,
            "pushes a value of another size than its `#[push]` field; pass one of that type",
        ) {
            self.push_bytes(bytes);
        }
    }

    /// Makes what the given stages wrote visible to what they do next, within the node.
    fn barrier(&self, stages: vk::PipelineStageFlags2) {
        let write = vk::AccessFlags2::MEMORY_WRITE;
        let barrier = vk::MemoryBarrier2::default()
            .src_stage_mask(stages)
            .src_access_mask(write)
            .dst_stage_mask(stages)
            .dst_access_mask(write | vk::AccessFlags2::MEMORY_READ);
        let dependency = vk::DependencyInfo::default().memory_barriers(std::slice::from_ref(&barrier));
        // SAFETY: the buffer is being recorded, outside a rendering scope.
        unsafe { self.device().cmd_pipeline_barrier2(self.buffer(), &dependency) };
    }
}

/// Methods that several kinds of commands share.
macro_rules! shared_commands {
    ($name:ident, $point:ident) => {
        impl $name<'_> {
            /// Binds another of the node's pipelines: `commands.bind(Self::BLUR_X)`. The first is bound already.
            pub fn bind(&mut self, pipeline: crate::frame::PipelineIndex) {
                if self.encoder.bind_pipeline(ash::vk::PipelineBindPoint::$point, pipeline) {
                    self.bound(pipeline);
                }
            }

            /// Replaces the push constants for the commands that follow. A value of another size than the node's `#[push]`
            /// field is an error that `compile` reports, or `frame` for a dynamic node.
            pub fn push<T: crate::shader::Block>(&mut self, value: &T) {
                self.encoder.push(value);
            }

            /// The command buffer.
            ///
            /// # Safety
            /// Commands recorded through it must touch nothing but what the node's slots declare, in the way that they
            /// declare it, and leave the state that Vixen's own commands rely on as it was.
            pub unsafe fn raw(&self) -> ash::vk::CommandBuffer {
                self.encoder.buffer()
            }
        }
    };
}
pub(crate) use shared_commands;
