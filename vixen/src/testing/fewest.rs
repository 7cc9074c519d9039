//! The fewest barrier commands by trying everything: every way to cut every valid order into runs that need no barrier
//! within, in a frame that is followed by itself.

use super::grid::{copies, happens, meets_itself, outside};
use crate::plan::{Access, Input, NodeId, Plan};

/// The pairs of nodes that must not meet, as a mask for each node. At most 16 nodes.
struct Conflicts {
    /// Nodes of the same frame that come before and conflict.
    before: Vec<u32>,
    /// Nodes of the next frame that conflict.
    next: Vec<u32>,
    /// Some nodes of any two frames conflict.
    any_across: bool,
    /// Nodes that wait for something before the frame.
    entry: u32,
    /// Nodes that something after the frame waits for.
    exit: u32,
}

/// The fewest barrier commands of a frame of at most 16 nodes; `plan` only says which nodes are alive.
pub fn fewest(input: &Input, plan: &Plan) -> u32 {
    let conflicts = Conflicts::of(input, plan);
    let alive =
        (0..input.nodes.len()).filter(|&node| plan.conditions[node].is_some()).fold(0, |all, node| all | 1 << node);
    (0..).find(|&barriers| conflicts.allow(alive, barriers)).unwrap_or(0)
}

impl Conflicts {
    fn of(input: &Input, plan: &Plan) -> Self {
        let nodes = input.nodes.len();
        let accesses = |node: usize| {
            let range = input.nodes[node].accesses.clone();
            let accesses = &input.accesses[range.start as usize..range.end as usize];
            accesses.iter().filter(move |access| happens(plan, NodeId(node as u32), access))
        };
        let meet = |a: &Access, b: &Access, later: u32| {
            let ring = copies(&input.resources[a.resource.0 as usize]);
            a.resource == b.resource
                && (a.age + later) % ring == b.age
                && a.region.overlaps(b.region)
                && (a.effect.writes() || b.effect.writes())
        };
        let conflict = |a: usize, b: usize, later: u32| {
            accesses(a).any(|a| {
                let across = later == 0 || meets_itself(input, plan, a.resource);
                across && accesses(b).any(|b| meet(a, b, later))
            })
        };
        let mask =
            |test: &dyn Fn(usize) -> bool| (0..nodes).filter(|&node| test(node)).fold(0, |all, node| all | 1 << node);
        let outside = |node: usize| accesses(node).map(|access| outside(input, plan, access.resource));
        let longest = input.resources.iter().map(copies).max().unwrap_or(1);
        Self {
            before: (0..nodes).map(|b| mask(&|a| a < b && conflict(a, b, 0))).collect(),
            next: (0..nodes).map(|a| mask(&|b| conflict(a, b, 1))).collect(),
            any_across: (1..=longest).any(|later| (0..nodes).any(|a| (0..nodes).any(|b| conflict(a, b, later)))),
            entry: mask(&|node| outside(node).any(|(entry, _)| entry.is_some())),
            exit: mask(&|node| outside(node).any(|(_, exit)| exit.is_some())),
        }
    }

    /// Whether this many barrier commands are enough. The runs before the first and after the last of them may be empty.
    fn allow(&self, alive: u32, barriers: u32) -> bool {
        if barriers == 0 {
            let ordered = (0..self.before.len()).all(|node| self.before[node] == 0);
            return ordered && !self.any_across && (self.entry | self.exit) & alive == 0;
        }
        subsets(self.ready(alive, 0) & !self.entry).any(|first| {
            let mut seen = vec![0_u32; 1 << self.before.len()];
            self.finish(alive, first, first, barriers, &mut seen)
        })
    }

    /// What can run next, all of it side by side: what comes before has run.
    fn ready(&self, alive: u32, done: u32) -> u32 {
        let ready = |node: &usize| alive & !done & 1 << node != 0 && self.before[*node] & !done == 0;
        (0..self.before.len()).filter(ready).fold(0, |all, node| all | 1 << node)
    }

    /// Whether the rest can be done with this many barrier commands more. `seen` has a bit for each number that failed.
    fn finish(&self, alive: u32, first: u32, done: u32, barriers: u32, seen: &mut [u32]) -> bool {
        if seen[done as usize] & 1 << barriers != 0 {
            return false;
        }
        seen[done as usize] |= 1 << barriers;
        let ready = self.ready(alive, done);
        if barriers == 1 {
            // The last run: all that is left, and the next frame's first run comes right after it.
            let rest = alive & !done;
            let meets = |node: usize| rest & 1 << node != 0 && self.next[node] & first != 0;
            return rest == ready && rest & self.exit == 0 && !(0..self.next.len()).any(meets);
        }
        subsets(ready).any(|run| self.finish(alive, first, done | run, barriers - 1, seen))
    }
}

/// All subsets of a mask, the mask itself first.
fn subsets(mask: u32) -> impl Iterator<Item = u32> {
    let mut next = Some(mask);
    std::iter::from_fn(move || {
        let subset = next?;
        next = if subset == 0 { None } else { Some((subset - 1) & mask) };
        Some(subset)
    })
}
