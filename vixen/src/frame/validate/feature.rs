//! Device features that a node needs: for its kind, its slots, its pipelines and its shaders' capabilities.

use ash::vk;

use super::capability::{Need, need};
use crate::device::{Device, Feature};
use crate::graph::tables::DeclaredNode;
use crate::graph::{CompileError, NodeKind, SlotDeclaration, SlotEffect, SlotKind, SlotShape};
use crate::shader::ProgramKind;

/// Refuses a node that needs a feature which the device was made without.
pub(super) fn check(device: &Device, node: &DeclaredNode) -> Result<(), CompileError> {
    let has = |feature| device.capabilities().has(feature);
    if let Some(feature) = of_node(node).into_iter().find(|&feature| !has(feature)) {
        return Err(missing(device, node, feature.name().to_owned()));
    }
    let stages = node.declaration.programs.iter().flat_map(|program| program.stages);
    for stage in stages {
        for &capability in stage.capabilities {
            if let Some(feature) = lacking(device, capability) {
                return Err(missing(device, node, format!("{feature} (for `{}`)", stage.path)));
            }
        }
    }
    Ok(())
}

/// The feature that a SPIR-V capability needs, where the device was made without it.
pub(super) fn lacking(device: &Device, capability: u32) -> Option<String> {
    match need(capability) {
        Need::Feature(feature) if !device.capabilities().has(feature) => Some(feature.name().to_owned()),
        Need::Unknown => Some(format!("behind SPIR-V capability {capability}")),
        _ => None,
    }
}

fn of_node(node: &DeclaredNode) -> Vec<Feature> {
    let declaration = node.declaration;
    let any = |test: &dyn Fn(&SlotDeclaration) -> bool| declaration.slots.iter().any(test);
    let stored = |stages: vk::ShaderStageFlags| {
        any(&|slot| {
            slot.kind == SlotKind::Storage
                && slot.effect != SlotEffect::Read
                && slot.binding.is_some_and(|binding| binding.stages.intersects(stages))
        })
    };
    let vertex = vk::ShaderStageFlags::VERTEX
        | vk::ShaderStageFlags::GEOMETRY
        | vk::ShaderStageFlags::TESSELLATION_CONTROL
        | vk::ShaderStageFlags::TESSELLATION_EVALUATION;
    let sparse = |slot: &SlotDeclaration| {
        slot.binding.is_some() && matches!(slot.shape, SlotShape::Optional | SlotShape::Runtime(_))
    };
    let outlined = declaration.programs.iter().any(
        |program| matches!(program.kind, ProgramKind::Graphics { polygon, .. } if polygon != vk::PolygonMode::FILL),
    );
    // Nothing is written to the location of an attachment that is absent, and something to those beside it.
    let is_wired = |slot: u32| node.bindings.iter().any(|binding| binding.slot == slot);
    let colors = || (0..).zip(declaration.slots).filter(|(_, slot)| slot.kind == SlotKind::Color);
    let uneven = colors().any(|(index, _)| is_wired(index)) && colors().any(|(index, _)| !is_wired(index));
    [
        (declaration.kind == NodeKind::RayTracing, Feature::RayTracingPipeline),
        (any(&|slot| slot.kind == SlotKind::AccelerationStructure), Feature::AccelerationStructure),
        (any(&sparse), Feature::DescriptorBindingPartiallyBound),
        (stored(vertex), Feature::VertexPipelineStoresAndAtomics),
        (stored(vk::ShaderStageFlags::FRAGMENT), Feature::FragmentStoresAndAtomics),
        (outlined, Feature::FillModeNonSolid),
        (uneven, Feature::IndependentBlend),
    ]
    .into_iter()
    .filter_map(|(needed, feature)| needed.then_some(feature))
    .collect()
}

fn missing(device: &Device, node: &DeclaredNode, feature: String) -> CompileError {
    CompileError::MissingFeature { node: node.name.clone(), at: node.at, feature, device: device.info().name.clone() }
}
