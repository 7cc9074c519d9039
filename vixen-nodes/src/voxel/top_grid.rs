//! The dense grid over a scene's tree: what stands in a place, and how far rays leap from it. The march begins every look here, and
//! so it has no stack and hardly ever descends.

use std::ops::Range;

use glam::UVec3;

use super::brick_map::{BrickMap, cell_edge, child_rank};
use super::layout::{BRICK_EDGE, SOLID, morton3, unmorton3};

/// A word for each cell, x first. Cells are as large as bricks; where that takes too much memory, as nodes of level 1.
///
/// - In an empty cell, four bits for each octant of directions, +++ in the lowest, then -++: how many cells along each axis the
///   largest empty cube has that begins at this cell and goes that way; 1 to [`FARTHEST`](Self::FARTHEST). What lies outside of the
///   scene is empty.
/// - In any other the lowest four bits are 0. Then follows the index of the brick or node. With the highest bit there is none, all is
///   solid, and it is a material.
///
/// After edits leaps are lower bounds, which is all that rays need.
#[derive(Clone, Debug)]
pub struct TopGrid {
    /// log2 of a cell's edge, the number of cells along each axis, then the cells.
    words: Vec<u32>,
}

/// Words before the cells.
const HEAD: usize = 4;
/// Cells as large as bricks take so many words for each solid voxel at most: an eighth of a byte.
const WORDS_A_VOXEL: f64 = 1.0 / 32.0;
/// So many bricks have indices that cells have room for, if edits add a quarter.
const MOST_BRICKS: usize = 100_000_000;
/// In a cell: all is solid.
const SOLID_CELL: u32 = 1 << 31;
/// In a cell: the least leaps in all octants.
const LEAST_LEAPS: u32 = 0x1111_1111;

impl TopGrid {
    /// The largest leap, in cells.
    pub const FARTHEST: u8 = 15;

    /// That of a brick map.
    pub fn of(map: &BrickMap) -> Self {
        Self::within(map, u64::MAX)
    }

    /// The same in so many bytes, or with the larger cells.
    pub(crate) fn within(map: &BrickMap, bytes: u64) -> Self {
        let of_bricks = BRICK_EDGE.ilog2();
        let cells = |shift: u32| (map.size - 1).map(|last| (last >> shift) + 1);
        let most = (WORDS_A_VOXEL * map.solid_voxels as f64).min(bytes as f64 / 4.0);
        let small = cells(of_bricks).as_dvec3().element_product() <= most;
        let shift = if small && map.bricks.len() <= MOST_BRICKS { of_bricks } else { of_bricks + 2 };
        let extent = cells(shift);
        let len = extent.element_product() as usize;
        let mut grid = Self { words: vec![shift, extent.x, extent.y, extent.z] };
        grid.words.resize(HEAD + len, 0);
        let mut taken = vec![false; len];
        each_occupied(map, shift, |low, edge, word| {
            let last = (low + edge).min(map.size) - 1;
            let (low, last) = (low.map(|at| at >> shift), last.map(|at| at >> shift));
            for (z, y) in (low.z..=last.z).flat_map(|z| (low.y..=last.y).map(move |y| (z, y))) {
                let row = index(extent, UVec3::new(low.x, y, z));
                let row = row..row + (last.x - low.x + 1) as usize;
                taken[row.clone()].fill(true);
                grid.words[HEAD..][row].fill(word);
            }
        });
        for octant in 0..8 {
            let leaps = Leaps::of(extent, octant, &taken);
            let words = grid.words[HEAD..].iter_mut();
            words.zip(leaps.cells).for_each(|(word, leap)| *word |= u32::from(leap) << (4 * octant));
        }
        grid
    }

    /// What goes to the GPU.
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// Follows an edit between two corners of the map that this is the grid of, and says which words changed.
    pub fn update(&mut self, map: &BrickMap, [low, high]: [UVec3; 2]) -> Vec<Range<u32>> {
        let (shift, extent) = self.shape();
        // Whatever an edit reaches, it may store all children of the node above anew.
        let parent = shift + 2;
        let low = low.map(|at| at >> parent << parent >> shift);
        let high = high.map(|at| (at.div_ceil(1 << parent) << parent) >> shift).min(extent);
        let mut changed = Vec::new();
        let (mut filled_low, mut filled_last) = (extent, UVec3::ZERO);
        for z in low.z..high.z {
            let mut slice = None;
            for (y, x) in (low.y..high.y).flat_map(|y| (low.x..high.x).map(move |x| (y, x))) {
                let at = UVec3::new(x, y, z);
                let word = HEAD + index(extent, at);
                let (before, now) = (self.words[word], occupant(map, shift, at));
                if now.is_some() && before & 15 != 0 {
                    (filled_low, filled_last) = (filled_low.min(at), filled_last.max(at));
                }
                let stays_empty = if before & 15 == 0 { LEAST_LEAPS } else { before };
                self.set(word, now.unwrap_or(stays_empty), &mut slice);
            }
            changed.extend(slice);
        }
        if filled_low.cmple(filled_last).all() {
            changed.extend(self.stop_before(filled_low, filled_last));
        }
        changed
    }

