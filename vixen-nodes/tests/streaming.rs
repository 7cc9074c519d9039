//! Streamed scenes: within their budget, without holes or stalls, and right in the end.

use std::sync::Arc;

use glam::{IVec3, UVec3, Vec3};
use vixen::memory::{Category, StagingPool, Uploader, UploaderOptions};
use vixen::testing::{CountingAllocator, counted, frames, serial};
use vixen::{
    CompiledGraph, Device, DeviceOptions, Extent, Graph, Image, Output, Param, Readback, Rgba8Unorm, Rgba32Int,
};
use vixen_nodes::voxel::{CameraUniform, Scene, View, default_params};
use vixen_nodes::{
    Orbit, StreamError, StreamOptions, StreamStatistics, StreamedScene, ToneMap, Uses, VoxelPipeline, VoxelScene,
    orbited,
};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const EDGE: u32 = 128;

fn device() -> Device {
    serial();
    Device::new(&DeviceOptions::new().application_name("vixen tests").validation(true))
        .expect("the tests need a Vulkan device and the validation layer: `./x test` installs both")
}

fn uploader(device: &Device) -> Arc<Uploader> {
    Uploader::new(device, &StagingPool::new(device), UploaderOptions::default()).expect("it is made")
}

/// Hills of several materials with pillars on them: full, mixed and thin bricks.
fn hills() -> Scene {
    Scene::from_fn("hills", UVec3::new(192, 96, 192), |at| {
        let height = 34.0 + 15.0 * (at.x as f32 * 0.07).sin() + 13.0 * (at.z as f32 * 0.09).cos();
        let pillar = at.x % 37 == 5 && at.z % 29 < 2 && at.y < 90;
        ((at.y as f32) < height || pillar).then_some((1 + (at.y / 3) % 40) as u8)
    })
    .expect("it has voxels")
}

/// Where the camera starts: what is seen from there has to fit the budgets of these tests.
fn start(scene: &Scene) -> View {
    let middle = 0.5 * scene.map.size.as_vec3();
    let eye = middle + middle.length() * Vec3::new(1.34, 1.02, 2.42);
    View { eye, target: middle, fov_y: 0.6, sun_direction: Vec3::new(0.65, 0.75, 0.45).normalize() }
}

/// A streamed scene in a graph that draws it and tells what it hits.
struct Streamed<'a> {
    scene: StreamedScene<&'a vixen_nodes::voxel::BrickMap>,
    graph: CompiledGraph,
    camera: Param<CameraUniform>,
    view: View,
    pixels: Readback<Image<Rgba8Unorm>>,
    hits: Readback<Image<Rgba32Int>>,
    /// Of what draws, and of what tells.
    uses: [Uses; 2],
    uploader: Arc<Uploader>,
}

impl<'a> Streamed<'a> {
    fn new(device: &Device, scene: &'a Scene, options: &StreamOptions) -> Self {
        let (uploader, view) = (uploader(device), start(scene));
        let streamed = StreamedScene::new(device, &uploader, &scene.map, options).expect("the budget suffices");
        let graph = Graph::new(Output::headless(EDGE, EDGE));
        let (camera, wire) = graph.param(view.camera());
        let wires = graph.add(&streamed);
        let params = default_params(scene, &view);
        let (color, drawn) = wires.draw(&graph, &wire, params);
        let (hits, told) = wires.hits(&graph, &wire, params);
        let tone = graph.add(ToneMap { hdr: &color, ldr: graph.image(Extent::Output) });
        let (pixels, hits) = (graph.read_back(&tone.ldr), graph.read_back(&hits));
        let mut graph = graph.compile(device).expect("the graph is valid");
        graph.attach_uploader(&uploader).expect("the uploader is of this device");
        Self { scene: streamed, graph, camera, view, pixels, hits, uses: [drawn, told], uploader }
    }

    /// Looks from elsewhere from the next frame on.
    fn look(&mut self, orbit: Orbit, start: &View) {
        self.view = orbited(start, &orbit);
        self.graph.set(self.camera, self.view.camera());
    }

    /// A frame and the update before it, as an application runs them.
    fn frame(&mut self) -> StreamStatistics {
        self.graph.wait_for_turn().expect("the device lives");
        let statistics = self.scene.update(&self.graph, self.uses[0], self.view.eye).expect("there is room in staging");
        self.graph.frame().expect("the frame runs");
        statistics
    }

    /// Frames until nothing is missing any more; how many there were.
    fn complete(&mut self) -> u32 {
        for frames in 1..500 {
            let before = self.scene.statistics().brought;
            self.frame();
            self.graph.wait().expect("the frame ends");
            let now = self.scene.statistics();
            if frames > 2 && now.missing == 0 && now.brought == before {
                return frames;
            }
        }
        panic!("there is no end of it: {:?}", self.scene.statistics());
    }

