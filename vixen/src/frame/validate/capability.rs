//! What SPIR-V capabilities ask of a device.

use crate::device::Feature;

/// What a capability needs.
pub(super) enum Need {
    /// Nothing that a device of Vulkan 1.3 lacks.
    Nothing,
    /// A feature.
    Feature(Feature),
    /// Something that Vixen does not know, and so enables on no device.
    Unknown,
}

/// What a capability, by its number in the SPIR-V specification, needs.
pub(super) fn need(capability: u32) -> Need {
    use Feature as F;
    let feature = match capability {
        // Matrix, Shader; input attachments, 1D and buffer images, queries, derivatives; subgroup operations; device groups.
        0 | 1 | 40 | 43 | 44 | 46 | 47 | 50 | 51 | 61..=68 | 4423 | 4431 | 4437 => return Need::Nothing,
        2 => F::GeometryShader,
        3 => F::TessellationShader,
        9 => F::ShaderFloat16,
        10 => F::ShaderFloat64,
        11 => F::ShaderInt64,
        12 => F::ShaderBufferInt64Atomics,
        22 => F::ShaderInt16,
        25 => F::ShaderImageGatherExtended,
        27 => F::ShaderStorageImageMultisample,
        28 => F::ShaderUniformBufferArrayDynamicIndexing,
        29 => F::ShaderSampledImageArrayDynamicIndexing,
        30 => F::ShaderStorageBufferArrayDynamicIndexing,
        31 => F::ShaderStorageImageArrayDynamicIndexing,
        32 => F::ShaderClipDistance,
        33 => F::ShaderCullDistance,
        34 | 45 => F::ImageCubeArray,
        35 | 52 => F::SampleRateShading,
        39 => F::ShaderInt8,
        49 => F::ShaderStorageImageExtendedFormats,
        55 => F::ShaderStorageImageReadWithoutFormat,
        56 => F::ShaderStorageImageWriteWithoutFormat,
        57 => F::MultiViewport,
        69 | 5254 => F::ShaderOutputLayer,
        70 => F::ShaderOutputViewportIndex,
        4427 => F::ShaderDrawParameters,
        4433 => F::StorageBuffer16BitAccess,
        4434 => F::UniformAndStorageBuffer16BitAccess,
        4435 => F::StoragePushConstant16,
        4436 => F::StorageInputOutput16,
        4439 => F::Multiview,
        4441 => F::VariablePointersStorageBuffer,
        4442 => F::VariablePointers,
        4448 => F::StorageBuffer8BitAccess,
        4449 => F::UniformAndStorageBuffer8BitAccess,
        4450 => F::StoragePushConstant8,
        4472 => F::RayQuery,
        4478 => F::RayTraversalPrimitiveCulling,
        4479 => F::RayTracingPipeline,
        5301 => F::DescriptorIndexing,
        5302 => F::RuntimeDescriptorArray,
        5306 => F::ShaderUniformBufferArrayNonUniformIndexing,
        5307 => F::ShaderSampledImageArrayNonUniformIndexing,
        5308 => F::ShaderStorageBufferArrayNonUniformIndexing,
        5309 => F::ShaderStorageImageArrayNonUniformIndexing,
        5345 => F::VulkanMemoryModel,
        5346 => F::VulkanMemoryModelDeviceScope,
        5347 => F::BufferDeviceAddress,
        5379 => F::ShaderDemoteToHelperInvocation,
        6016..=6019 => F::ShaderIntegerDotProduct,
        _ => return Need::Unknown,
    };
    Need::Feature(feature)
}
