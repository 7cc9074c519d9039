//! Commands of a compute node.

use ash::vk;

use super::{Encoder, shared_commands};
use crate::frame::pipeline::PipelineIndex;
use crate::graph::BufferView;
use crate::shader::ProgramKind;

/// Dispatches compute shaders.
pub struct ComputeCommands<'a> {
    pub(super) encoder: Encoder<'a>,
    pub(super) pipeline: PipelineIndex,
}

shared_commands!(ComputeCommands, COMPUTE);

impl<'a> ComputeCommands<'a> {
    #[inline]
    pub(crate) fn begin(encoder: Encoder<'a>) -> Self {
        encoder.bind_all(vk::PipelineBindPoint::COMPUTE);
        Self { encoder, pipeline: PipelineIndex(0) }
    }

    pub(super) fn bound(&mut self, pipeline: PipelineIndex) {
        self.pipeline = pipeline;
    }

    /// Dispatches this many workgroups.
    #[inline]
    pub fn dispatch(&mut self, x: u32, y: u32, z: u32) {
        // Every device has as many (Vulkan's required limits).
        if (x | y | z) > 0xffff && !has_room(self.encoder, [x, y, z]) {
            return;
        }
        // SAFETY: a compute pipeline and its sets are bound; compile checked the node's bindings.
        unsafe { self.encoder.device().cmd_dispatch(self.encoder.buffer(), x, y, z) };
    }

    /// Dispatches enough workgroups for one invocation for each element of `extent`.
    ///
    /// The last workgroups reach beyond the extent where it is not a multiple of the workgroup's size: the shader must
    /// check.
    #[inline]
    pub fn dispatch_over(&mut self, extent: [u32; 3]) {
        let size = self.local_size();
        let [x, y, z] = std::array::from_fn(|axis| extent[axis].div_ceil(size[axis]));
        self.dispatch(x, y, z);
    }

    /// Dispatches enough workgroups for one invocation for each of `count` elements, along x.
    // Not inlined, it would have all of `self` in memory.
    #[inline(always)]
    pub fn dispatch_items(&mut self, count: u64) {
        let [size, ..] = self.local_size();
        // What fits into 32 bits is divided faster there.
        let groups = u32::try_from(count).map_or_else(|_| many_groups(count, size), |count| count.div_ceil(size));
        self.dispatch(groups, 1, 1);
    }

    /// Dispatches as many workgroups as three `u32` at the start of a buffer say.
    pub fn dispatch_indirect<T: ?Sized>(&mut self, arguments: BufferView<'_, T>) {
        let resolved = arguments.resolved();
        if !self.encoder.check_indirect(resolved, 1, 12, 12) {
            return;
        }
        // SAFETY: an `indirect` slot gave the buffer indirect usage, and the planner made its contents visible.
        unsafe {
            self.encoder.device().cmd_dispatch_indirect(self.encoder.buffer(), resolved.buffer, resolved.offset);
        }
    }

    /// Makes what earlier dispatches of this node wrote visible to the later ones.
    pub fn barrier(&mut self) {
        self.encoder.barrier(vk::PipelineStageFlags2::COMPUTE_SHADER);
    }

    /// Workgroup size of the bound pipeline.
    #[inline]
    pub fn local_size(&self) -> [u32; 3] {
        match self.encoder.pipelines().kind(self.pipeline) {
            ProgramKind::Compute { workgroup } => workgroup.size,
            _ => [1; 3],
        }
    }
}

#[cold]
fn many_groups(count: u64, size: u32) -> u32 {
    u32::try_from(count.div_ceil(size.into())).unwrap_or(u32::MAX)
}

/// Whether this device allows this many workgroups, where not every device does.
#[cold]
fn has_room(encoder: Encoder<'_>, groups: [u32; 3]) -> bool {
    let most = encoder.capabilities().limits.max_compute_work_group_count;
    let fits = groups.into_iter().zip(most).all(|(count, most)| count <= most);
    encoder
        .check(fits, "dispatches more workgroups than the device allows (maxComputeWorkGroupCount); let each do more")
}