    fn picture(&mut self) -> Vec<u8> {
        self.graph.wait().expect("the frame ends");
        self.graph.read(self.pixels).expect("the device lives").expect("a frame has finished").1.to_vec()
    }

    /// What each pixel hits.
    fn hits(&mut self) -> Vec<Option<IVec3>> {
        self.graph.wait().expect("the frame ends");
        voxels(self.graph.read(self.hits).expect("the device lives").expect("a frame has finished").1)
    }
}

fn voxels(bytes: &[u8]) -> Vec<Option<IVec3>> {
    let number = |bytes: &[u8]| i32::from_le_bytes(bytes.try_into().expect("four bytes"));
    let texel = |texel: &[u8]| {
        let [x, y, z, face] = [0, 4, 8, 12].map(|at| number(&texel[at..at + 4]));
        (face != 7).then_some(IVec3::new(x, y, z))
    };
    bytes.chunks_exact(16).map(texel).collect()
}

/// The same with the whole scene on the device: the picture, and what each pixel hits.
fn whole(device: &Device, scene: &Scene, view: &View) -> (Vec<u8>, Vec<Option<IVec3>>) {
    let voxels_on_device = VoxelScene::upload(device, &scene.map).expect("the scene is small");
    let graph = Graph::new(Output::headless(EDGE, EDGE));
    let (_, camera) = graph.param(view.camera());
    let wires = graph.add(&voxels_on_device);
    let params = default_params(scene, &start(scene));
    let color = VoxelPipeline::Compute.draw(&graph, &camera, &wires, params);
    let hits = VoxelPipeline::Compute.hits(&graph, &camera, &wires, params);
    let tone = graph.add(ToneMap { hdr: &color, ldr: graph.image(Extent::Output) });
    let (pixels, hits) = (graph.read_back(&tone.ldr), graph.read_back(&hits));
    let mut graph = graph.compile(device).expect("the graph is valid");
    graph.frame().expect("the frame runs");
    graph.wait().expect("the frame ends");
    let pixels = graph.read(pixels).expect("the device lives").expect("the frame has finished").1.to_vec();
    (pixels, voxels(graph.read(hits).expect("the device lives").expect("the frame has finished").1))
}

/// How many pixels differ.
fn differing(a: &[u8], b: &[u8]) -> usize {
    assert_eq!(a.len(), b.len());
    a.chunks_exact(4).zip(b.chunks_exact(4)).filter(|(a, b)| a != b).count()
}

fn swing(part: f32) -> Orbit {
    Orbit { yaw: 3.0 * part, pitch: 0.3 * (5.0 * part).sin(), zoom: -1.2 * part }
}

#[test]
fn where_all_that_is_seen_fits_the_picture_becomes_that_of_the_whole_scene() {
    let device = device();
    let scene = hills();
    let options = StreamOptions { budget: Some(16 << 20), update_bytes: 20 << 10 };
    let mut streamed = Streamed::new(&device, &scene, &options);
    let start = streamed.view;
    streamed.frame();
    let (truth, _) = whole(&device, &scene, &start);
    assert!(differing(&streamed.picture(), &truth) > 1000, "the first picture is coarse");
    for part in [0.0, 0.4, 0.8] {
        streamed.look(swing(part), &start);
        let frames = streamed.complete();
        let (truth, _) = whole(&device, &scene, &streamed.view);
        assert_eq!(differing(&streamed.picture(), &truth), 0, "at {part}, after {frames} frames");
    }
    let statistics = streamed.scene.statistics();
    assert!(statistics.resident < statistics.bricks, "what nobody sees never came: {statistics:?}");
    assert_eq!((statistics.evicted, streamed.uploader.statistics().stalls), (0, 0));
    drop(streamed);
    assert_eq!(device.validation_messages(), Vec::<String>::new());
}

/// What the whole scene takes on the device.
fn bytes_of_all(device: &Device, scene: &Scene) -> u64 {
    StreamedScene::new(device, &uploader(device), &scene.map, &StreamOptions::default()).expect("it fits").bytes()
}

#[test]
fn with_little_memory_there_are_no_holes_and_what_is_near_is_right() {
    let device = device();
    let scene = hills();
    let all = bytes_of_all(&device, &scene);
    let before = device.budget().usage().of(Category::Cacher);
    let options = StreamOptions { budget: Some(all / 5), update_bytes: 20 << 10 };
    let mut streamed = Streamed::new(&device, &scene, &options);
    let taken = || device.budget().usage().of(Category::Cacher) - before;
    assert!(streamed.scene.bytes() == taken() && taken() <= all / 5, "{} of {all}", taken());
    let start = streamed.view;
    let mut right = 0;
    for part in [0.0, 0.3, 0.6, 0.9] {
        streamed.look(swing(part), &start);
        let (_, truth) = whole(&device, &scene, &streamed.view);
        for _ in 0..60 {
            streamed.frame();
        }
        for (pixel, (truth, seen)) in truth.iter().zip(streamed.hits()).enumerate() {
            let Some(truth) = truth else { continue };
            let seen = seen.unwrap_or_else(|| panic!("pixel {pixel} hits {truth} and the streamed scene nothing"));
            let eye = streamed.view.eye.floor().as_ivec3();
            // What stands for a brick can only be nearer.
            assert!(seen.distance_squared(eye) <= truth.distance_squared(eye) + 400, "pixel {pixel}: {seen}, {truth}");
            right += u32::from(seen == *truth);
        }
        assert!(taken() <= all / 5);
    }
    let statistics = streamed.scene.statistics();
    assert!(statistics.evicted > 0 && statistics.resident < statistics.bricks / 3, "{statistics:?}");
    assert!(right > EDGE * EDGE, "only {right} pixels are exact");
    assert_eq!((streamed.graph.recompiles(), streamed.uploader.statistics().stalls), (0, 0));
    drop(streamed);
    assert_eq!(device.validation_messages(), Vec::<String>::new());
}

