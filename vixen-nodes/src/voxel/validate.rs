//! Checks that a brick map is valid: no index from a file may lead the CPU or a shader out of its vectors.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::thread;

use glam::UVec3;

use super::brick_map::{BrickMap, cell_edge, levels_for};
use super::layout::{BRICK_EDGE, Brick, LOOKS_STORED, MAX_EDGE, Node, SOLID};
use super::looks::{self, Looks};
use super::parallel;

/// What is wrong with the structure of a brick map.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the voxel structure is broken: {problem}")]
pub struct Invalid {
    /// What is wrong.
    pub problem: &'static str,
}

vixen::debug_as_display!(Invalid);

impl BrickMap {
    /// Checks all that lookups, marches and edits rely on: every index lies in its vector, the nodes are a tree, no brick or
    /// mask belongs to two, solid cells lie in the scene, and the solid voxels are as many as it says.
    ///
    /// # Errors
    /// With something that is wrong.
    pub fn validate(&self) -> Result<(), Invalid> {
        let fits = self.nodes.len() < SOLID as usize && self.bricks.len() < SOLID as usize;
        let fits = fits && self.masks.len() < SOLID as usize && self.attributes.len() < LOOKS_STORED as usize;
        check(fits, "a vector is too long")?;
        check(self.masks.len().is_multiple_of(4), "the masks are no whole words")?;
        let empty = [self.nodes.is_empty(), self.bricks.is_empty(), self.masks.is_empty(), self.attributes.is_empty()];
        check(!empty.contains(&true), "a vector is empty")?;
        check(self.size.min_element() > 0 && self.size.max_element() <= MAX_EDGE, "the scene has no possible size")?;
        check(self.levels == levels_for(self.size), "the tree has the wrong height")?;
        check(self.palette.len() == 256, "the palette has not 256 entries")?;
        let finite = self.palette.iter().all(|material| material.color.iter().all(|value| value.is_finite()));
        check(finite, "a colour is no number")?;

        let walk = Walk {
            map: self,
            nodes: Seen::new(self.nodes.len()),
            bricks: Seen::new(self.bricks.len()),
            masks: Seen::new(self.masks.len()),
        };
        walk.nodes.mark(0, 1)?;
        let mut subtrees = Vec::new();
        let above = walk.node(&self.nodes[0], self.levels, UVec3::ZERO, Some(&mut subtrees))?;
        let solid_voxels = above + walk.all(&subtrees)?;
        check(solid_voxels == self.solid_voxels, "the solid voxels are not as many as it says")
    }
}

/// The subtrees that threads walk have roots of this level: 128³ voxels.
const SUBTREE_LEVEL: u32 = 2;

struct Walk<'a> {
    map: &'a BrickMap,
    nodes: Seen,
    bricks: Seen,
    masks: Seen,
}

impl Walk<'_> {
    /// Walks subtrees on all cores and counts their solid voxels. Of what is wrong, that of the first subtree.
    fn all(&self, subtrees: &[(Node, UVec3)]) -> Result<u64, Invalid> {
        let next = AtomicUsize::new(0);
        let run = || {
            let mut solid_voxels = 0;
            loop {
                let number = next.fetch_add(1, Relaxed);
                let Some((node, origin)) = subtrees.get(number) else { return Ok(solid_voxels) };
                solid_voxels += self.node(node, SUBTREE_LEVEL, *origin, None).map_err(|invalid| (number, invalid))?;
            }
        };
        let threads = parallel::threads().min(subtrees.len());
        let results: Vec<Result<u64, (usize, Invalid)>> = thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
            let own = run();
            let others = others.into_iter().map(|other| other.join().expect("a walk checks what it indexes with"));
            others.chain([own]).collect()
        });
        match results.iter().filter_map(|result| result.err()).min_by_key(|(number, _)| *number) {
            Some((_, invalid)) => Err(invalid),
            None => Ok(results.into_iter().flatten().sum()),
        }
    }

    /// Walks a node and all below it, and counts its solid voxels. Leaves subtrees for `later`, if asked to.
    fn node(
        &self,
        node: &Node,
        level: u32,
        origin: UVec3,
        mut later: Option<&mut Vec<(Node, UVec3)>>,
    ) -> Result<u64, Invalid> {
        let edge = cell_edge(level);
        if node.first == SOLID {
            return self.solid(origin, edge * 4);
        }
        if level == SUBTREE_LEVEL
            && let Some(later) = later
        {
            later.push((*node, origin));
            return Ok(0);
        }
        let (first, count) = (node.first as usize, node.cells().count_ones() as usize);
        if level == 1 {
            self.bricks.mark(first, count)?
        } else {
            self.nodes.mark(first, count)?
        }
        let mut solid_voxels = 0;
        for (child, cell) in node.children() {
            let (child, origin) = (child as usize, origin + cell * edge);
            check(origin.cmplt(self.map.size).all(), "a cell lies outside the scene")?;
            solid_voxels += match level {
                1 => self.brick(&self.map.bricks[child], origin)?,
                _ => self.node(&self.map.nodes[child], level - 1, origin, later.as_deref_mut())?,
            };
        }
        Ok(solid_voxels)
    }

    fn brick(&self, brick: &Brick, origin: UVec3) -> Result<u64, Invalid> {
        let voxels = if brick.first == SOLID {
            check(brick.octets() == u64::MAX, "a solid brick lacks octets")?;
            self.solid(origin, BRICK_EDGE)?
        } else {
            self.masks.mark(brick.first as usize, brick.octet_count())?;
            check(brick.octets() != 0, "a brick is empty")?;
            brick.count(&self.map.masks).ok_or(Invalid { problem: "an octet is empty" })?.into()
        };
        let attributes = &self.map.attributes;
        let place = if brick.looks & LOOKS_STORED == 0 { 0 } else { looks::place(brick) };
        check(place < attributes.len(), "a brick's looks lie nowhere")?;
        let words = Looks::of(brick, attributes).words(voxels as usize);
        check(words.is_some(), "a brick has looks of no kind")?;
        check(words.is_some_and(|words| words <= attributes.len() - place), "a brick's looks lie nowhere")?;
        Ok(voxels)
    }

    fn solid(&self, origin: UVec3, edge: u32) -> Result<u64, Invalid> {
        check((origin + edge).cmple(self.map.size).all(), "a solid cell leaves the scene")?;
        Ok(u64::from(edge).pow(3))
    }
}

