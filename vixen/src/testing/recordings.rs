//! Whether the segments of a plan can be recorded once and submitted again: a recording depends on no more than its segment
//! says, and is in no segment that is recorded more often than it must be.

use super::memory::Fault;
use super::oracle::Finding;
use crate::plan::{Input, Plan, Residency, ResourceId, Segment, Step};

/// What the segments say wrongly.
pub fn check(input: &Input, plan: &Plan) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut report = |step| {
        findings.push(Finding { fault: Fault::Structure, frame: 0, step, resource: ResourceId(0) });
    };
    let mut end = 0;
    for segment in &plan.segments {
        if segment.steps.start != end || segment.steps.end <= end {
            report(segment.steps.start);
        }
        end = segment.steps.end;
        (segment.steps.clone()).filter(|&step| !holds(input, plan, segment, step)).for_each(&mut report);
        let too_many = segment.switches.count_ones() > 4;
        let lent = || segment.steps.clone().any(|step| touched(input, plan, step).any(|id| is_lent(input, id)));
        if !segment.dynamic && (too_many || segment.swapchain && !lent()) {
            report(segment.steps.start);
        }
    }
    if end as usize != plan.steps.len() {
        report(end);
    }
    findings
}

/// Whether a step can be recorded with its segment.
fn holds(input: &Input, plan: &Plan, segment: &Segment, step: u32) -> bool {
    let knows = touched(input, plan, step).all(|id| match input.resources[id.0 as usize].residency {
        Residency::Transient | Residency::Persistent => true,
        Residency::PerSlot => segment.per_slot,
        Residency::History { depth } => segment.phases.is_multiple_of(depth + 1),
        Residency::Swapchain => segment.swapchain,
    });
    let Step::Node(node) = plan.steps[step as usize] else { return knows };
    let item = &input.nodes[node.0 as usize];
    let accesses = &input.accesses[item.accesses.start as usize..item.accesses.end as usize];
    let runs = plan.conditions[node.0 as usize].map_or(0, |condition| condition.mask);
    let switches = accesses.iter().fold(runs, |switches, access| switches | access.condition.mask);
    let place = (segment.device, segment.queue, segment.rate, segment.dynamic);
    knows && switches & !segment.switches == 0 && place == (item.device, item.queue, item.rate, item.dynamic)
}

/// What a step names.
fn touched<'a>(input: &'a Input, plan: &'a Plan, step: u32) -> impl Iterator<Item = ResourceId> + 'a {
    let (accesses, dependencies) = match plan.steps[step as usize] {
        Step::Node(node) => (input.nodes[node.0 as usize].accesses.clone(), 0..0),
        Step::Barrier(barrier) => (0..0, plan.barriers[barrier as usize].clone()),
    };
    let accesses = input.accesses[accesses.start as usize..accesses.end as usize].iter().map(|one| one.resource);
    let dependencies = plan.dependencies[dependencies.start as usize..dependencies.end as usize].iter();
    accesses.chain(dependencies.map(|one| one.resource))
}

fn is_lent(input: &Input, id: ResourceId) -> bool {
    input.resources[id.0 as usize].residency == Residency::Swapchain
}
