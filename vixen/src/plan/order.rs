//! Order: nodes are put into batches with one barrier command between each two, as few as can be.
//!
//! Let `L` be the length, in hazards, of the longest chain of hazards within a frame, with what touches a resource before
//! and after the frame as ends of chains. Each hazard of that chain needs a barrier of its own, so no plan has fewer than
//! `L`. With `L` of them and one more at the frame boundary every plan works: put each node as early as it can go, and what
//! crosses the boundary is closed there. So the answer is `L` or `L + 1`.
//!
//! It is `L` only if none is at the boundary, for `L` barriers within the frame are needed for the chain. The last batch of
//! a frame and the first of the next then run together, and every other pair of batches of different frames is apart. So
//! there is a plan with `L` exactly if batches 0..=L can be chosen such that every hazard within the frame goes up, and none
//! that crosses one frame boundary goes from batch L to batch 0. (If L is 0, nothing is ever apart: no hazard may cross at
//! all.) The constraints are of the form 'if u is at least here, v is at least there', so the set of solutions has a least
//! element, and raising nodes only where a constraint demands it either finds it or passes L, which proves that there is
//! none. A node is only ever raised by one, since a chain that starts one later ends one later, so this is linear.

use super::Input;
use super::lanes::Lanes;
use super::track::Bounds;

/// Which nodes run together, and the barrier commands between.
pub(super) struct Schedule {
    /// For each node its batch; `DEAD` where it is culled.
    pub batches: Vec<u32>,
    /// How many barrier commands stand between the batches: one less than there are batches.
    pub inner: u32,
    /// Whether one more stands at the end of the frame.
    pub boundary: bool,
}

/// The batch of a culled node.
pub(super) const DEAD: u32 = u32::MAX;

impl Schedule {
    /// How many barrier commands a frame has.
    #[inline]
    pub fn commands(&self) -> u32 {
        self.inner + u32::from(self.boundary)
    }

    /// The last barrier command before a batch, and whether it belongs to the frame before.
    #[inline]
    pub fn before(&self, batch: u32) -> (u32, bool) {
        match batch.checked_sub(1) {
            Some(barrier) => (barrier, false),
            None => (self.commands().saturating_sub(1), true),
        }
    }
}

/// Hazards within a frame and across its boundary, as neighbours in the lanes rather than as a list of edges.
pub(super) struct Hazards<'a> {
    pub input: &'a Input,
    pub lanes: &'a Lanes,
    pub bounds: &'a [Bounds],
}

impl Hazards<'_> {
    fn writes(&self, at: usize) -> bool {
        self.lanes.effects[self.lanes.items[at].access as usize].writes()
    }

    /// The earliest batch of every node, and the length of the longest chain.
    pub fn earliest(&self, alive: impl Fn(usize) -> bool) -> (Vec<u32>, u32) {
        /// One more than the batch of the last writer, and than that of the last reader since: 0 for none.
        #[derive(Clone, Copy, Default)]
        struct Front {
            written: u32,
            read: u32,
        }
        let mut fronts = vec![Front::default(); self.lanes.count()];
        for (bounds, grid) in self.bounds.iter().zip(&self.lanes.grids) {
            if bounds.entry.is_some() {
                let lanes = grid.first_lane as usize..(grid.first_lane + grid.cells * grid.ages) as usize;
                fronts[lanes].fill(Front { written: 1, read: 0 });
            }
        }
        let mut batches = vec![DEAD; self.input.nodes.len()];
        let mut longest = 0;
        let any_exit = self.bounds.iter().any(|bounds| bounds.exit.is_some());
        for (index, node) in self.input.nodes.iter().enumerate().filter(|(index, _)| alive(*index)) {
            let mut batch = 0;
            for id in node.accesses.clone() {
                let writes = self.lanes.effects[id as usize].writes();
                for &lane in self.lanes.of(id) {
                    let front = fronts[lane as usize];
                    batch = batch.max(if writes { front.written.max(front.read) } else { front.written });
                }
            }
            for id in node.accesses.clone() {
                let writes = self.lanes.effects[id as usize].writes();
                for &lane in self.lanes.of(id) {
                    let front = &mut fronts[lane as usize];
                    if writes {
                        *front = Front { written: batch + 1, read: 0 };
                    } else {
                        front.read = front.read.max(batch + 1);
                    }
                }
            }
            batches[index] = batch;
            longest = longest.max(batch + u32::from(any_exit && self.has_exit(index as u32)));
        }
        (batches, longest)
    }

    /// Whether something touches a resource of this node after the frame.
    pub fn has_exit(&self, node: u32) -> bool {
        self.bounds_of(node).any(|bounds| bounds.exit.is_some())
    }

    /// Whether something touches a resource of this node before the frame.
    pub fn has_entry(&self, node: u32) -> bool {
        self.bounds_of(node).any(|bounds| bounds.entry.is_some())
    }

    fn bounds_of(&self, node: u32) -> impl Iterator<Item = Bounds> {
        let accesses = self.input.nodes[node as usize].accesses.clone();
        accesses
            .filter(|&id| !self.lanes.of(id).is_empty())
            .map(|id| self.bounds[self.input.accesses[id as usize].resource.0 as usize])
    }

    /// Calls `visit` with each node of the next frame that has a hazard with this one of this frame and nothing between.
    /// Only exact for nodes without a hazard after them in their own frame; the others are not in the last batch.
    pub fn partners(&self, index: &Index, node: u32, mut visit: impl FnMut(u32)) {
        for id in self.input.nodes[node as usize].accesses.clone() {
            let access = &self.input.accesses[id as usize];
            if !self.bounds[access.resource.0 as usize].cyclic {
                continue;
            }
            let ages = self.lanes.grids[access.resource.0 as usize].ages;
            for &lane in self.lanes.of(id) {
                let next = if access.age + 1 < ages { lane + 1 } else { lane - access.age };
                let (own, range) = (self.lanes.range(lane), self.lanes.range(next));
                let write = index.first_writes[next as usize] as usize;
                if access.effect.writes() {
                    let is_last = self.lanes.items[own.end - 1].access == id;
                    if !is_last {
                        continue;
                    }
                    // Its readers, and only where there is none the next writer.
                    let readers = range.start..write.min(range.end);
                    self.lanes.items[readers.clone()].iter().for_each(|item| visit(item.node));
                    if readers.is_empty() && write < range.end {
                        visit(self.lanes.items[write].node);
                    }
                } else if write < range.end {
                    visit(self.lanes.items[write].node);
                }
            }
        }
    }

    /// Calls `visit` with each node of the same frame that has a hazard with this one and nothing between.
    pub fn successors(&self, index: &Index, node: u32, mut visit: impl FnMut(u32)) {
        for id in self.input.nodes[node as usize].accesses.clone() {
            let writes = self.input.accesses[id as usize].effect.writes();
            for &lane in self.lanes.of(id) {
                let range = self.lanes.range(lane);
                let items = &self.lanes.items[range.clone()];
                // The items of a lane are in input order, and a node stands side by side with itself.
                let own = range.start + items.partition_point(|item| item.node < node);
                let next = index.next_writes[own] as usize;
                if writes {
                    self.lanes.items[own + 1..next.min(range.end)].iter().for_each(|item| visit(item.node));
                }
                if next < range.end && (!writes || next == own + 1) {
                    visit(self.lanes.items[next].node);
                }
            }
        }
    }

    /// Whether anything at all would go wrong if no barrier stood anywhere.
    pub fn any_cyclic_write(&self) -> bool {
        self.lanes.items.iter().any(|&item| {
            let access = &self.input.accesses[item.access as usize];
            access.effect.writes() && self.bounds[access.resource.0 as usize].cyclic
        })
    }

    /// Whether a hazard crosses the frame boundary from the last batch to the first.
    pub fn crosses(&self, index: &Index, batches: &[u32], last: u32) -> bool {
        if last == 0 {
            return self.any_cyclic_write();
        }
        let mut found = false;
        for node in (0..batches.len() as u32).filter(|&node| batches[node as usize] == last) {
            self.partners(index, node, |partner| found |= batches[partner as usize] == 0);
        }
        found
    }
}

