//! Ray-tracing pipelines and their shader binding tables (Vulkan specification, "Shader Binding Table").
//!
//! The table holds one ray-generation record, then the miss records, then the hit groups, each region aligned to
//! `shaderGroupBaseAlignment`. Records carry no data: nodes pass data through descriptors and push constants.

use ash::vk;

use crate::device::{Device, DeviceError};
use crate::frame::owned::Owned;
use crate::graph::CompileError;
use crate::memory::{self, BufferDesc, Category, Location};
use crate::shader::HitGroup;

/// Why the device has what its extensions bring.
const VALIDATED: &str = "`validate` refuses ray-tracing nodes on a device without ray-tracing pipelines";

/// Where the records of a pipeline lie.
pub(crate) struct BindingTables {
    pub raygen: vk::StridedDeviceAddressRegionKHR,
    pub miss: vk::StridedDeviceAddressRegionKHR,
    pub hit: vk::StridedDeviceAddressRegionKHR,
    pub callable: vk::StridedDeviceAddressRegionKHR,
    /// Holds the records.
    _buffer: memory::Buffer,
}

impl BindingTables {
    /// Reads the pipeline's group handles and lays them out.
    pub fn new(device: &Device, pipeline: vk::Pipeline, misses: u32, hits: u32) -> Result<Self, CompileError> {
        let limits = device.capabilities().ray_tracing.expect(VALIDATED);
        let loader = device.ray_tracing_pipeline().expect(VALIDATED);
        let size = limits.shader_group_handle_size as usize;
        let groups = 1 + misses + hits;
        // SAFETY: the pipeline is alive and has this many groups; the size is what the device says of a handle.
        let handles =
            unsafe { loader.get_ray_tracing_shader_group_handles(pipeline, 0, groups, size * groups as usize) }
                .map_err(DeviceError::vulkan("vkGetRayTracingShaderGroupHandlesKHR"))?;

        let base = u64::from(limits.shader_group_base_alignment);
        let stride = u64::from(limits.shader_group_handle_size.next_multiple_of(limits.shader_group_handle_alignment));
        let region = |count: u32| (stride * u64::from(count)).next_multiple_of(base);
        // A ray-generation region is one record, whose stride is its size.
        let raygen_size = stride.next_multiple_of(base);
        let (miss_at, hit_at) = (raygen_size, raygen_size + region(misses));
        let total = hit_at + region(hits);

        let buffer = device.budget().buffer(
            &BufferDesc {
                name: "shader binding table",
                size: total + base,
                usage: vk::BufferUsageFlags::SHADER_BINDING_TABLE_KHR | vk::BufferUsageFlags::SHADER_DEVICE_ADDRESS,
                location: Location::Upload,
            },
            Category::Other,
        )?;
        let address = buffer.device_address().expect("made with SHADER_DEVICE_ADDRESS");
        let padding = address.next_multiple_of(base) - address;
        let starts = std::iter::once(0)
            .chain((0..u64::from(misses)).map(|index| miss_at + index * stride))
            .chain((0..u64::from(hits)).map(|index| hit_at + index * stride));
        for (handle, start) in handles.chunks_exact(size).zip(starts) {
            buffer.write(padding + start, handle)?;
        }

        let at = |offset: u64, stride: u64, size: u64| vk::StridedDeviceAddressRegionKHR {
            device_address: if size == 0 { 0 } else { address + padding + offset },
            stride,
            size,
        };
        Ok(Self {
            raygen: at(0, raygen_size, raygen_size),
            miss: at(miss_at, stride, stride * u64::from(misses)),
            hit: at(hit_at, stride, stride * u64::from(hits)),
            callable: vk::StridedDeviceAddressRegionKHR::default(),
            _buffer: buffer,
        })
    }
}

/// Makes a ray-tracing pipeline whose stages are, in order, ray generation, miss shaders, and those of the hit groups.
pub(crate) fn pipeline(
    device: &Device,
    stages: &[vk::PipelineShaderStageCreateInfo<'_>],
    misses: u32,
    hit_groups: &[HitGroup],
    max_depth: u32,
    layout: vk::PipelineLayout,
) -> Result<Owned<vk::Pipeline>, DeviceError> {
    let loader = device.ray_tracing_pipeline().expect(VALIDATED);
    let group = |kind| {
        vk::RayTracingShaderGroupCreateInfoKHR::default()
            .ty(kind)
            .general_shader(vk::SHADER_UNUSED_KHR)
            .closest_hit_shader(vk::SHADER_UNUSED_KHR)
            .any_hit_shader(vk::SHADER_UNUSED_KHR)
            .intersection_shader(vk::SHADER_UNUSED_KHR)
    };
    let general = (0..=misses).map(|stage| group(vk::RayTracingShaderGroupTypeKHR::GENERAL).general_shader(stage));
    let hits = hit_groups.iter().map(|hit| {
        let kind = match hit.intersection {
            Some(_) => vk::RayTracingShaderGroupTypeKHR::PROCEDURAL_HIT_GROUP,
            None => vk::RayTracingShaderGroupTypeKHR::TRIANGLES_HIT_GROUP,
        };
        group(kind)
            .closest_hit_shader(hit.closest.unwrap_or(vk::SHADER_UNUSED_KHR))
            .any_hit_shader(hit.any.unwrap_or(vk::SHADER_UNUSED_KHR))
            .intersection_shader(hit.intersection.unwrap_or(vk::SHADER_UNUSED_KHR))
    });
    let groups: Vec<_> = general.chain(hits).collect();
    let info = vk::RayTracingPipelineCreateInfoKHR::default()
        .stages(stages)
        .groups(&groups)
        .max_pipeline_ray_recursion_depth(max_depth)
        .layout(layout);
    let cache = device.pipeline_cache();
    // SAFETY: the cache, stages and layout are alive; groups index the stages that the macro listed; validated recursion depth.
    let pipelines = unsafe {
        loader.create_ray_tracing_pipelines(vk::DeferredOperationKHR::null(), *cache, &[info], device.callbacks())
    };
    let pipelines = pipelines.map_err(|(_, result)| DeviceError::vulkan("vkCreateRayTracingPipelinesKHR")(result))?;
    Ok(Owned::new(device, pipelines[0]))
}
