//! What no sink needs is not done: liveness, backwards through the versions of every resource.

use super::lanes::Lanes;
use super::{Access, Condition, Input, PlanError, Residency};

/// Which nodes are alive when the switches that `state` names have the given positions and all others may have any.
///
/// A node is alive if it is a sink or writes something that a sink needs, through however many nodes and frames. The named
/// switches are taken to keep their positions over all frames: a history that only a switched-off part reads is not kept up
/// to date, so what that part sees in its first frames after it is switched on is what was there when it was switched off.
pub fn cull(input: &Input, state: Condition) -> Result<Vec<bool>, PlanError> {
    Ok(alive(input, &Lanes::cut(input)?, state))
}

/// For each node, when it runs: the conjunction of all single switch positions without which nothing needs it; `None` where
/// nothing ever does.
pub(super) fn conditions(input: &Input, lanes: &Lanes) -> Vec<Option<Condition>> {
    let base = alive(input, lanes, Condition::ALWAYS);
    let mut conditions: Vec<_> = base
        .iter()
        .map(|&alive| alive.then_some(Condition::ALWAYS))
        .collect();
    let used = input
        .accesses
        .iter()
        .fold(0, |used, access| used | access.condition.mask);
    for switch in (0..input.switches)
        .map(|index| 1 << index)
        .filter(|switch| used & switch != 0)
    {
        for value in [0, switch] {
            let alive = alive(
                input,
                lanes,
                Condition {
                    mask: switch,
                    value,
                },
            );
            for (slot, _) in conditions.iter_mut().zip(alive).filter(|(_, alive)| !alive) {
                *slot = match *slot {
                    // It is dead in both positions.
                    Some(condition) if condition.mask & switch != 0 => None,
                    Some(condition) => Some(Condition {
                        mask: condition.mask | switch,
                        value: condition.value | (switch & !value),
                    }),
                    None => None,
                };
            }
        }
    }
    conditions
}

fn alive(input: &Input, lanes: &Lanes, state: Condition) -> Vec<bool> {
    let mut alive = vec![false; input.nodes.len()];
    let mut end = needed_by_sinks(input, lanes);
    loop {
        let mut needed = end.clone();
        sweep(input, lanes, state, &mut needed, &mut alive);
        if !carry_over(input, lanes, &needed, &mut end) {
            return alive;
        }
    }
}

/// The lanes whose contents are wanted after the frame.
fn needed_by_sinks(input: &Input, lanes: &Lanes) -> Vec<bool> {
    let mut needed = vec![false; lanes.count()];
    for (resource, grid) in input.resources.iter().zip(&lanes.grids) {
        if resource.sink || resource.exit.is_some() {
            for cell in 0..grid.cells {
                needed[(grid.first_lane + cell * grid.ages) as usize] = true;
            }
        }
    }
    needed
}

/// One frame backwards: from what is needed at its end to what is needed at its start.
fn sweep(input: &Input, lanes: &Lanes, state: Condition, needed: &mut [bool], alive: &mut [bool]) {
    for (node, alive) in input.nodes.iter().zip(alive).rev() {
        let accesses = node
            .accesses
            .clone()
            .filter(|&id| possible(&input.accesses[id as usize], state));
        let is_needed = |id: u32| {
            input.accesses[id as usize].effect.writes()
                && lanes.of(id).iter().any(|&lane| needed[lane as usize])
        };
        if !node.sink && !accesses.clone().any(is_needed) {
            continue;
        }
        *alive = true;
        for id in accesses.clone() {
            let access = &input.accesses[id as usize];
            if access.effect == super::Effect::Write && access.condition.mask & !state.mask == 0 {
                lanes
                    .of(id)
                    .iter()
                    .for_each(|&lane| needed[lane as usize] = false);
            }
        }
        for id in accesses {
            if input.accesses[id as usize].effect != super::Effect::Write {
                lanes
                    .of(id)
                    .iter()
                    .for_each(|&lane| needed[lane as usize] = true);
            }
        }
    }
}

/// What a frame needs at its start is needed at the end of the one before it. Returns whether that is news.
fn carry_over(input: &Input, lanes: &Lanes, start: &[bool], end: &mut [bool]) -> bool {
    let mut changed = false;
    for (resource, grid) in input.resources.iter().zip(&lanes.grids) {
        // A transient starts every frame without contents, and so does what the presentation engine lends.
        if matches!(
            resource.residency,
            Residency::Transient | Residency::Swapchain
        ) {
            continue;
        }
        for cell in 0..grid.cells {
            let first = grid.first_lane + cell * grid.ages;
            for age in 0..grid.ages {
                let before = (first + if age == 0 { grid.ages - 1 } else { age - 1 }) as usize;
                if start[(first + age) as usize] && !end[before] {
                    end[before] = true;
                    changed = true;
                }
            }
        }
    }
    changed
}

/// Whether the access can happen when the switches that `state` names have the given positions.
fn possible(access: &Access, state: Condition) -> bool {
    (access.condition.value ^ state.value) & access.condition.mask & state.mask == 0
}
