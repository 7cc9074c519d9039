//! Whether a plan says no more than it must: every dependency closes a hazard and has exactly its masks and layouts.

use ash::vk::{AccessFlags2, ImageLayout, PipelineStageFlags2};

use super::grid::{Cells, writes_of};
use super::memory::Fault;
use super::oracle::Finding;
use super::timeline::{Around, Timeline, Touch};
use crate::plan::{Dependency, Effect, Input, Plan, Region, Step};

/// What a dependency says too much, or says twice.
pub fn check(input: &Input, plan: &Plan) -> Vec<Finding> {
    let cells = Cells::of(input, plan);
    let timeline = Timeline::of(input, plan, &cells);
    let mut findings = structure(input, plan);
    for (step, at) in plan.steps.iter().zip(0..) {
        let Step::Barrier(barrier) = *step else { continue };
        let range = plan.barriers[barrier as usize].clone();
        let own = &plan.dependencies[range.start as usize..range.end as usize];
        let mut report = |fault, resource| findings.push(Finding { fault, frame: 0, step: at, resource });
        for (index, dependency) in range.clone().zip(own) {
            for cell in cells.within(dependency.resource, dependency.region) {
                let around = timeline.around(dependency.resource, cell, index);
                let is_image = input.resources[dependency.resource.0 as usize].image;
                if let Some(fault) = judge(dependency, &around, is_image) {
                    report(fault, dependency.resource);
                }
            }
            for other in &own[(index - range.start) as usize + 1..] {
                if clash(dependency, other) {
                    report(Fault::Regions, dependency.resource);
                }
            }
        }
    }
    findings
}

fn judge(found: &Dependency, around: &Around, is_image: bool) -> Option<Fault> {
    let before = around.write.iter().chain(&around.reads).next();
    let reads_next = !around.next_reads.is_empty();
    // Between two reads nothing is needed, and neither is it before anything was touched or after everything was.
    if before.is_none() || !reads_next && around.next_write.is_none() || reads_next && !around.reads.is_empty() {
        return Some(Fault::Needless);
    }
    let expected = expect(around, is_image)?;
    let same_old = found.old_layout == expected.old_layout
        // Contents that are overwritten may be kept or not.
        || found.old_layout == ImageLayout::UNDEFINED && !reads_next && around.next_write.is_some_and(|next| next.effect == Effect::Write);
    let discards = same_old && found.old_layout != expected.old_layout;
    let dst_access = if discards { around.next_write?.usage.access } else { expected.dst_access };
    let same = same_old
        && found.new_layout == expected.new_layout
        && (found.src_stages, found.src_access) == (expected.src_stages, expected.src_access)
        && (found.dst_stages, found.dst_access) == (expected.dst_stages, dst_access);
    (!same).then_some(Fault::Inexact)
}

struct Expected {
    src_stages: PipelineStageFlags2,
    src_access: AccessFlags2,
    dst_stages: PipelineStageFlags2,
    dst_access: AccessFlags2,
    old_layout: ImageLayout,
    new_layout: ImageLayout,
}

fn expect(around: &Around, is_image: bool) -> Option<Expected> {
    let changes = |from: ImageLayout, to: &Touch| is_image && from != to.layout;
    let stages = |touches: &[Touch]| touches.iter().fold(PipelineStageFlags2::NONE, |all, one| all | one.usage.stages);
    let access = |touches: &[Touch]| touches.iter().fold(AccessFlags2::NONE, |all, one| all | one.usage.access);
    let mut expected = match around.reads.first() {
        Some(read) => Expected {
            src_stages: stages(&around.reads),
            src_access: AccessFlags2::NONE,
            dst_stages: PipelineStageFlags2::NONE,
            dst_access: AccessFlags2::NONE,
            old_layout: read.layout,
            new_layout: ImageLayout::UNDEFINED,
        },
        None => {
            let write = around.write?;
            Expected {
                src_stages: write.usage.stages,
                src_access: writes_of(write.usage.access),
                dst_stages: PipelineStageFlags2::NONE,
                dst_access: AccessFlags2::NONE,
                old_layout: write.layout,
                new_layout: ImageLayout::UNDEFINED,
            }
        }
    };
    if let Some(read) = around.next_reads.first() {
        expected.new_layout = read.layout;
        expected.dst_stages = stages(&around.next_reads);
        expected.dst_access = access(&around.next_reads);
        let updates = |next: &&Touch| next.effect == Effect::ReadWrite && !changes(read.layout, next);
        if let Some(next) = around.next_write.as_ref().filter(updates) {
            expected.dst_stages |= next.usage.stages;
            expected.dst_access |= next.usage.access;
        }
    } else {
        let next = around.next_write?;
        expected.new_layout = next.layout;
        expected.dst_stages = next.usage.stages;
        let order_is_enough = match around.reads.as_slice() {
            [] => false,
            // In some state there may be no read between the two writes.
            reads => {
                next.effect == Effect::ReadWrite || around.write.is_none() || !reads.iter().all(|read| read.conditional)
            }
        };
        if !order_is_enough || changes(expected.old_layout, &next) {
            expected.dst_access = next.usage.access;
        }
    }
    if !is_image {
        expected.old_layout = ImageLayout::UNDEFINED;
        expected.new_layout = ImageLayout::UNDEFINED;
    }
    Some(expected)
}

/// Whether two dependencies of one command name the same cell, or could be one.
fn clash(a: &Dependency, b: &Dependency) -> bool {
    if (a.resource, a.age) != (b.resource, b.age) {
        return false;
    }
    let same = Dependency { region: b.region, ..*a } == *b;
    a.region.overlaps(b.region) || same && adjacent(a.region, b.region)
}

fn adjacent(a: Region, b: Region) -> bool {
    let touch = |a: [u64; 2], b: [u64; 2]| a[1] == b[0] || b[1] == a[0];
    a.minor == b.minor && touch(a.major, b.major)
        || a.major == b.major && touch(a.minor.map(u64::from), b.minor.map(u64::from))
}

/// Steps, barriers and intervals fit together.
fn structure(input: &Input, plan: &Plan) -> Vec<Finding> {
    let mut right = true;
    let mut seen = vec![0; plan.barriers.len()];
    let mut last_was_barrier = false;
    for step in &plan.steps {
        if let Step::Barrier(barrier) = *step {
            seen[barrier as usize] += 1;
            // Two commands with nothing between them could be one, and one that says nothing could be none.
            right &= !last_was_barrier && !plan.barriers[barrier as usize].is_empty();
        }
        last_was_barrier = matches!(step, Step::Barrier(_));
    }
    right &= seen.iter().all(|count| *count == 1);
    for (step, at) in plan.steps.iter().zip(0..) {
        let mut covered = |id: crate::plan::ResourceId| {
            right &= plan.intervals[id.0 as usize].is_some_and(|interval| interval.first <= at && at <= interval.last);
        };
        match *step {
            Step::Barrier(barrier) => {
                let range = plan.barriers[barrier as usize].clone();
                plan.dependencies[range.start as usize..range.end as usize]
                    .iter()
                    .for_each(|one| covered(one.resource));
            }
            Step::Node(node) => {
                let range = input.nodes[node.0 as usize].accesses.clone();
                input.accesses[range.start as usize..range.end as usize].iter().for_each(|one| covered(one.resource));
            }
        }
    }
    let finding = Finding { fault: Fault::Structure, frame: 0, step: 0, resource: crate::plan::ResourceId(0) };
    if right { Vec::new() } else { vec![finding] }
}
