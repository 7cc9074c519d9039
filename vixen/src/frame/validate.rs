//! What the device must be able to do for a graph, checked before anything is made.

use ash::vk;

use crate::device::{Device, Feature};
use crate::graph::tables::{Declared, DeclaredNode, Shape};
use crate::graph::{CompileError, NodeKind, SlotKind, SlotShape, usage};

/// Checks every living node against the device.
pub(crate) fn validate(device: &Device, declared: &Declared, alive: impl Fn(usize) -> bool) -> Result<(), CompileError> {
    let living = declared.nodes.iter().enumerate().filter(|(index, _)| alive(*index));
    for (_, node) in living {
        features(device, node)?;
        limits(device, node)?;
        for binding in &node.bindings {
            let slot = &node.declaration.slots[binding.slot as usize];
            for part in &binding.parts {
                let resource = &declared.resources[part.resource.0 as usize];
                if slot.kind == SlotKind::Host
                    && !crate::graph::lower::host_visible(&resource.placement, resource.residency)
                {
                    return Err(CompileError::NotHostVisible { node: node.name.clone(), slot: slot.name, at: node.at });
                }
                match resource.shape {
                    Shape::Image { format, .. } => {
                        let (_, needed, feature) = usage::image_usage(slot);
                        let found = device.format_features(format.format).optimal;
                        // The first 32 bits of the extended features are the old ones.
                        if !found.contains(vk::FormatFeatureFlags2::from_raw(needed.as_raw().into())) {
                            return Err(CompileError::UnsupportedFormat {
                                node: node.name.clone(),
                                slot: slot.name,
                                at: node.at,
                                format: format.name,
                                feature,
                                device: device.info().name.clone(),
                            });
                        }
                    }
                    Shape::Buffer { .. } => {
                        let limits = &device.capabilities().limits;
                        let alignment = match slot.kind {
                            SlotKind::Uniform => limits.min_uniform_buffer_offset_alignment,
                            SlotKind::Storage => limits.min_storage_buffer_offset_alignment,
                            _ => 1,
                        };
                        let offset = part.region.major[0];
                        if !offset.is_multiple_of(alignment.max(1)) {
                            return Err(CompileError::Alignment {
                                node: node.name.clone(),
                                slot: slot.name,
                                at: node.at,
                                offset,
                                alignment,
                            });
                        }
                    }
                    Shape::AccelerationStructure => {}
                }
            }
        }
    }
    Ok(())
}

fn features(device: &Device, node: &DeclaredNode) -> Result<(), CompileError> {
    for feature in required_features(node) {
        if !device.capabilities().has(feature) {
            return Err(missing_feature(device, node, feature.name()));
        }
    }
    Ok(())
}

fn required_features(node: &DeclaredNode) -> Vec<Feature> {
    let declaration = node.declaration;
    let slot = |test: &dyn Fn(&crate::graph::SlotDeclaration) -> bool| declaration.slots.iter().any(test);
    let bound = |slot: &crate::graph::SlotDeclaration, shape: fn(SlotShape) -> bool| {
        slot.binding.is_some() && shape(slot.shape)
    };
    [
        (declaration.kind == NodeKind::RayTracing, Feature::RayTracingPipeline),
        (slot(&|slot| slot.kind == SlotKind::AccelerationStructure), Feature::AccelerationStructure),
        (
            slot(&|slot| bound(slot, |shape| matches!(shape, SlotShape::Optional | SlotShape::Runtime(_)))),
            Feature::DescriptorBindingPartiallyBound,
        ),
        (slot(&|slot| bound(slot, |shape| matches!(shape, SlotShape::Runtime(_)))), Feature::RuntimeDescriptorArray),
    ]
    .into_iter()
    .filter_map(|(needed, feature)| needed.then_some(feature))
    .collect()
}

fn missing_feature(device: &Device, node: &DeclaredNode, feature: &'static str) -> CompileError {
    CompileError::MissingFeature { node: node.name.clone(), at: node.at, feature, device: device.info().name.clone() }
}

fn limits(device: &Device, node: &DeclaredNode) -> Result<(), CompileError> {
    let declaration = node.declaration;
    let limits = &device.capabilities().limits;
    let counts = declaration.requirements.descriptors;
    let colors = declaration.slots.iter().filter(|slot| slot.kind == SlotKind::Color).count() as u64;
    let sets = declaration.slots.iter().filter_map(|slot| slot.binding).map(|binding| binding.set + 1).max().unwrap_or(0);
    let push = declaration.push.map_or(0, |push| push.size);
    let checks: [(u64, u32, &'static str); 9] = [
        (push.into(), limits.max_push_constants_size, "bytes of push constants (maxPushConstantsSize)"),
        (sets.into(), limits.max_bound_descriptor_sets, "descriptor sets (maxBoundDescriptorSets)"),
        (
            counts.uniform_buffers.into(),
            limits.max_per_stage_descriptor_uniform_buffers,
            "uniform buffers (maxPerStageDescriptorUniformBuffers)",
        ),
        (
            counts.storage_buffers.into(),
            limits.max_per_stage_descriptor_storage_buffers,
            "storage buffers (maxPerStageDescriptorStorageBuffers)",
        ),
        (
            counts.storage_images.into(),
            limits.max_per_stage_descriptor_storage_images,
            "storage images (maxPerStageDescriptorStorageImages)",
        ),
        (
            (counts.sampled_images + counts.combined_image_samplers).into(),
            limits.max_per_stage_descriptor_sampled_images,
            "sampled images (maxPerStageDescriptorSampledImages)",
        ),
        (
            (counts.samplers + counts.combined_image_samplers).into(),
            limits.max_per_stage_descriptor_samplers,
            "samplers (maxPerStageDescriptorSamplers)",
        ),
        (counts.total().into(), limits.max_per_stage_resources, "descriptors (maxPerStageResources)"),
        (colors, limits.max_color_attachments, "colour attachments (maxColorAttachments)"),
    ];
    for (required, found, limit_name) in checks {
        if required > found.into() {
            return Err(CompileError::Limit {
                user: format!("node `{}`", node.name),
                at: node.at,
                limit_name,
                required,
                found: found.into(),
            });
        }
    }
    Ok(())
}
