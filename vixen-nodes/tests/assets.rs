//! What programs load is there once, whoever asks; graphs take it as wires, and it leaves when memory gets short.

use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::{fs, thread};

use glam::{IVec3, UVec3};
use vixen::testing::serial;
use vixen::{
    Buffer, CompiledGraph, Compute, Device, DeviceOptions, Extent, Graph, Image, Output, Readback, Replaceable,
    Resource, Rgba8Srgb, Rgba32Int, Source, node,
};
use vixen_nodes::acceleration::{Instance, Tlas, VoxelStructure, VoxelStructureWires};
use vixen_nodes::cacher::{Assets, Statistics, Workers};
use vixen_nodes::texture::{Picture, TextureKind};
use vixen_nodes::voxel::{Scene, default_params, default_view};
use vixen_nodes::{ToneMap, VoxelPipeline, VoxelScene, VoxelSceneWires};

fn device() -> Device {
    serial();
    Device::new(&DeviceOptions::new().application_name("vixen tests").validation(true))
        .expect("the tests need a Vulkan device and the validation layer: `./x test` installs both")
}

fn asset(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/assets").join(name)
}

fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("assets").join(test);
    fs::create_dir_all(&folder).expect("cargo's folder for tests is writable");
    folder
}

fn of(assets: &Assets, name: &str) -> Statistics {
    let all = assets.statistics();
    all.into_iter().find(|(cacher, _)| *cacher == name).unwrap_or_else(|| panic!("there is no cacher of {name}")).1
}

/// A black and white chequered picture of 8×8 texels.
fn chequers(path: &Path) {
    let picture = image::GrayImage::from_fn(8, 8, |x, y| image::Luma([if (x + y) % 2 == 0 { 255 } else { 0 }]));
    picture.save(path).expect("the test's folder is writable");
}

#[test]
fn files_of_one_content_are_loaded_once_by_however_many_threads() {
    let device = device();
    let assets = Assets::new(&device, None);
    let folder = folder("once");
    let (copy, texture) = (folder.join("copy.glb"), folder.join("chequers.png"));
    fs::copy(asset("knot.glb"), &copy).expect("the test's folder is writable");
    chequers(&texture);
    let (mountains, knot) = (asset("jacksboro-dem.png"), asset("knot.glb"));
    thread::scope(|scope| {
        for number in 0..6 {
            let (assets, knot) = (&assets, if number % 2 == 0 { &knot } else { &copy });
            let (mountains, texture) = (&mountains, &texture);
            scope.spawn(move || {
                let mesh = assets.mesh(knot).expect("it is in the repository");
                assets.mesh_structure(&mesh).expect("the device traces rays");
                let scene = assets.voxel_scene(mountains, 64, &|_| ()).expect("it is in the repository");
                let structure = assets.voxel_structure(&scene).expect("the device traces rays");
                let boxes = assets.voxel_aabbs(&scene).expect("the scene is small");
                assert!(boxes.count() > structure.boxes() && structure.boxes() > 0, "of bricks, and larger");
                assets.texture(texture, TextureKind::Color).expect("it was just written");
            });
        }
    });
    let all = assets.statistics();
    assert_eq!(all.len(), 6);
    for (name, Statistics { hits, misses, entries, bytes, build_time, .. }) in &all {
        assert_eq!((misses, hits, entries), (&1, &5, &1), "{name}");
        assert!(*bytes > 0 && build_time.as_nanos() > 0, "{name}");
    }

    // Identity is of the whole key: the same file as something else is something else.
    let color = assets.texture(&texture, TextureKind::Color).expect("it is there");
    let data = assets.texture(&texture, TextureKind::Data).expect("it was just written");
    assert!(!Arc::ptr_eq(&color, &data) && of(&assets, "textures").entries == 2);
    let (mesh, again) = (assets.mesh(&knot).expect("it is there"), assets.mesh(&copy).expect("it is there"));
    assert!(Arc::ptr_eq(&mesh, &again));

    // All that is loaded is counted, and all of it leaves.
    let bytes = assets.statistics().iter().map(|(_, statistics)| statistics.bytes).sum::<u64>();
    assert_eq!(device.budget().usage().in_use, bytes);
    drop((color, data, mesh, again));
    assert_eq!(assets.evict_unused(), bytes);
    assert_eq!((device.budget().usage().in_use, device.validation_messages()), (0, vec![]));

    for (what, error) in [
        ("no such file", assets.mesh(&folder.join("nothing.glb")).map(|_| ()).expect_err("it is not there")),
        ("no glTF", assets.mesh(&texture).map(|_| ()).expect_err("it is a picture")),
        ("no PNG", assets.texture(&copy, TextureKind::Data).map(|_| ()).expect_err("it is a mesh")),
    ] {
        assert!(error.to_string().contains("assets/once"), "{what}: {error}");
    }
}

