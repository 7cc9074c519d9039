//! The dense grid over a scene's tree: what is in each cell, and how far rays may leap from an empty one. The march looks everything up
//! here first, so it needs no stack and hardly ever descends.

mod format;
mod leaps;
mod occupant;

use std::ops::Range;

use glam::UVec3;

pub(crate) use self::format::Format;
use self::leaps::Leaps;
use self::occupant::{Occupant, descend, each_occupied, level_above, occupant};
use super::brick_map::BrickMap;
use super::layout::{BRICK_EDGE, ROOM_FOR_EDITS};

/// Cells, x first. Their edge is the finest of four that memory allows: see `finest`.
///
/// Every cell begins with a word:
/// - In an empty cell it has four bits for each octant of directions, +++ in the lowest, then -++: the edge, in cells, of the largest empty
///   cube that begins at this cell and extends that way; 1 to [`FARTHEST`](Self::FARTHEST). What lies outside of the scene is empty.
/// - In any other cell the lowest four bits are 0. If the highest bit is set, the cell is solid all through, and a material follows from
///   bit 4 on. Otherwise what follows depends on the edge of the cells:
///
/// | edge | from bit 4 on | words a cell |
/// | --- | --- | --- |
/// | 4 | the index of the brick that the cell is an eighth of | 3: then which of its voxels are solid, in Morton order |
/// | 8 | the index of the brick | 1 |
/// | 16 | which eighths are bricks, a bit each, in Morton order; from bit 12 on, the index of the first of them | 1 |
/// | 32 | the index of the node of level 1 | 1 |
///
/// In small scenes that are mere surfaces, cells of 8 take half a word. Then an octant has two bits: 0 to 3 stand for leaps of 1, 2, 4 and 8,
/// except in +++, where 1 to 3 stand for leaps of 1, 2 and 4. In a cell that is not empty the lowest two bits are 0, and the index of a brick
/// follows, or a material and the highest bit.
///
/// After edits leaps are lower bounds, which is all that rays need.
#[derive(Clone, Debug)]
pub struct TopGrid {
    format: Format,
    /// The number of cells along each axis.
    extent: UVec3,
    words: Vec<u32>,
}

/// log2 of the edge of cells that are bricks, and of those that are an eighth of one.
const BRICK: u32 = BRICK_EDGE.ilog2();
const EIGHTH: u32 = BRICK - 1;
/// The most bytes that cells take for each solid voxel, unless all of the geometry still stays within the second figure.
const BYTES_A_VOXEL: f64 = 0.125;
const GEOMETRY_BYTES_A_VOXEL: f64 = 0.6;
/// The most bytes of cells that are smaller than bricks: they pay where a GPU's caches hold all of them. It is 12 for each cell of 512³ voxels.
/// Scenes of up to 128³ that are not mere surfaces may take more for each voxel, since they take little in all.
const EIGHTHS_BYTES: f64 = (24 << 20) as f64;
const EIGHTHS_BYTES_OF_SMALL_SCENES: f64 = (512 << 10) as f64;
const EIGHTHS_BYTES_A_VOXEL_OF_SMALL_SCENES: f64 = 2.0;
/// The most bricks whose indices fit into cells after edits have added a quarter; and where cells of 16 hold the first of eight.
const MOST_BRICKS: usize = 100_000_000;
const MOST_BRICKS_OF_EIGHTHS: usize = 400_000;
/// And where they are half a word, whose 13 bits also count what edits add to a small scene.
const MOST_BRICKS_OF_HALVES: usize = (1 << 13) - ROOM_FOR_EDITS.1;
const _: () = assert!(
    MOST_BRICKS_OF_HALVES / ROOM_FOR_EDITS.0 <= ROOM_FOR_EDITS.1,
    "a scene of this many bricks gets no more room than the least"
);
/// In a cell: the least leaps in all octants.
const LEAST_LEAPS: u32 = 0x1111_1111;

impl TopGrid {
    /// The largest leap, in cells.
    pub const FARTHEST: u8 = 15;

    /// The grid of a brick map.
    pub fn of(map: &BrickMap) -> Self {
        Self::with_cells(map, Self::finest(map, u64::MAX, &Format::ALL))
    }

    /// A grid whose cells lead to bricks and do not tell what is in them: within this many bytes, or with the largest cells.
    pub(crate) fn of_bricks(map: &BrickMap, bytes: u64) -> Self {
        Self::with_cells(map, Self::finest(map, bytes, Format::OF_BRICKS))
    }