/// Where the writers stand in the lanes.
pub(super) struct Index {
    /// For each lane the position of its first writer; that of its end where it has none.
    pub first_writes: Vec<u32>,
    /// For each item the position of the first writer after it in its lane; that of the lane's end where there is none.
    pub next_writes: Vec<u32>,
}

impl Index {
    pub fn of(hazards: &Hazards) -> Self {
        let lanes = hazards.lanes;
        let mut next_writes = vec![0; lanes.items.len()];
        let first_write = |lane| {
            let range = lanes.range(lane);
            let mut next = range.end as u32;
            for at in range.rev() {
                next_writes[at] = next;
                if hazards.writes(at) {
                    next = at as u32;
                }
            }
            next
        };
        let first_writes = (0..lanes.count() as u32).map(first_write).collect();
        Self { first_writes, next_writes }
    }
}

/// The fewest barrier commands, by the rule at the top of this file.
pub(super) fn fewest(hazards: &Hazards, alive: impl Fn(usize) -> bool) -> Schedule {
    let (batches, longest) = hazards.earliest(alive);
    let raised = if longest == 0 {
        (!hazards.any_cyclic_write()).then(|| batches.clone())
    } else {
        raise(hazards, &batches, longest)
    };
    let boundary = raised.is_none();
    Schedule { batches: raised.unwrap_or(batches), inner: longest, boundary }
}

/// Raises nodes until nothing crosses from the last batch to the first; `None` where that cannot be.
fn raise(hazards: &Hazards, earliest: &[u32], longest: u32) -> Option<Vec<u32>> {
    let index = Index::of(hazards);
    let mut batches = earliest.to_vec();
    let mut pending: Vec<u32> = (0..batches.len() as u32).filter(|&node| batches[node as usize] == longest).collect();
    let mut higher = Vec::new();
    // Every node in `pending` is either in the last batch or has just been raised.
    while let Some(node) = pending.pop() {
        let batch = batches[node as usize];
        if batch == longest {
            hazards.partners(&index, node, |partner| {
                if batches[partner as usize] == 0 {
                    higher.push((partner, 1));
                }
            });
        }
        hazards.successors(&index, node, |next| {
            if batches[next as usize] <= batch {
                higher.push((next, batch + 1));
            }
        });
        while let Some((node, batch)) = higher.pop() {
            if batch + u32::from(hazards.has_exit(node)) > longest {
                return None;
            }
            if batch > batches[node as usize] {
                batches[node as usize] = batch;
                pending.push(node);
            }
        }
    }
    Some(batches)
}
