//! Limits of the device that a node could exceed.

use ash::vk;

use crate::device::Device;
use crate::frame::record::commands::MAX_ATTACHMENTS;
use crate::graph::tables::DeclaredNode;
use crate::graph::{BindingDeclaration, CompileError, SlotKind, SlotShape};
use crate::shader::ProgramKind;

/// Refuses a node that needs more of something than the device allows.
pub(super) fn check(device: &Device, node: &DeclaredNode) -> Result<(), CompileError> {
    let limits = &device.capabilities().limits;
    let declaration = node.declaration;
    let require = |required: u32, found: u32, limit_name: &'static str| {
        if required <= found {
            return Ok(());
        }
        let user = format!("node `{}`", node.name);
        Err(CompileError::Limit { user, at: node.at, limit_name, required: required.into(), found: found.into() })
    };
    let slots = declaration.slots.iter().filter_map(|slot| slot.binding);
    let bindings: Vec<BindingDeclaration> =
        slots.chain(declaration.samplers.iter().map(|sampler| sampler.binding)).collect();
    let sets = bindings.iter().map(|binding| binding.set + 1).max().unwrap_or(0);
    require(sets, limits.max_bound_descriptor_sets, "descriptor sets (maxBoundDescriptorSets)")?;
    let push = declaration.push.map_or(0, |push| push.size);
    require(push, limits.max_push_constants_size, "bytes of push constants (maxPushConstantsSize)")?;
    for stage in stages(&bindings) {
        of_stage(&bindings, stage, limits, &require)?;
    }
    of_all_stages(&bindings, limits, &require)?;

    let attachments = |kind| {
        let slots = declaration.slots.iter().filter(|slot| slot.kind == kind);
        slots
            .map(|slot| if let SlotShape::Array(count) | SlotShape::Runtime(count) = slot.shape { count } else { 1 })
            .sum()
    };
    let most = |limit: u32| limit.min(MAX_ATTACHMENTS as u32);
    let colors = most(limits.max_color_attachments.min(limits.max_fragment_output_attachments));
    require(attachments(SlotKind::Color), colors, "colour attachments (maxColorAttachments)")?;
    let vertices = most(limits.max_vertex_input_bindings);
    require(attachments(SlotKind::Vertex), vertices, "vertex buffers (maxVertexInputBindings)")?;
    for program in declaration.programs {
        match program.kind {
            ProgramKind::Compute { workgroup } => {
                let local_size =
                    program.stages.first().map_or(workgroup, |stage| workgroup.specialised(stage, &node.spec)).size;
                if local_size.contains(&0) {
                    let problem = "has a workgroup without invocations; set the specialisation constants that are its sides to 1 or more";
                    return Err(CompileError::Unsupported {
                        what: format!("node `{}`", node.name),
                        at: node.at,
                        problem,
                    });
                }
                for (size, most) in local_size.into_iter().zip(limits.max_compute_work_group_size) {
                    require(size, most, "invocations along one side of a workgroup (maxComputeWorkGroupSize)")?;
                }
                let invocations = local_size.into_iter().fold(1u32, u32::saturating_mul);
                let most = limits.max_compute_work_group_invocations;
                require(invocations, most, "invocations in a workgroup (maxComputeWorkGroupInvocations)")?;
            }
            ProgramKind::Graphics { attributes, .. } => {
                let most = limits.max_vertex_input_attributes;
                require(attributes.len() as u32, most, "vertex attributes (maxVertexInputAttributes)")?;
                for attribute in attributes {
                    let (stride, offset) =
                        (limits.max_vertex_input_binding_stride, limits.max_vertex_input_attribute_offset);
                    require(
                        attribute.stride,
                        stride,
                        "bytes from one vertex to the next (maxVertexInputBindingStride)",
                    )?;
                    require(
                        attribute.offset,
                        offset,
                        "bytes before a member of a vertex (maxVertexInputAttributeOffset)",
                    )?;
                }
            }
            ProgramKind::RayTracing { max_depth, .. } => {
                let most = device.capabilities().ray_tracing.map_or(0, |limits| limits.max_ray_recursion_depth);
                require(max_depth, most, "levels of ray recursion (maxRayRecursionDepth)")?;
            }
        }
    }
    Ok(())
}

/// The limit that a workgroup of this size exceeds, as the end of a sentence.
#[cfg(feature = "hot-reload")]
pub(super) fn workgroup_problem(device: &Device, local_size: [u32; 3]) -> Option<String> {
    let limits = &device.capabilities().limits;
    let fits = local_size.iter().zip(limits.max_compute_work_group_size).all(|(size, most)| *size <= most);
    let invocations = local_size.into_iter().fold(1u32, u32::saturating_mul);
    let most = limits.max_compute_work_group_invocations;
    (!fits || invocations > most).then(|| {
        format!("its workgroup of {local_size:?} is larger than the device allows; the most is {:?}, and {most} invocations", limits.max_compute_work_group_size)
    })
}

/// Each stage that some binding is for.
fn stages(bindings: &[BindingDeclaration]) -> impl Iterator<Item = vk::ShaderStageFlags> {
    let all = bindings.iter().fold(0, |all, binding| all | binding.stages.as_raw());
    (0..u32::BITS).map(|bit| 1 << bit).filter(move |bit| all & bit != 0).map(vk::ShaderStageFlags::from_raw)
}