    /// The first of these formats whose cells take no more memory than they are worth, or the last.
    fn finest(map: &BrickMap, bytes: u64, formats: &[Format]) -> Format {
        let voxels = map.solid_voxels as f64;
        let rest = GEOMETRY_BYTES_A_VOXEL * voxels - map.geometry_bytes() as f64;
        let fits = |format: &Format| {
            let needed = 4.0 * format.words(cells(map, format.shift).as_i64vec3().element_product() as usize) as f64;
            let most = match format.shift {
                EIGHTH => {
                    let small = EIGHTHS_BYTES_OF_SMALL_SCENES.min(EIGHTHS_BYTES_A_VOXEL_OF_SMALL_SCENES * voxels);
                    EIGHTHS_BYTES.min(rest).max(small)
                }
                _ => rest.max(BYTES_A_VOXEL * voxels),
            };
            needed <= most.min(bytes as f64) && map.bricks.len() <= format.most_bricks()
        };
        formats.iter().copied().find(fits).unwrap_or(formats[formats.len() - 1])
    }

    /// With cells of a format.
    pub(crate) fn with_cells(map: &BrickMap, format: Format) -> Self {
        let Format { shift, .. } = format;
        let extent = cells(map, shift);
        let len = extent.element_product() as usize;
        let mut grid = Self { format, extent, words: vec![0; format.words(len)] };
        let mut taken = vec![false; len];
        each_occupied(map, shift, |low, edge, occupant| {
            // An eighth of what is solid all through may lie beyond the scene's side.
            if low.cmpge(map.size).any() {
                return;
            }
            let last = (low + edge).min(map.size) - 1;
            let (low, last) = (low.map(|at| at >> shift), last.map(|at| at >> shift));
            for (z, y) in (low.z..=last.z).flat_map(|z| (low.y..=last.y).map(move |y| (z, y))) {
                let row = index(extent, UVec3::new(low.x, y, z));
                let row = row..row + (last.x - low.x + 1) as usize;
                taken[row.clone()].fill(true);
                row.for_each(|cell| format.put(&mut grid.words, cell, occupant));
            }
        });
        let mut leaps = vec![0; len];
        for octant in 0..8 {
            let of_octant = Leaps::of(extent, octant, &taken).cells;
            leaps.iter_mut().zip(of_octant).for_each(|(leaps, leap)| *leaps |= u32::from(leap) << (4 * octant));
        }
        for (cell, word) in leaps.into_iter().enumerate().filter(|(cell, _)| !taken[*cell]) {
            format.put(&mut grid.words, cell, Occupant { word, voxels: 0 });
        }
        grid
    }

    /// What goes to the GPU.
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// Follows an edit between two corners of the map that this is the grid of, and says which words changed, in no order and some perhaps
    /// twice.
    pub fn update(&mut self, map: &BrickMap, [low, high]: [UVec3; 2]) -> Vec<Range<u32>> {
        let &mut Self { format: Format { shift, .. }, extent, .. } = self;
        // Whatever an edit reaches, it may store all children of the node above anew.
        let level = level_above(shift);
        let node_shift = BRICK + 2 * level;
        let (low, high) = (low >> node_shift, high.map(|at| at.div_ceil(1 << node_shift)));
        let mut changed = Vec::new();
        let (mut filled_low, mut filled_last) = (extent, UVec3::ZERO);
        for node in places(low, high) {
            let start = descend(map, level, node << node_shift);
            let first = node << (node_shift - shift);
            for at in places(first, (first + (1 << (node_shift - shift))).min(extent)) {
                let cell = index(extent, at);
                let now = start.and_then(|start| occupant(map, shift, at, start));
                let before = self.format.get(&self.words, cell).word;
                if now.is_some() && before & 15 != 0 {
                    (filled_low, filled_last) = (filled_low.min(at), filled_last.max(at));
                }
                let stays_empty = if before & 15 == 0 { LEAST_LEAPS } else { before };
                self.set(cell, now.unwrap_or(Occupant { word: stays_empty, voxels: 0 }), &mut changed);
            }
        }
        if filled_low.cmple(filled_last).all() {
            self.stop_before(filled_low, filled_last, &mut changed);
        }
        changed
    }

