//! An edited map holds what a map built from the edited source holds.

use glam::{DVec3, IVec3, UVec3, Vec3};

use super::{Random, random_voxel};
use crate::voxel::{
    BrickMap, BrickVoxels, Changes, Content, Cube, Edit, Editor, Scene, SceneSource, Shape, VoxelSource, build,
};

/// A scene voxel by voxel: the material, and whether the voxel has the normal that `normal_of` says.
struct Dense {
    size: UVec3,
    voxels: Vec<Option<(u8, bool)>>,
}

impl Dense {
    fn place(&self, at: UVec3) -> usize {
        ((at.z * self.size.y + at.y) * self.size.x + at.x) as usize
    }
}

impl VoxelSource for Dense {
    fn size(&self) -> UVec3 {
        self.size
    }

    fn content(&self, _: Cube) -> Content {
        Content::Mixed
    }

    fn fill(&self, origin: UVec3, brick: &mut BrickVoxels) {
        for (z, y, x) in (0..8).flat_map(|z| (0..8).flat_map(move |y| (0..8).map(move |x| (z, y, x)))) {
            let at = UVec3::new(x, y, z);
            if (origin + at).cmpge(self.size).any() {
                continue;
            }
            match self.voxels[self.place(origin + at)] {
                Some((material, true)) => brick.set_with_normal(at, material, normal_of(origin + at)),
                Some((material, false)) => brick.set(at, material),
                None => {}
            }
        }
    }
}

fn normal_of(at: UVec3) -> Vec3 {
    (at.as_vec3() - 20.5).normalize()
}

fn all(size: UVec3) -> impl Iterator<Item = IVec3> {
    let size = size.as_ivec3();
    (0..size.z).flat_map(move |z| (0..size.y).flat_map(move |y| (0..size.x).map(move |x| IVec3::new(x, y, z))))
}

fn random_shape(random: &mut Random, size: UVec3) -> Shape {
    let mut coordinate = |edge: u32| random.unit() * (f64::from(edge) + 12.0) - 6.0;
    let at = DVec3::new(coordinate(size.x), coordinate(size.y), coordinate(size.z));
    // Mostly small, now and then all of it.
    let reach = 0.3 + random.unit().powi(3) * f64::from(size.max_element());
    if random.below(2) == 0 {
        Shape::Sphere { center: at, radius: reach }
    } else {
        let half = DVec3::new(random.unit(), random.unit(), random.unit()) * reach;
        Shape::Box { min: (at - half).floor().as_ivec3(), max: (at + half).ceil().as_ivec3() }
    }
}

/// What a reader who only got the changes would have.
fn apply(mirror: &mut BrickMap, map: &BrickMap, changes: &Changes) -> u64 {
    fn copy<T: Copy + Default>(to: &mut Vec<T>, from: &[T], ranges: &[std::ops::Range<u32>]) {
        to.resize(from.len(), T::default());
        for range in ranges.iter().map(|range| range.start as usize..range.end as usize) {
            to[range.clone()].copy_from_slice(&from[range]);
        }
    }
    copy(&mut mirror.nodes, &map.nodes, &changes.nodes);
    copy(&mut mirror.bricks, &map.bricks, &changes.bricks);
    let in_bytes = |words: &std::ops::Range<u32>| words.start * 4..words.end * 4;
    copy(&mut mirror.masks, &map.masks, &changes.masks.iter().map(in_bytes).collect::<Vec<_>>());
    copy(&mut mirror.attributes, &map.attributes, &changes.attributes);
    mirror.solid_voxels = map.solid_voxels;
    changes.bytes()
}

