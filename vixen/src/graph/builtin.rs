//! The sinks that are nodes themselves: presenting and reading back.

use ash::vk;

use crate::frame::RecordContext;
use crate::graph::builder::Graph;
use crate::graph::extent::{Length, OutputId};
use crate::graph::node::{NodeDeclaration, NodeKind, SlotDeclaration, SlotEffect, SlotKind, SlotShape};
use crate::graph::requirements::Requirements;
use crate::graph::tables::{CallSite, DeclaredBinding, DeclaredNode, Part, Placement, Shape};
use crate::plan::{Condition, Region, Residency, ResourceId, Use};

const READ_BACK: NodeDeclaration = transfer("read_back", BOTH, Requirements { queries: 2, ..Requirements::NONE });
const PRESENT: NodeDeclaration = transfer("present", BOTH, Requirements { queries: 2, ..Requirements::NONE });
const KEEP: NodeDeclaration = transfer("keep", BOTH.split_at(1).0, Requirements { queries: 2, ..Requirements::NONE });

const SOURCE: u32 = 0;
const DESTINATION: u32 = 1;

const BOTH: &[SlotDeclaration] = &[
    slot("source", SlotKind::TransferSource, SlotEffect::Read),
    slot("destination", SlotKind::TransferDestination, SlotEffect::Write),
];

const fn transfer(
    name: &'static str,
    slots: &'static [SlotDeclaration],
    requirements: Requirements,
) -> NodeDeclaration {
    NodeDeclaration {
        name,
        kind: NodeKind::Transfer,
        dynamic: false,
        slots,
        programs: &[],
        push: None,
        spec_bytes: 0,
        samplers: &[],
        requirements,
    }
}

const fn slot(name: &'static str, kind: SlotKind, effect: SlotEffect) -> SlotDeclaration {
    let shape = SlotShape::One;
    SlotDeclaration { name, kind, effect, shape, binding: None, sampler: None, clear: None, per_instance: false }
}

/// Adds the node that copies `source` to a host-visible buffer, and returns that buffer.
pub(crate) fn read_back(graph: &Graph, source: Vec<Part>, at: CallSite) -> ResourceId {
    let shape = source.first().map(|part| graph.tables.declared.borrow().resources[part.resource.0 as usize].shape);
    let (shape, record): (Shape, fn(&mut RecordContext<'_>)) = match (source.first(), shape) {
        (Some(part), Some(Shape::Image { format, shape, .. })) => {
            let layers = part.region.minor[1].min(shape.layers).saturating_sub(part.region.minor[0]);
            let level = part.region.major[0].try_into().unwrap_or(u32::MAX);
            let length = Length::PerTexelOfLevel { extent: shape.extent, level, elements: layers.into() };
            (Shape::Buffer { length, stride: format.bytes.into() }, copy_image_to_buffer)
        }
        (Some(part), Some(Shape::Buffer { length, stride })) => {
            let length = match (part.region.major, length) {
                ([0, u64::MAX], length) => length,
                ([start, u64::MAX], Length::Fixed(all)) => Length::Fixed(all.saturating_sub(start / stride.max(1))),
                // Its end moves with an output: as long as the whole, of which the copy fills the beginning.
                ([_, u64::MAX], per_texel) => per_texel,
                ([start, end], _) => Length::Fixed((end - start) / stride.max(1)),
            };
            (Shape::Buffer { length, stride }, copy_buffer)
        }
        _ => (Shape::Buffer { length: Length::Fixed(0), stride: 1 }, copy_buffer),
    };
    let buffer = graph.resource("read back", shape, Residency::PerSlot, Placement::Readback, at);
    graph.tables.declared.borrow_mut().resources[buffer.0 as usize].exit = Some(Use {
        stages: vk::PipelineStageFlags2::HOST,
        access: vk::AccessFlags2::HOST_READ,
        layout: vk::ImageLayout::UNDEFINED,
    });
    add(graph, &READ_BACK, source, Some(buffer), record, at);
    buffer
}

/// Adds the node that shows `source` in the window of an output.
pub(crate) fn present(graph: &Graph, output: OutputId, source: Vec<Part>, at: CallSite) {
    let Some(part) = source.first() else { return };
    let shape = graph.tables.declared.borrow().resources[part.resource.0 as usize].shape;
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
    add(graph, &PRESENT, source, Some(image), blit, at);
}

/// Adds a node that does nothing but want `source`.
pub(crate) fn keep(graph: &Graph, source: Vec<Part>, at: CallSite) {
    add(graph, &KEEP, source, None, |_| {}, at);
}

fn add(
    graph: &Graph,
    declaration: &'static NodeDeclaration,
    source: Vec<Part>,
    destination: Option<ResourceId>,
    record: fn(&mut RecordContext<'_>),
    at: CallSite,
) {
    let whole = |resource| Part { resource, age: 0, region: Region::WHOLE, condition: Condition::ALWAYS };
    let source = DeclaredBinding { slot: SOURCE, parts: source };
    let destination = destination.map(|resource| DeclaredBinding { slot: DESTINATION, parts: vec![whole(resource)] });
    let name = graph.unique_name(declaration.name);
    graph.tables.declared.borrow_mut().nodes.push(DeclaredNode {
        declaration,
        name,
        at,
        bindings: std::iter::once(source).chain(destination).collect(),
        push: Vec::new(),
        spec: Vec::new(),
        data: Box::new(()),
        record,
        events: &[],
        sink: true,
    });
}

fn copy_image_to_buffer(context: &mut RecordContext<'_>) {
    context.transfer::<(), ()>(|resolver, (), commands| {
        commands.copy(resolver.raw(SOURCE), resolver.raw(DESTINATION));
    });
}

fn copy_buffer(context: &mut RecordContext<'_>) {
    context.transfer::<(), ()>(|resolver, (), commands| {
        commands.copy(resolver.raw(SOURCE), resolver.raw(DESTINATION));
    });
}

fn blit(context: &mut RecordContext<'_>) {
    context.transfer::<(), ()>(|resolver, (), commands| {
        let (source, destination) = (resolver.raw(SOURCE), resolver.raw(DESTINATION));
        let exact = source.extent == destination.extent;
        commands.blit_resolved(source, destination, if exact { vk::Filter::NEAREST } else { vk::Filter::LINEAR });
    });
}