    /// Shortens all leaps that would reach a box of cells, both corners included, shell by shell around it. A leap is longer by at most
    /// one than that of the next cell on its way, if all are stored as they are. So it ends at the first shell in which none is too long.
    fn stop_before(&mut self, low: UVec3, last: UVec3, changed: &mut Vec<Range<u32>>) {
        /// The octants whose directions go up an axis.
        const UP: [u32; 3] = [0x0F0F_0F0F, 0x00FF_00FF, 0x0000_FFFF];
        let extent = self.extent;
        let facing = |at: u32, axis: usize| {
            let up = if at <= last[axis] { UP[axis] } else { 0 };
            up | if at >= low[axis] { !UP[axis] } else { 0 }
        };
        let distance = |at: u32, axis: usize| low[axis].saturating_sub(at).max(at.saturating_sub(last[axis]));
        for away in 0..u32::from(Self::FARTHEST) {
            let (from, to) = (low.saturating_sub(UVec3::splat(away)), (last + away).min(extent - 1));
            let mut shortened = false;
            for (z, y) in (from.z..=to.z).flat_map(|z| (from.y..=to.y).map(move |y| (z, y))) {
                let facing_row = facing(y, 1) & facing(z, 2);
                let mut stop = |x: u32| {
                    let cell = index(extent, UVec3::new(x, y, z));
                    let leaps = self.format.get(&self.words, cell).word;
                    if leaps & 15 == 0 {
                        return;
                    }
                    let (facing, longest) = (facing_row & facing(x, 0), away.max(1));
                    let too_long =
                        |octant: &u32| facing >> (4 * octant) & 1 != 0 && leaps >> (4 * octant) & 15 > longest;
                    let stopped = (0..8)
                        .filter(too_long)
                        .fold(leaps, |stopped, octant| stopped & !(15 << (4 * octant)) | longest << (4 * octant));
                    shortened |= stopped != leaps;
                    self.set(cell, Occupant { word: stopped, voxels: 0 }, changed);
                };
                if distance(y, 1).max(distance(z, 2)) == away {
                    (from.x..=to.x).for_each(stop);
                } else {
                    // Only the ends of the row belong to the shell.
                    let ends = [low.x.checked_sub(away), Some(last.x + away).filter(|x| *x < extent.x)];
                    ends.into_iter().flatten().for_each(&mut stop);
                }
            }
            // Within the box itself leaps of one are left, which say nothing of the first shell.
            if away > 0 && !shortened && !self.format.halves {
                break;
            }
        }
    }

    fn set(&mut self, cell: usize, occupant: Occupant, changed: &mut Vec<Range<u32>>) {
        let before = self.format.get(&self.words, cell);
        self.format.put(&mut self.words, cell, occupant);
        if self.format.get(&self.words, cell) != before {
            let words = self.format.range(cell);
            match changed.last_mut() {
                Some(last) if last.end == words.start => last.end = words.end,
                _ => changed.push(words),
            }
        }
    }

    /// log2 of a cell's edge, as shaders want it: negative where each takes half a word.
    pub fn shader_format(&self) -> i32 {
        let shift = self.format.shift as i32;
        if self.format.halves { -shift } else { shift }
    }
}

/// All places from one corner on and before another, x first.
fn places(low: UVec3, high: UVec3) -> impl Iterator<Item = UVec3> {
    let rows = (low.z..high.z).flat_map(move |z| (low.y..high.y).map(move |y| (y, z)));
    rows.flat_map(move |(y, z)| (low.x..high.x).map(move |x| UVec3::new(x, y, z)))
}

fn index(extent: UVec3, at: UVec3) -> usize {
    ((at.z * extent.y + at.y) * extent.x + at.x) as usize
}

/// How many cells of this edge a scene has along each axis.
fn cells(map: &BrickMap, shift: u32) -> UVec3 {
    (map.size - 1).map(|last| (last >> shift) + 1)
}

#[cfg(test)]
mod tests {
    use glam::{DVec3, IVec3};