#[test]
fn a_camera_that_comes_back_sees_what_it_saw() {
    let device = device();
    let scene = hills();
    // Enough for each of two views, and not for both.
    let nothing = StreamOptions { budget: Some(0), ..StreamOptions::default() };
    let refused = StreamedScene::new(&device, &uploader(&device), &scene.map, &nothing);
    let Err(StreamError::Budget { least, .. }) = refused else { panic!("nothing cannot do") };
    let options = StreamOptions { budget: Some(least + (46 << 10)), update_bytes: 200 << 10 };
    let mut streamed = Streamed::new(&device, &scene, &options);
    let start = streamed.view;
    let near = Orbit { zoom: -2.0, ..Orbit::default() };
    let views = [near, Orbit { yaw: 2.6, ..near }];
    let mut evicted = 0;
    for round in 0..3 {
        for (number, orbit) in views.into_iter().enumerate() {
            streamed.look(orbit, &start);
            streamed.complete();
            let (truth, _) = whole(&device, &scene, &streamed.view);
            assert_eq!(differing(&streamed.picture(), &truth), 0, "round {round}, view {number}");
        }
        let now = streamed.scene.statistics().evicted;
        assert!(now > evicted, "round {round}: {:?}", streamed.scene.statistics());
        evicted = now;
    }
    drop(streamed);
    assert_eq!(device.validation_messages(), Vec::<String>::new());
}

#[test]
fn an_update_brings_no_more_than_it_may() {
    let device = device();
    let scene = hills();
    let options = StreamOptions { budget: Some(16 << 20), update_bytes: 10 << 10 };
    let mut streamed = Streamed::new(&device, &scene, &options);
    let mut uploaded = 0;
    for _ in 0..40 {
        let now = streamed.frame().uploaded;
        assert!(now - uploaded <= 10 << 10, "{} bytes in one update", now - uploaded);
        uploaded = now;
    }
    assert!(uploaded > 200 << 10, "{uploaded} bytes in all");
    let mut streamed = Streamed::new(&device, &scene, &StreamOptions { update_bytes: 0, ..options });
    let brought: Vec<u64> = (0..8).map(|_| streamed.frame().brought).collect();
    assert!(brought.windows(2).all(|pair| pair[1] - pair[0] <= 1) && brought[7] > 0, "one at a time: {brought:?}");
}

#[test]
fn a_budget_that_is_too_small_says_what_would_do() {
    let device = device();
    let scene = hills();
    let with = |budget| {
        let options = StreamOptions { budget: Some(budget), ..StreamOptions::default() };
        StreamedScene::new(&device, &uploader(&device), &scene.map, &options)
    };
    let Err(StreamError::Budget { budget: 5000, least }) = with(5000) else { panic!("5000 bytes cannot do") };
    assert!(with(least - 1).is_err());
    let smallest = with(least).expect("it said so");
    assert!(smallest.bytes() <= least && smallest.statistics().room > 0);
}

#[test]
fn neither_updates_nor_frames_allocate() {
    serial();
    let device = Device::new(&DeviceOptions::new().watched()).expect("there is a driver");
    let scene = hills();
    let options = StreamOptions { budget: Some(bytes_of_all(&device, &scene) / 4), update_bytes: 20 << 10 };
    let Streamed { scene: mut streamed, mut graph, camera, view: start, uses, uploader, .. } =
        Streamed::new(&device, &scene, &options);
    let mut allocated = 0;
    let report = frames(&mut graph, 200, |graph, frame| {
        let view = orbited(&start, &swing(frame as f32 / 200.0));
        graph.set(camera, view.camera());
        graph.wait_for_turn().expect("the device lives");
        allocated += counted(|| streamed.update(graph, uses[0], view.eye).expect("there is room in staging")).1;
    });
    report.expect("frames run").assert_empty();
    let statistics = streamed.statistics();
    assert!(statistics.evicted > 100 && statistics.brought > 100, "{statistics:?}");
    assert_eq!((allocated, uploader.statistics().stalls), (0, 0));
}
