//! How far it is to the nearest solid voxel, roughly: what rays that are still far from everything leap by.

use std::collections::BTreeMap;
use std::ops::Range;

use glam::UVec3;

use super::brick_map::{BrickMap, cell_edge};
use super::layout::{BRICK_EDGE, SOLID, unmorton3};

/// For every cube of a coarse grid, how many cubes away the nearest one with a solid voxel is, along the axis on which it is farthest;
/// at most [`FARTHEST`](Self::FARTHEST). A cube of distance 0 holds a voxel.
///
/// After edits it is a lower bound, which is all that rays need.
#[derive(Clone, Debug)]
pub struct DistanceField {
    /// log2 of a cube's edge, the number of cubes along each axis, then four bits a cube, x first.
    words: Vec<u32>,
}

/// Words before the distances.
const HEAD: usize = 4;
/// Cubes in a word.
const A_WORD: usize = 8;
/// Cubes for each solid voxel, so that the field is small beside what it speeds up; and cubes at most. What is more gets larger cubes.
const CUBES_A_VOXEL: f64 = 0.25;
const CUBES: f64 = (1 << 23) as f64;
/// log2 of the edge of the smallest cubes: those of octets.
const LEAST_SHIFT: u32 = 1;
/// The same of the largest.
const LARGEST_SHIFT: u32 = 7;

impl DistanceField {
    /// The largest distance that is told from others.
    pub const FARTHEST: u8 = 15;

    /// That of a brick map.
    pub fn of(map: &BrickMap) -> Self {
        Self::with_cubes_from(LEAST_SHIFT, map)
    }

    /// That of a brick map of which any brick may be solid all through.
    pub(crate) fn of_bricks(map: &BrickMap) -> Self {
        Self::with_cubes_from(BRICK_EDGE.ilog2(), map)
    }

    /// With cubes of an edge of 2^`least` or longer.
    fn with_cubes_from(least: u32, map: &BrickMap) -> Self {
        let cubes = |shift: u32| (map.size - 1).map(|last| (last >> shift) + 1);
        let enough = CUBES.min(CUBES_A_VOXEL * map.solid_voxels as f64);
        let fits = |shift: &u32| cubes(*shift).as_dvec3().element_product() <= enough;
        let shift = (least..LARGEST_SHIFT).find(fits).unwrap_or(LARGEST_SHIFT);
        let extent = cubes(shift);
        let mut grid = Grid { extent, cubes: vec![Self::FARTHEST; extent.element_product() as usize] };
        each_leaf(map, shift, |low, edge| {
            let last = (low + edge).min(map.size) - 1;
            grid.fill(low.map(|at| at >> shift), last.map(|at| at >> shift));
        });
        grid.spread();
        let mut words = vec![shift, extent.x, extent.y, extent.z];
        let pack = |cubes: &[u8]| cubes.iter().rev().fold(0, |word, &cube| word << 4 | u32::from(cube));
        words.extend(grid.cubes.chunks(A_WORD).map(pack));
        Self { words }
    }

    /// What goes to the GPU.
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// Brings all cubes at least as near as they would be if everything between two corners were solid, and says which words changed.
    ///
    /// It goes from the corners outwards, a shell of cubes at a time. What neighbours hold differs by one at most: so a cube that comes
    /// nearer has a neighbour in the shell before that does too, and the search need not leave the neighbourhood of what changed.
    pub fn lower(&mut self, [low, high]: [UVec3; 2]) -> Vec<Range<u32>> {
        let [shift, x, y, z, ..] = self.words[..] else { return Vec::new() };
        let extent = UVec3::new(x, y, z);
        let (low, last) = (low.map(|at| at >> shift), (high.max(UVec3::ONE) - 1).map(|at| at >> shift).min(extent - 1));
        let away = |at: u32, axis: usize| low[axis].saturating_sub(at).max(at.saturating_sub(last[axis]));
        let mut slices: BTreeMap<u32, Range<u32>> = BTreeMap::new();
        let mut look = [low, last];
        for distance in 0..u32::from(Self::FARTHEST) {
            let [from, to] = look;
            let mut nearer: Option<[UVec3; 2]> = None;
            for (z, y) in (from.z..=to.z).flat_map(|z| (from.y..=to.y).map(move |y| (z, y))) {
                let mut see = |x: u32| {
                    let at = UVec3::new(x, y, z);
                    if let Some(word) = self.lower_cube(index(extent, at), distance) {
                        nearer = Some(nearer.map_or([at; 2], |[low, high]| [low.min(at), high.max(at)]));
                        let slice = slices.entry(z).or_insert(word..word);
                        *slice = slice.start.min(word)..slice.end.max(word + 1);
                    }
                };
                if away(y, 1).max(away(z, 2)) == distance {
                    (from.x..=to.x).for_each(see);
                } else {
                    [from.x, to.x].into_iter().filter(|&x| away(x, 0) == distance).for_each(&mut see);
                }
            }
            let Some([low, high]) = nearer else { break };
            look = [low.saturating_sub(UVec3::ONE), (high + 1).min(extent - 1)];
        }
        slices.into_values().collect()
    }

