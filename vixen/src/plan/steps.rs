//! The steps of a frame: batch after batch, nodes that can be recorded together side by side.

use super::lanes::{Grid, Lanes};
use super::order::{DEAD, Schedule};
use super::{Condition, Dependency, Input, Interval, NodeId, NodeItem, Plan, Residency, Step};

/// What decides which recording a step can be part of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    /// Touches the swapchain image.
    pub swapchain: bool,
    /// Is recorded anew in every frame.
    pub dynamic: bool,
    /// The switches that its recording depends on.
    pub switches: u32,
}

/// The kind of each node.
pub(super) fn kinds(input: &Input, conditions: &[Option<Condition>]) -> Vec<Kind> {
    let lent: Vec<bool> = input.resources.iter().map(|resource| resource.residency == Residency::Swapchain).collect();
    let look = input.switches > 0 || lent.contains(&true);
    let kind = |(node, condition): (&NodeItem, &Option<Condition>)| {
        let mut kind = Kind { dynamic: node.dynamic, ..Kind::default() };
        kind.switches = condition.map_or(0, |condition| condition.mask);
        let accesses = &input.accesses[node.accesses.start as usize..node.accesses.end as usize];
        for access in accesses.iter().filter(|_| look) {
            kind.switches |= access.condition.mask;
            kind.swapchain |= lent[access.resource.0 as usize];
        }
        kind
    };
    input.nodes.iter().zip(conditions).map(kind).collect()
}

/// The nodes in the order of their batches; within a batch in input order, but those of one kind together.
pub(super) fn arrange(schedule: &Schedule, kinds: &[Kind]) -> Vec<u32> {
    let batches = &schedule.batches;
    let mut starts = vec![0_u32; schedule.inner as usize + 3];
    for &batch in batches.iter().filter(|&&batch| batch != DEAD) {
        starts[batch as usize + 2] += 1;
    }
    for batch in 2..starts.len() {
        starts[batch] += starts[batch - 1];
    }
    let mut order = vec![0_u32; starts[starts.len() - 1] as usize];
    for (&batch, node) in batches.iter().zip(0..).filter(|(batch, _)| **batch != DEAD) {
        let end = &mut starts[batch as usize + 1];
        order[*end as usize] = node;
        *end += 1;
    }
    if kinds.iter().any(|&kind| kind != kinds[0]) {
        let mut before = None;
        for batch in 0..=schedule.inner as usize {
            let (own, rest) =
                order[starts[batch] as usize..].split_at_mut((starts[batch + 1] - starts[batch]) as usize);
            let after = rest.get(..(starts[batch + 2].saturating_sub(starts[batch + 1])) as usize).unwrap_or(&[]);
            before = group(own, before, after, kinds);
        }
    }
    order
}

/// Groups a batch by kind: first the kind that the batch before ended with, last one that the batch after has as well, so
/// that recordings go on across the barrier. Returns the last kind.
fn group(own: &mut [u32], before: Option<Kind>, after: &[u32], kinds: &[Kind]) -> Option<Kind> {
    let kind = |node: &u32| kinds[*node as usize];
    let mut present: Vec<Kind> = own.iter().map(kind).collect();
    present.sort_unstable();
    present.dedup();
    let mut next: Vec<Kind> = after.iter().map(kind).collect();
    next.sort_unstable();
    next.dedup();
    let first = before.filter(|kind| present.binary_search(kind).is_ok());
    let last = present.iter().copied().find(|kind| Some(*kind) != first && next.binary_search(kind).is_ok());
    own.sort_by_key(|node| {
        let kind = kind(node);
        (
            if Some(kind) == first {
                0
            } else if Some(kind) == last {
                2
            } else {
                1
            },
            kind,
        )
    });
    own.last().map(kind).or(before)
}

/// The nodes, with the barrier commands between the batches and at the end.
pub(super) fn steps(schedule: &Schedule, order: &[u32]) -> Vec<Step> {
    let mut steps = Vec::with_capacity(order.len() + schedule.commands() as usize);
    let mut barrier = 0;
    for &node in order {
        while barrier < schedule.batches[node as usize] {
            steps.push(Step::Barrier(barrier));
            barrier += 1;
        }
        steps.push(Step::Node(NodeId(node)));
    }
    steps.extend((barrier..schedule.commands()).map(Step::Barrier));
    steps
}

/// When each resource is in use: from the first step that names it to the last.
pub(super) fn intervals(input: &Input, lanes: &Lanes, plan: &Plan) -> Vec<Option<Interval>> {
    const NEVER: u32 = u32::MAX;
    let mut of_nodes = vec![NEVER; plan.conditions.len()];
    let mut of_barriers = vec![0; plan.barriers.len()];
    for (step, at) in plan.steps.iter().zip(0..) {
        match *step {
            Step::Node(node) => of_nodes[node.0 as usize] = at,
            Step::Barrier(barrier) => of_barriers[barrier as usize] = at,
        }
    }
    let extend = |interval: Option<Interval>, step: u32| match interval {
        Some(Interval { first, last }) => Some(Interval { first: first.min(step), last: last.max(step) }),
        None => Some(Interval { first: step, last: step }),
    };
    let of_items = |grid: &Grid| {
        let items = (0..grid.cells).flat_map(|cell| lanes.track(*grid, cell));
        items.map(|item| of_nodes[item.node as usize]).fold(None, extend)
    };
    let mut intervals: Vec<_> = lanes.grids.iter().map(of_items).collect();
    // What the switches never let a node touch stands in its slots all the same. `lanes` does not have it.
    let unhappening = input.switches > 0;
    for (node, &step) in input.nodes.iter().zip(&of_nodes).filter(|_| unhappening) {
        for id in node.accesses.clone().filter(|&id| step != NEVER && lanes.of(id).is_empty()) {
            let interval = &mut intervals[input.accesses[id as usize].resource.0 as usize];
            *interval = extend(*interval, step);
        }
    }
    for (range, &step) in plan.barriers.iter().zip(&of_barriers) {
        for dependency in &plan.dependencies[range.start as usize..range.end as usize] {
            let interval = &mut intervals[dependency.resource.0 as usize];
            *interval = extend(*interval, step);
        }
    }
    intervals
}

/// The dependencies of a barrier command.
pub(super) fn dependencies(plan: &Plan, barrier: u32) -> &[Dependency] {
    let range = plan.barriers[barrier as usize].clone();
    &plan.dependencies[range.start as usize..range.end as usize]
}