    /// Shortens all leaps that would reach a box of cells, both corners included. One range for each slice of cells.
    fn stop_before(&mut self, low: UVec3, last: UVec3) -> Vec<Range<u32>> {
        /// The octants whose directions go up an axis.
        const UP: [u32; 3] = [0x0F0F_0F0F, 0x00FF_00FF, 0x0000_FFFF];
        let (_, extent) = self.shape();
        let reach = u32::from(Self::FARTHEST) - 1;
        let from = low.saturating_sub(UVec3::splat(reach));
        let to = (last + reach).min(extent - 1);
        let facing = |at: u32, axis: usize| {
            let up = if at <= last[axis] { UP[axis] } else { 0 };
            up | if at >= low[axis] { !UP[axis] } else { 0 }
        };
        let mut changed = Vec::new();
        for z in from.z..=to.z {
            let mut slice = None;
            for y in from.y..=to.y {
                let facing_row = facing(y, 1) & facing(z, 2);
                for x in from.x..=to.x {
                    let at = UVec3::new(x, y, z);
                    let word = HEAD + index(extent, at);
                    let leaps = self.words[word];
                    if leaps & 15 == 0 {
                        continue;
                    }
                    // How many cells it is to the box, along the axis on which it is farthest.
                    let away = low.saturating_sub(at).max(at.saturating_sub(last)).max_element().max(1);
                    let facing = facing_row & facing(x, 0);
                    let too_long = |octant: &u32| facing >> (4 * octant) & 1 != 0 && leaps >> (4 * octant) & 15 > away;
                    let stopped = (0..8)
                        .filter(too_long)
                        .fold(leaps, |stopped, octant| stopped & !(15 << (4 * octant)) | away << (4 * octant));
                    self.set(word, stopped, &mut slice);
                }
            }
            changed.extend(slice);
        }
        changed
    }

    fn set(&mut self, word: usize, value: u32, changed: &mut Option<Range<u32>>) {
        if self.words[word] != value {
            self.words[word] = value;
            let word = word as u32;
            let range = changed.get_or_insert(word..word);
            *range = range.start.min(word)..range.end.max(word + 1);
        }
    }

    /// log2 of a cell's edge, and the number of cells along each axis.
    fn shape(&self) -> (u32, UVec3) {
        let [shift, x, y, z, ..] = self.words[..] else { return (0, UVec3::ZERO) };
        (shift, UVec3::new(x, y, z))
    }
}

fn index(extent: UVec3, at: UVec3) -> usize {
    ((at.z * extent.y + at.y) * extent.x + at.x) as usize
}

/// Along which axes the directions of an octant go up.
fn upwards(octant: u32) -> glam::BVec3 {
    glam::BVec3::new(octant & 1 == 0, octant & 2 == 0, octant & 4 == 0)
}

/// The word of a cell that is not empty.
fn occupied(index: u32) -> u32 {
    index << 4
}

/// The word of a cell that is solid all through.
fn solid(material: u32) -> u32 {
    SOLID_CELL | (material & 255) << 4
}

/// The level of what stands in cells: 0 for bricks.
fn level_of(shift: u32) -> u32 {
    (shift - BRICK_EDGE.ilog2()) / 2
}

/// Visits what is not empty by its corner, its edge and the word of its cells.
fn each_occupied(map: &BrickMap, shift: u32, mut visit: impl FnMut(UVec3, u32, u32)) {
    let mut waiting = vec![(0_u32, map.levels, UVec3::ZERO)];
    while let Some((at, level, origin)) = waiting.pop() {
        let (node, edge) = (&map.nodes[at as usize], cell_edge(level));
        if node.first == SOLID {
            visit(origin, 4 * edge, solid(node.material));
            continue;
        }
        if level == level_of(shift) {
            visit(origin, 4 * edge, occupied(at));
            continue;
        }
        let mask = u64::from(node.mask[0]) | u64::from(node.mask[1]) << 32;
        let cells = (0..64).filter(|number| mask >> number & 1 != 0);
        for (child, number) in (node.first..).zip(cells) {
            let corner = origin + UVec3::from_array(unmorton3(number)) * edge;
            match level {
                1 => visit(corner, edge, occupied(child)),
                _ => waiting.push((child, level - 1, corner)),
            }
        }
    }
}

/// The word of a cell, unless it is empty.
fn occupant(map: &BrickMap, shift: u32, cell: UVec3) -> Option<u32> {
    let (place, mut at) = (cell.map(|at| at << shift), 0);
    for level in (1..=map.levels).rev() {
        let node = &map.nodes[at as usize];
        if node.first == SOLID {
            return Some(solid(node.material));
        }
        if level == level_of(shift) {
            return (node.mask != [0; 2]).then_some(occupied(at));
        }
        let cell = place.map(|at| (at / cell_edge(level)) & 3);
        at = node.first + child_rank(node.mask, morton3(cell.x, cell.y, cell.z))?;
    }
    Some(occupied(at))
}

