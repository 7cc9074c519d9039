//! Files of every format become the voxels that they describe.

use std::path::{Path, PathBuf};

use glam::{IVec3, UVec3, Vec3};
use image::DynamicImage;

use super::files::{self, glb_square, glb_square_in, heightmap, vox, vox_model, vox_with_everything};
use crate::voxel::reference::solid_set;
use crate::voxel::{Scene, SceneError, SceneKind, SceneSource, TopGrid};

fn open(bytes: &[u8], resolution: u32) -> Result<SceneSource, SceneError> {
    SceneSource::from_bytes(Path::new("test.file"), bytes, resolution, &|_| {})
}

fn build(bytes: &[u8], resolution: u32) -> Result<Scene, SceneError> {
    open(bytes, resolution)?.build(&|_| {})
}

/// The elevations that the repository keeps.
fn jacksboro() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/assets/jacksboro-dem.png")
}

#[test]
fn a_vox_model_without_a_graph_stands_upright() {
    let scene = build(&vox(&vox_model([2, 3, 4], &[[0, 0, 0, 1], [1, 2, 3, 255]])), 1).expect("it is a good file");
    // z points up in the file, y here; the file's y runs against our z.
    assert_eq!(scene.map.size, UVec3::new(2, 4, 3));
    assert_eq!(scene.map.solid_voxels, 2);
    let at = |x, y, z| scene.map.get(IVec3::new(x, y, z)).map(|voxel| voxel.material);
    assert_eq!((at(0, 0, 2), at(1, 3, 0)), (Some(0), Some(254)));
    assert_eq!(scene.map.palette[0].color, [1.0, 1.0, 1.0, 0.0]);
}

