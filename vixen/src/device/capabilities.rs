//! What a device can do and which of it is switched on.

use std::ffi::CStr;

use ash::{khr, vk};

use super::feature::{Feature, FeatureSet};
use super::info::Version;

/// The formats of Vulkan 1.0 are numbered from zero to this one.
const LAST_CORE_FORMAT: i32 = vk::Format::ASTC_12X12_SRGB_BLOCK.as_raw();

/// What a device can do, read once.
#[derive(Clone, Debug)]
pub struct Capabilities {
    /// The newest Vulkan version that the device serves.
    pub api_version: Version,
    /// The features that are enabled.
    pub enabled: FeatureSet,
    /// The features that the device has.
    pub found: FeatureSet,
    /// The device extensions that are enabled.
    pub extensions: Vec<&'static CStr>,
    /// The limits of Vulkan 1.0.
    pub limits: vk::PhysicalDeviceLimits,
    /// Invocations in a subgroup.
    pub subgroup_size: u32,
    /// Every queue family, by index.
    pub queue_families: Vec<QueueFamily>,
    /// How to read timestamps of the main queue, where it has them.
    pub timestamps: Option<Timestamps>,
    /// The heaps and types of memory.
    pub memory: vk::PhysicalDeviceMemoryProperties,
    /// Limits of ray tracing pipelines and acceleration structures, where both are enabled.
    pub ray_tracing: Option<RayTracingLimits>,
    formats: Vec<FormatFeatures>,
}

impl Capabilities {
    /// Whether a feature is enabled.
    pub const fn has(&self, feature: Feature) -> bool {
        self.enabled.has(feature)
    }

    /// Whether a device extension is enabled.
    pub fn has_extension(&self, name: &CStr) -> bool {
        self.extensions.contains(&name)
    }

    /// Whether the host reaches all of the device's own memory: with a resizable BAR, and where the two share theirs.
    pub fn maps_all_memory(&self) -> bool {
        use vk::MemoryPropertyFlags as Property;
        let mapped = Property::DEVICE_LOCAL | Property::HOST_VISIBLE | Property::HOST_COHERENT;
        let heaps = self.memory.memory_heaps_as_slice();
        let own = |heap: &vk::MemoryHeap| heap.flags.contains(vk::MemoryHeapFlags::DEVICE_LOCAL);
        let largest = heaps.iter().filter(|heap| own(heap)).map(|heap| heap.size).max();
        let types = self.memory.memory_types_as_slice();
        types
            .iter()
            .any(|kind| kind.property_flags.contains(mapped) && Some(heaps[kind.heap_index as usize].size) == largest)
    }

    /// The most bytes of push constants that a pipeline can have.
    pub const fn max_push_constant_bytes(&self) -> u32 {
        self.limits.max_push_constants_size
    }

    /// What can be done with a format of Vulkan 1.0; nothing for formats of later versions and extensions, which
    /// [`Device::format_features`](super::Device::format_features) asks the driver for.
    pub fn core_format(&self, format: vk::Format) -> FormatFeatures {
        usize::try_from(format.as_raw()).ok().and_then(|index| self.formats.get(index)).copied().unwrap_or_default()
    }

    /// Whether [`Self::core_format`] knows the format.
    pub(super) fn is_core_format(format: vk::Format) -> bool {
        (0..=LAST_CORE_FORMAT).contains(&format.as_raw())
    }
}

/// A queue family of the device.
#[derive(Clone, Copy, Debug)]
pub struct QueueFamily {
    /// What its queues serve.
    pub flags: vk::QueueFlags,
    /// How many queues it has.
    pub count: u32,
    /// How many bits of its timestamps count; 0 where it has none.
    pub timestamp_valid_bits: u32,
    /// The smallest part of an image that it can copy, in texels.
    pub transfer_granularity: [u32; 3],
}

impl QueueFamily {
    /// Whether it serves transfers alone, of any part of an image: on GPUs, copy engines that run beside everything else.
    pub(super) fn is_for_transfers(&self) -> bool {
        let others = vk::QueueFlags::GRAPHICS | vk::QueueFlags::COMPUTE;
        self.flags.contains(vk::QueueFlags::TRANSFER)
            && !self.flags.intersects(others)
            && self.transfer_granularity == [1, 1, 1]
            && self.count > 0
    }
}

/// How to read timestamps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timestamps {
    /// Nanoseconds a tick.
    pub period_ns: f32,
    /// How many bits count; the others are to be masked off.
    pub valid_bits: u32,
}

/// What can be done with a format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FormatFeatures {
    /// With images of linear tiling.
    pub linear: vk::FormatFeatureFlags2,
    /// With images of optimal tiling.
    pub optimal: vk::FormatFeatureFlags2,
    /// With texel buffers.
    pub buffer: vk::FormatFeatureFlags2,
}