/// The leaps of one octant while they are found.
struct Leaps {
    extent: UVec3,
    cells: Vec<u8>,
}

impl Leaps {
    /// The largest empty cube from each cell on is one cell larger than the least of those from its seven neighbours that way (the
    /// dynamic programme for the largest square of a picture, in three dimensions).
    fn of(extent: UVec3, octant: u32, taken: &[bool]) -> Self {
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

#[cfg(test)]
mod tests {
    use glam::{DVec3, IVec3};

    use super::*;
    use crate::voxel::{Edit, Editor, Scene, Shape};

    /// Scattered voxels and, from some x on, a block that makes solid nodes.
    fn dust(size: UVec3, rarely: i32, block: i32) -> BrickMap {
        let solid = move |at: IVec3| {
            let block = at.x >= block && at.y < 64 && at.z < 64;
            let dust = (at.x * 7 + at.y * 131 + at.z * 1291) % rarely == 0;
            (block || dust).then_some(1)
        };
        Scene::from_fn("dust", size, solid).expect("it has voxels").map
    }

    fn cells(extent: UVec3) -> impl Iterator<Item = UVec3> {
        (0..extent.z)
            .flat_map(move |z| (0..extent.y).flat_map(move |y| (0..extent.x).map(move |x| UVec3::new(x, y, z))))
    }

    /// The number of cells whose leap is the longest that is possible; none may be longer, and all others must say what stands there.
    fn check(grid: &TopGrid, map: &BrickMap) -> (usize, usize) {
        let (shift, extent) = grid.shape();
        let taken: Vec<bool> = cells(extent).map(|cell| occupant(map, shift, cell).is_some()).collect();
        let is_taken = |cell: IVec3| {
            let inside = cell.cmpge(IVec3::ZERO).all() && cell.cmplt(extent.as_ivec3()).all();
            inside && taken[index(extent, cell.as_uvec3())]
        };
        let (mut leaps, mut longest) = (0, 0);
        for cell in cells(extent) {
            let word = grid.words[HEAD + index(extent, cell)];
            if let Some(occupant) = occupant(map, shift, cell) {
                assert_eq!(word, occupant, "{cell}");
                continue;
            }
            for octant in 0..8 {
                let way = IVec3::select(upwards(octant), IVec3::ONE, IVec3::NEG_ONE);
                // Of a larger cube only what the next smaller one lacks.
                let free = |leap: &u32| {
                    let mut outermost = cells(UVec3::splat(*leap)).filter(|by| by.max_element() == leap - 1);
                    outermost.all(|by| !is_taken(cell.as_ivec3() + by.as_ivec3() * way))
                };
                let possible = (1..=15).take_while(free).count() as u32;
                let leap = word >> (4 * octant) & 15;
                assert!((1..=possible).contains(&leap), "{cell}, octant {octant}: {leap} of {possible}");
                leaps += 1;
                longest += usize::from(leap == possible);
            }
        }
        (leaps, longest)
    }

    #[test]
    fn leaps_are_as_long_as_can_be() {
        for (size, block, shift) in [([83, 70, 77], 64, 3), ([143, 90, 77], 1000, 5)] {
            let map = dust(UVec3::from_array(size), 5003, block);
            let grid = TopGrid::of(&map);
            assert_eq!(grid.shape().0, shift);
            let (leaps, longest) = check(&grid, &map);
            assert!(leaps > 0 && leaps == longest);
        }
    }

    #[test]
    fn edits_shorten_leaps_and_move_indices() {
        for (block, shift) in [(64, 3), (1000, 5)] {
            let mut editor = Editor::new(dust(UVec3::new(99, 70, 83), 40_009, block));
            let mut grid = TopGrid::of(editor.map());
            assert_eq!(grid.shape().0, shift);
            let spheres = [(Edit::Set(3), [40.0, 40.0, 40.0], 13.0), (Edit::Clear, [48.0, 40.0, 40.0], 10.0)];
            for (edit, center, radius) in spheres {
                let shape = Shape::Sphere { center: DVec3::from_array(center), radius };
                let changes = editor.edit(shape, edit).expect("there is room");
                let before = grid.clone();
                let changed = grid.update(editor.map(), changes.bounds);
                let told = |word: &usize| changed.iter().any(|range| range.contains(&(*word as u32)));
                let differs = |word: &usize| before.words[*word] != grid.words[*word];
                assert!((0..grid.words.len()).filter(differs).all(|word| told(&word)));
                let (leaps, longest) = check(&grid, editor.map());
                assert!(longest * 10 > leaps * 5, "{longest} of {leaps} leaps are as long as can be");
            }
            assert!(grid.update(editor.map(), [UVec3::splat(50), UVec3::splat(60)]).is_empty());
        }
    }
}
