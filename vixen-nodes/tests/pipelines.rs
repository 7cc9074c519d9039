//! Every voxel pipeline and every structure against slow rays in double precision, on five scenes, and their pictures against one
//! another, under validation.

use std::path::Path;
use std::sync::Arc;

use glam::{DVec3, IVec3, UVec2, UVec3};
use vixen::ash::vk;
use vixen::memory::{BufferDesc, Category, Location, StagingPool, Uploader, UploaderOptions, Wait};
use vixen::testing::serial;
use vixen::{
    CompiledGraph, Device, DeviceOptions, Extent, Graph, Image, Output, Readback, Resource, Rgba16Float, Rgba32Int,
    Wire,
};
use vixen_nodes::acceleration::{
    AccelerationError, BOX_EDGE, Blas, BlasDesc, EditableVoxelStructure, Geometry, Instance, Tlas, VoxelBoxes,
    VoxelStructure,
};
use vixen_nodes::voxel::reference::{Ray, disagreement, solid_set, trace};
use vixen_nodes::voxel::{
    CameraUniform, Edit, Editor, Scene, SceneSource, Shape, TopGrid, default_params, default_view,
};
use vixen_nodes::{
    Structure, StructuredScene, ToneMap, Updated, VoxelCubeHits, VoxelPipeline, VoxelScene, require_ray_tracing,
};

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

#[test]
fn shell() {
    // A mere surface, so that cells of the grid take half a word.
    let solid = |at: IVec3| (56 * 56..58 * 58).contains(&(at - 80).length_squared()).then_some(2);
    let source = SceneSource::from_fn("shell", UVec3::splat(160), solid);
    assert_eq!(TopGrid::of(&source.build(&|_| ()).expect("it has voxels").map).shader_format(), -3);
    compare(&source);
}

/// What the pipelines draw from, on the device.
struct Bench {
    device: Device,
    scene: Scene,
    voxels: VoxelScene,
    /// With the boxes that it has by itself, with smaller ones, and with boxes of bricks.
    structures: [VoxelStructure; 3],
}

impl Bench {
    fn new(scene: Scene) -> Self {
        serial();
        let device = Device::new(&DeviceOptions::new().application_name("vixen tests").validation(true))
            .expect("the tests need a Vulkan device and the validation layer: `./x test` installs both");
        require_ray_tracing(&device).expect("the tests need a device that traces rays: `./x test` installs one");
        let voxels = VoxelScene::upload(&device, &scene.map).expect("the scene is small");
        let with_edge = |edge| VoxelStructure::build_with_edge(&device, &scene.map, edge).expect("the scene is small");
        let structures = [BOX_EDGE, 32, 8].map(with_edge);
        Self { device, scene, voxels, structures }
    }

    /// Hits and picture of a pipeline, with one of the structures if it takes one.
    fn run(&self, name: &str, structure: usize) -> (Vec<Option<IVec3>>, Vec<u8>) {
        let view = default_view(&self.scene);
        let params = default_params(&self.scene, &view);
        let graph = Graph::new(Output::headless(EDGE, EDGE));
        let (_, camera) = graph.param(view.camera());
        let (scene, structure) = (graph.add(&self.voxels), graph.add(&self.structures[structure]));
        let pipeline = match name {
            "compute" => VoxelPipeline::Compute,
            "fragment" => VoxelPipeline::Fragment,
            "ray tracing" => VoxelPipeline::RayTracing(&structure),
            _ => VoxelPipeline::Hybrid(&structure),
        };
        let hits = pipeline.hits(&graph, &camera, &scene, params);
        let hdr = pipeline.draw(&graph, &camera, &scene, params);
        self.hits_and_picture(&graph, &hits, &hdr)
    }

    /// The same of compute in a structure, and how many iterations its rays take.
    fn march(&self, structure: Structure) -> (Vec<Option<IVec3>>, Vec<u8>, u64) {
        let view = default_view(&self.scene);
        let params = default_params(&self.scene, &view);
        let voxels = StructuredScene::upload(&self.device, &self.scene.map, structure).expect("the scene is small");
        let graph = Graph::new(Output::headless(EDGE, EDGE));
        let (_, camera) = graph.param(view.camera());
        let wires = graph.add(&voxels);
        let hits = wires.hits(&graph, &camera, params);
        let hdr = wires.draw(&graph, &camera, params);
        let (hits, picture) = self.hits_and_picture(&graph, &hits, &hdr);

        let graph = Graph::new(Output::headless(EDGE, EDGE));
        let (_, camera) = graph.param(view.camera());
        let counts = graph.read_back(&graph.add(&voxels).iterations(&graph, &camera, params));
        let mut compiled = graph.compile(&self.device).expect("the graph is valid");
        compiled.frame().expect("the frame runs");
        compiled.wait().expect("the frame ends");
        let counts = texels(bytes_of(&compiled, counts)).map(|[.., count]| count as u64).sum();
        (hits, picture, counts)
    }

