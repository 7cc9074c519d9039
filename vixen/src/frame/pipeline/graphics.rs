//! Graphics pipelines: what a program's fixed state, a node's vertex slots and its attachments' formats come to in Vulkan.

use arrayvec::ArrayVec;
use ash::vk;

use crate::device::{Device, DeviceError};
use crate::frame::owned::Owned;
use crate::frame::pipeline::AttachmentFormats;
use crate::graph::{NodeDeclaration, SlotKind};
use crate::shader::{Blend, Program, ProgramKind, VertexAttribute};

/// Makes the pipeline of a graphics program. Viewport and scissor are dynamic.
pub(in crate::frame) fn pipeline(
    device: &Device,
    declaration: &NodeDeclaration,
    program: &Program,
    stages: &[vk::PipelineShaderStageCreateInfo<'_>],
    formats: &AttachmentFormats,
    layout: vk::PipelineLayout,
) -> Result<Owned<vk::Pipeline>, DeviceError> {
    let ProgramKind::Graphics { topology, cull, front, polygon, depth_compare, depth_write, blend, attributes } =
        program.kind
    else {
        unreachable!("called for graphics programs only")
    };
    let (vertex_bindings, vertex_attributes) = vertex_input(declaration, attributes);
    let vertex = vk::PipelineVertexInputStateCreateInfo::default()
        .vertex_binding_descriptions(&vertex_bindings)
        .vertex_attribute_descriptions(&vertex_attributes);
    let assembly = vk::PipelineInputAssemblyStateCreateInfo::default().topology(topology);
    let viewport = vk::PipelineViewportStateCreateInfo::default().viewport_count(1).scissor_count(1);
    let raster = vk::PipelineRasterizationStateCreateInfo::default()
        .polygon_mode(polygon)
        .cull_mode(cull)
        .front_face(front)
        .line_width(1.0);
    let samples = vk::PipelineMultisampleStateCreateInfo::default().rasterization_samples(vk::SampleCountFlags::TYPE_1);
    // An optional depth attachment may be absent.
    let tests = depth_compare.is_some() && formats.depth != vk::Format::UNDEFINED;
    let depth = vk::PipelineDepthStencilStateCreateInfo::default()
        .depth_test_enable(tests)
        .depth_write_enable(tests && depth_write)
        .depth_compare_op(depth_compare.unwrap_or(vk::CompareOp::ALWAYS));
    let attachments: Vec<_> = formats
        .colors
        .iter()
        .map(|&format| match format {
            // Nothing is attached there.
            vk::Format::UNDEFINED => vk::PipelineColorBlendAttachmentState::default(),
            _ => blend_state(blend),
        })
        .collect();
    let blending = vk::PipelineColorBlendStateCreateInfo::default().attachments(&attachments);
    let states = [vk::DynamicState::VIEWPORT, vk::DynamicState::SCISSOR];
    let dynamic = vk::PipelineDynamicStateCreateInfo::default().dynamic_states(&states);
    let mut rendering = vk::PipelineRenderingCreateInfo::default()
        .color_attachment_formats(&formats.colors)
        .depth_attachment_format(formats.depth);
    let info = vk::GraphicsPipelineCreateInfo::default()
        .stages(stages)
        .vertex_input_state(&vertex)
        .input_assembly_state(&assembly)
        .viewport_state(&viewport)
        .rasterization_state(&raster)
        .multisample_state(&samples)
        .depth_stencil_state(&depth)
        .color_blend_state(&blending)
        .dynamic_state(&dynamic)
        .layout(layout)
        .push_next(&mut rendering);
    let cache = device.pipeline_cache();
    // SAFETY: everything that the description points to and the cache live until the call returns; the macro checked shaders,
    // attributes and layout against each other, and compile the formats against the device.
    let pipelines = unsafe { device.raw().create_graphics_pipelines(*cache, &[info], device.callbacks()) };
    let pipelines = pipelines.map_err(|(_, result)| DeviceError::vulkan("vkCreateGraphicsPipelines")(result))?;
    Ok(Owned::new(device, pipelines[0]))
}

/// Which of a node's slots are vertex buffers.
pub(in crate::frame) fn vertex_slots(declaration: &NodeDeclaration) -> impl Iterator<Item = u32> {
    let slots = (0..).zip(declaration.slots);
    slots.filter(|(_, slot)| slot.kind == SlotKind::Vertex).map(|(index, _)| index)
}

/// One vertex binding for each `vertex` slot, in order, and the attributes in them.
fn vertex_input(
    declaration: &NodeDeclaration,
    attributes: &[VertexAttribute],
) -> (Vec<vk::VertexInputBindingDescription>, Vec<vk::VertexInputAttributeDescription>) {
    let slots: ArrayVec<u32, 8> = vertex_slots(declaration).take(8).collect();
    let binding = |slot: u32| slots.iter().position(|&other| other == slot).unwrap_or(0) as u32;
    let mut bindings: Vec<vk::VertexInputBindingDescription> = Vec::new();
    for attribute in attributes {
        let binding = binding(attribute.slot);
        if bindings.iter().all(|known| known.binding != binding) {
            let per_instance = declaration.slots[attribute.slot as usize].per_instance;
            let input_rate = if per_instance { vk::VertexInputRate::INSTANCE } else { vk::VertexInputRate::VERTEX };
            bindings.push(vk::VertexInputBindingDescription { binding, stride: attribute.stride, input_rate });
        }
    }
    let attributes = attributes
        .iter()
        .map(|attribute| vk::VertexInputAttributeDescription {
            location: attribute.location,
            binding: binding(attribute.slot),
            format: attribute.format,
            offset: attribute.offset,
        })
        .collect();
    (bindings, attributes)
}

fn blend_state(blend: Blend) -> vk::PipelineColorBlendAttachmentState {
    use vk::BlendFactor as F;
    let state = vk::PipelineColorBlendAttachmentState::default()
        .color_write_mask(vk::ColorComponentFlags::RGBA)
        .blend_enable(blend != Blend::None)
        .color_blend_op(vk::BlendOp::ADD)
        .alpha_blend_op(vk::BlendOp::ADD);
    let (source, destination, alpha_destination) = match blend {
        Blend::None => (F::ONE, F::ZERO, F::ZERO),
        Blend::Alpha => (F::SRC_ALPHA, F::ONE_MINUS_SRC_ALPHA, F::ONE_MINUS_SRC_ALPHA),
        Blend::Premultiplied => (F::ONE, F::ONE_MINUS_SRC_ALPHA, F::ONE_MINUS_SRC_ALPHA),
        Blend::Add => (F::ONE, F::ONE, F::ONE),
    };
    state
        .src_color_blend_factor(source)
        .dst_color_blend_factor(destination)
        .src_alpha_blend_factor(F::ONE)
        .dst_alpha_blend_factor(alpha_destination)
}
