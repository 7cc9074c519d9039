//! Every voxel pipeline against slow rays in double precision, on five scenes, and their pictures against one another, under
//! validation.

use std::path::Path;

use glam::{IVec3, UVec2, UVec3};
use vixen::{CompiledGraph, Device, DeviceOptions, Extent, Graph, Output, Readback, Resource};
use vixen_nodes::acceleration::VoxelStructure;
use vixen_nodes::voxel::reference::{Ray, disagreement, solid_set, trace};
use vixen_nodes::voxel::{Scene, SceneSource, default_params, default_view};
use vixen_nodes::{ToneMap, VoxelPipeline, VoxelScene, require_ray_tracing};

const EDGE: u32 = 512;

/// At least this part of the pixels must hit the very same voxel.
const SAME: f64 = 0.999;
/// Every other hit must lie this close to an edge that both share, in voxels.
const EDGE_DISTANCE: f64 = 1e-3;

#[test]
fn terrain() {
    let heightmap = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/assets/jacksboro-dem.png");
    compare(&SceneSource::open(Path::new(heightmap), 256, &|_| ()).expect("the heightmap is in the repository"));
}

#[test]
fn scattered_voxels() {
    // A pseudo-random tenth of all voxels: rays meet many edges and corners, and pass many bricks without a hit.
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

#[test]
fn sponge() {
    // A Menger sponge: long straight tunnels, and sides that rays graze.
    let solid = |mut at: IVec3| {
        for _ in 0..4 {
            let middles = (0..3).filter(|&axis| at[axis] % 3 == 1).count();
            if middles >= 2 {
                return None;
            }
            at /= 3;
        }
        Some((at.x + 3 * at.y) as u8)
    };
    compare(&SceneSource::from_fn("sponge", UVec3::splat(81), solid));
}

#[test]
fn blocks() {
    // Solid through and through, of one material, so that whole nodes of the tree are one cell; and a size that cuts bricks.
    let solid = |at: IVec3| {
        let tower = (at.x / 32 + at.z / 32) % 3 != 0 && at.y < 40 + 32 * ((at.x / 32 * 7 + at.z / 32 * 5) % 3);
        (at.y < 32 || tower).then_some(3)
    };
    compare(&SceneSource::from_fn("blocks", UVec3::new(141, 131, 150), solid));
}

/// What the pipelines draw from, on the device.
struct Bench {
    device: Device,
    scene: Scene,
    voxels: VoxelScene,
    structure: VoxelStructure,
}

impl Bench {
    fn new(scene: Scene) -> Self {
        let device = Device::new(&DeviceOptions::new().application_name("vixen tests").validation(true))
            .expect("the tests need a Vulkan device and the validation layer: `./x test` installs both");
        require_ray_tracing(&device).expect("the tests need a device that traces rays: `./x test` installs one");
        let voxels = VoxelScene::upload(&device, &scene.map).expect("the scene is small");
        let structure = VoxelStructure::build(&device, &scene.map).expect("the scene is small");
        Self { device, scene, voxels, structure }
    }

    /// Hits and picture of a pipeline.
    fn run(&self, name: &str) -> (Vec<Option<IVec3>>, Vec<u8>) {
        let view = default_view(&self.scene);
        let params = default_params(&self.scene, &view);
        let graph = Graph::new(Output::headless(EDGE, EDGE));
        let (_, camera) = graph.param(view.camera());
        let (scene, structure) = (self.voxels.wires(&graph), self.structure.wires(&graph));
        let pipeline = match name {
            "compute" => VoxelPipeline::Compute,
            "fragment" => VoxelPipeline::Fragment,
            "ray tracing" => VoxelPipeline::RayTracing(&structure),
            _ => VoxelPipeline::Hybrid(&structure),
        };
        let hits = graph.read_back(&pipeline.hits(&graph, &camera, &scene, params));
        let hdr = pipeline.draw(&graph, &camera, &scene, params);
        let ldr = graph.read_back(&graph.add(ToneMap { hdr: &hdr, ldr: graph.image(Extent::Output) }).ldr);
        let mut compiled = graph.compile(&self.device).expect("the graph is valid");
        compiled.frame().expect("the frame runs");
        compiled.wait().expect("the frame ends");
        let number = |bytes: &[u8]| i32::from_le_bytes(bytes.try_into().expect("four bytes"));
        let seen = bytes_of(&compiled, hits)
            .chunks_exact(16)
            .map(|texel| {
                let [x, y, z, face] = [0, 4, 8, 12].map(|at| number(&texel[at..at + 4]));
                (face != 7).then_some(IVec3::new(x, y, z))
            })
            .collect();
        (seen, bytes_of(&compiled, ldr).to_vec())
    }
}

fn bytes_of<R: Resource>(compiled: &CompiledGraph, readback: Readback<R>) -> &[u8] {
    compiled.read(readback).expect("the device lives").expect("the frame has finished").1
}

/// What the reference hits at each pixel, and the ray.
fn truth(source: &SceneSource, scene: &Scene) -> Vec<(Ray, Option<IVec3>)> {
    let size = scene.map.size.as_ivec3();
    let index = |at: IVec3| ((at.z * size.y + at.y) * size.x + at.x) as usize;
    let mut solid = vec![false; size.element_product() as usize];
    let set = solid_set(&*source.voxels);
    assert_eq!(set.len() as u64, scene.map.solid_voxels);
    set.into_iter().for_each(|at| solid[index(at)] = true);
    let camera = default_view(scene).camera();
    let pixels = (0..EDGE).flat_map(|y| (0..EDGE).map(move |x| UVec2::new(x, y)));
    pixels
        .map(|pixel| {
            let ray = Ray::primary(&camera, UVec2::splat(EDGE), pixel);
            (ray, trace(scene.map.size, |at| solid[index(at)], &ray).map(|hit| hit.voxel))
        })
        .collect()
}

fn compare(source: &SceneSource) {
    let bench = Bench::new(source.build(&|_| ()).expect("the scene is small"));
    let truth = truth(source, &bench.scene);
    let shown = truth.iter().filter(|(_, truth)| truth.is_some()).count();
    assert!(shown > truth.len() / 10, "the view shows the scene: {shown} pixels hit it");
    let name = &bench.scene.name;
    let mut first_picture = None;
    for pipeline in ["compute", "fragment", "ray tracing", "hybrid"] {
        let (seen, picture) = bench.run(pipeline);
        assert_eq!(seen.len(), truth.len());
        let mut same = 0;
        for (index, (&seen, (ray, truth))) in seen.iter().zip(&truth).enumerate() {
            if *truth == seen {
                same += 1;
                continue;
            }
            let distance = disagreement(ray, *truth, seen);
            let pixel = UVec2::new(index as u32 % EDGE, index as u32 / EDGE);
            assert!(
                distance <= EDGE_DISTANCE,
                "{name}, {pipeline}, pixel {pixel}: hit {seen:?} instead of {truth:?}, {distance} voxels from an edge",
            );
        }
        let same = f64::from(same) / truth.len() as f64;
        println!("{name}, {pipeline}: {:.4}% of the pixels hit the same voxel", 100.0 * same);
        assert!(same >= SAME, "{name}, {pipeline}: only {:.3}% of the pixels hit the same voxel", 100.0 * same);

        // The same shading: pictures differ only where hits may.
        let first = first_picture.get_or_insert_with(|| picture.clone());
        let differ = |(a, b): &(&[u8], &[u8])| a.iter().zip(*b).any(|(a, b)| a.abs_diff(*b) > 2);
        let other = first.chunks_exact(4).zip(picture.chunks_exact(4)).filter(differ).count();
        let part = other as f64 / truth.len() as f64;
        assert!(part <= 1.0 - SAME, "{name}, {pipeline}: {other} pixels are not as compute draws them");
    }
    let messages = bench.device.validation_messages();
    assert!(messages.is_empty(), "the validation layer reported:\n{}", messages.join("\n"));
}