    use super::leaps::upwards;
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
        places(UVec3::ZERO, extent)
    }

    /// What stands in a cell, from the root on.
    fn stands(map: &BrickMap, shift: u32, cell: UVec3) -> Option<Occupant> {
        occupant(map, shift, cell, (0, map.levels))
    }

    /// The number of cells whose leap is the longest that is possible; none may be longer, and all others must say what stands there.
    fn check(grid: &TopGrid, map: &BrickMap) -> (usize, usize) {
        let &TopGrid { format, extent, .. } = grid;
        let shift = format.shift;
        let taken: Vec<bool> = cells(extent).map(|cell| stands(map, shift, cell).is_some()).collect();
        let is_taken = |cell: IVec3| {
            let inside = cell.cmpge(IVec3::ZERO).all() && cell.cmplt(extent.as_ivec3()).all();
            inside && taken[index(extent, cell.as_uvec3())]
        };
        let (mut leaps, mut longest) = (0, 0);
        for cell in cells(extent) {
            let Occupant { word, voxels } = format.get(&grid.words, index(extent, cell));
            if let Some(expected) = stands(map, shift, cell) {
                assert_eq!(word, expected.word, "{cell}");
                assert!(voxels == expected.voxels || shift != EIGHTH, "{cell}");
                continue;
            }
            assert_eq!(voxels, 0, "{cell}");
            for octant in 0..8 {
                let way = IVec3::select(upwards(octant), IVec3::ONE, IVec3::NEG_ONE);
                // Of a larger cube only what the next smaller one lacks.
                let free = |leap: &u32| {
                    let mut outermost = cells(UVec3::splat(*leap)).filter(|by| by.max_element() == leap - 1);
                    outermost.all(|by| !is_taken(cell.as_ivec3() + by.as_ivec3() * way))
                };
                let possible = (1..=15).take_while(free).count() as u32;
                let possible =
                    if format.halves { 1 << possible.ilog2().min(if octant == 0 { 2 } else { 3 }) } else { possible };
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
        for format in Format::ALL {
            let (size, block) = if format.shift < 3 { ([43, 35, 39], 32) } else { ([83, 70, 77], 64) };
            let map = dust(UVec3::from_array(size), 5003, block);
            let (leaps, longest) = check(&TopGrid::with_cells(&map, format), &map);
            assert!(leaps > 0 && leaps == longest, "{format:?}");
        }
    }

    #[test]
    fn cells_are_as_small_as_memory_allows() {
        // A block in the corner, of so much of the scene, and beside it next to nothing.
        for (edge, block, shift) in [(128, 100, 2), (360, 200, 3), (360, 80, -3), (360, 60, 4), (256, 24, 5)] {
            let solid = move |at: IVec3| (at.max_element() < block || at.min_element() == edge - 1).then_some(1);
            let map = Scene::from_fn("block", UVec3::splat(edge as u32), solid).expect("it has voxels").map;
            let grid = TopGrid::of(&map);
            assert_eq!(grid.shader_format(), shift, "{} solid voxels of {edge}³", map.solid_voxels);
            assert_ne!(TopGrid::of_bricks(&map, u64::MAX).shader_format(), 2);
            assert_eq!(TopGrid::of_bricks(&map, 0).shader_format(), 5);
        }
    }

    #[test]
    fn edits_shorten_leaps_and_move_indices() {
        for (format, block) in Format::ALL.into_iter().zip([64, 64, 64, 1000, 1000]) {
            // Half as large where there are eight times the cells.
            let (size, scale) = if format.shift < 3 { ([50, 35, 42], 0.5) } else { ([99, 70, 83], 1.0) };
            let mut editor = Editor::new(dust(UVec3::from_array(size), 40_009, block));
            let mut grid = TopGrid::with_cells(editor.map(), format);
            let spheres = [(Edit::Set(3), [40.0, 40.0, 40.0], 13.0), (Edit::Clear, [48.0, 40.0, 40.0], 10.0)];
            for (edit, center, radius) in spheres {
                let shape = Shape::Sphere { center: DVec3::from_array(center) * scale, radius: radius * scale };
                let changes = editor.edit(shape, edit).expect("there is room");
                let before = grid.clone();
                let changed = grid.update(editor.map(), changes.bounds);
                let told = |word: &usize| changed.iter().any(|range| range.contains(&(*word as u32)));
                let differs = |word: &usize| before.words[*word] != grid.words[*word];
                assert!((0..grid.words.len()).filter(differs).all(|word| told(&word)));
                let (leaps, longest) = check(&grid, editor.map());
                assert!(longest * 10 > leaps * 5, "{longest} of {leaps} leaps are as long as can be");
            }
            assert!(grid.update(editor.map(), [UVec3::splat(20), UVec3::splat(30)]).is_empty());
        }
    }
}
