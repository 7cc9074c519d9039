//! What the device must be able to do for a graph, checked before anything is made.

mod capability;
mod feature;
mod limit;

use ash::vk;

use crate::device::Device;
use crate::graph::tables::{
    CallSite, Declared, DeclaredBinding, DeclaredNode, DeclaredResource, Part, Placement, Shape,
};
use crate::graph::{
    CompileError, Dimension, ImageFormat, ImageShape, NodeDeclaration, SlotDeclaration, SlotEffect, SlotKind,
    SlotShape, lower, usage,
};

/// Checks every living node against the device. What depends on the outputs' sizes is checked by [`parts`].
pub(crate) fn nodes(device: &Device, declared: &Declared, alive: impl Fn(usize) -> bool) -> Result<(), CompileError> {
    for (index, node) in declared.nodes.iter().enumerate().filter(|(index, _)| alive(*index)) {
        feature::check(device, node)?;
        limit::check(device, node)?;
        for binding in &node.bindings {
            let slot = &node.declaration.slots[binding.slot as usize];
            if slot.kind == SlotKind::Host && slot.shape != SlotShape::One {
                return Err(CompileError::Unsupported {
                    what: format!("slot `{}` of node `{}`", slot.name, node.name),
                    at: node.at,
                    problem: "is a host slot for several wires, or for none; declare one slot for each",
                });
            }
            for part in &binding.parts {
                let resource = &declared.resources[part.resource.0 as usize];
                if slot.kind == SlotKind::Host && !reachable(declared, index, part) {
                    return Err(CompileError::NotHostVisible { node: node.name.clone(), slot: slot.name, at: node.at });
                }
                if let Shape::Image { format, dimension, shape } = resource.shape {
                    let shown = node.bindings.iter().any(|binding| {
                        let part = binding.parts.first();
                        let placement = part.map(|part| &declared.resources[part.resource.0 as usize].placement);
                        matches!(placement, Some(Placement::Swapchain { .. }))
                    });
                    check_format(device, node, slot, format, shown)?;
                    check_view(node, slot, dimension, shape, part)?;
                }
            }
        }
    }
    Ok(())
}

/// What the device lacks for a shader that was not there when its node was checked, as the end of a sentence.
#[cfg(feature = "hot-reload")]
pub(crate) fn shader_problem(device: &Device, capabilities: &[u32], local_size: Option<[u32; 3]>) -> Option<String> {
    let lacking = capabilities.iter().find_map(|&capability| feature::lacking(device, capability));
    let lacking = lacking.map(|feature| format!("it needs the feature {feature}, which the device was made without"));
    lacking.or_else(|| limit::workgroup_problem(device, local_size?))
}

/// Whether a host node finds in the CPU's memory what a wire stands for: host nodes run before the GPU does anything, so
/// nothing on the GPU may have made this version in the same frame.
fn reachable(declared: &Declared, host: usize, part: &Part) -> bool {
    let resource = &declared.resources[part.resource.0 as usize];
    let made_on_gpu = declared.nodes[..host].iter().filter(|node| !usage::on_host(node.declaration)).any(|node| {
        node.bindings.iter().any(|binding| {
            node.declaration.slots[binding.slot as usize].effect != SlotEffect::Read
                && binding.parts.iter().any(|written| written.resource == part.resource)
        })
    });
    lower::host_visible(&resource.placement, resource.residency) && !made_on_gpu
}

fn check_format(
    device: &Device,
    node: &DeclaredNode,
    slot: &SlotDeclaration,
    format: ImageFormat,
    shown: bool,
) -> Result<(), CompileError> {
    use vk::FormatFeatureFlags2 as F;
    let (_, needed, name) = usage::image_usage(slot);
    // The first 32 bits of the extended features are the old ones.
    let of_slot = (F::from_raw(needed.as_raw().into()), name);
    let blends = slot.kind == SlotKind::Color && usage::blends(node.declaration);
    let compares = slot.sampler.is_some_and(|sampler| sampler.compare.is_some());
    let smooth = slot.sampler.is_none()
        && slot.kind == SlotKind::Sampled
        && !node.declaration.samplers.is_empty()
        && node.declaration.samplers.iter().all(|sampler| sampler.sampler.linear);
    let needs = [
        (true, of_slot),
        (blends, (F::COLOR_ATTACHMENT_BLEND, "blending")),
        (compares, (F::SAMPLED_IMAGE_DEPTH_COMPARISON, "depth comparison")),
        (smooth, (F::SAMPLED_IMAGE_FILTER_LINEAR, "sampling with a linear filter")),
        (shown && slot.effect == SlotEffect::Read, (F::BLIT_SRC | F::SAMPLED_IMAGE_FILTER_LINEAR, "being presented")),
    ];
    let found = device.format_features(format.format).optimal;
    match needs.into_iter().find(|(needed, (features, _))| *needed && !found.contains(*features)) {
        None => Ok(()),
        Some((_, (_, feature))) => Err(CompileError::UnsupportedFormat {
            node: node.name.clone(),
            slot: slot.name,
            at: node.at,
            format: format.name,
            feature,
            device: device.info().name.clone(),
        }),
    }
}

