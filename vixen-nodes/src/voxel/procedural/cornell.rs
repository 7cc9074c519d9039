//! The Cornell box (Goral et al. 1984), open to the front.

use glam::{UVec3, Vec3};

use super::matt;
use crate::voxel::layout::{BRICK_EDGE, BRICK_VOXELS, Material, unmorton3};
use crate::voxel::source::{BrickVoxels, Content, Cube, MaterialIndex, VoxelSource};

const WHITE: MaterialIndex = 0;
const RED: MaterialIndex = 1;
const GREEN: MaterialIndex = 2;
const LAMP: MaterialIndex = 3;

/// How thick walls are, for the room's edge.
const WALL: f32 = 1.0 / 32.0;

/// Boxes by centre, half their size, and sine and cosine of their turn about the vertical; the room's edge is 1. Where two overlap the
/// first counts.
const BOXES: [(MaterialIndex, Vec3, Vec3, [f32; 2]); 8] = [
    (LAMP, Vec3::new(0.5, 1.0 - WALL, 0.5), Vec3::new(0.13, 0.012, 0.11), [0.0, 1.0]),
    (WHITE, Vec3::new(0.5, 0.5 * WALL, 0.5), Vec3::new(0.5, 0.5 * WALL, 0.5), [0.0, 1.0]),
    (WHITE, Vec3::new(0.5, 1.0 - 0.5 * WALL, 0.5), Vec3::new(0.5, 0.5 * WALL, 0.5), [0.0, 1.0]),
    (RED, Vec3::new(0.5 * WALL, 0.5, 0.5), Vec3::new(0.5 * WALL, 0.5, 0.5), [0.0, 1.0]),
    (GREEN, Vec3::new(1.0 - 0.5 * WALL, 0.5, 0.5), Vec3::new(0.5 * WALL, 0.5, 0.5), [0.0, 1.0]),
    (WHITE, Vec3::new(0.5, 0.5, 0.5 * WALL), Vec3::new(0.5, 0.5, 0.5 * WALL), [0.0, 1.0]),
    (WHITE, Vec3::new(0.33, WALL + 0.29, 0.36), Vec3::new(0.145, 0.29, 0.145), [0.287, 0.958]),
    (WHITE, Vec3::new(0.67, WALL + 0.145, 0.66), Vec3::new(0.145, 0.145, 0.145), [-0.312, 0.950]),
];

pub(super) struct Cornell {
    edge: u32,
}

impl Cornell {
    pub fn new(edge: u32) -> Self {
        Self { edge }
    }

    /// Where a point is from a box's centre, turned as the box is. The point is in voxels.
    fn inside(&self, index: usize, at: Vec3) -> Vec3 {
        let (_, centre, _, [sine, cosine]) = BOXES[index];
        let from = at - centre * self.edge as f32;
        Vec3::new(cosine * from.x - sine * from.z, from.y, sine * from.x + cosine * from.z)
    }

    /// The signed distance of a point from a box, or less: negative inside.
    fn distance(&self, index: usize, at: Vec3) -> f32 {
        (self.inside(index, at).abs() - BOXES[index].2 * self.edge as f32).max_element()
    }

    /// Of the boxes that the voxels of a cube may belong to, by their indices, the first that a voxel does belong to.
    fn box_at(&self, boxes: &[usize], at: Vec3) -> Option<usize> {
        boxes.iter().copied().find(|&index| self.distance(index, at) < 0.0)
    }

    /// How far a cube's middle is from each box, and how far from its middle a cube reaches.
    fn distances(&self, cube: Cube) -> (impl Iterator<Item = (usize, f32)>, f32) {
        let middle = cube.origin.as_vec3() + 0.5 * cube.edge as f32;
        // To the farthest voxel's centre, by which distances differ at most, and a little for rounding.
        let reach = 0.5 * 3f32.sqrt() * cube.edge as f32 * 1.001;
        ((0..BOXES.len()).map(move |index| (index, self.distance(index, middle))), reach)
    }

    /// The direction that a voxel at the sides of a turned box faces, which is none that its own faces have. At edges it is between
    /// those of the sides; a box stands on its lowest side.
    fn normal(&self, index: usize, at: Vec3) -> Option<Vec3> {
        let (_, _, half, [sine, cosine]) = BOXES[index];
        let from = self.inside(index, at);
        let at_side = (from.abs() - half * self.edge as f32).cmpgt(Vec3::splat(-1.0));
        let side = Vec3::select(at_side, from.signum(), Vec3::ZERO).max(Vec3::new(-1.0, 0.0, -1.0));
        let turned_back = Vec3::new(cosine * side.x + sine * side.z, side.y, cosine * side.z - sine * side.x);
        (sine != 0.0 && (at_side.x || at_side.z)).then_some(turned_back)
    }
}

pub(super) fn palette() -> Vec<Material> {
    let lamp = Material { color: [1.0, 0.9, 0.7, 8.0] };
    vec![matt(0.73, 0.73, 0.73), matt(0.63, 0.065, 0.05), matt(0.14, 0.45, 0.091), lamp]
}

impl VoxelSource for Cornell {
    fn size(&self) -> UVec3 {
        UVec3::splat(self.edge)
    }

    fn content(&self, cube: Cube) -> Content {
        let (distances, reach) = self.distances(cube);
        for (index, distance) in distances {
            if distance < -reach && cube.is_inside(self.size()) {
                return Content::Solid(BOXES[index].0);
            }
            if distance < reach {
                return Content::Mixed;
            }
        }
        Content::Empty
    }

    fn fill(&self, origin: UVec3, brick: &mut BrickVoxels) {
        let (distances, reach) = self.distances(Cube { origin, edge: BRICK_EDGE });
        let near: Vec<usize> = distances.filter(|(_, distance)| *distance < reach).map(|(index, _)| index).collect();
        for number in 0..BRICK_VOXELS as u32 {
            let at = origin + UVec3::from_array(unmorton3(number));
            if at.cmplt(self.size()).all()
                && let Some(index) = self.box_at(&near, at.as_vec3() + 0.5)
            {
                let material = BOXES[index].0;
                match self.normal(index, at.as_vec3() + 0.5) {
                    Some(normal) => brick.set_with_normal(at - origin, material, normal),
                    None => brick.set_number(number, material),
                }
            }
        }
    }
}
