//! The Vulkan features that Vixen knows: one table from which everything else follows.

use std::ffi::{CStr, c_void};
use std::fmt;
use std::str::FromStr;

use ash::{khr, vk};

macro_rules! features {
    ($($variant:ident = $name:literal in $($path:ident).+;)*) => {
        /// A device feature, named as in the Vulkan specification. [`Capabilities`](super::Capabilities) says which are on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Feature {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl Feature {
            /// Every feature of the table.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name in the Vulkan specification.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Where the structures of a device's features keep this one.
            fn field(self, structs: &mut FeatureStructs) -> &mut vk::Bool32 {
                match self {
                    $(Self::$variant => &mut structs.$($path).+,)*
                }
            }
        }
    };
}

features! {
    FullDrawIndexUint32 = "fullDrawIndexUint32" in core.features.full_draw_index_uint32;
    ImageCubeArray = "imageCubeArray" in core.features.image_cube_array;
    IndependentBlend = "independentBlend" in core.features.independent_blend;
    GeometryShader = "geometryShader" in core.features.geometry_shader;
    TessellationShader = "tessellationShader" in core.features.tessellation_shader;
    SampleRateShading = "sampleRateShading" in core.features.sample_rate_shading;
    DualSrcBlend = "dualSrcBlend" in core.features.dual_src_blend;
    LogicOp = "logicOp" in core.features.logic_op;
    MultiDrawIndirect = "multiDrawIndirect" in core.features.multi_draw_indirect;
    DrawIndirectFirstInstance = "drawIndirectFirstInstance" in core.features.draw_indirect_first_instance;
    DepthClamp = "depthClamp" in core.features.depth_clamp;
    DepthBiasClamp = "depthBiasClamp" in core.features.depth_bias_clamp;
    FillModeNonSolid = "fillModeNonSolid" in core.features.fill_mode_non_solid;
    DepthBounds = "depthBounds" in core.features.depth_bounds;
    WideLines = "wideLines" in core.features.wide_lines;
    LargePoints = "largePoints" in core.features.large_points;
    MultiViewport = "multiViewport" in core.features.multi_viewport;
    SamplerAnisotropy = "samplerAnisotropy" in core.features.sampler_anisotropy;
    TextureCompressionEtc2 = "textureCompressionETC2" in core.features.texture_compression_etc2;
    TextureCompressionAstcLdr = "textureCompressionASTC_LDR" in core.features.texture_compression_astc_ldr;
    TextureCompressionBc = "textureCompressionBC" in core.features.texture_compression_bc;
    OcclusionQueryPrecise = "occlusionQueryPrecise" in core.features.occlusion_query_precise;
    PipelineStatisticsQuery = "pipelineStatisticsQuery" in core.features.pipeline_statistics_query;
    VertexPipelineStoresAndAtomics = "vertexPipelineStoresAndAtomics" in core.features.vertex_pipeline_stores_and_atomics;
    FragmentStoresAndAtomics = "fragmentStoresAndAtomics" in core.features.fragment_stores_and_atomics;
    ShaderImageGatherExtended = "shaderImageGatherExtended" in core.features.shader_image_gather_extended;
    ShaderStorageImageExtendedFormats = "shaderStorageImageExtendedFormats" in core.features.shader_storage_image_extended_formats;
    ShaderStorageImageMultisample = "shaderStorageImageMultisample" in core.features.shader_storage_image_multisample;
    ShaderStorageImageReadWithoutFormat = "shaderStorageImageReadWithoutFormat" in core.features.shader_storage_image_read_without_format;
    ShaderStorageImageWriteWithoutFormat = "shaderStorageImageWriteWithoutFormat" in core.features.shader_storage_image_write_without_format;
    ShaderUniformBufferArrayDynamicIndexing = "shaderUniformBufferArrayDynamicIndexing" in core.features.shader_uniform_buffer_array_dynamic_indexing;
    ShaderSampledImageArrayDynamicIndexing = "shaderSampledImageArrayDynamicIndexing" in core.features.shader_sampled_image_array_dynamic_indexing;
    ShaderStorageBufferArrayDynamicIndexing = "shaderStorageBufferArrayDynamicIndexing" in core.features.shader_storage_buffer_array_dynamic_indexing;
    ShaderStorageImageArrayDynamicIndexing = "shaderStorageImageArrayDynamicIndexing" in core.features.shader_storage_image_array_dynamic_indexing;
    ShaderClipDistance = "shaderClipDistance" in core.features.shader_clip_distance;
    ShaderCullDistance = "shaderCullDistance" in core.features.shader_cull_distance;
    ShaderFloat64 = "shaderFloat64" in core.features.shader_float64;
    ShaderInt64 = "shaderInt64" in core.features.shader_int64;
    ShaderInt16 = "shaderInt16" in core.features.shader_int16;

    StorageBuffer16BitAccess = "storageBuffer16BitAccess" in v11.storage_buffer16_bit_access;
    UniformAndStorageBuffer16BitAccess = "uniformAndStorageBuffer16BitAccess" in v11.uniform_and_storage_buffer16_bit_access;
    StoragePushConstant16 = "storagePushConstant16" in v11.storage_push_constant16;
    StorageInputOutput16 = "storageInputOutput16" in v11.storage_input_output16;
    Multiview = "multiview" in v11.multiview;
    VariablePointersStorageBuffer = "variablePointersStorageBuffer" in v11.variable_pointers_storage_buffer;
    VariablePointers = "variablePointers" in v11.variable_pointers;
    ShaderDrawParameters = "shaderDrawParameters" in v11.shader_draw_parameters;

    SamplerMirrorClampToEdge = "samplerMirrorClampToEdge" in v12.sampler_mirror_clamp_to_edge;
    DrawIndirectCount = "drawIndirectCount" in v12.draw_indirect_count;
    StorageBuffer8BitAccess = "storageBuffer8BitAccess" in v12.storage_buffer8_bit_access;
    UniformAndStorageBuffer8BitAccess = "uniformAndStorageBuffer8BitAccess" in v12.uniform_and_storage_buffer8_bit_access;
    StoragePushConstant8 = "storagePushConstant8" in v12.storage_push_constant8;
    ShaderBufferInt64Atomics = "shaderBufferInt64Atomics" in v12.shader_buffer_int64_atomics;
    ShaderSharedInt64Atomics = "shaderSharedInt64Atomics" in v12.shader_shared_int64_atomics;
    ShaderFloat16 = "shaderFloat16" in v12.shader_float16;
    ShaderInt8 = "shaderInt8" in v12.shader_int8;
    DescriptorIndexing = "descriptorIndexing" in v12.descriptor_indexing;
    ShaderUniformBufferArrayNonUniformIndexing = "shaderUniformBufferArrayNonUniformIndexing" in v12.shader_uniform_buffer_array_non_uniform_indexing;
    ShaderSampledImageArrayNonUniformIndexing = "shaderSampledImageArrayNonUniformIndexing" in v12.shader_sampled_image_array_non_uniform_indexing;
    ShaderStorageBufferArrayNonUniformIndexing = "shaderStorageBufferArrayNonUniformIndexing" in v12.shader_storage_buffer_array_non_uniform_indexing;
    ShaderStorageImageArrayNonUniformIndexing = "shaderStorageImageArrayNonUniformIndexing" in v12.shader_storage_image_array_non_uniform_indexing;
    DescriptorBindingUniformBufferUpdateAfterBind = "descriptorBindingUniformBufferUpdateAfterBind" in v12.descriptor_binding_uniform_buffer_update_after_bind;
    DescriptorBindingSampledImageUpdateAfterBind = "descriptorBindingSampledImageUpdateAfterBind" in v12.descriptor_binding_sampled_image_update_after_bind;
    DescriptorBindingStorageImageUpdateAfterBind = "descriptorBindingStorageImageUpdateAfterBind" in v12.descriptor_binding_storage_image_update_after_bind;
    DescriptorBindingStorageBufferUpdateAfterBind = "descriptorBindingStorageBufferUpdateAfterBind" in v12.descriptor_binding_storage_buffer_update_after_bind;
    DescriptorBindingUpdateUnusedWhilePending = "descriptorBindingUpdateUnusedWhilePending" in v12.descriptor_binding_update_unused_while_pending;
    DescriptorBindingPartiallyBound = "descriptorBindingPartiallyBound" in v12.descriptor_binding_partially_bound;
    DescriptorBindingVariableDescriptorCount = "descriptorBindingVariableDescriptorCount" in v12.descriptor_binding_variable_descriptor_count;
    RuntimeDescriptorArray = "runtimeDescriptorArray" in v12.runtime_descriptor_array;
    SamplerFilterMinmax = "samplerFilterMinmax" in v12.sampler_filter_minmax;
    ScalarBlockLayout = "scalarBlockLayout" in v12.scalar_block_layout;
    UniformBufferStandardLayout = "uniformBufferStandardLayout" in v12.uniform_buffer_standard_layout;
    ShaderSubgroupExtendedTypes = "shaderSubgroupExtendedTypes" in v12.shader_subgroup_extended_types;
    SeparateDepthStencilLayouts = "separateDepthStencilLayouts" in v12.separate_depth_stencil_layouts;
    HostQueryReset = "hostQueryReset" in v12.host_query_reset;
    TimelineSemaphore = "timelineSemaphore" in v12.timeline_semaphore;
    BufferDeviceAddress = "bufferDeviceAddress" in v12.buffer_device_address;
    VulkanMemoryModel = "vulkanMemoryModel" in v12.vulkan_memory_model;
    VulkanMemoryModelDeviceScope = "vulkanMemoryModelDeviceScope" in v12.vulkan_memory_model_device_scope;
    ShaderOutputViewportIndex = "shaderOutputViewportIndex" in v12.shader_output_viewport_index;
    ShaderOutputLayer = "shaderOutputLayer" in v12.shader_output_layer;
    SubgroupBroadcastDynamicId = "subgroupBroadcastDynamicId" in v12.subgroup_broadcast_dynamic_id;

    ShaderDemoteToHelperInvocation = "shaderDemoteToHelperInvocation" in v13.shader_demote_to_helper_invocation;
    ShaderTerminateInvocation = "shaderTerminateInvocation" in v13.shader_terminate_invocation;
    SubgroupSizeControl = "subgroupSizeControl" in v13.subgroup_size_control;
    ComputeFullSubgroups = "computeFullSubgroups" in v13.compute_full_subgroups;
    Synchronization2 = "synchronization2" in v13.synchronization2;
    ShaderZeroInitializeWorkgroupMemory = "shaderZeroInitializeWorkgroupMemory" in v13.shader_zero_initialize_workgroup_memory;
    DynamicRendering = "dynamicRendering" in v13.dynamic_rendering;
    ShaderIntegerDotProduct = "shaderIntegerDotProduct" in v13.shader_integer_dot_product;
    Maintenance4 = "maintenance4" in v13.maintenance4;

    AccelerationStructure = "accelerationStructure" in acceleration_structure.acceleration_structure;
    RayTracingPipeline = "rayTracingPipeline" in ray_tracing_pipeline.ray_tracing_pipeline;
    RayTraversalPrimitiveCulling = "rayTraversalPrimitiveCulling" in ray_tracing_pipeline.ray_traversal_primitive_culling;
    RayQuery = "rayQuery" in ray_query.ray_query;
}

