//! Segments: runs of steps that are recorded together, cut only where one part would have to be recorded more often than
//! another: at dynamic nodes, around the swapchain image, and where more than four switches would come together.

use super::lanes::Lanes;
use super::steps::{Kind, Kinds, Order, dependencies};
use super::{Dependency, Input, Plan, Residency, Segment, Step};

/// How many switches a recorded segment can depend on; each doubles the number of its recordings.
const MAX_SWITCHES: u32 = 4;

/// The fewest steps that are worth a thread's while.
const LEAST_STEPS: u32 = 16;

/// Cuts the steps of a plan, which are those of `order` with a barrier command after each batch but, perhaps, the last.
pub(super) fn segments(input: &Input, lanes: &Lanes, order: &Order, plan: &Plan, kinds: &Kinds) -> Vec<Segment> {
    let mut segments = match kinds.all[..] {
        // Nodes that are all recorded alike take the barrier commands with them: there is nothing to cut.
        [kind] if !kind.dynamic && !lanes.any_lent && !order.nodes.is_empty() => vec![Segment::of(kind, 0)],
        _ => starts(input, lanes, order, plan, kinds),
    };
    let mut end = plan.steps.len() as u32;
    for segment in segments.iter_mut().rev() {
        segment.steps.end = end;
        end = segment.steps.start;
    }
    if lanes.any_varies {
        segments.iter_mut().for_each(|segment| describe(input, plan, segment));
    }
    segments
}

/// The segments, with where they start: each goes on until the next one does.
fn starts(input: &Input, lanes: &Lanes, order: &Order, plan: &Plan, kinds: &Kinds) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    let is_lent = |one: &Dependency| input.resources[one.resource.0 as usize].residency == Residency::Swapchain;
    // What is like the step before it needs no second look.
    let (mut at, mut before) = (0, None);
    for (barrier, range) in (0..).zip(order.starts.windows(2)) {
        for &node in &order.nodes[range[0] as usize..range[1] as usize] {
            let kind = Some(kinds.of[node as usize]);
            if kind != before {
                add(&mut segments, kinds.get(node), at);
                before = kind;
            }
            at += 1;
        }
        if barrier as usize == plan.barriers.len() {
            break;
        }
        let lent = lanes.any_lent && dependencies(plan, barrier).iter().any(is_lent);
        if segments.last().is_none_or(|last| lent || last.dynamic || last.swapchain) {
            let next = order.nodes.get(range[1] as usize).map(|&node| kinds.get(node));
            let kind = host(lent, segments.last().map(kind_of), next);
            add(&mut segments, kind, at);
            before = None;
        }
        at += 1;
    }
    segments
}

/// Cuts long dynamic segments into this many equal pieces.
pub(super) fn cut(segments: Vec<Segment>, pieces: u32) -> Vec<Segment> {
    let cut_one = |segment: Segment| {
        let (start, steps) = (segment.steps.start, segment.steps.end - segment.steps.start);
        let pieces = if segment.dynamic { pieces.min(steps / LEAST_STEPS).max(1) } else { 1 };
        let at = move |piece: u32| start + (u64::from(steps) * u64::from(piece) / u64::from(pieces)) as u32;
        (0..pieces).map(move |piece| Segment { steps: at(piece)..at(piece + 1), ..segment.clone() })
    };
    segments.into_iter().flat_map(cut_one).collect()
}

/// Adds a step: to the last segment, or as one of its own.
fn add(segments: &mut Vec<Segment>, step: Kind, at: u32) {
    match segments.last_mut().filter(|last| joins(last, step)) {
        Some(last) => last.switches |= step.switches,
        None => segments.push(Segment::of(step, at)),
    }
}

impl Segment {
    /// A segment that starts with a step of this kind.
    fn of(step: Kind, at: u32) -> Self {
        let Kind { swapchain, dynamic, switches, device, queue, rate } = step;
        Self { steps: at..at, device, queue, rate, dynamic, switches, per_slot: false, phases: 1, swapchain }
    }
}

/// Whether a step can be recorded into the segment before it.
fn joins(last: &Segment, step: Kind) -> bool {
    let more_switches = step.switches & !last.switches;
    (last.device, last.queue, last.rate, last.dynamic) == (step.device, step.queue, step.rate, step.dynamic)
        && (last.dynamic
            || last.swapchain == step.swapchain
                && (more_switches == 0 || (last.switches | more_switches).count_ones() <= MAX_SWITCHES))
}

fn kind_of(segment: &Segment) -> Kind {
    let &Segment { device, queue, rate, dynamic, switches, swapchain, .. } = segment;
    Kind { swapchain, dynamic, switches, device, queue, rate }
}

/// Where a barrier command goes: into the recording before it or after it, a static one if there is one that is not then
/// recorded more often for it, else one of its own.
fn host(lent: bool, before: Option<Kind>, after: Option<Kind>) -> Kind {
    // The less, the better; what needs the swapchain image may not go where that is not needed.
    let cost = |kind: &Kind| match (kind.dynamic, kind.swapchain) {
        (true, _) => Some(2),
        (false, true) => Some(u32::from(!lent)),
        (false, false) => (!lent).then_some(0),
    };
    let hosts = [before, after].into_iter().flatten().filter_map(|kind| Some((cost(&kind)?, kind)));
    let best = hosts.min_by_key(|(cost, _)| *cost);
    best.map_or(Kind { swapchain: lent, ..Kind::default() }, |(_, kind)| Kind { switches: 0, ..kind })
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