/// What is in the middle of each level.
#[node(compute, shader = "tests/shaders/texture_levels.comp.spv")]
struct Levels {
    #[sampled(linear, clamp)]
    source: Image<Rgba8Srgb>,
    #[storage(write)]
    values: Buffer<[[f32; 4]]>,
}

#[node]
impl Compute for Levels {
    fn record(_: &View, commands: &mut Commands) {
        commands.dispatch(1, 1, 1);
    }
}

#[test]
fn textures_have_all_their_levels() {
    let device = device();
    let assets = Assets::new(&device, None);
    let file = folder("levels").join("chequers.png");
    chequers(&file);
    let texture = assets.texture(&file, TextureKind::Color).expect("it was just written");
    let graph = Graph::without_output();
    let source = graph.add(&texture.as_format::<Rgba8Srgb>());
    let levels = graph.add(Levels { source: &source, values: graph.buffer(4) });
    let values = graph.read_back(&levels.values);
    let mut compiled = graph.compile(&device).expect("the graph is valid");
    compiled.frame().expect("the frame runs");
    compiled.wait().expect("the frame ends");
    let (_, bytes) = compiled.read(values).expect("the device lives").expect("the frame has finished");
    let values: Vec<f32> = bytes.as_chunks().0.iter().map(|word| f32::from_le_bytes(*word)).collect();
    // Half of the light everywhere, whichever the level; opaque.
    for level in values.chunks_exact(4) {
        assert!(level[..3].iter().all(|light| (light - 0.5).abs() < 0.01) && level[3] == 1.0, "{values:?}");
    }
    assert_eq!(values.len(), 16);

    // As something else than it is, no graph takes it.
    let data = assets.texture(&file, TextureKind::Data).expect("it was just written");
    let graph = Graph::without_output();
    let levels = graph.add(Levels { source: &data.wire(&graph), values: graph.buffer(4) });
    let _ = graph.read_back(&levels.values);
    let error = graph.compile(&device).map(|_| ()).expect_err("it is of another format").to_string();
    assert!(error.contains("shared as another format"), "{error}");
    drop((compiled, texture, data));
    assert!(Picture::open(&asset("knot.glb"), TextureKind::Data).is_err());
    assert_eq!(device.validation_messages(), Vec::<String>::new());
}

#[test]
fn frames_go_on_while_workers_load_and_graphs_keep_what_they_use() {
    let device = device();
    let assets = Assets::new(&device, None);
    let workers = Workers::new(1);
    let mountains = asset("jacksboro-dem.png");
    let scene = assets.voxel_scene(&mountains, 48, &|_| ()).expect("it is in the repository");
    let structure = assets.voxel_structure(&scene).expect("the device traces rays");
    let view = default_view(&scene.scene);
    let graph = Graph::new(Output::headless(64, 48));
    let (_, camera) = graph.param(view.camera());
    let boxes = graph.add(&structure);
    let params = default_params(&scene.scene, &view);
    let color = VoxelPipeline::RayTracing(&boxes).draw(&graph, &camera, &graph.add(&scene), params);
    let tone = graph.add(ToneMap { hdr: &color, ldr: graph.image(Extent::Output) });
    let _ = graph.read_back(&tone.ldr);
    let mut compiled = graph.compile(&device).expect("the graph is valid");
    drop((scene, structure));

    // The worker cannot be done before the frames are: it waits for them.
    let (go, started) = mpsc::channel();
    let request = assets.request(&workers, move |assets| {
        started.recv().expect("the test sends");
        assets.mesh(&asset("knot.glb"))
    });
    for _ in 0..5 {
        assert!(request.poll().is_none());
        compiled.frame().expect("frames go on");
    }
    go.send(()).expect("the worker waits");
    let mesh = request.wait().expect("the workers live").expect("it is in the repository");
    let blas = assets.mesh_structure(&mesh).expect("the device traces rays");
    let tlas = Tlas::build(&device, "instances", &[Instance::new(&blas)]).expect("it is small");
    drop((mesh, blas));

    // What graphs and instances use stays when the budget warns, and what nobody uses leaves.
    let before = assets.statistics();
    device.budget().set_warning(device.budget().usage().in_use + 1);
    let other = assets.voxel_scene(&mountains, 20, &|_| ()).expect("it is in the repository");
    device.budget().set_warning(u64::MAX);
    drop(other);
    let left = |name: &str| of(&assets, name).entries;
    assert!(before.iter().all(|(_, statistics)| statistics.evictions == 0));
    assert_eq!((left("meshes"), of(&assets, "meshes").evictions), (0, 1));
    assert_eq!((left("mesh structures"), left("voxel structures")), (1, 1));
    assert!(left("voxel scenes") >= 1);
    compiled.frame().expect("frames go on");
    compiled.wait().expect("the frames end");
    drop((compiled, tlas));
    assets.evict_unused();
    assert_eq!((device.budget().usage().in_use, device.validation_messages()), (0, vec![]));
}

