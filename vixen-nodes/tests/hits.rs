//! The march on the GPU against slow rays in double precision, on three scenes, under validation.

use std::collections::HashSet;
use std::path::Path;

use glam::{IVec3, UVec2, UVec3};
use vixen::testing::serial;
use vixen::{Device, DeviceOptions, Extent, Graph, Output};
use vixen_nodes::voxel::reference::{Hit, Ray, disagreement, solid_set, trace};
use vixen_nodes::voxel::{CameraUniform, Scene, SceneSource, default_params, default_view};
use vixen_nodes::{VoxelHits, VoxelScene};

const EDGE: u32 = 256;

/// At least this part of the pixels must hit the very same voxel.
const SAME: f64 = 0.999;
/// Every other hit must lie this close to an edge that both share, in voxels.
const EDGE_DISTANCE: f64 = 1e-3;

#[test]
fn terrain() {
    let heightmap = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/assets/jacksboro-dem.png");
    compare(&SceneSource::open(Path::new(heightmap), 160, &|_| ()).expect("the heightmap is in the repository"));
}

#[test]
fn scattered_voxels() {
    // A pseudo-random tenth of all voxels: rays meet many edges and corners.
    let solid = |at: IVec3| {
        let mix = |hash: u32, value: i32| (hash ^ value as u32).wrapping_mul(0x9E37_79B9).rotate_left(13);
        (mix(mix(mix(1, at.x), at.y), at.z) >> 8).is_multiple_of(10).then_some(1)
    };
    compare(&SceneSource::from_fn("scattered", UVec3::new(61, 48, 57), solid));
}

#[test]
fn hollow_shells() {
    // Thin curved walls around empty rooms: leaps over empty space of every size.
    let solid = |at: IVec3| {
        let from_middle = (at.as_vec3() - 60.0).length();
        (from_middle < 58.0 && (from_middle / 13.0).fract() < 0.08 && at.x + at.z < 130).then_some(7)
    };
    compare(&SceneSource::from_fn("shells", UVec3::splat(120), solid));
}

/// Traces the same rays on the GPU and slowly, and compares what they hit.
fn compare(source: &SceneSource) {
    let scene = source.build(&|_| ()).expect("the scene is small");
    let view = default_view(&scene);
    let camera = view.camera();
    let seen = trace_on_gpu(&scene, camera);

    let solid: HashSet<IVec3> = solid_set(&*source.voxels);
    assert_eq!(solid.len() as u64, scene.map.solid_voxels);
    let (mut same, mut hits) = (0, 0);
    for (index, &seen) in seen.iter().enumerate() {
        let pixel = UVec2::new(index as u32 % EDGE, index as u32 / EDGE);
        let ray = Ray::primary(&camera, UVec2::splat(EDGE), pixel);
        let truth = trace(scene.map.size, |at| solid.contains(&at), &ray).map(|hit: Hit| hit.voxel);
        hits += u32::from(truth.is_some());
        if truth == seen {
            same += 1;
        } else {
            let distance = disagreement(&ray, truth, seen);
            assert!(
                distance <= EDGE_DISTANCE,
                "{}, pixel {pixel}: hit {seen:?} instead of {truth:?}, {distance} voxels from an edge",
                scene.name
            );
        }
    }
    assert!(hits > EDGE * EDGE / 10, "the view shows the scene: {hits} pixels hit it");
    let same = f64::from(same) / seen.len() as f64;
    assert!(same >= SAME, "{}: only {:.3}% of the pixels hit the same voxel", scene.name, 100.0 * same);
}

fn trace_on_gpu(scene: &Scene, camera: CameraUniform) -> Vec<Option<IVec3>> {
    serial();
    let device = Device::new(&DeviceOptions::new().application_name("vixen tests").validation(true))
        .expect("the tests need a Vulkan device and the validation layer: `./x test` installs both");
    let voxels = VoxelScene::upload(&device, &scene.map).expect("the scene is small");
    let graph = Graph::new(Output::headless(EDGE, EDGE));
    let (_, camera) = graph.param(camera);
    let wires = voxels.wires(&graph);
    let hits = graph.add(VoxelHits {
        counts: false,
        camera: &camera,
        nodes: &wires.nodes,
        bricks: &wires.bricks,
        masks: &wires.masks,
        distances: &wires.distances,
        hits: graph.image(Extent::Output),
        params: default_params(scene, &default_view(scene)),
    });
    let hits = graph.read_back(&hits.hits);
    let mut compiled = graph.compile(&device).expect("the graph is valid");
    compiled.frame().expect("the frame runs");
    compiled.wait().expect("the frame ends");
    let (_, bytes) = compiled.read(hits).expect("the device lives").expect("the frame has finished");
    let number = |bytes: &[u8]| i32::from_le_bytes(bytes.try_into().expect("four bytes"));
    let seen = bytes
        .chunks_exact(16)
        .map(|texel| {
            let [x, y, z, face] = [0, 4, 8, 12].map(|at| number(&texel[at..at + 4]));
            (face != 7).then_some(IVec3::new(x, y, z))
        })
        .collect();
    drop(compiled);
    let messages = device.validation_messages();
    assert!(messages.is_empty(), "the validation layer reported:\n{}", messages.join("\n"));
    seen
}
