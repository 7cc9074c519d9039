//! How far rays can leap from each cell of a grid that is built.

use std::ops::Range;

use glam::UVec3;

use super::{TopGrid, index};

/// The leaps of one octant while they are found.
pub(super) struct Leaps {
    extent: UVec3,
    pub cells: Vec<u8>,
}

impl Leaps {
    /// The largest empty cube from each cell on is one cell larger than the least of those from its seven neighbours that way (the
    /// dynamic programme for the largest square of a picture, in three dimensions).
    pub fn of(extent: UVec3, octant: u32, taken: &[bool]) -> Self {
        let mut leaps = Self { extent, cells: vec![0; taken.len()] };
        let mut near = vec![0; extent.x as usize];
        let up = upwards(octant);
        let way = |up: bool, at: u32, end: u32| if up { end - 1 - at } else { at };
        for (z, y) in (0..extent.z).flat_map(|z| (0..extent.y).map(move |y| (z, y))) {
            let (y, z) = (way(up.y, y, extent.y), way(up.z, z, extent.z));
            leaps.row(y, z, up, taken, &mut near);
        }
        leaps
    }

    fn row(&mut self, y: u32, z: u32, up: glam::BVec3, taken: &[bool], near: &mut [u8]) {
        const OUTSIDE: u8 = TopGrid::FARTHEST - 1;
        let next =
            |up: bool, at: u32, end: u32| if up { Some(at + 1).filter(|at| *at < end) } else { at.checked_sub(1) };
        let (after_y, after_z) = (next(up.y, y, self.extent.y), next(up.z, z, self.extent.z));
        near.fill(OUTSIDE);
        for (y, z) in [(after_y, Some(z)), (Some(y), after_z), (after_y, after_z)] {
            let (Some(y), Some(z)) = (y, z) else { continue };
            let row = &self.cells[self.row_of(y, z)];
            near.iter_mut().zip(row).for_each(|(near, leap)| *near = (*near).min(*leap));
            let (near, row) = if up.x { (&mut near[..], &row[1..]) } else { (&mut near[1..], row) };
            near.iter_mut().zip(row).for_each(|(near, leap)| *near = (*near).min(*leap));
        }
        let range = self.row_of(y, z);
        let (row, taken) = (&mut self.cells[range.clone()], &taken[range]);
        let mut before = OUTSIDE;
        let mut step = |at: usize| {
            row[at] = if taken[at] { 0 } else { near[at].min(before) + 1 };
            before = row[at].min(OUTSIDE);
        };
        match up.x {
            true => (0..taken.len()).rev().for_each(&mut step),
            false => (0..taken.len()).for_each(&mut step),
        }
    }

    fn row_of(&self, y: u32, z: u32) -> Range<usize> {
        let row = index(self.extent, UVec3::new(0, y, z));
        row..row + self.extent.x as usize
    }
}

/// Along which axes the directions of an octant go up.
pub(super) fn upwards(octant: u32) -> glam::BVec3 {
    glam::BVec3::new(octant & 1 == 0, octant & 2 == 0, octant & 4 == 0)
}
