//! The boxes of a scene that is edited, on the CPU: each keeps its place for as long as its cell is what it was.

use std::ops::Range;

use glam::UVec3;

use super::geometry::Aabb;
use super::voxel_cells::{Cell, VoxelCells, cube_edge};
use crate::voxel::BrickMap;

/// Boxes and cells in places of which some are empty.
#[derive(Clone, Debug)]
pub(super) struct EditedCells {
    /// Of the cubes that share a box.
    edge: u32,
    pub boxes: Vec<Aabb>,
    pub cells: Vec<Cell>,
    /// Empty places, the last to be taken first.
    free: Vec<u32>,
}

impl EditedCells {
    /// All boxes of a scene.
    pub fn new(map: &BrickMap, edge: u32) -> Self {
        let edge = cube_edge(edge);
        let VoxelCells { mut boxes, mut cells } = VoxelCells::of(map, edge);
        if cells.is_empty() {
            // So that there is something to build.
            boxes.push(Aabb::default());
            cells.push(Cell::EMPTY);
            return Self { edge, boxes, cells, free: vec![0] };
        }
        Self { edge, boxes, cells, free: Vec::new() }
    }

    /// Follows an edit of what is between two corners, and says which places have changed. `None` when it would need more places than
    /// there is room for, and then nothing has changed.
    pub fn follow(&mut self, map: &BrickMap, bounds: [UVec3; 2], room: usize) -> Option<Vec<Range<u32>>> {
        let (old, new) = self.replaced(map, bounds);
        if new.cells.len() > old.len() + self.free.len() + (room - self.cells.len()) {
            return None;
        }
        let mut changed = Vec::new();
        let mut old = old.into_iter();
        for (cell, aabb) in new.cells.into_iter().zip(new.boxes) {
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
    fn replaced(&self, map: &BrickMap, [low, high]: [UVec3; 2]) -> (Vec<u32>, VoxelCells) {
        let (low, high) = (low / self.edge * self.edge, high.map(|edge| edge.next_multiple_of(self.edge)));
        let inside = |cell: &Cell| {
            let corner = cell.extent()[0];
            low.cmple(corner).all() && corner.cmplt(high).all()
        };
        let old = (0..).zip(&self.cells).filter(|(_, cell)| inside(cell)).map(|(place, _)| place).collect();
        (old, VoxelCells::within(map, self.edge, [low, high.min(map.size)]))
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
        all.sort_unstable_by_key(|(cell, _)| (cell.x, cell.y, cell.z));
        all
    }

    #[test]
    fn followed_edits_end_in_the_cells_of_the_edited_scene() {
        let solid = |at: IVec3| (at.y < 40 || (at.x * 5 + at.z * 11 + at.y) % 37 == 0).then_some(1);
        let scene = Scene::from_fn("ground", UVec3::new(150, 100, 130), solid).expect("it has voxels");
        let reused = [8, 32, 64].map(|edge| follow_edits(scene.map.clone(), edge));
        assert!(reused[0] > 20, "places are used again: {} edits needed no more", reused[0]);
    }

    /// Follows edits of a scene, and says how many of them changed places that were there.
    fn follow_edits(map: BrickMap, edge: u32) -> usize {
        let mut followed = EditedCells::new(&map, edge);
        let mut editor = Editor::new(map);
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
            let truth = VoxelCells::of(editor.map(), edge);
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
        reused
    }

    #[test]
    fn without_room_nothing_changes() {
        let scene =
            Scene::from_fn("dot", UVec3::splat(64), |at| (at == IVec3::ONE).then_some(1)).expect("it has a voxel");
        let mut followed = EditedCells::new(&scene.map, 8);
        let before = followed.clone();
        let mut editor = Editor::new(scene.map);
        let ball = Shape::Sphere { center: DVec3::splat(32.0), radius: 20.0 };
        let changes = editor.edit(ball, Edit::Set(1)).expect("the scene is small");
        assert_eq!(followed.follow(editor.map(), changes.bounds, 2), None);
        assert_eq!((followed.cells, followed.boxes), (before.cells, before.boxes));
    }
}
