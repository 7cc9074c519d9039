//! The account of a compile: what nodes declare that they need, beside what was made, counted from the things themselves.
//!
//! Each declared requirement must have been provisioned, and each provision declared: too little would be found out by a frame
//! that allocates, too much by nobody. Both are an error of compile.

use crate::event::EventDeclaration;
use crate::frame::compiled::CompiledGraph;
use crate::frame::provision::node::{Facts, NodeRuntime};
use crate::frame::provision::resources::Physical;
use crate::frame::recompile::managed;
use crate::graph::tables::Placement;
use crate::graph::{CompileError, DescriptorCounts, Requirements};
use crate::plan::{Residency, ResourceId};
use crate::shader::DescriptorType;

/// One line: what there must be, and what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Line<'a> {
    /// The node or resource, unless it is a line of the whole graph.
    of: Option<&'a str>,
    what: &'static str,
    declared: u64,
    made: u64,
    /// Others may declare some of what was made, as an application does for event queues.
    shared: bool,
}

impl<'a> Line<'a> {
    fn of_graph(what: &'static str, declared: u64, made: u64) -> Self {
        Self { of: None, what, declared, made, shared: false }
    }

    fn of_node(node: &'a str, what: &'static str, declared: u64, made: u64) -> Self {
        Self { of: Some(node), what, declared, made, shared: false }
    }

    fn holds(&self) -> bool {
        self.made == self.declared || self.shared && self.made > self.declared
    }
}

/// The first line that does not hold, as an error.
fn settle<'a>(lines: impl IntoIterator<Item = Line<'a>>) -> Result<(), CompileError> {
    let broken = lines.into_iter().find(|line| !line.holds());
    broken.map_or(Ok(()), |Line { of, what, declared, made, .. }| {
        let user = of.map_or_else(|| "the graph".to_owned(), |name| format!("`{name}`"));
        Err(CompileError::Provision { user, what, declared, made })
    })
}

/// Fails unless a graph has exactly what its nodes declare.
pub(crate) fn check(graph: &CompiledGraph, events: &[EventDeclaration]) -> Result<(), CompileError> {
    settle(graph.nodes.iter().flat_map(descriptors))?;
    settle(of_pool(graph))?;
    settle(of_recording(graph))?;
    settle(of_resources(graph))?;
    graph.nodes.iter().try_for_each(history)?;
    transients(graph)?;
    settle(of_events(graph, events))
}

/// The frames before this one that a node reads, where it says how many they are: a budget counts what it says.
fn history(node: &NodeRuntime) -> Result<(), CompileError> {
    let declared = node.declaration.requirements.history_depth;
    let age = node.facts.bindings.iter().flat_map(|binding| &binding.parts).map(|part| part.age).max().unwrap_or(0);
    if declared == 0 || age <= declared {
        return Ok(());
    }
    Err(CompileError::HistoryTooDeep { node: node.facts.name.clone(), at: node.facts.at, declared, age })
}

/// The memory without a past that is made for a node, the first that writes it, where the node says how much that is at most.
fn transients(graph: &CompiledGraph) -> Result<(), CompileError> {
    let texels = |size: &[u32; 2]| u64::from(size[0]) * u64::from(size[1]);
    let pixels = graph.outputs.sizes().iter().map(texels).max().unwrap_or(0);
    for node in &graph.nodes {
        let Requirements { transient_bytes: fixed, transient_bytes_per_pixel: per_pixel, .. } =
            node.declaration.requirements;
        let declared = fixed.saturating_add(per_pixel.saturating_mul(pixels));
        let Facts { name, at, .. } = &*node.facts;
        if (fixed, per_pixel) != (0, 0) {
            let found = graph.resources.made_for(name).map(Physical::transient_bytes).sum();
            if found > declared {
                return Err(CompileError::TransientTooLarge { node: name.clone(), at, declared, found });
            }
        }
    }
    Ok(())
}

/// Descriptors of one variant by type, and sets of all.
fn descriptors(node: &NodeRuntime) -> impl Iterator<Item = Line<'_>> {
    let declaration = node.declaration;
    let bindings = || {
        let slots = declaration.slots.iter().filter_map(|slot| slot.binding);
        slots.chain(declaration.samplers.iter().map(|slot| slot.binding))
    };
    let counts = declaration.requirements.descriptors;
    let by_type = counted(counts).map(move |(what, declared, belongs)| {
        let made =
            bindings().filter(|binding| belongs(binding.descriptor)).map(|binding| u64::from(binding.count)).sum();
        Line::of_node(&node.facts.name, what, declared.into(), made)
    });
    // A shader may leave set numbers out; layouts must have them, without bindings.
    let empty = empty_sets(bindings().map(|binding| binding.set));
    let sets = u64::from(declaration.requirements.sets + empty) * node.facts.variants.count() as u64;
    let sets = Line::of_node(&node.facts.name, "descriptor sets of all variants", sets, node.sets() as u64);
    by_type.into_iter().chain([sets])
}

/// The pool that all sets come from: exactly as large as they are together.
fn of_pool(graph: &CompiledGraph) -> [Line<'static>; 2] {
    let descriptors = |node: &NodeRuntime| {
        u64::from(node.declaration.requirements.descriptors.total()) * node.facts.variants.count() as u64
    };
    let declared = graph.nodes.iter().map(descriptors).sum();
    let sets = graph.nodes.iter().map(|node| node.sets() as u64).sum();
    [
        Line::of_graph("descriptors in the pool", declared, graph.descriptors.descriptors.into()),
        Line::of_graph("descriptor sets in the pool", sets, graph.descriptors.sets.into()),
    ]
}

