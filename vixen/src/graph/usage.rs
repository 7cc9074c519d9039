//! How each kind of slot touches its resource: pipeline stages, accesses, layout, and the usage flags that creation needs.

use ash::vk;

use crate::graph::node::{NodeDeclaration, NodeKind, SlotDeclaration, SlotEffect, SlotKind};
use crate::graph::tables::Shape;
use crate::plan::{Effect, Use};

/// What a slot does to the contents, as the planner counts it.
pub(crate) fn effect(slot: &SlotDeclaration) -> Effect {
    match slot.effect {
        SlotEffect::Read => Effect::Read,
        SlotEffect::Write | SlotEffect::Create => Effect::Write,
        SlotEffect::ReadWrite => Effect::ReadWrite,
    }
}

/// Stages, accesses and layout of a slot.
pub(crate) fn usage(node: &NodeDeclaration, slot: &SlotDeclaration, image: bool) -> Use {
    use vk::{AccessFlags2 as A, ImageLayout as L, PipelineStageFlags2 as S};
    let reads = !matches!(slot.effect, SlotEffect::Write | SlotEffect::Create);
    let writes = slot.effect != SlotEffect::Read;
    let pick = |read: A, write: A| (if reads { read } else { A::NONE }) | (if writes { write } else { A::NONE });
    let shaders = slot.binding.map_or(S::NONE, |binding| shader_stages(binding.stages));
    let (stages, access, layout) = match slot.kind {
        SlotKind::Uniform => (shaders, A::UNIFORM_READ, L::UNDEFINED),
        SlotKind::Storage => (shaders, pick(A::SHADER_STORAGE_READ, A::SHADER_STORAGE_WRITE), L::GENERAL),
        SlotKind::Sampled => (shaders, A::SHADER_SAMPLED_READ, L::SHADER_READ_ONLY_OPTIMAL),
        // A cleared or undefined attachment is not read, but blending and depth tests of a kept one are.
        SlotKind::Color => (
            S::COLOR_ATTACHMENT_OUTPUT,
            pick(A::COLOR_ATTACHMENT_READ, A::COLOR_ATTACHMENT_WRITE) | blend_reads(node),
            L::COLOR_ATTACHMENT_OPTIMAL,
        ),
        SlotKind::Depth if !writes => (
            S::EARLY_FRAGMENT_TESTS | S::LATE_FRAGMENT_TESTS,
            A::DEPTH_STENCIL_ATTACHMENT_READ,
            L::DEPTH_STENCIL_READ_ONLY_OPTIMAL,
        ),
        SlotKind::Depth => (
            S::EARLY_FRAGMENT_TESTS | S::LATE_FRAGMENT_TESTS,
            A::DEPTH_STENCIL_ATTACHMENT_READ | A::DEPTH_STENCIL_ATTACHMENT_WRITE,
            L::DEPTH_STENCIL_ATTACHMENT_OPTIMAL,
        ),
        SlotKind::Vertex => (S::VERTEX_ATTRIBUTE_INPUT, A::VERTEX_ATTRIBUTE_READ, L::UNDEFINED),
        SlotKind::Index => (S::INDEX_INPUT, A::INDEX_READ, L::UNDEFINED),
        SlotKind::Indirect => (S::DRAW_INDIRECT, A::INDIRECT_COMMAND_READ, L::UNDEFINED),
        SlotKind::TransferSource => (S::ALL_TRANSFER, A::TRANSFER_READ, L::TRANSFER_SRC_OPTIMAL),
        SlotKind::TransferDestination => (S::ALL_TRANSFER, A::TRANSFER_WRITE, L::TRANSFER_DST_OPTIMAL),
        SlotKind::AccelerationStructure => (shaders, A::ACCELERATION_STRUCTURE_READ_KHR, L::UNDEFINED),
        SlotKind::Host => (S::HOST, pick(A::HOST_READ, A::HOST_WRITE), L::UNDEFINED),
    };
    Use { stages, access, layout: if image { layout } else { L::UNDEFINED } }
}

/// Whether some pipeline of a node blends.
pub(crate) fn blends(node: &NodeDeclaration) -> bool {
    use crate::shader::{Blend, ProgramKind};
    node.programs
        .iter()
        .any(|program| matches!(program.kind, ProgramKind::Graphics { blend, .. } if blend != Blend::None))
}

