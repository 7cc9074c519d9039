//! The brick map holds exactly what its source yields.

use glam::{IVec3, UVec3};

use super::{Random, random_voxel};
use crate::voxel::layout::{BRICK_EDGE, SOLID};
use crate::voxel::{
    BrickVoxels, Content, Cube, FnSource, MAX_EDGE, Scene, SceneError, SceneSource, VoxelSource, build, reference,
};

#[test]
fn every_voxel_is_found_again() {
    for (seed, size) in
        [(1, [1, 1, 1]), (2, [8, 8, 8]), (3, [33, 7, 20]), (4, [70, 129, 45]), (5, [160, 64, 31]), (6, [9, 300, 9])]
    {
        let size = UVec3::from_array(size);
        let scene = Scene::from_fn("random", size, move |at| random_voxel(seed, at)).expect("it has voxels");
        let mut solid = 0;
        for (z, y, x) in (-1..=size.z as i32)
            .flat_map(|z| (-1..=size.y as i32).flat_map(move |y| (-1..=size.x as i32).map(move |x| (z, y, x))))
        {
            let at = IVec3::new(x, y, z);
            let inside = at.cmpge(IVec3::ZERO).all() && at.cmplt(size.as_ivec3()).all();
            let expected = if inside { random_voxel(seed, at) } else { None };
            assert_eq!(scene.map.get(at).map(|voxel| voxel.material), expected, "voxel {at} of scene {seed}");
            solid += u64::from(expected.is_some());
        }
        assert_eq!(scene.map.solid_voxels, solid, "scene {seed}");
    }
}

#[test]
fn one_voxel_can_stand_anywhere_in_the_largest_scene() {
    let mut random = Random(7);
    for _ in 0..20 {
        let at = UVec3::from_array(std::array::from_fn(|_| random.below(MAX_EDGE as usize) as u32));
        let map = build("one", &OneVoxel(at), &SceneSource::from_fn("", UVec3::ONE, |_| None).palette, &|_| {})
            .expect("a voxel is enough");
        assert_eq!((map.levels, map.solid_voxels, map.bricks.len(), map.nodes.len()), (5, 1, 1, 5));
        assert!(map.get(at.as_ivec3()).is_some() && map.get(at.as_ivec3() ^ 1).is_none());
    }
}

/// A single voxel in a scene of the largest size, which says where nothing is.
struct OneVoxel(UVec3);

impl VoxelSource for OneVoxel {
    fn size(&self) -> UVec3 {
        UVec3::splat(MAX_EDGE)
    }

    fn content(&self, cube: Cube) -> Content {
        if self.0 / cube.edge == cube.origin / cube.edge { Content::Mixed } else { Content::Empty }
    }

    fn fill(&self, origin: UVec3, brick: &mut BrickVoxels) {
        if self.0 / BRICK_EDGE == origin / BRICK_EDGE {
            brick.set(self.0 - origin, 9);
        }
    }
}

#[test]
fn what_is_solid_and_of_one_material_costs_one_record() {
    let full = |size| Scene::from_fn("full", UVec3::splat(size), |_| Some(3)).expect("it is solid");
    let scene = full(128);
    assert_eq!((scene.map.nodes.len(), scene.map.nodes[0].first, scene.map.nodes[0].material), (1, SOLID, 3));
    assert_eq!(scene.map.solid_voxels, 128 * 128 * 128);
    assert_eq!(scene.map.get(IVec3::splat(100)).map(|voxel| voxel.material), Some(3));
    // Not a whole node: its bricks are full, and no mask is stored but the word that no buffer may lack.
    let scene = full(64);
    assert_eq!((scene.map.nodes.len(), scene.map.masks.len(), scene.map.solid_voxels), (9, 4, 64 * 64 * 64));
}

#[test]
fn scenes_without_voxels_or_too_large_are_errors() {
    let empty = Scene::from_fn("void", UVec3::splat(100), |_| None);
    assert!(matches!(empty, Err(SceneError::NothingSolid { .. })));
    let none = Scene::from_fn("void", UVec3::ZERO, |_| Some(0));
    assert!(matches!(none, Err(SceneError::NothingSolid { .. })));
    let large = Scene::from_fn("large", UVec3::new(1, 1, MAX_EDGE + 1), |_| None);
    assert!(matches!(large, Err(SceneError::TooLarge { .. })));
}

#[test]
fn a_set_of_voxels_is_that_of_the_function() {
    let size = UVec3::new(20, 9, 17);
    let source = FnSource::new(size, |at| random_voxel(11, at));
    let set = reference::solid_set(&source);
    assert!(set.iter().all(|at| random_voxel(11, *at).is_some() && at.as_uvec3().cmplt(size).all()));
    let scene = Scene::from_fn("random", size, |at| random_voxel(11, at)).expect("it has voxels");
    assert_eq!(set.len() as u64, scene.map.solid_voxels);
}

#[test]
fn progress_ends_at_the_total() {
    let last = std::cell::Cell::new(None);
    let source = SceneSource::from_fn("random", UVec3::new(300, 16, 300), |at| random_voxel(5, at >> 3));
    source.build(&|progress| last.set(Some(progress))).expect("it has voxels");
    let last = last.get().expect("progress was told");
    assert!(last.done == last.total && last.total > 1, "{last:?}");
}