impl FormatFeatures {
    pub(super) fn read(instance: &ash::Instance, physical: vk::PhysicalDevice, format: vk::Format) -> Self {
        let mut extended = vk::FormatProperties3::default();
        let mut properties = vk::FormatProperties2::default().push_next(&mut extended);
        // SAFETY: `physical` comes from `instance` and is of Vulkan 1.3, to which `FormatProperties3` belongs.
        unsafe { instance.get_physical_device_format_properties2(physical, format, &mut properties) };
        Self {
            linear: extended.linear_tiling_features,
            optimal: extended.optimal_tiling_features,
            buffer: extended.buffer_features,
        }
    }
}

/// Limits of ray tracing.
#[derive(Clone, Copy, Debug)]
pub struct RayTracingLimits {
    /// Bytes of a shader group handle.
    pub shader_group_handle_size: u32,
    /// Alignment of a handle in a shader binding table.
    pub shader_group_handle_alignment: u32,
    /// Alignment of a region of a shader binding table.
    pub shader_group_base_alignment: u32,
    /// The largest stride of a shader binding table.
    pub max_shader_group_stride: u32,
    /// How deep rays may trace rays.
    pub max_ray_recursion_depth: u32,
    /// The most invocations of one dispatch.
    pub max_ray_dispatch_invocation_count: u32,
    /// The largest hit attribute, in bytes.
    pub max_ray_hit_attribute_size: u32,
    /// The most primitives of a bottom-level structure.
    pub max_primitive_count: u64,
    /// The most instances of a top-level structure.
    pub max_instance_count: u64,
    /// Alignment of scratch memory for builds.
    pub min_scratch_offset_alignment: u32,
}

/// Reads from the physical device what does not depend on what gets enabled; the caller gives the rest.
pub(super) fn read(
    instance: &ash::Instance,
    physical: vk::PhysicalDevice,
    found: FeatureSet,
    enabled: FeatureSet,
    extensions: Vec<&'static CStr>,
    main_family: u32,
) -> Capabilities {
    let has = |name: &CStr| extensions.contains(&name);
    let ray_tracing = has(khr::acceleration_structure::NAME)
        && has(khr::ray_tracing_pipeline::NAME)
        && enabled.has(Feature::RayTracingPipeline);

    let mut v11 = vk::PhysicalDeviceVulkan11Properties::default();
    let mut structures = vk::PhysicalDeviceAccelerationStructurePropertiesKHR::default();
    let mut pipelines = vk::PhysicalDeviceRayTracingPipelinePropertiesKHR::default();
    let mut properties = vk::PhysicalDeviceProperties2::default().push_next(&mut v11);
    if ray_tracing {
        properties = properties.push_next(&mut structures).push_next(&mut pipelines);
    }
    // SAFETY: `physical` comes from `instance` and is of Vulkan 1.3; the chain holds structures of 1.2 and of extensions
    // that the device has, each once.
    unsafe { instance.get_physical_device_properties2(physical, &mut properties) };
    let properties = properties.properties;

    let queue_families = queue_families(instance, physical);
    let timestamps = queue_families
        .get(main_family as usize)
        .map(|family| Timestamps {
            period_ns: properties.limits.timestamp_period,
            valid_bits: family.timestamp_valid_bits,
        })
        .filter(|timestamps| timestamps.valid_bits > 0 && timestamps.period_ns > 0.0);

    Capabilities {
        api_version: Version(properties.api_version),
        enabled,
        found,
        limits: properties.limits,
        subgroup_size: v11.subgroup_size,
        queue_families,
        timestamps,
        // SAFETY: `physical` comes from `instance`.
        memory: unsafe { instance.get_physical_device_memory_properties(physical) },
        ray_tracing: ray_tracing.then_some(RayTracingLimits {
            shader_group_handle_size: pipelines.shader_group_handle_size,
            shader_group_handle_alignment: pipelines.shader_group_handle_alignment,
            shader_group_base_alignment: pipelines.shader_group_base_alignment,
            max_shader_group_stride: pipelines.max_shader_group_stride,
            max_ray_recursion_depth: pipelines.max_ray_recursion_depth,
            max_ray_dispatch_invocation_count: pipelines.max_ray_dispatch_invocation_count,
            max_ray_hit_attribute_size: pipelines.max_ray_hit_attribute_size,
            max_primitive_count: structures.max_primitive_count,
            max_instance_count: structures.max_instance_count,
            min_scratch_offset_alignment: structures.min_acceleration_structure_scratch_offset_alignment,
        }),
        formats: (0..=LAST_CORE_FORMAT)
            .map(|raw| FormatFeatures::read(instance, physical, vk::Format::from_raw(raw)))
            .collect(),
        extensions,
    }
}

pub(super) fn queue_families(instance: &ash::Instance, physical: vk::PhysicalDevice) -> Vec<QueueFamily> {
    // SAFETY: `physical` comes from `instance`.
    unsafe { instance.get_physical_device_queue_family_properties(physical) }
        .into_iter()
        .map(|family| QueueFamily {
            flags: family.queue_flags,
            count: family.queue_count,
            timestamp_valid_bits: family.timestamp_valid_bits,
            transfer_granularity: {
                let vk::Extent3D { width, height, depth } = family.min_image_transfer_granularity;
                [width, height, depth]
            },
        })
        .collect()
}