    fn hits_and_picture(
        &self,
        graph: &Graph,
        hits: &Wire<Image<Rgba32Int>>,
        hdr: &Wire<Image<Rgba16Float>>,
    ) -> (Vec<Option<IVec3>>, Vec<u8>) {
        let hits = graph.read_back(hits);
        let ldr = graph.read_back(&graph.add(ToneMap { hdr, ldr: graph.image(Extent::Output) }).ldr);
        let mut compiled = graph.compile(&self.device).expect("the graph is valid");
        compiled.frame().expect("the frame runs");
        compiled.wait().expect("the frame ends");
        (hits_in(bytes_of(&compiled, hits)), bytes_of(&compiled, ldr).to_vec())
    }
}

impl Bench {
    /// Hits through an acceleration structure with a box for every voxel.
    fn run_cubes(&self) -> Vec<Option<IVec3>> {
        let boxes = VoxelBoxes::of(&self.scene.map);
        let blas =
            Blas::build(&self.device, &BlasDesc::new("voxels", Geometry::Aabbs(&boxes.boxes))).expect("it is small");
        let tlas = Tlas::build(&self.device, "voxels", &[Instance::new(&blas)]).expect("it is small");
        let bytes: Vec<u8> = boxes.voxels.iter().flatten().flat_map(|word| word.to_le_bytes()).collect();
        let desc =
            BufferDesc::new("voxels", bytes.len() as u64, vk::BufferUsageFlags::STORAGE_BUFFER).at(Location::Upload);
        let cubes = Arc::new(self.device.budget().buffer(&desc, Category::Other).expect("it is small"));
        cubes.write(0, &bytes).expect("it is mapped");

        let view = default_view(&self.scene);
        let graph = Graph::new(Output::headless(EDGE, EDGE));
        let (_, camera) = graph.param(view.camera());
        let node = VoxelCubeHits {
            camera: &camera,
            boxes: &graph.add(&tlas),
            cubes: &graph.share_buffer(&cubes),
            hits: graph.image(Extent::Output),
            params: default_params(&self.scene, &view),
        };
        let hits = graph.read_back(&graph.add(node).hits);
        let mut compiled = graph.compile(&self.device).expect("the graph is valid");
        compiled.frame().expect("the frame runs");
        compiled.wait().expect("the frame ends");
        hits_in(bytes_of(&compiled, hits))
    }

    fn assert_clean(&self) {
        let messages = self.device.validation_messages();
        assert!(messages.is_empty(), "the validation layer reported:\n{}", messages.join("\n"));
    }
}

fn bytes_of<R: Resource>(compiled: &CompiledGraph, readback: Readback<R>) -> &[u8] {
    compiled.read(readback).expect("the device lives").expect("the frame has finished").1
}

/// The voxels in an image of hit records.
fn hits_in(bytes: &[u8]) -> Vec<Option<IVec3>> {
    texels(bytes).map(|[x, y, z, face]| (face != 7).then_some(IVec3::new(x, y, z))).collect()
}

fn texels(bytes: &[u8]) -> impl Iterator<Item = [i32; 4]> {
    bytes.as_chunks::<16>().0.iter().map(|texel| bytemuck::cast(*texel))
}

/// What the reference hits at each pixel, and the ray.
fn truth(size: UVec3, solid: impl Fn(IVec3) -> bool, camera: &CameraUniform, edge: u32) -> Vec<(Ray, Option<IVec3>)> {
    let pixels = (0..edge).flat_map(|y| (0..edge).map(move |x| UVec2::new(x, y)));
    pixels
        .map(|pixel| {
            let ray = Ray::primary(camera, UVec2::splat(edge), pixel);
            (ray, trace(size, &solid, &ray).map(|hit| hit.voxel))
        })
        .collect()
}