#[test]
fn a_thousand_random_edits() {
    let palette = SceneSource::from_fn("", UVec3::ONE, |_| None).palette;
    for (seed, size) in [(1, [40, 40, 40]), (2, [33, 7, 50]), (3, [48, 64, 40]), (4, [8, 8, 8]), (5, [20, 70, 9])] {
        let size = UVec3::from_array(size);
        let mut random = Random(seed);
        let voxel = |at| Some((random_voxel(seed, at)?, (at.x / 8 + at.y / 8) % 3 == 0 && at.z % 3 != 0));
        let mut dense = Dense { size, voxels: all(size).map(voxel).collect() };
        let map = build("random", &dense, &palette, &|_| {}).expect("it has voxels");
        let (mut editor, mut mirror) = (Editor::new(map.clone()), map);
        for number in 0..200 {
            let shape = random_shape(&mut random, size);
            let edit =
                if random.below(2) == 0 { Edit::Clear } else { Edit::Set((random.below(24) * random.below(2)) as u8) };
            let [min, max] = shape.bounds(size);
            for at in all(max - min).map(|at| at.as_uvec3() + min).filter(|&at| shape.contains(at)) {
                let place = dense.place(at);
                dense.voxels[place] = match edit {
                    Edit::Set(material) => Some((material, false)),
                    Edit::Clear => None,
                };
            }
            let changes = editor.edit(shape, edit).expect("the scene is small");
            apply(&mut mirror, editor.map(), &changes);
            // Looking at everything is slow: often enough to find which edit it was, and at the end.
            if number % 20 == 19 {
                let told = format!("scene {seed}, edit {number}: {edit:?} {shape:?}");
                mirror.validate().unwrap_or_else(|invalid| panic!("{told}: {invalid}"));
                let built = build("again", &dense, &palette, &|_| {});
                assert_eq!(mirror.solid_voxels, dense.voxels.iter().flatten().count() as u64, "{told}");
                for at in all(size) {
                    let expected = built.as_ref().ok().and_then(|map| map.get(at));
                    let (edited, mirrored) = (editor.map().get(at), mirror.get(at));
                    assert_eq!((edited, mirrored), (expected, expected), "{told}: voxel {at}");
                }
            }
        }
    }
}

#[test]
fn an_edit_touches_only_its_bricks() {
    let scene = Scene::from_fn("ground", UVec3::splat(256), |at| (at.y < 100 + (at.x ^ at.z) % 7).then_some(1));
    let mut editor = Editor::new(scene.expect("it has voxels").map);
    let total = editor.map().geometry_bytes() + editor.map().attribute_bytes();
    let cube = Shape::Box { min: IVec3::new(101, 90, 77), max: IVec3::new(133, 122, 109) };
    let first = editor.edit(cube, Edit::Clear).expect("the scene is small");
    // A box of 32³ that is off the grid meets 5³ bricks, and 3³ of them lie all inside.
    assert!(first.bricks_opened <= 125 - 27 && !first.is_empty());
    assert!(first.bytes() * 4 < total, "{} of {total} bytes", first.bytes());
    assert_eq!(first.bounds, [UVec3::new(101, 90, 77), UVec3::new(133, 122, 109)]);
    let again = editor.edit(cube, Edit::Clear).expect("the scene is small");
    assert!(again.is_empty(), "nothing is left to clear: {again:?}");
    let beside = Shape::Sphere { center: DVec3::splat(-50.0), radius: 20.0 };
    assert_eq!(editor.edit(beside, Edit::Set(3)).expect("it changes nothing"), Changes::default());
}

#[test]
fn room_is_used_again() {
    let scene = Scene::from_fn("noise", UVec3::splat(64), |at| random_voxel(3, at));
    let mut editor = Editor::new(scene.expect("it has voxels").map);
    let mut random = Random(8);
    let mut edits = |editor: &mut Editor, count| {
        for _ in 0..count {
            let min = IVec3::from_array([(); 3].map(|()| random.below(56) as i32));
            let edit = if random.below(2) == 0 { Edit::Clear } else { Edit::Set(random.below(30) as u8) };
            editor.edit(Shape::Box { min, max: min + 5 }, edit).expect("the scene is small");
        }
        let map = editor.map();
        map.geometry_bytes() + map.attribute_bytes()
    };
    let settled = edits(&mut editor, 500);
    let later = edits(&mut editor, 2000);
    assert!(later < settled + settled / 2, "{settled} bytes grew to {later}");
    editor.map().validate().expect("edits keep the structure");
}

#[test]
fn a_scene_can_be_emptied_and_filled() {
    let scene = Scene::from_fn("noise", UVec3::new(64, 32, 100), |at| random_voxel(3, at));
    let mut editor = Editor::new(scene.expect("it has voxels").map);
    let everything = Shape::Sphere { center: DVec3::ZERO, radius: f64::INFINITY };
    editor.edit(everything, Edit::Clear).expect("the scene is small");
    assert_eq!((editor.map().solid_voxels, editor.map().validate()), (0, Ok(())));
    assert_eq!(editor.map().get(IVec3::splat(5)), None);
    editor.edit(everything, Edit::Set(9)).expect("the scene is small");
    assert_eq!((editor.map().solid_voxels, editor.map().validate()), (64 * 32 * 100, Ok(())));
    assert_eq!(editor.map().get(IVec3::new(63, 31, 99)).map(|voxel| voxel.material), Some(9));
}
