//! Anti-aliasing against the mean of many pictures, with a camera that stands, moves and jumps.

mod drawn;

use drawn::scene;
use vixen::testing::serial;
use vixen::{
    Buffer, CompiledGraph, Device, DeviceOptions, Extent, Graph, Image, Output, Param, Readback, Rgba8Unorm, Wire,
};
use vixen_nodes::voxel::{CameraUniform, Scene, default_params, default_view};
use vixen_nodes::{Jitter, Orbit, OrbitCamera, ToneMap, VoxelPipeline, VoxelScene, antialiased};

/// How a picture is drawn.
#[derive(Clone, Copy, PartialEq)]
enum Edges {
    /// One ray a pixel, through its centre.
    Plain,
    /// One ray a pixel, elsewhere in it in every frame.
    Jittered,
    Smooth,
}

struct Drawn {
    graph: CompiledGraph,
    orbit: Param<Orbit>,
    pixels: Readback<Image<Rgba8Unorm>>,
}

impl Drawn {
    fn new(device: &Device, scene: &Scene, voxels: &VoxelScene, edges: Edges) -> Self {
        let start = default_view(scene);
        let graph = Graph::new(Output::headless(160, 120));
        let (orbit, orbit_wire) = graph.param(Orbit::default());
        let wires = graph.add(voxels);
        let camera = graph.add(OrbitCamera { orbit: &orbit_wire, start }).uniform;
        let draw = |camera: &Wire<Buffer<CameraUniform>>| {
            VoxelPipeline::Compute.draw(&graph, camera, &wires, default_params(scene, &start))
        };
        let color = match edges {
            Edges::Plain => draw(&camera),
            Edges::Jittered => draw(&graph.add(Jitter { steady: &camera, before: CameraUniform::default() }).uniform),
            Edges::Smooth => antialiased(&graph, &camera, draw),
        };
        let tone = graph.add(ToneMap { hdr: &color, ldr: graph.image(Extent::Output) });
        let pixels = graph.read_back(&tone.ldr);
        graph.present(tone.ldr);
        Self { graph: graph.compile(device).expect("the graph is valid"), orbit, pixels }
    }

    /// The picture of one more frame.
    fn frame(&mut self, yaw: f32) -> Vec<f64> {
        self.graph.set(self.orbit, Orbit { yaw, ..Orbit::default() });
        self.graph.frame().expect("the frame runs");
        self.graph.wait().expect("the device lives");
        let (_, bytes) = self.graph.read(self.pixels).expect("the device lives").expect("a frame has finished");
        bytes.iter().map(|&byte| byte.into()).collect()
    }
}

/// How far pictures lie apart, in steps of 8 bits.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f64>() / a.len() as f64
}

/// What a pixel shows on the mean of many rays through it.
fn ideal(device: &Device, scene: &Scene, voxels: &VoxelScene, yaw: f32) -> Vec<f64> {
    let mut jittered = Drawn::new(device, scene, voxels, Edges::Jittered);
    let mut sum = jittered.frame(yaw);
    for _ in 1..64 {
        sum.iter_mut().zip(jittered.frame(yaw)).for_each(|(sum, value)| *sum += value);
    }
    sum.iter().map(|sum| sum / 64.0).collect()
}

#[test]
fn pictures_come_near_the_mean_of_many_rays() {
    serial();
    let device = Device::new(&DeviceOptions::new().application_name("vixen tests").validation(true))
        .expect("the tests need a Vulkan device and the validation layer: `./x test` installs both");
    let scene = scene(3);
    let voxels = VoxelScene::upload(&device, &scene.map).expect("the scene is small");
    let mut plain = Drawn::new(&device, &scene, &voxels, Edges::Plain);
    let mut smooth = Drawn::new(&device, &scene, &voxels, Edges::Smooth);

    let standing = ideal(&device, &scene, &voxels, 0.0);
    let jagged = distance(&plain.frame(0.0), &standing);
    let after = (0..64).map(|_| distance(&smooth.frame(0.0), &standing)).last().expect("frames ran");
    assert!(after < 0.5 * jagged, "a camera that stands: {after} instead of {jagged}");

    const STEP: f32 = 0.002;
    (1..16).for_each(|step| drop(smooth.frame(step as f32 * STEP)));
    let moved = ideal(&device, &scene, &voxels, 16.0 * STEP);
    let jagged = distance(&plain.frame(16.0 * STEP), &moved);
    let after = distance(&smooth.frame(16.0 * STEP), &moved);
    assert!(after < jagged, "a camera that moves: {after} instead of {jagged}");

    let turned = ideal(&device, &scene, &voxels, 2.0);
    let jagged = distance(&plain.frame(2.0), &turned);
    let after = distance(&smooth.frame(2.0), &turned);
    assert!(after < 1.5 * jagged, "a camera that jumps leaves a trail: {after} instead of {jagged}");
    assert_eq!(device.validation_messages(), Vec::<String>::new());
}