    /// Brings a cube as near as this, and says which word that changed.
    fn lower_cube(&mut self, index: usize, distance: u32) -> Option<u32> {
        let (word, bit) = (HEAD + index / A_WORD, index % A_WORD * 4);
        let farther = self.words[word] >> bit & 15 > distance;
        if farther {
            self.words[word] = self.words[word] & !(15 << bit) | distance << bit;
        }
        farther.then_some(word as u32)
    }
}

fn index(extent: UVec3, at: UVec3) -> usize {
    ((at.z * extent.y + at.y) * extent.x + at.x) as usize
}

/// Visits cubes that hold voxels, by corner and edge: solid nodes, and bricks or those of their parts that are larger than 2^shift.
fn each_leaf(map: &BrickMap, shift: u32, mut visit: impl FnMut(UVec3, u32)) {
    let mut waiting = vec![(0_u32, map.levels, UVec3::ZERO)];
    while let Some((index, level, origin)) = waiting.pop() {
        let (node, edge) = (&map.nodes[index as usize], cell_edge(level));
        if node.first == SOLID {
            visit(origin, 4 * edge);
            continue;
        }
        let mask = u64::from(node.mask[0]) | u64::from(node.mask[1]) << 32;
        let cells = (0..64).filter(|number| mask >> number & 1 != 0);
        for (child, number) in (node.first..).zip(cells) {
            let corner = origin + UVec3::from_array(unmorton3(number)) * edge;
            if level > 1 {
                waiting.push((child, level - 1, corner));
                continue;
            }
            let brick = &map.bricks[child as usize];
            if shift >= BRICK_EDGE.ilog2() || brick.first == SOLID {
                visit(corner, BRICK_EDGE);
            } else {
                each_part(brick.octets(), shift, |at, edge| visit(corner + at, edge));
            }
        }
    }
}

/// Visits the octets of a brick that hold voxels or, for a shift of 2, the groups of 4×4×4 voxels.
fn each_part(octets: u64, shift: u32, mut visit: impl FnMut(UVec3, u32)) {
    if shift == 1 {
        let held = (0..64).filter(|number| octets >> number & 1 != 0);
        held.for_each(|number| visit(UVec3::from_array(unmorton3(number)) * 2, 2));
    } else {
        let held = (0..8).filter(|number| octets >> (8 * number) & 255 != 0);
        held.for_each(|number| visit(UVec3::from_array(unmorton3(number)) * 4, 4));
    }
}

/// The distances while they are found.
struct Grid {
    extent: UVec3,
    cubes: Vec<u8>,
}

impl Grid {
    /// Cubes with voxels, both corners included.
    fn fill(&mut self, low: UVec3, last: UVec3) {
        for (z, y) in (low.z..=last.z).flat_map(|z| (low.y..=last.y).map(move |y| (z, y))) {
            let row = index(self.extent, UVec3::new(low.x, y, z));
            self.cubes[row..=row + (last.x - low.x) as usize].fill(0);
        }
    }

    /// The distances of all others (Rosenfeld and Pfaltz 1966, in three dimensions): once up, each cube compared with the 13 neighbours
    /// that come before it, and once down, with those after.
    fn spread(&mut self) {
        let [x, y, z] = self.extent.to_array().map(|side| side as usize);
        let mut near = vec![0; x];
        let rows = || (0..z).flat_map(|z| (0..y).map(move |y| (y, z)));
        for (y, z) in rows() {
            self.nearest_rows([(-1, -1), (0, -1), (1, -1), (-1, 0)], (y, z), &mut near);
            let row = self.row(y, z);
            for at in 0..x {
                let before = if at > 0 { row[at - 1] } else { DistanceField::FARTHEST };
                row[at] = row[at].min(near[at].min(before) + 1);
            }
        }
        for (y, z) in rows().collect::<Vec<_>>().into_iter().rev() {
            self.nearest_rows([(1, 1), (0, 1), (-1, 1), (1, 0)], (y, z), &mut near);
            let row = self.row(y, z);
            for at in (0..x).rev() {
                let after = if at + 1 < x { row[at + 1] } else { DistanceField::FARTHEST };
                row[at] = row[at].min(near[at].min(after) + 1);
            }
        }
    }