/// How many descriptors of some types the bindings have that any of these stages uses.
fn count(bindings: &[BindingDeclaration], stages: vk::ShaderStageFlags, types: &[vk::DescriptorType]) -> u32 {
    let counted = bindings.iter().filter(|one| one.stages.intersects(stages) && types.contains(&one.descriptor));
    counted.map(|one| one.count).fold(0, u32::saturating_add)
}

/// The limits of one stage.
fn of_stage<E>(
    bindings: &[BindingDeclaration],
    stage: vk::ShaderStageFlags,
    limits: &vk::PhysicalDeviceLimits,
    require: &impl Fn(u32, u32, &'static str) -> Result<(), E>,
) -> Result<(), E> {
    use vk::DescriptorType as T;
    let count = |types: &[T]| count(bindings, stage, types);
    let everything = [
        T::UNIFORM_BUFFER,
        T::STORAGE_BUFFER,
        T::STORAGE_IMAGE,
        T::SAMPLED_IMAGE,
        T::COMBINED_IMAGE_SAMPLER,
        T::ACCELERATION_STRUCTURE_KHR,
    ];
    let uniform = limits.max_per_stage_descriptor_uniform_buffers;
    let storage = limits.max_per_stage_descriptor_storage_buffers;
    let storage_images = limits.max_per_stage_descriptor_storage_images;
    let sampled = limits.max_per_stage_descriptor_sampled_images;
    let samplers = limits.max_per_stage_descriptor_samplers;
    require(count(&[T::UNIFORM_BUFFER]), uniform, "uniform buffers (maxPerStageDescriptorUniformBuffers)")?;
    require(count(&[T::STORAGE_BUFFER]), storage, "storage buffers (maxPerStageDescriptorStorageBuffers)")?;
    require(count(&[T::STORAGE_IMAGE]), storage_images, "storage images (maxPerStageDescriptorStorageImages)")?;
    let images = count(&[T::SAMPLED_IMAGE, T::COMBINED_IMAGE_SAMPLER]);
    require(images, sampled, "sampled images (maxPerStageDescriptorSampledImages)")?;
    let both = count(&[T::SAMPLER, T::COMBINED_IMAGE_SAMPLER]);
    require(both, samplers, "samplers (maxPerStageDescriptorSamplers)")?;
    require(count(&everything), limits.max_per_stage_resources, "descriptors (maxPerStageResources)")
}

/// The limits of all stages and sets together, which may be lower than those of each stage times the number of stages.
fn of_all_stages<E>(
    bindings: &[BindingDeclaration],
    limits: &vk::PhysicalDeviceLimits,
    require: &impl Fn(u32, u32, &'static str) -> Result<(), E>,
) -> Result<(), E> {
    use vk::DescriptorType as T;
    let count = |types: &[T]| count(bindings, vk::ShaderStageFlags::from_raw(u32::MAX), types);
    let uniform = limits.max_descriptor_set_uniform_buffers;
    let storage = limits.max_descriptor_set_storage_buffers;
    let storage_images = limits.max_descriptor_set_storage_images;
    let sampled = limits.max_descriptor_set_sampled_images;
    let samplers = limits.max_descriptor_set_samplers;
    require(count(&[T::UNIFORM_BUFFER]), uniform, "uniform buffers in all stages (maxDescriptorSetUniformBuffers)")?;
    require(count(&[T::STORAGE_BUFFER]), storage, "storage buffers in all stages (maxDescriptorSetStorageBuffers)")?;
    require(
        count(&[T::STORAGE_IMAGE]),
        storage_images,
        "storage images in all stages (maxDescriptorSetStorageImages)",
    )?;
    let images = count(&[T::SAMPLED_IMAGE, T::COMBINED_IMAGE_SAMPLER]);
    require(images, sampled, "sampled images in all stages (maxDescriptorSetSampledImages)")?;
    let both = count(&[T::SAMPLER, T::COMBINED_IMAGE_SAMPLER]);
    require(both, samplers, "samplers in all stages (maxDescriptorSetSamplers)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_that_fit_alone_may_not_fit_together() {
        let (vertex, fragment) = (vk::ShaderStageFlags::VERTEX, vk::ShaderStageFlags::FRAGMENT);
        let slot = |binding, count, stages| {
            let descriptor = vk::DescriptorType::STORAGE_BUFFER;
            BindingDeclaration { set: 0, binding, descriptor, count, stages }
        };
        let limits = vk::PhysicalDeviceLimits {
            max_per_stage_descriptor_storage_buffers: 4,
            max_per_stage_resources: 8,
            max_descriptor_set_storage_buffers: 6,
            ..Default::default()
        };
        let require = |required, found, name| if required <= found { Ok(()) } else { Err((required, found, name)) };
        let check = |bindings: &[BindingDeclaration]| {
            stages(bindings).try_for_each(|stage| of_stage(bindings, stage, &limits, &require))?;
            of_all_stages(bindings, &limits, &require)
        };
        assert_eq!(check(&[slot(0, 4, vertex), slot(1, 2, fragment)]), Ok(()));
        assert_eq!(check(&[slot(0, 2, vertex | fragment), slot(1, 2, vertex), slot(2, 2, fragment)]), Ok(()));
        let (_, found, name) = check(&[slot(0, 5, vertex)]).expect_err("the vertex shader has too many");
        assert_eq!((found, name.contains("maxPerStageDescriptorStorageBuffers")), (4, true));
        let (required, found, name) = check(&[slot(0, 4, vertex), slot(1, 4, fragment)]).expect_err("8 are too many");
        assert_eq!((required, found, name.contains("maxDescriptorSetStorageBuffers")), (8, 6, true));
    }
}