impl Feature {
    /// What Vixen itself cannot do without.
    pub const CORE: &[Self] = &[Self::TimelineSemaphore, Self::Synchronization2, Self::DynamicRendering];

    /// The device extension that brings the feature, where it is not part of Vulkan 1.3.
    pub const fn extension(self) -> Option<&'static CStr> {
        match self {
            Self::AccelerationStructure => Some(khr::acceleration_structure::NAME),
            Self::RayTracingPipeline | Self::RayTraversalPrimitiveCulling => Some(khr::ray_tracing_pipeline::NAME),
            Self::RayQuery => Some(khr::ray_query::NAME),
            _ => None,
        }
    }
}

impl FromStr for Feature {
    type Err = UnknownFeature;

    /// By the name in the Vulkan specification.
    fn from_str(name: &str) -> Result<Self, UnknownFeature> {
        Self::ALL.iter().copied().find(|feature| feature.name() == name).ok_or_else(|| UnknownFeature(name.to_owned()))
    }
}

/// No feature of Vixen's table has this name.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no feature '{0}' that Vixen knows: write it as the Vulkan specification does, such as rayTracingPipeline"
)]
pub struct UnknownFeature(String);

crate::debug_as_display!(UnknownFeature);

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of features.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeatureSet(u128);

const _: () = assert!(Feature::ALL.len() <= 128, "a FeatureSet has one bit for each feature");