/// Which elements of a vector have an owner.
struct Seen {
    bits: Vec<AtomicU64>,
    len: usize,
}

impl Seen {
    fn new(len: usize) -> Self {
        Self { bits: (0..len.div_ceil(64)).map(|_| AtomicU64::new(0)).collect(), len }
    }

    fn mark(&self, first: usize, count: usize) -> Result<(), Invalid> {
        let end = first.checked_add(count).filter(|&end| end <= self.len);
        let Some(end) = end else { return Err(Invalid { problem: "an index lies outside its vector" }) };
        let mut at = first;
        while at < end {
            let length = (64 - at % 64).min(end - at);
            let bits = u64::MAX >> (64 - length) << (at % 64);
            // Of two owners the later one sees the earlier one's bits, whatever the order.
            let before = self.bits[at / 64].fetch_or(bits, Relaxed);
            check(before & bits == 0, "two cells share a record")?;
            at += length;
        }
        Ok(())
    }
}

fn check(holds: bool, problem: &'static str) -> Result<(), Invalid> {
    if holds { Ok(()) } else { Err(Invalid { problem }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voxel::Scene;

    /// Four subtrees, with bricks of all kinds.
    fn map() -> BrickMap {
        let voxel = |at: glam::IVec3| {
            let solid = at.y < 20 || (at.x * 7 + at.y * 131 + at.z * 1291) % 37 == 0;
            solid.then_some((at.x / 5 % 3) as u8)
        };
        Scene::from_fn("dust", UVec3::new(250, 40, 200), voxel).expect("it has voxels").map
    }

    /// What is said of the map after it was broken.
    fn problem(break_it: impl Fn(&mut BrickMap)) -> Option<&'static str> {
        let mut map = map();
        break_it(&mut map);
        map.validate().err().map(|invalid| invalid.problem)
    }

    #[test]
    fn every_break_is_found_wherever_it_is() {
        assert_eq!(problem(|_| {}), None);
        let outside = "an index lies outside its vector";
        for last in [false, true] {
            let place = |len: usize| if last { len - 1 } else { 0 };
            let brick = |change: fn(&mut Brick, &mut Vec<u8>)| {
                problem(|map| {
                    let stored = |brick: &&mut Brick| brick.first != SOLID && brick.looks & LOOKS_STORED != 0;
                    let count = map.bricks.iter_mut().filter(stored).count();
                    let mut bricks = map.bricks.iter_mut().filter(stored);
                    change(bricks.nth(place(count)).expect("there are such bricks"), &mut map.masks);
                })
            };
            assert_eq!(brick(|brick, _| brick.first = u32::MAX - 1), Some(outside));
            assert_eq!(brick(|brick, masks| masks[brick.first as usize] = 0), Some("an octet is empty"));
            assert_eq!(brick(|brick, _| brick.mask = [0; 2]), Some("a brick is empty"));
            assert_eq!(brick(|brick, _| brick.first = SOLID), Some("a solid brick lacks octets"));
            assert_eq!(brick(|brick, _| brick.looks = u32::MAX), Some("a brick's looks lie nowhere"));
        }
        // Of the first subtree and of the last one.
        let shared = |map: &mut BrickMap| {
            let last = map.bricks.iter().rposition(|brick| brick.first != SOLID).expect("there is dust");
            let first = map.bricks.iter().position(|brick| brick.first != SOLID).expect("there is dust");
            map.bricks[last] = map.bricks[first];
        };
        assert_eq!(problem(shared), Some("two cells share a record"));
        assert_eq!(problem(|map| map.solid_voxels += 1), Some("the solid voxels are not as many as it says"));
        assert_eq!(problem(|map| map.nodes[0].first = u32::MAX - 1), Some(outside));
        assert_eq!(problem(|map| map.nodes[0].first = SOLID), Some("a solid cell leaves the scene"));
        assert_eq!(problem(|map| map.nodes[0].mask = [u32::MAX; 2]), Some(outside));
    }
}