type Belongs = fn(DescriptorType) -> bool;

/// Each count with the types of descriptors that it counts.
fn counted(counts: DescriptorCounts) -> [(&'static str, u32, Belongs); 7] {
    use DescriptorType as Type;
    [
        ("uniform buffers", counts.uniform_buffers, |kind| {
            matches!(kind, Type::UNIFORM_BUFFER | Type::UNIFORM_TEXEL_BUFFER)
        }),
        ("storage buffers", counts.storage_buffers, |kind| {
            matches!(kind, Type::STORAGE_BUFFER | Type::STORAGE_TEXEL_BUFFER)
        }),
        ("sampled images", counts.sampled_images, |kind| matches!(kind, Type::SAMPLED_IMAGE | Type::INPUT_ATTACHMENT)),
        ("storage images", counts.storage_images, |kind| kind == Type::STORAGE_IMAGE),
        ("images with samplers", counts.combined_image_samplers, |kind| kind == Type::COMBINED_IMAGE_SAMPLER),
        ("samplers", counts.samplers, |kind| kind == Type::SAMPLER),
        ("acceleration structures", counts.acceleration_structures, |kind| kind == Type::ACCELERATION_STRUCTURE_KHR),
    ]
}

/// How many set numbers below the highest one nobody uses.
fn empty_sets(sets: impl Iterator<Item = u32>) -> u32 {
    let used = sets.fold(0_u64, |used, set| used | 1 << set.min(63));
    u64::BITS - used.leading_zeros() - used.count_ones()
}

/// Command buffers, queries and the room for what frames submit and retire.
fn of_recording(graph: &CompiledGraph) -> Vec<Line<'_>> {
    let slots = u64::from(graph.frame_slots);
    let mut lines = Vec::new();
    for segment in graph.segments.items() {
        let wanted = if segment.dynamic { slots } else { segment.variants.count() as u64 };
        lines.push(Line::of_graph("command buffers of a segment", wanted, segment.commands.len() as u64));
        let nodes = segment.tape.nodes();
        for node in &graph.nodes[nodes.start as usize..nodes.end as usize] {
            let recorded_anew = node.declaration.requirements.command_buffers;
            let made = u64::from(segment.dynamic && node.declaration.dynamic);
            lines.push(Line::of_node(&node.facts.name, "command buffers a frame", recorded_anew.into(), made));
        }
    }
    if let Some(timing) = &graph.timing {
        let queries: u64 = graph.nodes.iter().map(|node| u64::from(node.declaration.requirements.queries)).sum();
        lines.push(Line::of_graph("timestamp queries", queries * slots, timing.queries().into()));
    }
    let retired = managed::most_retired(&graph.declared, graph.frame_slots) as u64;
    lines.push(Line::of_graph("places for what is retired", retired, graph.retired.room() as u64));
    lines
}

/// Copies of resources: one for each frame slot where the CPU writes or reads, one for each frame that a history keeps.
fn of_resources(graph: &CompiledGraph) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for (index, resource) in (0..).zip(&graph.declared.resources) {
        let Some(physical) = graph.resources.get(ResourceId(index)) else { continue };
        let (what, declared) = match (&resource.placement, resource.residency) {
            (Placement::Upload { .. }, _) => ("copies for values that the CPU writes", graph.frame_slots),
            (Placement::Readback, _) => ("copies for values that the CPU reads", graph.frame_slots),
            (Placement::Device, Residency::History { depth }) => ("copies of a history", depth + 1),
            _ => continue,
        };
        lines
            .push(Line { of: Some(&resource.name), ..Line::of_graph(what, declared.into(), physical.copies() as u64) });
    }
    lines
}

/// The events that nodes emit and receive, and room for them in the queue of every type.
fn of_events(graph: &CompiledGraph, events: &[EventDeclaration]) -> Vec<Line<'static>> {
    let declared = graph.report.requirements.events;
    let capacity =
        |emits| events.iter().filter(|event| event.emits_events() == emits).map(|event| event.capacity()).sum();
    let mut lines = vec![
        Line::of_graph("events to emit in a frame", declared.emitted.into(), capacity(true)),
        Line::of_graph("events to receive in a frame", declared.received.into(), capacity(false)),
    ];
    lines.extend(events.iter().map(|event| {
        let (needed, room) = (event.needed(events), event.room(&graph.events.bus));
        Line { shared: true, ..Line::of_graph("places for events", needed.into(), room as u64) }
    }));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_does_not_hold_is_an_error_that_says_whose() {
        let good = Line::of_graph("queries", 4, 4);
        assert!(settle([good, Line { shared: true, made: 5, ..good }]).is_ok());
        let broken = |line| settle([good, line]).expect_err("it does not hold").to_string();
        let less = broken(Line::of_node("blur", "storage images", 2, 1));
        assert!(less.contains("`blur`") && less.contains("storage images"), "{less}");
        let more = broken(Line::of_graph("queries", 4, 5));
        assert!(more.contains("the graph") && more.contains('5'), "{more}");
        assert!(settle([Line { shared: true, made: 3, ..good }]).is_err(), "shared or not, it is too little");
    }

    #[test]
    fn set_numbers_that_are_left_out_are_counted() {
        let empty = |sets: &[u32]| empty_sets(sets.iter().copied());
        assert_eq!((empty(&[]), empty(&[0, 0, 1]), empty(&[2]), empty(&[0, 3])), (0, 0, 2, 2));
    }
}