impl FeatureSet {
    /// No feature.
    pub const EMPTY: Self = Self(0);

    /// Whether the feature is in the set.
    pub const fn has(self, feature: Feature) -> bool {
        self.0 >> feature as u32 & 1 == 1
    }

    /// The set with this feature too.
    #[must_use]
    pub const fn with(self, feature: Feature) -> Self {
        Self(self.0 | 1 << feature as u32)
    }

    /// The set without this feature.
    #[must_use]
    pub const fn without(self, feature: Feature) -> Self {
        Self(self.0 & !(1 << feature as u32))
    }

    /// The features of the set, in the order of [`Feature::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Feature> {
        Feature::ALL.iter().copied().filter(move |&feature| self.has(feature))
    }
}

impl FromIterator<Feature> for FeatureSet {
    fn from_iter<I: IntoIterator<Item = Feature>>(features: I) -> Self {
        features.into_iter().fold(Self::EMPTY, Self::with)
    }
}

/// The structures that Vulkan keeps features in.
#[derive(Default)]
pub(super) struct FeatureStructs {
    core: vk::PhysicalDeviceFeatures2<'static>,
    v11: vk::PhysicalDeviceVulkan11Features<'static>,
    v12: vk::PhysicalDeviceVulkan12Features<'static>,
    v13: vk::PhysicalDeviceVulkan13Features<'static>,
    acceleration_structure: vk::PhysicalDeviceAccelerationStructureFeaturesKHR<'static>,
    ray_tracing_pipeline: vk::PhysicalDeviceRayTracingPipelineFeaturesKHR<'static>,
    ray_query: vk::PhysicalDeviceRayQueryFeaturesKHR<'static>,
}

