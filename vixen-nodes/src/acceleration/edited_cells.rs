//! The boxes of a scene that is edited, on the CPU: each keeps its place for as long as its cell is what it was.

use std::ops::Range;

use glam::UVec3;

use super::geometry::Aabb;
use super::voxel_cells::{Cell, VoxelCells, each_cell_in};
use crate::voxel::BrickMap;

/// Boxes and cells in places of which some are empty.
#[derive(Clone, Debug)]
pub(super) struct EditedCells {
    pub boxes: Vec<Aabb>,
    pub cells: Vec<Cell>,
    /// Empty places, the last to be taken first.
    free: Vec<u32>,
}

/// Within so many voxels along each axis bricks change their numbers when one of them is edited: the children of a node move together.
const NODE: u32 = 32;

impl EditedCells {
    /// All boxes of a scene.
    pub fn new(map: &BrickMap) -> Self {
        let VoxelCells { mut boxes, mut cells } = VoxelCells::of(map);
        if cells.is_empty() {
            // So that there is something to build.
            boxes.push(Aabb::default());
            cells.push(Cell::EMPTY);
            return Self { boxes, cells, free: vec![0] };
        }
        Self { boxes, cells, free: Vec::new() }
    }

    /// Follows an edit of what is between two corners, and says which places have changed. `None` when it would need more places than
    /// there is room for, and then nothing has changed.
    pub fn follow(&mut self, map: &BrickMap, bounds: [UVec3; 2], room: usize) -> Option<Vec<Range<u32>>> {
        let (old, new) = self.replaced(map, bounds);
        if new.len() > old.len() + self.free.len() + (room - self.cells.len()) {
            return None;
        }
        let mut changed = Vec::new();
        let mut old = old.into_iter();
        for (cell, aabb) in new {
            let place = old.next().or_else(|| self.free.pop()).unwrap_or(self.cells.len() as u32);
            if place as usize == self.cells.len() {
                self.cells.push(Cell::EMPTY);
                self.boxes.push(aabb);
            }
            self.put(place, cell, aabb, &mut changed);
        }
        for place in old {
            // A point where the box was, so that the boxes around it stay small.
            let low = self.boxes[place as usize].low;
            self.put(place, Cell::EMPTY, Aabb { low, high: low }, &mut changed);
            self.free.push(place);
        }
        changed.sort_unstable();
        Some(ranges(&changed))
    }

    /// The places of the cells around an edit as they were, and those cells as they are.
    fn replaced(&self, map: &BrickMap, bounds: [UVec3; 2]) -> (Vec<u32>, Vec<(Cell, Aabb)>) {
        let [mut low, mut high] = [bounds[0] / NODE * NODE, bounds[1].map(|edge| edge.next_multiple_of(NODE))];
        // Cells that are larger than that may have come apart, or come about, beyond the edit.
        loop {
            let before = [low, high];
            let mut grow = |[cell_low, cell_high]: [UVec3; 2]| (low, high) = (low.min(cell_low), high.max(cell_high));
            let old: Vec<u32> =
                (0..).zip(&self.cells).filter(|(_, cell)| cell.overlaps(before)).map(|(place, _)| place).collect();
            old.iter().for_each(|&place| grow(self.cells[place as usize].extent()));
            let mut new = Vec::new();
            each_cell_in(map, before, |cell| new.push(cell.encode(map)));
            new.iter().for_each(|(cell, _)| grow(cell.extent()));
            if before == [low, high] {
                return (old, new);
            }
        }
    }

    fn put(&mut self, place: u32, cell: Cell, aabb: Aabb, changed: &mut Vec<u32>) {
        let at = place as usize;
        if (self.cells[at], self.boxes[at]) != (cell, aabb) {
            (self.cells[at], self.boxes[at]) = (cell, aabb);
            changed.push(place);
        }
    }
}

/// Places in order as ranges.
fn ranges(places: &[u32]) -> Vec<Range<u32>> {
    let mut ranges: Vec<Range<u32>> = Vec::new();
    for &place in places {
        match ranges.last_mut() {
            Some(last) if last.end == place => last.end += 1,
            _ => ranges.push(place..place + 1),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use glam::{DVec3, IVec3};

    use super::*;
    use crate::voxel::{Edit, Editor, Scene, Shape};

    /// Cells and boxes that are not empty, in some order.
    fn sorted(cells: &[Cell], boxes: &[Aabb]) -> Vec<(Cell, [u32; 6])> {
        let bits = |aabb: &Aabb| std::array::from_fn(|index| [aabb.low, aabb.high][index / 3][index % 3].to_bits());
        let mut all: Vec<_> =
            cells.iter().copied().zip(boxes.iter().map(bits)).filter(|(cell, _)| *cell != Cell::EMPTY).collect();
        all.sort_unstable_by_key(|(cell, _)| (cell.at, cell.what));
        all
    }

    #[test]
    fn followed_edits_end_in_the_cells_of_the_edited_scene() {
        let solid = |at: IVec3| (at.y < 40 || (at.x * 5 + at.z * 11 + at.y) % 37 == 0).then_some(1);
        let scene = Scene::from_fn("ground", UVec3::new(150, 100, 130), solid).expect("it has voxels");
        let mut followed = EditedCells::new(&scene.map);
        let mut editor = Editor::new(scene.map);
        let mut state = 1_u32;
        let mut random = |below: u32| {
            state = state.wrapping_mul(0x0019_660D).wrapping_add(0x3C6E_F35F);
            (state >> 8) % below
        };
        let (mut reused, mut longest) = (0, followed.cells.len());
        for number in 0..60 {
            let center = UVec3::new(random(150), random(100), random(130));
            let radius = 1.0 + f64::from(random(if number % 10 == 0 { 60 } else { 12 }));
            let shape = Shape::Sphere { center: center.as_dvec3() + DVec3::splat(0.3), radius };
            let edit = if random(2) == 0 { Edit::Set(random(3) as u8) } else { Edit::Clear };
            let changes = editor.edit(shape, edit).expect("the scene is small");
            let before = followed.clone();
            let ranges = followed.follow(editor.map(), changes.bounds, 6000).expect("there is room");
            let truth = VoxelCells::of(editor.map());
            assert_eq!(sorted(&followed.cells, &followed.boxes), sorted(&truth.cells, &truth.boxes), "edit {number}");
            // What changed is what it says, and no more.
            for (place, (cell, aabb)) in (0..).zip(followed.cells.iter().zip(&followed.boxes)) {
                let same =
                    before.cells.get(place as usize) == Some(cell) && before.boxes.get(place as usize) == Some(aabb);
                assert_eq!(same, !ranges.iter().any(|range| range.contains(&place)), "edit {number}, place {place}");
            }
            reused += usize::from(followed.cells.len() == longest && !ranges.is_empty());
            longest = followed.cells.len();
        }
        assert!(reused > 20, "places are used again: {reused} edits needed no more");
    }

    #[test]
    fn without_room_nothing_changes() {
        let scene =
            Scene::from_fn("dot", UVec3::splat(64), |at| (at == IVec3::ONE).then_some(1)).expect("it has a voxel");
        let mut followed = EditedCells::new(&scene.map);
        let before = followed.clone();
        let mut editor = Editor::new(scene.map);
        let ball = Shape::Sphere { center: DVec3::splat(32.0), radius: 20.0 };
        let changes = editor.edit(ball, Edit::Set(1)).expect("the scene is small");
        assert_eq!(followed.follow(editor.map(), changes.bounds, 2), None);
        assert_eq!((followed.cells, followed.boxes), (before.cells, before.boxes));
    }
}