#[test]
fn a_vox_graph_places_its_visible_models() {
    let scene = build(&vox_with_everything(), 1).expect("it is a good file");
    // The turned model lies at (10, 18, 29) and (9, 21, 30) of the file, the other at its origin; what is hidden is not there.
    assert_eq!((scene.map.size, scene.map.solid_voxels), (UVec3::new(11, 31, 22), 3));
    let at = |x: i32, y: i32, z: i32| scene.map.get(IVec3::new(x, z, 21 - y)).map(|voxel| voxel.material);
    assert_eq!((at(10, 18, 29), at(9, 21, 30), at(0, 0, 0)), (Some(4), Some(6), Some(6)));
    assert_eq!(scene.map.palette[4].color, [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(scene.map.palette[6].color, [0.0, 1.0, 0.0, 2.0]);
}

#[test]
fn where_vox_models_overlap_the_last_one_wins() {
    let mut chunks = vox_model([1, 1, 1], &[[0, 0, 0, 1]]).to_vec();
    chunks.extend(vox_model([1, 1, 1], &[[0, 0, 0, 2]]));
    chunks.extend([
        files::transform(0, &[], 1, 0, &[]),
        files::group(1, &[2, 3]),
        files::shape(2, 0),
        files::shape(3, 1),
    ]);
    let scene = build(&vox(&chunks), 1).expect("it is a good file");
    assert_eq!((scene.map.solid_voxels, scene.map.get(IVec3::ZERO).map(|voxel| voxel.material)), (1, Some(1)));
}

#[test]
fn vox_graphs_that_make_no_sense_are_damaged() {
    let model = vox_model([1, 1, 1], &[[0, 0, 0, 1]]);
    let with = |nodes: &[([u8; 4], Vec<u8>)]| {
        build(&vox(&[&model[..], nodes].concat()), 1).map(|scene| scene.map.solid_voxels)
    };
    let broken = [
        with(&[files::group(0, &[0])]),
        with(&[files::group(0, &[1, 1]), files::group(1, &[0, 0])]),
        with(&[files::shape(1, 0)]),
        with(&[files::shape(0, 1)]),
        with(&[files::group(0, &[7])]),
        with(&[files::shape(0, 0), files::shape(0, 0)]),
        with(&[files::transform(0, &[], 1, 0, &[("_r", "0")]), files::shape(1, 0)]),
        with(&[files::transform(0, &[], 1, 0, &[("_t", "1 2")]), files::shape(1, 0)]),
        with(&[files::transform(0, &[], 1, 0, &[("_t", "1 2 99999999999")]), files::shape(1, 0)]),
    ];
    for (index, result) in broken.into_iter().enumerate() {
        assert!(matches!(result, Err(SceneError::Damaged { .. })), "{index}: {result:?}");
    }
    let far = with(&[
        files::group(0, &[1, 2]),
        files::transform(1, &[], 3, 0, &[("_t", "9000 0 0")]),
        files::shape(2, 0),
        files::shape(3, 0),
    ]);
    assert!(matches!(far, Err(SceneError::TooLarge { .. })), "{far:?}");
}

#[test]
fn a_square_becomes_one_layer_of_voxels() {
    let source = open(&glb_square(r#"[{"mesh":0}]"#, "[0]"), 16).expect("it is a good file");
    assert_eq!(source.voxels.size(), UVec3::new(16, 16, 1));
    assert_eq!(solid_set(&*source.voxels).len(), 256);
    let scene = source.build(&|_| {}).expect("it has voxels");
    let voxel = scene.map.get(IVec3::new(3, 4, 0)).expect("it is solid");
    assert_eq!(scene.map.palette[usize::from(voxel.material)].color, [1.0, 0.5, 0.0, 0.0]);
    assert!(voxel.normal.is_some_and(|normal| normal.dot(Vec3::Z) > 0.999));
}

#[test]
fn what_has_no_triangles_leaves_no_colour() {
    let json = r#"{"asset":{"version":"2.0"},"nodes":[{"mesh":0}],"buffers":[{"byteLength":36}],
        "bufferViews":[{"buffer":0,"byteLength":36}],
        "accessors":[{"bufferView":0,"componentType":5126,"count":2,"type":"VEC3"},
                     {"bufferView":0,"componentType":5126,"count":3,"type":"VEC3"}],
        "materials":[{"pbrMetallicRoughness":{"baseColorFactor":[0,1,0,1]}}],
        "meshes":[{"primitives":[{"attributes":{"POSITION":0},"material":0},{"attributes":{"POSITION":1}}]}]}"#;
    let corners = [[0.0f32, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0]];
    let source = open(&files::glb(json, bytemuck::cast_slice(&corners)), 16).expect("it is a good file");
    assert_eq!(source.palette[0].color, [1.0, 1.0, 1.0, 0.0]);
}

#[test]
fn nodes_place_their_meshes() {
    // A square and, through a parent's shift and a child's scale, one of half the size at (3, 0, 0).
    let nodes = r#"[{"mesh":0},{"translation":[3,0,0],"children":[2]},{"mesh":0,"scale":[0.5,0.5,0.5]}]"#;
    let source = open(&glb_square(nodes, "[0,1]"), 35).expect("it is a good file");
    assert_eq!(source.voxels.size(), UVec3::new(35, 11, 1));
    let set = solid_set(&*source.voxels);
    assert!(set.contains(&IVec3::new(0, 9, 0)) && set.contains(&IVec3::new(34, 4, 0)));
    assert!(!set.contains(&IVec3::new(20, 0, 0)) && !set.contains(&IVec3::new(34, 6, 0)));
}

#[test]
fn without_scenes_all_nodes_are_shown() {
    let nodes = r#"[{"mesh":0},{"translation":[3,0,0],"children":[2]},{"mesh":0,"scale":[0.5,0.5,0.5]}]"#;
    let source = open(&glb_square_in("", nodes), 35).expect("it is a good file");
    assert_eq!(source.voxels.size(), UVec3::new(35, 11, 1));
    let empty = open(&glb_square_in(r#""scenes":[],"#, "[]"), 16).map(|_| ());
    assert!(matches!(empty, Err(SceneError::Unsupported { .. })), "{empty:?}");
}

#[test]
fn glb_graphs_that_make_no_sense_are_damaged() {
    for nodes in [
        r#"[{"mesh":0,"children":[1]},{"children":[0]}]"#,
        r#"[{"children":[1,1]},{"mesh":0}]"#,
        r#"[{"mesh":5}]"#,
        r#"[{"mesh":0,"scale":[1e38,1e38,1e38],"translation":[1e38,0,0]}]"#,
    ] {
        let result = open(&glb_square(nodes, "[0]"), 16).map(|_| ());
        assert!(matches!(result, Err(SceneError::Damaged { .. })), "{nodes}: {result:?}");
    }
    let empty = open(&glb_square("[{}]", "[0]"), 16).map(|_| ());
    assert!(matches!(empty, Err(SceneError::Unsupported { .. })), "{empty:?}");
}

#[test]
fn a_ball_of_triangles_has_no_holes() {
    // Any ray to the middle must hit: the surface is closed.
    let bytes = files::glb(&ball_json(), &ball_blob());
    let scene = build(&bytes, 100).expect("it is a good file");
    assert_eq!(scene.map.size, UVec3::splat(100));
    let mut random = super::Random(9);
    let grid = TopGrid::of(&scene.map);
    for _ in 0..3_000 {
        let from =
            Vec3::from_array(std::array::from_fn(|_| random.unit() as f32 - 0.5)).normalize_or(Vec3::X) * 200.0 + 50.0;
        let (voxel, _, t) =
            super::march::trace(&scene.map, &grid, from, Vec3::splat(50.0) - from).expect("the ball is closed");
        assert!((0.7..0.8).contains(&t), "the surface at {voxel} is not where the ball is");
    }
    println!("ball: {} voxels, {:.2} bytes each", scene.map.solid_voxels, scene.map.bytes_per_voxel());
}

const RINGS: u32 = 40;

fn ball_blob() -> Vec<u8> {
    let point = |ring: u32, segment: u32| {
        let (a, b) =
            (std::f32::consts::PI * ring as f32 / RINGS as f32, std::f32::consts::TAU * segment as f32 / RINGS as f32);
        Vec3::new(a.sin() * b.cos(), a.cos(), a.sin() * b.sin())
    };
    let quads = (0..RINGS).flat_map(|ring| (0..RINGS).map(move |segment| (ring, segment)));
    let corners = quads.flat_map(|(r, s)| [(r, s), (r + 1, s), (r, s + 1), (r, s + 1), (r + 1, s), (r + 1, s + 1)]);
    corners.flat_map(|(r, s)| point(r, s).to_array()).flat_map(f32::to_le_bytes).collect()
}

fn ball_json() -> String {
    let count = RINGS * RINGS * 6;
    format!(
        r#"{{"asset":{{"version":"2.0"}},"scenes":[{{"nodes":[0]}}],"nodes":[{{"mesh":0}}],"buffers":[{{"byteLength":{bytes}}}],
        "bufferViews":[{{"buffer":0,"byteLength":{bytes}}}],
        "accessors":[{{"bufferView":0,"componentType":5126,"count":{count},"type":"VEC3","min":[-1,-1,-1],"max":[1,1,1]}}],
        "meshes":[{{"primitives":[{{"attributes":{{"POSITION":0}}}}]}}]}}"#,
        bytes = count * 12
    )
}

#[test]
fn heights_become_columns() {
    // A ramp to the east.
    let source = open(&heightmap(32, 16, |x, _| (x * 1000) as u16), 64).expect("it is a good file");
    let size = source.voxels.size();
    assert_eq!((source.kind, size.x, size.z), (SceneKind::Terrain, 64, 32));
    let set = solid_set(&*source.voxels);
    let height = |x, z| (0..size.y as i32).take_while(|y| set.contains(&IVec3::new(x, *y, z))).count();
    assert!(height(0, 5) >= 1 && height(63, 5) as u32 == size.y);
    for (z, x) in (0..32).flat_map(|z| (0..63).map(move |x| (z, x))) {
        assert!(height(x, z) <= height(x + 1, z) && height(x, z) == height(x, 0), "at {x}, {z}");
    }
    assert_eq!(set.len(), (0..32).flat_map(|z| (0..64).map(move |x| (x, z))).map(|(x, z)| height(x, z)).sum::<usize>());
}

#[test]
fn a_terrain_is_the_same_through_the_map_and_voxel_by_voxel() {
    let source = SceneSource::open(&jacksboro(), 200, &|_| {}).expect("the repository keeps it");
    let set = solid_set(&*source.voxels);
    let scene = source.build(&|_| {}).expect("it has voxels");
    assert_eq!(scene.map.solid_voxels, set.len() as u64);
    let size = scene.map.size.as_ivec3();
    for (z, y, x) in (0..size.z).flat_map(|z| (0..size.y).flat_map(move |y| (0..size.x).map(move |x| (z, y, x)))) {
        let at = IVec3::new(x, y, z);
        assert_eq!(scene.map.get(at).is_some(), set.contains(&at), "{at}");
    }
}

#[test]
fn the_default_scene_is_large_and_small() {
    let scene = Scene::open(&jacksboro(), crate::voxel::DEFAULT_RESOLUTION, &|_| {}).expect("the repository keeps it");
    let map = &scene.map;
    println!(
        "Jacksboro: {} of {} solid, geometry {:.4}, attributes {:.4} bytes a voxel",
        map.size,
        map.solid_voxels,
        map.geometry_bytes() as f64 / map.solid_voxels as f64,
        map.attribute_bytes() as f64 / map.solid_voxels as f64
    );
    assert!(map.solid_voxels >= 10_000_000);
    assert!(map.geometry_bytes() as f64 <= 0.15 * map.solid_voxels as f64);
}

#[test]
fn eight_bits_and_flat_land_will_do() {
    let eight =
        files::png(DynamicImage::ImageLuma8(image::ImageBuffer::from_fn(9, 9, |x, y| image::Luma([(x * y) as u8]))));
    assert!(build(&eight, 50).is_ok());
    let flat = build(&heightmap(5, 5, |_, _| 700), 20).expect("it is a good file");
    assert!(flat.map.solid_voxels > 0);
    let dot = build(&heightmap(1, 1, |_, _| 0), 1).expect("it is a good file");
    assert_eq!(dot.map.solid_voxels, 1);
    let color = |green: u8| {
        image::ImageBuffer::from_fn(9, 9, move |x, y| image::Rgb([(x * y) as u8, (x * y) as u8 + green, (x * y) as u8]))
    };
    let grey = files::png(DynamicImage::ImageRgb8(color(0)));
    let same = build(&grey, 50).expect("its colours are greys").map;
    assert_eq!(same.solid_voxels, build(&eight, 50).expect("it is a good file").map.solid_voxels);
    assert!(matches!(build(&files::png(DynamicImage::ImageRgb8(color(1))), 10), Err(SceneError::Unsupported { .. })));
}

#[test]
fn messages_say_what_to_do() {
    let message =
        |bytes: &[u8], resolution| open(bytes, resolution).map(|_| ()).expect_err("it is a bad file").to_string();
    assert_eq!(message(b"", 8), "test.file is empty; give a .vox, .glb or greyscale .png file");
    assert!(message(b"\xFF\xD8\xFF\xE0", 8).ends_with("it looks like a JPEG picture: convert it to a greyscale PNG"));
    assert!(message(b" {\"asset\":{}}", 8).ends_with("it looks like text glTF: export it as a binary .glb"));
    assert!(message(b"VOX ", 0).starts_with("a resolution of 0 is not possible; choose 1 to 8192"));
    assert!(message(b"VOX ", 8193).starts_with("a resolution of 8193 is not possible"));
    assert_eq!(message(b"VOX \x96\0\0\0", 8), "test.file is damaged: 4 bytes are missing; export it again");
    let missing =
        SceneSource::open(Path::new("no/such.vox"), 8, &|_| {}).map(|_| ()).expect_err("there is no such file");
    assert!(matches!(missing, SceneError::Io { .. }));
    assert!(missing.to_string().starts_with("cannot read no/such.vox: "));
    let folder = SceneSource::open(Path::new("."), 8, &|_| {}).map(|_| ()).expect_err("it is a folder");
    assert!(folder.to_string().starts_with("cannot read .: it is not a regular file"), "{folder}");
    let mesh = |path: &str, bytes: &[u8]| crate::mesh::Mesh::from_bytes(Path::new(path), bytes).map(|_| ());
    let text = mesh("text.gltf", b" {\"asset\":{}}").expect_err("it is text");
    assert_eq!(text.to_string(), "text.gltf cannot be used: it is no binary glTF; export it as a .glb file");
}

#[test]
fn the_dragon_is_voxelised_where_there_is_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/assets/stanford-dragon-48k.glb");
    if !path.exists() {
        println!("skipped: no dragon, which may not be kept in the repository");
        return;
    }
    let scene = Scene::open(&path, 256, &|_| {}).expect("it is a good file");
    println!(
        "dragon: {} of {} solid, {:.2} bytes a voxel",
        scene.map.size,
        scene.map.solid_voxels,
        scene.map.bytes_per_voxel()
    );
    assert!(scene.map.size.max_element() == 256 && scene.map.solid_voxels > 50_000);
}
