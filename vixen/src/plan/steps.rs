//! The steps of a frame: batch after batch, nodes that can be recorded together side by side.

use std::collections::BTreeMap;

use super::lanes::Lanes;
use super::order::{DEAD, Schedule};
use super::{
    Condition, Dependency, DeviceIndex, Input, Interval, NodeId, NodeItem, Plan, Queue, Rate, Residency, Step,
};

/// What decides which recording a step can be part of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    /// Touches the swapchain image.
    pub swapchain: bool,
    /// Is recorded anew in every frame.
    pub dynamic: bool,
    /// The switches that its recording depends on.
    pub switches: u32,
    pub device: DeviceIndex,
    pub queue: Queue,
    pub rate: Rate,
}

impl Kind {
    fn look_at_accesses(&mut self, input: &Input, node: &NodeItem) {
        for access in &input.accesses[node.accesses.start as usize..node.accesses.end as usize] {
            self.switches |= access.condition.mask;
            self.swapchain |= input.resources[access.resource.0 as usize].residency == Residency::Swapchain;
        }
    }
}

/// The kinds of the nodes. There are few, so that most questions are about numbers.
pub(super) struct Kinds {
    pub all: Vec<Kind>,
    /// For each node the index of its kind.
    pub of: Vec<u32>,
}

impl Kinds {
    pub fn of(input: &Input, lanes: &Lanes, conditions: &[Option<Condition>]) -> Self {
        let look = input.switches > 0 || lanes.any_lent;
        let mut kinds = Self { all: Vec::new(), of: Vec::with_capacity(input.nodes.len()) };
        let (mut numbers, mut number, mut last) = (BTreeMap::new(), 0, None);
        for (node, condition) in input.nodes.iter().zip(conditions) {
            let &NodeItem { device, queue, rate, dynamic, .. } = node;
            let switches = condition.map_or(0, |condition| condition.mask);
            let mut kind = Kind { swapchain: false, dynamic, switches, device, queue, rate };
            if look {
                kind.look_at_accesses(input, node);
            }
            // Most nodes are like the one before them.
            if last != Some(kind) {
                last = Some(kind);
                number = kinds.number(&mut numbers, kind);
            }
            kinds.of.push(number);
        }
        kinds
    }

    #[cold]
    fn number(&mut self, numbers: &mut BTreeMap<Kind, u32>, kind: Kind) -> u32 {
        *numbers.entry(kind).or_insert_with(|| {
            self.all.push(kind);
            self.all.len() as u32 - 1
        })
    }

    pub fn get(&self, node: u32) -> Kind {
        self.all[self.of[node as usize] as usize]
    }
}

/// The living nodes in the order in which they run.
pub(super) struct Order {
    pub nodes: Vec<u32>,
    /// Where each batch starts in `nodes`, and one more for the end.
    pub starts: Vec<u32>,
}

/// The nodes in the order of their batches; within a batch in input order, but those of one kind together.
pub(super) fn arrange(schedule: &Schedule, kinds: &Kinds) -> Order {
    // A counting sort. While the nodes are put into their places, `starts[batch + 1]` is how far the batch is filled.
    let mut starts = vec![0_u32; schedule.inner as usize + 3];
    let living = schedule.batches.iter().filter(|&&batch| batch != DEAD);
    living.for_each(|&batch| starts[batch as usize + 2] += 1);
    let mut end = 0;
    for start in &mut starts[2..] {
        end += *start;
        *start = end;
    }
    let mut nodes = vec![0_u32; end as usize];
    for (node, &batch) in (0..).zip(&schedule.batches) {
        if batch == DEAD {
            continue;
        }
        let filled = &mut starts[batch as usize + 1];
        nodes[*filled as usize] = node;
        *filled += 1;
    }
    starts.pop();
    if kinds.all.len() > 1 {
        group_all(&mut nodes, &starts, kinds);
    }
    Order { nodes, starts }
}

/// Groups every batch by kind.
fn group_all(nodes: &mut [u32], starts: &[u32], kinds: &Kinds) {
    let mut before = None;
    for batch in 0..starts.len() - 1 {
        let (own, rest) = nodes[starts[batch] as usize..].split_at_mut((starts[batch + 1] - starts[batch]) as usize);
        let after = starts.get(batch + 2).map_or(0, |end| end - starts[batch + 1]);
        before = group(own, before, &rest[..after as usize], kinds);
    }
}

/// Groups a batch by kind: first the kind that the batch before ended with, last one that the batch after has as well, so
/// that recordings go on across the barrier. Returns the last kind.
fn group(own: &mut [u32], before: Option<Kind>, after: &[u32], kinds: &Kinds) -> Option<Kind> {
    let kind = |node: &u32| kinds.get(*node);
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

/// When a node runs.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub batch: u32,
    /// An index of `Steps::steps`.
    pub step: u32,
}

/// The nodes, with the barrier commands between the batches and at the end.
pub(super) struct Steps {
    pub steps: Vec<Step>,
    /// For each node its place; that of a culled node means nothing.
    pub nodes: Vec<Place>,
    /// For each barrier command its step.
    pub barriers: Vec<u32>,
}

impl Steps {
    pub fn of(schedule: &Schedule, order: &Order) -> Self {
        let commands = schedule.commands();
        // One barrier command follows each batch, so that a node comes after as many as there are batches before it.
        let mut steps = vec![Step::Barrier(0); order.nodes.len() + commands as usize];
        let mut nodes = vec![Place { batch: DEAD, step: 0 }; schedule.batches.len()];
        for (&node, at) in order.nodes.iter().zip(0..) {
            let batch = schedule.batches[node as usize];
            let step = at + batch;
            nodes[node as usize] = Place { batch, step };
            steps[step as usize] = Step::Node(NodeId(node));
        }
        let barriers: Vec<u32> = order.starts[1..].iter().zip(0..commands).map(|(end, batch)| end + batch).collect();
        for (&step, barrier) in barriers.iter().zip(0..) {
            steps[step as usize] = Step::Barrier(barrier);
        }
        Self { steps, nodes, barriers }
    }

    /// When each resource is in use, given when those are whose accesses happen.
    ///
    /// What the switches never let a living node touch stands in its slots all the same.
    pub fn intervals(
        &self,
        input: &Input,
        conditions: &[Option<Condition>],
        mut happening: Vec<Interval>,
    ) -> Vec<Option<Interval>> {
        let switched = input.nodes.iter().zip(conditions).zip(&self.nodes).filter(|_| input.switches > 0);
        for ((node, condition), place) in switched {
            for access in &input.accesses[node.accesses.start as usize..node.accesses.end as usize] {
                if condition.is_some_and(|condition| condition.excludes(access.condition)) {
                    happening[access.resource.0 as usize].extend(place.step);
                }
            }
        }
        happening.into_iter().map(|interval| (interval != NEVER).then_some(interval)).collect()
    }
}

/// Of a resource that nothing touches.
pub(super) const NEVER: Interval = Interval { first: u32::MAX, last: 0 };

impl Interval {
    #[inline]
    pub(super) fn extend(&mut self, step: u32) {
        *self = Self { first: self.first.min(step), last: self.last.max(step) };
    }
}

/// The dependencies of a barrier command.
pub(super) fn dependencies(plan: &Plan, barrier: u32) -> &[Dependency] {
    let range = plan.barriers[barrier as usize].clone();
    &plan.dependencies[range.start as usize..range.end as usize]
}
