//! Commands of a ray-tracing node.

use ash::vk;

use super::{Encoder, shared_commands};
use crate::frame::pipeline::PipelineIndex;

/// Traces rays with a ray-tracing pipeline.
pub struct RayTracingCommands<'a> {
    pub(super) encoder: Encoder<'a>,
    pub(super) pipeline: PipelineIndex,
}

shared_commands!(RayTracingCommands, RAY_TRACING_KHR);

impl<'a> RayTracingCommands<'a> {
    pub(crate) fn begin(encoder: Encoder<'a>) -> Self {
        encoder.bind_all(vk::PipelineBindPoint::RAY_TRACING_KHR);
        Self { encoder, pipeline: PipelineIndex(0) }
    }

    pub(super) fn bound(&mut self, pipeline: PipelineIndex) {
        self.pipeline = pipeline;
    }

    /// Runs the ray-generation shader once for each element of `extent`.
    pub fn trace_rays(&mut self, extent: [u32; 3]) {
        let device = self.encoder.recording.device;
        let tables = self.encoder.pipelines().binding_tables(self.pipeline);
        let [width, height, depth] = extent;
        let rays = extent.into_iter().fold(1u64, |rays, size| rays.saturating_mul(size.into()));
        let most = device.capabilities().ray_tracing.map_or(0, |limits| limits.max_ray_dispatch_invocation_count);
        let limits = &device.capabilities().limits;
        let sides = limits.max_compute_work_group_count.into_iter().zip(limits.max_compute_work_group_size);
        let mut sides = sides.map(|(count, size)| u64::from(count) * u64::from(size)).zip(extent);
        let fits = rays <= most.into() && sides.all(|(most, size)| u64::from(size) <= most);
        let (Some(tables), Some(loader), true) = (tables, device.ray_tracing_pipeline(), fits) else {
            self.encoder.refuse(
                "traces more rays at once than the device allows (maxRayDispatchInvocationCount, and along a side \
                 maxComputeWorkGroupCount times maxComputeWorkGroupSize); trace in parts",
            );
            return;
        };
        // SAFETY: a ray-tracing pipeline and its sets are bound, and the tables were laid out for this pipeline.
        unsafe {
            loader.cmd_trace_rays(
                self.encoder.buffer(),
                &tables.raygen,
                &tables.miss,
                &tables.hit,
                &tables.callable,
                width,
                height,
                depth,
            );
        }
    }

    /// Makes what earlier commands of this node wrote visible to the later ones.
    pub fn barrier(&mut self) {
        self.encoder.barrier(vk::PipelineStageFlags2::RAY_TRACING_SHADER_KHR);
    }
}
