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

use super::lanes::{Item, Lanes, Piece};
use super::track::Bounds;
use super::{Condition, Input};

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
    /// The earliest batch of every node, and the length of the longest chain.
    pub fn earliest(&self, conditions: &[Option<Condition>]) -> (Vec<u32>, u32) {
        /// One more than the batch of the last writer, and than that of the last access: 0 for none.
        #[derive(Clone, Copy, Default)]
        struct Front {
            written: u32,
            touched: u32,
        }
        let mut fronts = vec![Front::default(); self.lanes.count()];
        for (_, grid) in self.bounds.iter().zip(&self.lanes.grids).filter(|(bounds, _)| bounds.entry) {
            let lanes = grid.lanes();
            fronts[lanes.start as usize..lanes.end as usize].fill(Front { written: 1, touched: 1 });
        }
        let any_exit = self.bounds.iter().any(|bounds| bounds.exit);
        let mut longest = 0;
        let mut batches = vec![DEAD; conditions.len()];
        for ((at, condition), pieces) in batches.iter_mut().zip(conditions).zip(self.lanes.of_nodes()) {
            if condition.is_none() {
                continue;
            }
            let mut batch = 0;
            for piece in pieces {
                let front = fronts[piece.lane as usize];
                batch = batch.max(if piece.effect.writes() { front.touched } else { front.written });
            }
            for piece in pieces {
                let front = &mut fronts[piece.lane as usize];
                front.touched = front.touched.max(batch + 1);
                if piece.effect.writes() {
                    front.written = batch + 1;
                }
            }
            let exits = any_exit && pieces.iter().any(|piece| self.bounds_of(piece).exit);
            longest = longest.max(batch + u32::from(exits));
            *at = batch;
        }
        (batches, longest)
    }

    /// Whether something touches a resource of this node after the frame.
    pub fn has_exit(&self, node: u32) -> bool {
        self.lanes.of(node).iter().any(|piece| self.bounds_of(piece).exit)
    }

    /// Whether something touches a resource of this node before the frame.
    pub fn has_entry(&self, node: u32) -> bool {
        self.lanes.of(node).iter().any(|piece| self.bounds_of(piece).entry)
    }

    fn bounds_of(&self, piece: &Piece) -> Bounds {
        self.bounds[self.input.accesses[piece.access as usize].resource.0 as usize]
    }

    /// Calls `visit` with each node of the next frame that has a hazard with this one of this frame and nothing between.
    /// Only exact for nodes without a hazard after them in their own frame; the others are not in the last batch.
    pub fn partners(&self, node: u32, mut visit: impl FnMut(u32)) {
        for piece in self.lanes.of(node) {
            let access = &self.input.accesses[piece.access as usize];
            if !self.bounds[access.resource.0 as usize].cyclic {
                continue;
            }
            let ages = self.lanes.grids[access.resource.0 as usize].ages;
            let next = if access.age + 1 < ages { piece.lane + 1 } else { piece.lane - access.age };
            let range = self.lanes.range(next);
            let write = self.lanes.first_write(next);
            if piece.effect.writes() {
                if piece.item as usize + 1 < self.lanes.range(piece.lane).end {
                    continue;
                }
                // Its readers, and only where there is none the next writer.
                self.lanes.items[range.start..write].iter().for_each(|item| visit(item.node));
                if range.start == write && write < range.end {
                    visit(self.lanes.items[write].node);
                }
            } else if write < range.end {
                visit(self.lanes.items[write].node);
            }
        }
    }

    /// Calls `visit` with each node of the same frame that has a hazard with this one and nothing between.
    pub fn successors(&self, node: u32, mut visit: impl FnMut(u32)) {
        for piece in self.lanes.of(node) {
            let (own, end) = (piece.item as usize, self.lanes.range(piece.lane).end);
            let next = self.lanes.items[own].next_write as usize;
            let writes = piece.effect.writes();
            if writes {
                self.lanes.items[own + 1..next].iter().for_each(|item| visit(item.node));
            }
            if next < end && (!writes || next == own + 1) {
                visit(self.lanes.items[next].node);
            }
        }
    }

    /// Whether anything at all would go wrong if no barrier stood anywhere.
    pub fn any_cyclic_write(&self) -> bool {
        let cyclic = |item: &Item| self.bounds[self.input.accesses[item.access as usize].resource.0 as usize].cyclic;
        self.lanes.items.iter().any(|item| item.effect.writes() && cyclic(item))
    }

    /// Whether a hazard crosses the frame boundary from the last batch to the first.
    pub fn crosses(&self, batches: &[u32], last: u32) -> bool {
        if last == 0 {
            return self.any_cyclic_write();
        }
        let mut found = false;
        for node in (0..batches.len() as u32).filter(|&node| batches[node as usize] == last) {
            self.partners(node, |partner| found |= batches[partner as usize] == 0);
        }
        found
    }
}

/// The fewest barrier commands, by the rule at the top of this file.
pub(super) fn fewest(hazards: &Hazards, conditions: &[Option<Condition>]) -> Schedule {
    let (batches, longest) = hazards.earliest(conditions);
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
    let mut batches = earliest.to_vec();
    let last = (0..).zip(earliest).filter(|&(_, &batch)| batch == longest);
    let mut pending: Vec<u32> = last.map(|(node, _)| node).collect();
    let mut higher = Vec::new();
    // Every node in `pending` is either in the last batch or has just been raised.
    while let Some(node) = pending.pop() {
        let batch = batches[node as usize];
        if batch == longest {
            hazards.partners(node, |partner| {
                if batches[partner as usize] == 0 {
                    higher.push((partner, 1));
                }
            });
        }
        hazards.successors(node, |next| {
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
