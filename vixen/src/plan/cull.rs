//! What no sink needs is not done: liveness, backwards through the versions of every resource.

use super::lanes::{Lanes, Piece};
use super::{Condition, Effect, Input, PlanError, Residency};

/// Which nodes are alive when the switches that `state` names have the given positions and all others may have any.
///
/// A node is alive if it is a sink or writes something that a sink needs, through however many nodes and frames. The named
/// switches are taken to keep their positions over all frames: a history that only a switched-off part reads is not kept up
/// to date, so what that part sees in its first frames after it is switched on is what was there when it was switched off.
/// Where that is not wanted, make the node that writes the history a sink.
pub fn cull(input: &Input, state: Condition) -> Result<Vec<bool>, PlanError> {
    let sinks: Vec<bool> = input.nodes.iter().map(|node| node.sink).collect();
    Ok(alive(input, &Lanes::cut(input)?, state, &sinks))
}

/// For each node, when it runs: in all states but those in which one switch alone, held in its position, makes it useless;
/// `None` where nothing ever needs it.
pub(super) fn conditions(input: &Input, lanes: &Lanes) -> Vec<Option<Condition>> {
    let mut sinks: Vec<bool> = input.nodes.iter().map(|node| node.sink).collect();
    let base = alive(input, lanes, Condition::ALWAYS, &sinks);
    let mut conditions: Vec<_> = base.iter().map(|&alive| alive.then_some(Condition::ALWAYS)).collect();
    if input.switches == 0 {
        return conditions;
    }
    let used = input.accesses.iter().fold(0, |used, access| used | access.condition.mask);
    for switch in (0..input.switches).map(|index| 1 << index).filter(|switch| used & switch != 0) {
        let held = |sinks: &[bool], value| alive(input, lanes, Condition { mask: switch, value }, sinks);
        let (mut off, mut on) = (held(&sinks, 0), held(&sinks, switch));
        // What neither position needs, but the two together do, is there for frames between which the switch moves: it
        // always runs, and so does what it needs. The same goes for a node that is off just where it could write.
        let writes_at = |node: usize, value| {
            let range = input.nodes[node].accesses.clone();
            let at = |access: &super::Access| {
                access.condition.mask & switch != 0 && access.condition.value & switch == value
            };
            let mut accesses = input.accesses[range.start as usize..range.end as usize].iter();
            accesses.any(|access| access.effect.writes() && at(access))
        };
        let moved = |node: usize| {
            let useless = !off[node] && !on[node];
            base[node] && (useless || !off[node] && writes_at(node, 0) || !on[node] && writes_at(node, switch))
        };
        let moved: Vec<usize> = (0..base.len()).filter(|&node| moved(node)).collect();
        if !moved.is_empty() {
            moved.into_iter().for_each(|node| sinks[node] = true);
            (off, on) = (held(&sinks, 0), held(&sinks, switch));
        }
        for (condition, (off, on)) in conditions.iter_mut().zip(off.into_iter().zip(on)) {
            if let Some(condition) = condition.as_mut().filter(|_| off != on) {
                condition.mask |= switch;
                condition.value |= if on { switch } else { 0 };
            }
        }
    }
    conditions
}

fn alive(input: &Input, lanes: &Lanes, state: Condition, sinks: &[bool]) -> Vec<bool> {
    // Nodes that are alive stay so from one round to the next.
    let mut alive = sinks.to_vec();
    let mut end = needed_by_sinks(input, lanes);
    loop {
        let mut needed = end.clone();
        if input.switches == 0 {
            sweep(lanes, state, |_| Condition::ALWAYS, &mut needed, &mut alive);
        } else {
            let condition = |piece: &Piece| input.accesses[piece.access as usize].condition;
            sweep(lanes, state, condition, &mut needed, &mut alive);
        }
        // Once all are alive there is nothing left to find.
        if !alive.contains(&false) || !carry_over(input, lanes, &needed, &mut end) {
            return alive;
        }
    }
}

/// The lanes whose contents are wanted after the frame.
fn needed_by_sinks(input: &Input, lanes: &Lanes) -> Vec<bool> {
    let mut needed = vec![false; lanes.count()];
    for (resource, grid) in input.resources.iter().zip(&lanes.grids) {
        if resource.sink {
            let newest = grid.lanes().step_by(grid.ages as usize);
            newest.for_each(|lane| needed[lane as usize] = true);
        }
    }
    needed
}

/// One frame backwards: from what is needed at its end to what is needed at its start.
fn sweep(
    lanes: &Lanes,
    state: Condition,
    condition: impl Fn(&Piece) -> Condition,
    needed: &mut [bool],
    alive: &mut [bool],
) {
    for (alive, pieces) in alive.iter_mut().zip(lanes.of_nodes()).rev() {
        let pieces = pieces.iter().filter(|piece| !condition(piece).excludes(state));
        let is_needed = |piece: &Piece| piece.effect.writes() && needed[piece.lane as usize];
        // What a node writes mostly stands last.
        if !*alive && !pieces.clone().rev().any(is_needed) {
            continue;
        }
        *alive = true;
        for piece in pieces {
            // What may not happen does not make up for what was there before.
            let always = condition(piece).mask & !state.mask == 0;
            let needed = &mut needed[piece.lane as usize];
            *needed = piece.effect != Effect::Write || *needed && !always;
        }
    }
}

/// What a frame needs at its start is needed at the end of the one before it. Returns whether that is news.
fn carry_over(input: &Input, lanes: &Lanes, start: &[bool], end: &mut [bool]) -> bool {
    let mut changed = false;
    for (resource, grid) in input.resources.iter().zip(&lanes.grids) {
        // A transient starts every frame without contents, and so does what the presentation engine lends.
        if matches!(resource.residency, Residency::Transient | Residency::Swapchain) {
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