/// Fails unless nearly all pixels hit the very same voxel, and the others one that shares an edge with it.
fn judge(what: &str, seen: &[Option<IVec3>], truth: &[(Ray, Option<IVec3>)]) {
    assert_eq!(seen.len(), truth.len());
    let mut same = 0;
    for (index, (&seen, (ray, truth))) in seen.iter().zip(truth).enumerate() {
        if *truth == seen {
            same += 1;
            continue;
        }
        let distance = disagreement(ray, *truth, seen);
        assert!(
            distance <= EDGE_DISTANCE,
            "{what}, pixel {index}: hit {seen:?} instead of {truth:?}, {distance} voxels from an edge",
        );
    }
    let same = f64::from(same) / truth.len() as f64;
    println!("{what}: {:.4}% of the pixels hit the same voxel", 100.0 * same);
    assert!(same >= SAME, "{what}: only {:.3}% of the pixels hit the same voxel", 100.0 * same);
}

fn compare(source: &SceneSource) {
    let bench = Bench::new(source.build(&|_| ()).expect("the scene is small"));
    let size = bench.scene.map.size;
    let index = |at: IVec3| ((at.z * size.y as i32 + at.y) * size.x as i32 + at.x) as usize;
    let mut solid = vec![false; size.element_product() as usize];
    let voxels = solid_set(&*source.voxels);
    assert_eq!(voxels.len() as u64, bench.scene.map.solid_voxels);
    voxels.into_iter().for_each(|at| solid[index(at)] = true);
    let truth = truth(size, |at| solid[index(at)], &default_view(&bench.scene).camera(), EDGE);
    let shown = truth.iter().filter(|(_, truth)| truth.is_some()).count();
    assert!(shown > truth.len() / 10, "the view shows the scene: {shown} pixels hit it");

    let name = &bench.scene.name;
    let mut first_picture = None;
    let mut compare = |what: &str, seen: &[Option<IVec3>], picture: Vec<u8>| {
        judge(&format!("{name}, {what}"), seen, &truth);
        // The same shading: pictures differ only where hits may.
        let first = first_picture.get_or_insert_with(|| picture.clone());
        let differ = |(a, b): &(&[u8], &[u8])| a.iter().zip(*b).any(|(a, b)| a.abs_diff(*b) > 2);
        let other = first.chunks_exact(4).zip(picture.chunks_exact(4)).filter(differ).count();
        let part = other as f64 / truth.len() as f64;
        assert!(part <= 1.0 - SAME, "{name}, {what}: {other} pixels are not as compute draws them");
    };
    for pipeline in ["compute", "fragment"] {
        let (seen, picture) = bench.run(pipeline, 0);
        compare(pipeline, &seen, picture);
    }
    for (number, structure) in bench.structures.iter().enumerate() {
        for pipeline in ["ray tracing", "hybrid"] {
            let (seen, picture) = bench.run(pipeline, number);
            compare(&format!("{pipeline}, {} boxes", structure.boxes()), &seen, picture);
        }
    }
    let mut fewest = u64::MAX;
    for structure in Structure::ALL {
        let (seen, picture, iterations) = bench.march(structure);
        compare(structure.name(), &seen, picture);
        println!("{name}, {}: {:.2} iterations a ray", structure.name(), iterations as f64 / seen.len() as f64);
        fewest = if structure == Structure::BrickMap { iterations } else { fewest };
        assert!(iterations >= fewest, "{name}: rays take fewer iterations in {}", structure.name());
    }
    if bench.scene.map.solid_voxels < 200_000 {
        judge(&format!("{name}, a box for each voxel"), &bench.run_cubes(), &truth);
    }
    bench.assert_clean();
}

