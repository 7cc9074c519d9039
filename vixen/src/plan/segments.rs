//! Segments: runs of steps that are recorded together, cut only where one part would have to be recorded more often than
//! another: at dynamic nodes, around the swapchain image, and where more than four switches would come together.

use super::steps::{Kind, dependencies};
use super::{DeviceIndex, Input, NodeItem, Plan, Queue, Rate, Residency, Segment, Step};

/// How many switches a recorded segment can depend on; each doubles the number of its recordings.
const MAX_SWITCHES: u32 = 4;

/// Cuts the steps of a plan.
pub(super) fn segments(input: &Input, plan: &Plan, kinds: &[Kind]) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    for (at, &step) in (0..).zip(&plan.steps) {
        let (segment, kind) = match step {
            Step::Node(node) => (of_node(&input.nodes[node.0 as usize], at), kinds[node.0 as usize]),
            Step::Barrier(barrier) => {
                let swapchain = dependencies(plan, barrier)
                    .iter()
                    .any(|one| input.resources[one.resource.0 as usize].residency == Residency::Swapchain);
                let next = plan.steps[at as usize + 1..].iter().find_map(|step| match step {
                    Step::Node(node) => {
                        let kind = kinds[node.0 as usize];
                        Some(Segment { swapchain: kind.swapchain, ..of_node(&input.nodes[node.0 as usize], at) })
                    }
                    Step::Barrier(_) => None,
                });
                let host = host(swapchain, segments.last(), next.as_ref());
                let kind = Kind { swapchain: host.swapchain, dynamic: host.dynamic, switches: 0 };
                (Segment { steps: at..at + 1, ..host }, kind)
            }
        };
        match segments.last_mut().filter(|last| joins(last, &segment, kind)) {
            Some(last) => {
                last.steps.end = at + 1;
                last.switches |= kind.switches;
            }
            None => segments.push(Segment { switches: kind.switches, swapchain: kind.swapchain, ..segment }),
        }
    }
    segments.iter_mut().for_each(|segment| describe(input, plan, segment));
    segments
}

fn of_node(node: &NodeItem, at: u32) -> Segment {
    Segment {
        steps: at..at + 1,
        device: node.device,
        queue: node.queue,
        rate: node.rate,
        dynamic: node.dynamic,
        switches: 0,
        per_slot: false,
        phases: 1,
        swapchain: false,
    }
}

/// Whether a step can be recorded into the segment before it.
fn joins(last: &Segment, step: &Segment, kind: Kind) -> bool {
    (last.device, last.queue, last.rate, last.dynamic) == (step.device, step.queue, step.rate, step.dynamic)
        && (last.dynamic
            || last.swapchain == kind.swapchain && (last.switches | kind.switches).count_ones() <= MAX_SWITCHES)
}

/// Where a barrier command goes: into the recording before it or after it, a static one if there is one that is not then
/// recorded more often for it, else one of its own.
fn host(swapchain: bool, before: Option<&Segment>, after: Option<&Segment>) -> Segment {
    // The less, the better; what needs the swapchain image may not go where that is not needed.
    let cost = |segment: &Segment| match (segment.dynamic, segment.swapchain) {
        (true, _) => Some(2),
        (false, true) => Some(u32::from(!swapchain)),
        (false, false) => (!swapchain).then_some(0),
    };
    let cost_of = |segment: Option<&Segment>| segment.and_then(cost).unwrap_or(u32::MAX);
    let host = match (before, after) {
        (Some(one), _) if cost_of(before) <= cost_of(after) && cost_of(before) != u32::MAX => Some(one),
        (_, Some(one)) if cost_of(after) != u32::MAX => Some(one),
        _ => None,
    };
    host.cloned().unwrap_or(Segment {
        steps: 0..0,
        device: DeviceIndex(0),
        queue: Queue::Main,
        rate: Rate(0),
        dynamic: false,
        switches: 0,
        per_slot: false,
        phases: 1,
        swapchain,
    })
}

/// Fills in what the recordings of a segment depend on.
fn describe(input: &Input, plan: &Plan, segment: &mut Segment) {
    let mut touch = |resource: super::ResourceId| match input.resources[resource.0 as usize].residency {
        Residency::PerSlot => segment.per_slot = true,
        Residency::History { depth } => segment.phases = least_common_multiple(segment.phases, depth + 1),
        Residency::Swapchain => segment.swapchain = true,
        Residency::Transient | Residency::Persistent => {}
    };
    for step in &plan.steps[segment.steps.start as usize..segment.steps.end as usize] {
        match *step {
            Step::Node(node) => {
                let range = input.nodes[node.0 as usize].accesses.clone();
                input.accesses[range.start as usize..range.end as usize]
                    .iter()
                    .for_each(|access| touch(access.resource));
            }
            Step::Barrier(barrier) => dependencies(plan, barrier).iter().for_each(|one| touch(one.resource)),
        }
    }
}

fn least_common_multiple(a: u32, b: u32) -> u32 {
    let (mut divisor, mut rest) = (a, b);
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    a / divisor * b
}
