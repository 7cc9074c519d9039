//! The sinks that are nodes themselves: presenting and reading back.

use ash::vk;

use crate::frame::RecordContext;
use crate::graph::builder::Graph;
use crate::graph::extent::{Length, OutputId};
use crate::graph::node::{NodeDeclaration, NodeKind, SlotDeclaration, SlotEffect, SlotKind, SlotShape};
use crate::graph::requirements::Requirements;
use crate::graph::tables::{CallSite, DeclaredBinding, DeclaredNode, Part, Placement, Shape};
use crate::graph::wire::Handle;
use crate::plan::{Condition, Region, Residency, ResourceId, Use};

/// Copies an image to where the CPU can read it.
pub(crate) const READ_BACK_IMAGE: NodeDeclaration = transfer("read_back");
/// Copies a buffer to where the CPU can read it.
pub(crate) const READ_BACK_BUFFER: NodeDeclaration = transfer("read_back");
const PRESENT: NodeDeclaration = transfer("present");

const SOURCE: u32 = 0;
const DESTINATION: u32 = 1;

const SLOTS: &[SlotDeclaration] = &[
    slot("source", SlotKind::TransferSource, SlotEffect::Read),
    slot("destination", SlotKind::TransferDestination, SlotEffect::Write),
];

const fn transfer(name: &'static str) -> NodeDeclaration {
    NodeDeclaration {
        name,
        kind: NodeKind::Transfer,
        dynamic: false,
        slots: SLOTS,
        programs: &[],
        push: None,
        spec_bytes: 0,
        samplers: &[],
        requirements: Requirements { queries: 2, ..Requirements::NONE },
    }
}

const fn slot(name: &'static str, kind: SlotKind, effect: SlotEffect) -> SlotDeclaration {
    SlotDeclaration { name, kind, effect, shape: SlotShape::One, binding: None, sampler: None, clear: None }
}

/// Adds the node that copies `source` to a host-visible buffer, and returns that buffer.
pub(crate) fn read_back(graph: &Graph, declaration: &'static NodeDeclaration, source: &Handle, at: CallSite) -> ResourceId {
    let parts = source.take_parts();
    let (shape, record): (Shape, fn(&mut RecordContext<'_>)) = {
        let declared = graph.tables.declared.borrow();
        match parts.first().map(|part| (part, declared.resources[part.resource.0 as usize].shape)) {
            Some((part, Shape::Image { format, shape, .. })) => {
                let layers = part.region.minor[1].min(shape.layers) - part.region.minor[0];
                let extent = shape.extent.scaled(1, 1 << part.region.major[0]);
                let length = Length::PerTexel { extent, elements: layers.into() };
                (Shape::Buffer { length, stride: format.bytes.into() }, copy_image_to_buffer)
            }
            Some((part, Shape::Buffer { length, stride })) => {
                let length = match part.region.major {
                    [0, u64::MAX] => length,
                    [start, u64::MAX] => match length {
                        Length::Fixed(all) => Length::Fixed(all - start / stride),
                        per_texel => per_texel,
                    },
                    [start, end] => Length::Fixed((end - start) / stride),
                };
                (Shape::Buffer { length, stride }, copy_buffer)
            }
            _ => (Shape::Buffer { length: Length::Fixed(0), stride: 1 }, copy_buffer),
        }
    };
    let buffer = graph.resource("read back", shape, Residency::PerSlot, Placement::Readback, at);
    graph.tables.declared.borrow_mut().resources[buffer.0 as usize].exit = Some(Use {
        stages: vk::PipelineStageFlags2::HOST,
        access: vk::AccessFlags2::HOST_READ,
        layout: vk::ImageLayout::UNDEFINED,
    });
    add(graph, declaration, parts, buffer, record, at);
    buffer
}

/// Adds the node that shows `source` in an output; without a window only keeps it.
pub(crate) fn present(graph: &Graph, output: OutputId, source: &Handle, at: CallSite) {
    let parts = source.take_parts();
    let (window, shape) = {
        let mut declared = graph.tables.declared.borrow_mut();
        for part in &parts {
            declared.resources[part.resource.0 as usize].sink = true;
        }
        let window = declared.outputs.get(output.0 as usize).is_some_and(|output| output.surface.is_some());
        (window, parts.first().map(|part| declared.resources[part.resource.0 as usize].shape))
    };
    let (true, Some(shape)) = (window, shape) else { return };
    let placement = Placement::Swapchain { output: output.0 };
    let image = graph.resource("swapchain", shape, Residency::Swapchain, placement, at);
    {
        let resource = &mut graph.tables.declared.borrow_mut().resources[image.0 as usize];
        resource.entry = Some(Use {
            stages: crate::frame::ACQUIRE_STAGE,
            access: vk::AccessFlags2::NONE,
            layout: vk::ImageLayout::UNDEFINED,
        });
        resource.exit = Some(Use {
            stages: vk::PipelineStageFlags2::NONE,
            access: vk::AccessFlags2::NONE,
            layout: vk::ImageLayout::PRESENT_SRC_KHR,
        });
    }
    add(graph, &PRESENT, parts, image, blit, at);
}

fn add(
    graph: &Graph,
    declaration: &'static NodeDeclaration,
    source: Vec<Part>,
    destination: ResourceId,
    record: fn(&mut RecordContext<'_>),
    at: CallSite,
) {
    let destination =
        Part { resource: destination, age: 0, region: Region::WHOLE, condition: Condition::ALWAYS };
    let name = graph.unique_name(declaration.name);
    graph.tables.declared.borrow_mut().nodes.push(DeclaredNode {
        declaration,
        name,
        at,
        bindings: vec![
            DeclaredBinding { slot: SOURCE, element: 0, parts: source },
            DeclaredBinding { slot: DESTINATION, element: 0, parts: vec![destination] },
        ],
        push: Vec::new(),
        spec: Vec::new(),
        data: Box::new(()),
        record,
        sink: true,
    });
}

fn copy_image_to_buffer(context: &mut RecordContext<'_>) {
    context.transfer::<()>(|resolver, (), commands| {
        commands.copy_resolved_image_to_buffer(resolver.raw(SOURCE), resolver.raw(DESTINATION));
    });
}

fn copy_buffer(context: &mut RecordContext<'_>) {
    context.transfer::<()>(|resolver, (), commands| {
        commands.copy_resolved_buffer(resolver.raw(SOURCE), resolver.raw(DESTINATION));
    });
}

fn blit(context: &mut RecordContext<'_>) {
    context.transfer::<()>(|resolver, (), commands| {
        commands.blit_resolved(resolver.raw(SOURCE), resolver.raw(DESTINATION), vk::Filter::LINEAR);
    });
}