#[test]
fn structures_follow_edits() {
    const EDGE: u32 = 128;
    let hill = |at: IVec3| {
        let height = 24.0 + 9.0 * (at.x as f32 * 0.1).sin() + 8.0 * (at.z as f32 * 0.13).cos();
        ((at.y as f32) < height).then_some(1)
    };
    let scene = Scene::from_fn("hills", UVec3::new(96, 64, 96), hill).expect("it has voxels");
    let bench = Bench::new(scene);
    let (device, scene) = (&bench.device, &bench.scene);
    let voxels = VoxelScene::upload_for_editing(device, &scene.map).expect("the scene is small");
    let of_bricks = EditableVoxelStructure::build_with(device, &scene.map, 8, 4096).expect("the scene is small");
    let mut structures = [EditableVoxelStructure::build(device, &scene.map).expect("the scene is small"), of_bricks];
    let uploader = Uploader::new(device, &StagingPool::new(device), UploaderOptions::default()).expect("it is made");

    let view = default_view(scene);
    let graph = Graph::new(Output::headless(EDGE, EDGE));
    let (_, camera) = graph.param(view.camera());
    let wires = graph.add(&voxels);
    let [all, bricks] = structures.each_ref().map(|structure| graph.add(structure));
    let params = default_params(scene, &view);
    let pipelines = [
        ("ray tracing", VoxelPipeline::RayTracing(&all)),
        ("hybrid", VoxelPipeline::Hybrid(&all)),
        ("ray tracing of bricks", VoxelPipeline::RayTracing(&bricks)),
        ("hybrid of bricks", VoxelPipeline::Hybrid(&bricks)),
    ];
    let hits =
        pipelines.map(|(name, pipeline)| (name, graph.read_back(&pipeline.hits(&graph, &camera, &wires, params))));
    let mut compiled = graph.compile(device).expect("the graph is valid");
    compiled.attach_uploader(&uploader).expect("the uploader is of this device");

    let mut editor = Editor::new(scene.map.clone());
    let ball = |x, y, z, radius| Shape::Sphere { center: DVec3::new(x, y, z), radius };
    let pit = Shape::Box { min: IVec3::new(30, 10, 40), max: IVec3::new(62, 42, 72) };
    let edits = [
        (pit, Edit::Clear),
        (ball(60.0, 40.0, 60.0, 14.5), Edit::Set(9)),
        (ball(48.0, 0.0, 48.0, 200.0), Edit::Clear),
        (ball(48.0, 30.0, 48.0, 20.0), Edit::Set(2)),
    ];
    let held = || {
        let usage = device.budget().usage();
        [Category::AccelerationStructure, Category::Cacher].map(|category| usage.of(category))
    };
    let before = held();
    for (number, (shape, edit)) in edits.into_iter().enumerate() {
        // In flight while the structure and the voxels change.
        compiled.frame().expect("the frame runs");
        let changes = editor.edit(shape, edit).expect("the scene is small");
        let updated = voxels.update(&uploader, editor.map(), &changes).expect("there is room in staging");
        assert!(matches!(updated, Updated::Queued(Some(_))));
        let follow = |structure: &mut EditableVoxelStructure| {
            structure.update(&uploader, editor.map(), &changes).expect("there is room in staging")
        };
        let [all, bricks] = structures.each_mut().map(follow);
        assert!(matches!(bricks, Updated::Queued(Some(_))));
        // The scene has but one box of the usual size. The pit leaves it as it is; the rest reaches beyond it, or empties it.
        assert!(matches!(all, Updated::Queued(last) if last.is_some() == (number > 0)));
        compiled.frame().expect("the frame runs");
        compiled.wait().expect("the frame ends");
        let truth = truth(editor.map().size, |at| editor.map().get(at).is_some(), &view.camera(), EDGE);
        for (pipeline, hits) in hits {
            judge(&format!("edit {number}, {pipeline}"), &hits_in(bytes_of(&compiled, hits)), &truth);
        }
    }
    assert_eq!((compiled.recompiles(), uploader.statistics().stalls, held()), (0, 0, before));

    // What does not fit is said, and nothing is uploaded.
    let dot = Scene::from_fn("dot", UVec3::splat(64), |at| (at == IVec3::ZERO).then_some(1)).expect("it has a voxel");
    let mut tight = EditableVoxelStructure::build_with(device, &dot.map, 8, 2).expect("it has one brick");
    let (mut editor, uploads) = (Editor::new(dot.map), uploader.statistics().uploads);
    let changes = editor.edit(ball(30.0, 30.0, 30.0, 12.0), Edit::Set(1)).expect("it is small");
    let updated = tight.update(&uploader, editor.map(), &changes).expect("nothing is uploaded");
    assert_eq!((updated, uploader.statistics().uploads), (Updated::Outgrown, uploads));
    // What could not be sent goes with the next update.
    let options = UploaderOptions { writes: 1, wait: Wait::Fail, ..UploaderOptions::default() };
    let cramped = Uploader::new(device, &StagingPool::new(device), options).expect("it is made");
    let mut roomy = EditableVoxelStructure::build_with(device, editor.map(), 8, 4096).expect("there is room");
    let changes = editor.edit(ball(30.0, 30.0, 30.0, 15.0), Edit::Set(1)).expect("it is small");
    roomy.update(&cramped, editor.map(), &changes).expect_err("one write is not enough");
    assert!(matches!(roomy.update(&uploader, editor.map(), &changes), Ok(Updated::Queued(Some(_)))));
    uploader.flush().expect("the device lives");
    let error = EditableVoxelStructure::build_with(device, &scene.map, 8, 1).map(|_| ()).expect_err("it has more");
    assert!(matches!(error, AccelerationError::TooMany { limit: 1, .. }), "{error}");
    drop(compiled);
    bench.assert_clean();
}
