//! What is wrong with an input is told by node and slot.

use ash::vk::ImageLayout;
use vixen::plan::Residency::{History, PerSlot, Persistent, Transient};
use vixen::plan::*;

use crate::builder::*;

#[track_caller]
fn assert_error(graph: &Builder, expected: PlanError) {
    let result = plan(&graph.input, &Options::default());
    assert_eq!(result.map(|_| ()), Err(expected));
}

#[test]
fn undefined_contents() {
    let mut graph = Builder::default();
    let (buffer, other) = (graph.buffer(Transient), graph.buffer(Transient));
    graph.node(&[write(other, STORE), read(buffer, LOAD)]);
    assert_error(&graph, PlanError::ReadBeforeWrite { node: NodeId(0), slot: 1, resource: buffer });
}

#[test]
fn undefined_part() {
    let mut graph = Builder::default();
    let image = graph.image(Transient);
    graph.node(&[levels(0..1, write(image, STORE))]);
    graph.node(&[levels(0..2, read(image, SAMPLE))]);
    assert_error(&graph, PlanError::ReadBeforeWrite { node: NodeId(1), slot: 0, resource: image });
}

#[test]
fn undefined_copy_of_a_slot() {
    let mut graph = Builder::default();
    let image = graph.image(PerSlot);
    graph.node(&[update(image, UPDATE)]);
    assert_error(&graph, PlanError::ReadBeforeWrite { node: NodeId(0), slot: 0, resource: image });
}

#[test]
fn history_that_nothing_writes() {
    let mut graph = Builder::default();
    let buffer = graph.buffer(History { depth: 1 });
    graph.node(&[aged(1, read(buffer, LOAD))]);
    assert_error(&graph, PlanError::ReadBeforeWrite { node: NodeId(0), slot: 0, resource: buffer });
}

#[test]
fn history_too_short() {
    let mut graph = Builder::default();
    let buffer = graph.buffer(History { depth: 1 });
    graph.node(&[write(buffer, STORE)]);
    graph.node(&[aged(2, read(buffer, LOAD))]);
    assert_error(&graph, PlanError::AgeBeyondDepth { node: NodeId(1), slot: 0, age: 2, depth: 1 });
}

#[test]
fn history_that_is_handed_out() {
    let mut graph = Builder::default();
    let buffer = graph.buffer(History { depth: 1 });
    graph.input.resources[0].exit = Some(LOAD);
    graph.node(&[write(buffer, STORE)]);
    assert_error(&graph, PlanError::SharedHistory { resource: buffer });
}

#[test]
fn node_in_conflict_with_itself() {
    let mut graph = Builder::default();
    let image = graph.image(Persistent);
    graph.node(&[levels(0..2, read(image, SAMPLE)), levels(1..3, update(image, UPDATE))]);
    assert_error(&graph, PlanError::Conflict { node: NodeId(0), slots: [0, 1], resource: image });
}

#[test]
fn node_that_reads_twice_is_fine() {
    let mut graph = Builder::default();
    let image = graph.image(Persistent);
    graph.node(&[levels(0..2, read(image, SAMPLE)), levels(1..3, read(image, SAMPLE))]);
    graph.plan();
}

#[test]
fn malformed_accesses() {
    let mut graph = Builder::default();
    let image = graph.image(Persistent);
    graph.node(&[read(image, SAMPLE)]);
    let (node, slot) = (NodeId(0), 0);

    graph.input.accesses[0].region.major = [3, 3];
    assert_error(&graph, PlanError::EmptyRegion { node, slot });
    graph.input.accesses[0].region = Region::WHOLE;

    graph.input.accesses[0].usage.layout = ImageLayout::UNDEFINED;
    assert_error(&graph, PlanError::NoLayout { node, slot });
    graph.input.accesses[0].usage = SAMPLE;

    graph.input.accesses[0].condition = Condition { mask: 1, value: 0 };
    assert_error(&graph, PlanError::UnknownSwitch { node, slot, switches: 0 });
    graph.input.accesses[0].condition = Condition::ALWAYS;

    graph.input.accesses[0].resource = ResourceId(7);
    assert_error(&graph, PlanError::UnknownResource { node, slot, resource: ResourceId(7) });
    graph.input.accesses[0].resource = image;

    graph.input.switches = 33;
    assert_error(&graph, PlanError::TooManySwitches { count: 33 });
    graph.input.switches = 0;

    graph.input.nodes[0].accesses = 0..2;
    assert_error(&graph, PlanError::AccessRange { node });
    graph.input.nodes[0].accesses = 0..0;
    assert_error(&graph, PlanError::AccessRange { node: NodeId(1) });
}

#[test]
fn messages_name_node_and_slot() {
    let error = PlanError::ReadBeforeWrite { node: NodeId(3), slot: 1, resource: ResourceId(7) };
    assert_eq!(error.to_string(), "node 3, slot 1: resource 7 is read before any node has written it");
}