impl FeatureStructs {
    /// The structures with exactly these features on.
    pub(super) fn new(features: FeatureSet) -> Self {
        let mut structs = Self::default();
        for feature in features.iter() {
            *feature.field(&mut structs) = vk::TRUE;
        }
        structs
    }

    /// What a physical device of Vulkan 1.3 has, with the extensions that it has.
    pub(super) fn found(
        instance: &ash::Instance,
        physical: vk::PhysicalDevice,
        has_extension: impl Fn(&CStr) -> bool,
    ) -> FeatureSet {
        let mut structs = Self::default();
        let chain = structs.chain(has_extension);
        // SAFETY: `physical` comes from `instance`; the chain holds structures of 1.3 and of extensions that the device
        // has, each once, and they live until the call returns because `chain` borrows `structs`.
        unsafe { instance.get_physical_device_features2(physical, chain) };
        Feature::ALL.iter().copied().filter(|feature| *feature.field(&mut structs) == vk::TRUE).collect()
    }

    /// Links the structures, those of extensions only where the extension is there. The pointers hold while the result is
    /// borrowed: nothing can move or touch the structures before that ends.
    pub(super) fn chain(&mut self, has_extension: impl Fn(&CStr) -> bool) -> &mut vk::PhysicalDeviceFeatures2<'static> {
        let mut next: *mut c_void = std::ptr::null_mut();
        if has_extension(khr::ray_query::NAME) {
            self.ray_query.p_next = next;
            next = (&raw mut self.ray_query).cast();
        }
        if has_extension(khr::ray_tracing_pipeline::NAME) {
            self.ray_tracing_pipeline.p_next = next;
            next = (&raw mut self.ray_tracing_pipeline).cast();
        }
        if has_extension(khr::acceleration_structure::NAME) {
            self.acceleration_structure.p_next = next;
            next = (&raw mut self.acceleration_structure).cast();
        }
        self.v13.p_next = next;
        self.v12.p_next = (&raw mut self.v13).cast();
        self.v11.p_next = (&raw mut self.v12).cast();
        self.core.p_next = (&raw mut self.v11).cast();
        &mut self.core
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_known_by_their_names() {
        for &feature in Feature::ALL {
            assert_eq!(feature.name().parse(), Ok(feature));
        }
        assert!("RayQuery".parse::<Feature>().is_err_and(|error| error.to_string().contains("'RayQuery'")));
    }

    #[test]
    fn every_feature_has_a_field_and_a_bit_of_its_own() {
        for &feature in Feature::ALL {
            let only = FeatureSet::EMPTY.with(feature);
            let mut structs = FeatureStructs::new(only);
            let on: FeatureSet =
                Feature::ALL.iter().copied().filter(|other| *other.field(&mut structs) == vk::TRUE).collect();
            assert_eq!(on, only, "{feature}");
            assert_eq!(on.iter().collect::<Vec<_>>(), [feature]);
        }
    }
}