    /// For each cube of a row the least of those beside it in four other rows, which are given by their offsets in y and z.
    fn nearest_rows(&mut self, offsets: [(isize, isize); 4], (y, z): (usize, usize), near: &mut [u8]) {
        near.fill(DistanceField::FARTHEST);
        for (dy, dz) in offsets {
            let inside = |at: usize, by: isize, end: u32| at.checked_add_signed(by).filter(|at| *at < end as usize);
            let (Some(y), Some(z)) = (inside(y, dy, self.extent.y), inside(z, dz, self.extent.z)) else { continue };
            let row = &*self.row(y, z);
            near.iter_mut().zip(row).for_each(|(near, cube)| *near = (*near).min(*cube));
            near.iter_mut().zip(&row[1..]).for_each(|(near, cube)| *near = (*near).min(*cube));
            near[1..].iter_mut().zip(row).for_each(|(near, cube)| *near = (*near).min(*cube));
        }
    }

    fn row(&mut self, y: usize, z: usize) -> &mut [u8] {
        let row = index(self.extent, UVec3::new(0, y as u32, z as u32));
        &mut self.cubes[row..][..self.extent.x as usize]
    }
}

#[cfg(test)]
mod tests {
    use glam::IVec3;

    use super::*;
    use crate::voxel::Scene;

    fn cube(field: &DistanceField, at: UVec3) -> u32 {
        let [_, x, y, z] = field.words[..4] else { panic!("there is a head") };
        let index = index(UVec3::new(x, y, z), at);
        field.words[HEAD + index / A_WORD] >> (index % A_WORD * 4) & 15
    }

    fn cubes(field: &DistanceField) -> impl Iterator<Item = UVec3> + use<> {
        let [_, x, y, z] = field.words[..4] else { panic!("there is a head") };
        (0..z).flat_map(move |z| (0..y).flat_map(move |y| (0..x).map(move |x| UVec3::new(x, y, z))))
    }

    /// The distance by looking at all cubes with voxels.
    fn slow(taken: &[UVec3], at: UVec3) -> u32 {
        let distance = |other: &UVec3| at.max(*other).saturating_sub(at.min(*other)).max_element();
        taken.iter().map(distance).min().map_or(15, |distance| distance.min(15))
    }

    #[test]
    fn distances_are_those_to_the_nearest_cube() {
        // Scattered voxels, and a block that makes solid nodes.
        let solid = |at: IVec3| {
            let block = at.x >= 64 && at.y < 32;
            let dust = (at.x * 7 + at.y * 131 + at.z * 1291) % 10_007 == 0;
            (block || dust).then_some(1)
        };
        let map = Scene::from_fn("dust", UVec3::new(99, 70, 61), solid).expect("it has voxels").map;
        let mut field = DistanceField::of(&map);
        assert_eq!(field.words[..4], [2, 25, 18, 16]);
        let held = |at: &UVec3| {
            let low = *at * 4;
            (0..64).any(|number| map.get((low + UVec3::from_array(unmorton3(number))).as_ivec3()).is_some())
        };
        let mut taken: Vec<UVec3> = cubes(&field).filter(held).collect();
        assert!(cubes(&field).all(|at| cube(&field, at) == slow(&taken, at)));

        // One after another, since each finds what those before have made of the field.
        let boxes = [
            ([40, 33, 17], [57, 34, 30]),
            ([0, 0, 50], [9, 70, 61]),
            ([41, 30, 20], [44, 36, 22]),
            ([80, 60, 0], [99, 70, 61]),
        ];
        for (low, high) in boxes.map(|(low, high)| (UVec3::from_array(low), UVec3::from_array(high))) {
            let before = field.words.clone();
            let changed = field.lower([low, high]);
            let tells = |word: usize| changed.iter().any(|range| range.contains(&(word as u32)));
            assert!((0..before.len()).all(|word| before[word] == field.words[word] || tells(word)));
            let (low, last) = (low / 4, (high - 1) / 4);
            taken.extend(cubes(&field).filter(|at| low.cmple(*at).all() && at.cmple(last).all()));
            assert!(cubes(&field).all(|at| cube(&field, at) == slow(&taken, at)));
            assert!(field.lower([low * 4, high]).is_empty());
        }
    }

    #[test]
    fn large_scenes_have_large_cubes() {
        let map = Scene::from_fn("slab", UVec3::new(2000, 9, 2000), |at| (at.y == 0).then_some(1));
        let field = DistanceField::of(&map.expect("it has voxels").map);
        assert_eq!(field.words[..4], [2, 500, 3, 500]);
        let distances = [0, 1, 2].map(|y| cube(&field, UVec3::new(7, y, 8)));
        assert_eq!(distances, [0, 1, 2]);
    }
}
