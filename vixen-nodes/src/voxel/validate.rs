//! Whether a brick map is one: what comes from a file must lead neither the CPU nor a shader out of its vectors.

use glam::UVec3;

use super::brick_map::{BrickMap, cell_edge, levels_for};
use super::layout::{BRICK_EDGE, BRICK_VOXELS, Brick, LOOKS_STORED, MAX_EDGE, Node, SOLID, unmorton3};
use super::looks::{self, Looks};
use super::packed::BrickMask;

/// What is wrong with the structure of a brick map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the voxel structure is broken: {problem}")]
pub struct Invalid {
    /// What is wrong.
    pub problem: &'static str,
}

impl BrickMap {
    /// Checks all that lookups, marches and edits rely on: every index lies in its vector, the nodes are a tree, no brick or
    /// word of masks belongs to two, solid cells lie in the scene, and the solid voxels are as many as it says.
    ///
    /// # Errors
    /// With the first thing that is wrong.
    pub fn validate(&self) -> Result<(), Invalid> {
        let fits = self.nodes.len() < SOLID as usize && self.bricks.len() < SOLID as usize;
        let fits = fits && self.masks.len() < SOLID as usize && self.attributes.len() < LOOKS_STORED as usize;
        check(fits, "a vector is too long")?;
        let empty = [self.nodes.is_empty(), self.bricks.is_empty(), self.masks.is_empty(), self.attributes.is_empty()];
        check(!empty.contains(&true), "a vector is empty")?;
        check(self.size.min_element() > 0 && self.size.max_element() <= MAX_EDGE, "the scene has no possible size")?;
        check(self.levels == levels_for(self.size), "the tree has the wrong height")?;
        check(self.palette.len() == 256, "the palette has not 256 entries")?;
        let finite = self.palette.iter().all(|material| material.color.iter().all(|value| value.is_finite()));
        check(finite, "a colour is no number")?;

        let mut walk = Walk {
            map: self,
            nodes: Seen::new(self.nodes.len()),
            bricks: Seen::new(self.bricks.len()),
            masks: Seen::new(self.masks.len()),
            solid_voxels: 0,
        };
        walk.nodes.mark(0, 1)?;
        walk.node(&self.nodes[0], self.levels, UVec3::ZERO)?;
        check(walk.solid_voxels == self.solid_voxels, "the solid voxels are not as many as it says")
    }
}

struct Walk<'a> {
    map: &'a BrickMap,
    nodes: Seen,
    bricks: Seen,
    masks: Seen,
    solid_voxels: u64,
}

impl Walk<'_> {
    fn node(&mut self, node: &Node, level: u32, origin: UVec3) -> Result<(), Invalid> {
        let edge = cell_edge(level);
        if node.first == SOLID {
            return self.solid(origin, edge * 4);
        }
        let mask = u64::from(node.mask[0]) | u64::from(node.mask[1]) << 32;
        let (first, count) = (node.first as usize, mask.count_ones() as usize);
        if level == 1 {
            self.bricks.mark(first, count)?
        } else {
            self.nodes.mark(first, count)?
        }
        let cells = (0..64).filter(|number| mask >> number & 1 != 0);
        for (child, number) in (first..).zip(cells) {
            let origin = origin + UVec3::from_array(unmorton3(number)) * edge;
            check(origin.cmplt(self.map.size).all(), "a cell lies outside the scene")?;
            if level == 1 {
                self.brick(&self.map.bricks[child], origin)?;
            } else {
                self.node(&self.map.nodes[child], level - 1, origin)?;
            }
        }
        Ok(())
    }

    fn brick(&mut self, brick: &Brick, origin: UVec3) -> Result<(), Invalid> {
        let voxels = if brick.first == SOLID {
            self.solid(origin, BRICK_EDGE)?;
            BRICK_VOXELS
        } else {
            self.masks.mark(brick.first as usize, brick.words())?;
            let mask = brick.unpack(&self.map.masks);
            check(mask != BrickMask::default(), "a brick is empty")?;
            check(mask.octets() == brick.octets(), "an octet is empty")?;
            self.solid_voxels += u64::from(mask.count());
            mask.count() as usize
        };
        let attributes = &self.map.attributes;
        let place = if brick.looks & LOOKS_STORED == 0 { 0 } else { looks::place(brick) };
        check(place < attributes.len(), "a brick's looks lie nowhere")?;
        let words = Looks::of(brick, attributes).words(voxels);
        check(words.is_some(), "a brick has looks of no kind")?;
        check(words.is_some_and(|words| words <= attributes.len() - place), "a brick's looks lie nowhere")
    }

    fn solid(&mut self, origin: UVec3, edge: u32) -> Result<(), Invalid> {
        self.solid_voxels += u64::from(edge).pow(3);
        check((origin + edge).cmple(self.map.size).all(), "a solid cell leaves the scene")
    }
}

/// Which elements of a vector have an owner.
struct Seen {
    bits: Vec<u64>,
    len: usize,
}

impl Seen {
    fn new(len: usize) -> Self {
        Self { bits: vec![0; len.div_ceil(64)], len }
    }

    fn mark(&mut self, first: usize, count: usize) -> Result<(), Invalid> {
        let end = first.checked_add(count).filter(|&end| end <= self.len);
        let Some(end) = end else { return Err(Invalid { problem: "an index lies outside its vector" }) };
        for index in first..end {
            let bit = 1 << (index % 64);
            check(self.bits[index / 64] & bit == 0, "two cells share a record")?;
            self.bits[index / 64] |= bit;
        }
        Ok(())
    }
}

fn check(holds: bool, problem: &'static str) -> Result<(), Invalid> {
    if holds { Ok(()) } else { Err(Invalid { problem }) }
}