fn blend_reads(node: &NodeDeclaration) -> vk::AccessFlags2 {
    if blends(node) { vk::AccessFlags2::COLOR_ATTACHMENT_READ } else { vk::AccessFlags2::NONE }
}

/// The pipeline stages that run the given shader stages.
fn shader_stages(stages: vk::ShaderStageFlags) -> vk::PipelineStageFlags2 {
    use vk::{PipelineStageFlags2 as S, ShaderStageFlags as F};
    let ray_tracing =
        F::RAYGEN_KHR | F::MISS_KHR | F::CLOSEST_HIT_KHR | F::ANY_HIT_KHR | F::INTERSECTION_KHR | F::CALLABLE_KHR;
    [
        (F::COMPUTE, S::COMPUTE_SHADER),
        (F::VERTEX, S::VERTEX_SHADER),
        (F::FRAGMENT, S::FRAGMENT_SHADER),
        (F::GEOMETRY, S::GEOMETRY_SHADER),
        (F::TESSELLATION_CONTROL, S::TESSELLATION_CONTROL_SHADER),
        (F::TESSELLATION_EVALUATION, S::TESSELLATION_EVALUATION_SHADER),
        (ray_tracing, S::RAY_TRACING_SHADER_KHR),
    ]
    .into_iter()
    .filter(|(shader, _)| stages.intersects(*shader))
    .fold(S::NONE, |all, (_, stage)| all | stage)
}

/// Buffer usage that a slot needs.
pub(crate) fn buffer_usage(slot: &SlotDeclaration) -> vk::BufferUsageFlags {
    use vk::BufferUsageFlags as U;
    match slot.kind {
        SlotKind::Uniform => U::UNIFORM_BUFFER,
        SlotKind::Storage => U::STORAGE_BUFFER,
        SlotKind::Vertex => U::VERTEX_BUFFER,
        SlotKind::Index => U::INDEX_BUFFER,
        SlotKind::Indirect => U::INDIRECT_BUFFER,
        SlotKind::TransferSource => U::TRANSFER_SRC,
        SlotKind::TransferDestination => U::TRANSFER_DST,
        SlotKind::Sampled | SlotKind::Color | SlotKind::Depth | SlotKind::AccelerationStructure | SlotKind::Host => {
            U::empty()
        }
    }
}

/// Image usage that a slot needs, the format feature it asks for, and that feature's name.
pub(crate) fn image_usage(slot: &SlotDeclaration) -> (vk::ImageUsageFlags, vk::FormatFeatureFlags, &'static str) {
    use vk::{FormatFeatureFlags as F, ImageUsageFlags as U};
    match slot.kind {
        SlotKind::Storage => (U::STORAGE, F::STORAGE_IMAGE, "storage images"),
        SlotKind::Sampled => {
            let linear = slot.sampler.is_some_and(|sampler| sampler.linear);
            let feature = if linear { F::SAMPLED_IMAGE | F::SAMPLED_IMAGE_FILTER_LINEAR } else { F::SAMPLED_IMAGE };
            (U::SAMPLED, feature, if linear { "sampling with a linear filter" } else { "sampling" })
        }
        SlotKind::Color => (U::COLOR_ATTACHMENT, F::COLOR_ATTACHMENT, "colour attachments"),
        SlotKind::Depth => (U::DEPTH_STENCIL_ATTACHMENT, F::DEPTH_STENCIL_ATTACHMENT, "depth attachments"),
        SlotKind::TransferSource => (U::TRANSFER_SRC, F::TRANSFER_SRC, "being copied from"),
        SlotKind::TransferDestination => (U::TRANSFER_DST, F::TRANSFER_DST, "being copied to"),
        SlotKind::Uniform
        | SlotKind::Vertex
        | SlotKind::Index
        | SlotKind::Indirect
        | SlotKind::AccelerationStructure
        | SlotKind::Host => (U::empty(), F::empty(), ""),
    }
}

/// Whether a shape is an image.
pub(crate) fn is_image(shape: &Shape) -> bool {
    matches!(shape, Shape::Image { .. })
}

/// Whether a node runs on the CPU.
pub(crate) fn on_host(node: &NodeDeclaration) -> bool {
    node.kind == NodeKind::Host
}