/// Refuses a part of an image that the slot cannot take as one view.
fn check_view(
    node: &DeclaredNode,
    slot: &SlotDeclaration,
    dimension: Dimension,
    shape: ImageShape,
    part: &Part,
) -> Result<(), CompileError> {
    let levels = part.region.major[1].min(shape.mips.into()).saturating_sub(part.region.major[0]);
    let layers = part.region.minor[1].min(shape.layers).saturating_sub(part.region.minor[0]);
    let attached = matches!(slot.kind, SlotKind::Color | SlotKind::Depth);
    let stored = slot.kind == SlotKind::Storage && slot.effect != SlotEffect::Read;
    let problem = match dimension {
        _ if levels > 1 && (attached || stored) => {
            "writes one mip level and gets several; split the image with `split_mips` and give it one of them"
        }
        Dimension::D3 if attached => "draws to a volume, which cannot be; draw to an image with layers",
        Dimension::Cube if layers < 6 && slot.binding.is_some() => {
            "reads a cube and gets some of its faces; join them again, or declare the image as `D2Array`"
        }
        _ => return Ok(()),
    };
    let what = format!("slot `{}` of node `{}`", slot.name, node.name);
    Err(CompileError::Unsupported { what, at: node.at, problem })
}

/// A node as declared, or as it runs.
#[derive(Clone, Copy)]
pub(crate) struct Wired<'n> {
    pub name: &'n str,
    pub at: CallSite,
    pub declaration: &'static NodeDeclaration,
    pub bindings: &'n [DeclaredBinding],
}

impl<'n> From<&'n DeclaredNode> for Wired<'n> {
    fn from(node: &'n DeclaredNode) -> Self {
        Self { name: &node.name, at: node.at, declaration: node.declaration, bindings: &node.bindings }
    }
}

/// Checks the parts of buffers that nodes are wired to, with the outputs' sizes as they are or are going to be.
pub(crate) fn parts<'n>(
    device: &Device,
    resources: &[DeclaredResource],
    outputs: &[[u32; 2]],
    nodes: impl Iterator<Item = Wired<'n>>,
) -> Result<(), CompileError> {
    let limits = &device.capabilities().limits;
    for node in nodes {
        for binding in node.bindings {
            let slot = &node.declaration.slots[binding.slot as usize];
            for part in &binding.parts {
                let Shape::Buffer { length, stride } = resources[part.resource.0 as usize].shape else { continue };
                // A size that follows no output, or is none, is reported where the resource is made.
                let Some(length) = length.resolve(outputs) else { continue };
                let size = length.saturating_mul(stride);
                let [offset, end] = part.region.major.map(|edge| edge.min(size));
                if offset > 0 && offset == end {
                    let (node, at) = (node.name.to_owned(), node.at);
                    return Err(CompileError::EmptyPart {
                        node,
                        slot: slot.name,
                        at,
                        offset: part.region.major[0],
                        size,
                    });
                }
                let (alignment, range, limit_name) = match slot.kind {
                    SlotKind::Uniform => (
                        limits.min_uniform_buffer_offset_alignment,
                        limits.max_uniform_buffer_range,
                        "bytes in a uniform buffer (maxUniformBufferRange)",
                    ),
                    SlotKind::Storage => (
                        limits.min_storage_buffer_offset_alignment,
                        limits.max_storage_buffer_range,
                        "bytes in a storage buffer (maxStorageBufferRange)",
                    ),
                    _ => continue,
                };
                if !offset.is_multiple_of(alignment.max(1)) {
                    let (node, at) = (node.name.to_owned(), node.at);
                    return Err(CompileError::Alignment { node, slot: slot.name, at, offset, alignment });
                }
                if end - offset > range.into() {
                    let user = format!("slot `{}` of node `{}`", slot.name, node.name);
                    let (required, found) = (end - offset, range.into());
                    return Err(CompileError::Limit { user, at: node.at, limit_name, required, found });
                }
            }
        }
    }
    Ok(())
}