/// A scene and its boxes, which belong together.
struct Both {
    voxels: VoxelScene,
    structure: VoxelStructure,
}

impl Source for Both {
    const NAME: &'static str = "Both";
    type Wires = (VoxelSceneWires, VoxelStructureWires);

    fn share(&self, graph: &Graph) -> Self::Wires {
        (graph.add(&self.voxels), graph.add(&self.structure))
    }
}

/// Runs a frame and gives what it made.
fn look<R: Resource>(graph: &mut CompiledGraph, what: Readback<R>) -> Vec<u8> {
    graph.frame().expect("the frame runs");
    graph.wait().expect("the frame ends");
    graph.read(what).expect("the device lives").expect("the frame has finished").1.to_vec()
}

#[test]
fn what_a_worker_puts_in_the_place_of_a_scene_shows_in_the_next_frame() {
    let device = device();
    let steps = |height: i32| {
        let solid = move |at: IVec3| (at.y < height - (at.x / 8 + at.z / 8) % 4).then_some(1);
        Scene::from_fn("steps", UVec3::splat(40), solid).expect("it has voxels")
    };
    let upload = |scene: &Scene| Both {
        voxels: VoxelScene::upload(&device, &scene.map).expect("the scene is small"),
        structure: VoxelStructure::build(&device, &scene.map).expect("the device traces rays"),
    };
    let scene = steps(9);
    let place = Replaceable::new(upload(&scene));
    let view = default_view(&scene);
    let draw = || -> (CompiledGraph, Readback<Image<Rgba32Int>>) {
        let graph = Graph::new(Output::headless(64, 48));
        let (_, camera) = graph.param(view.camera());
        let (voxels, boxes) = graph.add(&place);
        let params = default_params(&scene, &view);
        let hits = graph.read_back(&VoxelPipeline::RayTracing(&boxes).hits(&graph, &camera, &voxels, params));
        (graph.compile(&device).expect("the graph is valid"), hits)
    };
    let (mut running, hits) = draw();
    let first = look(&mut running, hits);
    let old = thread::scope(|scope| {
        let worker = scope.spawn(|| place.replace(upload(&steps(30))));
        worker.join().expect("the worker builds")
    });
    let second = look(&mut running, hits);
    assert!(first != second && running.recompiles() == 1);
    let (mut fresh, hits_of_fresh) = draw();
    assert!(second == look(&mut fresh, hits_of_fresh), "it shows what a graph that knows nothing else shows");

    // Nobody else has what was there before.
    let (before, bytes) = (device.budget().usage().in_use, old.voxels.bytes() + old.structure.bytes());
    drop(old);
    assert_eq!(before - device.budget().usage().in_use, bytes);
    drop((running, fresh, place));
    assert_eq!((device.budget().usage().in_use, device.validation_messages()), (0, vec![]));
}

#[test]
fn what_is_of_another_kind_takes_no_place() {
    let device = device();
    let assets = Assets::new(&device, None);
    let (small, large) = (folder("places").join("small.png"), folder("places").join("large.png"));
    chequers(&small);
    image::GrayImage::new(16, 16).save(&large).expect("the test's folder is writable");
    let texture = |path: &Path| assets.texture(path, TextureKind::Color).expect("it was just written");
    let place = Replaceable::new(texture(&small).as_format::<Rgba8Srgb>());
    let graph = Graph::without_output();
    let values = graph.add(Levels { source: &graph.add(&place), values: graph.buffer(4) }).values;
    let values = graph.read_back(&values);
    let mut compiled = graph.compile(&device).expect("the graph is valid");
    let first = look(&mut compiled, values);
    let good = place.replace(texture(&large).as_format::<Rgba8Srgb>());
    for _ in 0..2 {
        let error = compiled.frame().expect_err("it has one level more").to_string();
        assert!(error.contains("shares other parts") && error.contains("assets.rs"), "{error}");
    }
    place.replace((*good).clone());
    assert_eq!(look(&mut compiled, values), first);
    assert_eq!(device.validation_messages(), Vec::<String>::new());
}
