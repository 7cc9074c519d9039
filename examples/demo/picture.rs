//! The demo's graph, and what every run of it has in common, with or without a window.

use std::error::Error;
use std::path::Path;

use vixen::frame::FrameOutcome;
use vixen::graph::{CompileError, OutputId};
use vixen::testing;
use vixen::{
    Buffer, CompileOptions, CompiledGraph, Device, Extent, Graph, Image, Output, Param, Readback, Rgba8Unorm, Wire,
};
use vixen_examples::clock::Clock;
use vixen_nodes::acceleration::VoxelStructure;
use vixen_nodes::cacher::{DiskCache, keep_pipelines, load_pipelines};
use vixen_nodes::voxel::{CameraUniform, Scene, default_params, default_view};
use vixen_nodes::{Orbit, OrbitCamera, StructureWires, StructuredScene, ToneMap, VoxelPipeline, antialiased};

use crate::args::{How, Pipeline, Structure};

/// A compiled demo and the handles to steer and read it.
pub struct Picture {
    pub graph: CompiledGraph,
    handles: Handles,
}

/// What the demo keeps of its graph beside the graph itself.
#[derive(Clone, Copy)]
pub struct Handles {
    orbit: Param<Orbit>,
    pixels: Readback<Image<Rgba8Unorm>>,
}

/// What frames cost the CPU.
#[derive(Default)]
pub struct Costs {
    clock: Clock,
    /// Thread CPU time of each frame, in microseconds.
    pub cpu_us: Vec<f64>,
    /// The most heap allocations of one frame.
    pub heap_allocations_max: u64,
}

impl Picture {
    /// Uploads the scene and compiles the graph that draws it.
    pub fn new(
        device: &Device,
        scene: &Scene,
        How { pipeline, structure, antialiasing }: How,
        output: Output,
    ) -> Result<(Self, u64), Box<dyn Error>> {
        pipeline.check(device)?;
        let start = default_view(scene);
        let params = default_params(scene, &start);
        let voxels = StructuredScene::upload(device, &scene.map, structure.into())?;
        let pipeline = if structure == Structure::Brick { pipeline.on(device) } else { Pipeline::Compute };
        let traced = matches!(pipeline, Pipeline::Rt | Pipeline::Hybrid);
        let boxes = traced.then(|| VoxelStructure::build(device, &scene.map)).transpose()?;

        let graph = Graph::new(output);
        let (orbit, orbit_wire) = graph.param(Orbit::default());
        let wires = voxels.wires(&graph);
        let box_wires = boxes.as_ref().map(|boxes| boxes.wires(&graph));
        let camera = graph.add(OrbitCamera { orbit: &orbit_wire, start });
        let draw = |camera: &Wire<Buffer<CameraUniform>>| match &wires {
            StructureWires::BrickMap(wires) => {
                let pipeline = match (&box_wires, pipeline) {
                    (Some(boxes), Pipeline::Rt) => VoxelPipeline::RayTracing(boxes),
                    (Some(boxes), _) => VoxelPipeline::Hybrid(boxes),
                    (None, Pipeline::Fragment) => VoxelPipeline::Fragment,
                    (None, _) => VoxelPipeline::Compute,
                };
                pipeline.draw(&graph, camera, wires, params)
            }
            other => other.draw(&graph, camera, params),
        };
        let color = if antialiasing { antialiased(&graph, &camera.uniform, draw) } else { draw(&camera.uniform) };
        let tone = graph.add(ToneMap { hdr: &color, ldr: graph.image(Extent::Output) });
        let pixels = graph.read_back(&tone.ldr);
        graph.present(tone.ldr);

        let voxel_bytes = voxels.bytes() + boxes.map_or(0, |boxes| boxes.bytes());
        let graph = compile(&graph, device)?;
        Ok((Self { graph, handles: Handles { orbit, pixels } }, voxel_bytes))
    }

    /// The handles.
    pub fn handles(&self) -> Handles {
        self.handles
    }
}

/// Compiles the graph with the pipelines that an earlier run has kept, and keeps them for the next.
fn compile(graph: &Graph, device: &Device) -> Result<CompiledGraph, CompileError> {
    let disk = DiskCache::of_application("vixen");
    if let Some(Err(error)) = disk.as_ref().map(|disk| load_pipelines(device, disk)) {
        println!("{error}");
    }
    let options = CompileOptions { gpu_times: true, ..CompileOptions::default() };
    let compiled = graph.compile_with(device, &options)?;
    // Where nothing can be kept, opening the scene has said so.
    let _ = disk.as_ref().map(|disk| keep_pipelines(device, disk));
    Ok(compiled)
}

impl Handles {
    /// Moves the camera from the next frame on.
    pub fn set_orbit(self, graph: &mut CompiledGraph, orbit: Orbit) {
        graph.set(self.orbit, orbit);
    }

    /// Writes the picture of the last frame.
    pub fn save(self, graph: &mut CompiledGraph, path: &Path) -> Result<(), Box<dyn Error>> {
        graph.wait()?;
        let (_, bytes) = graph.read(self.pixels)?.ok_or("no frame was drawn, so there is no picture to write")?;
        let [width, height] = graph.output_extent(OutputId::FIRST);
        image::save_buffer_with_format(path, bytes, width, height, image::ColorType::Rgba8, image::ImageFormat::Png)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        Ok(())
    }
}

impl Costs {
    /// Runs a frame and adds up what it cost.
    pub fn frame(&mut self, graph: &mut CompiledGraph) -> Result<FrameOutcome, Box<dyn Error>> {
        for reloaded in graph.reload_changed() {
            eprintln!("{}", reloaded.map_or_else(|error| error.to_string(), |reloaded| reloaded.to_string()));
        }
        let (recompiles, allocations) = (graph.recompiles(), testing::allocations());
        let (nanoseconds, outcome) = self.clock.measure(|| graph.frame());
        let (outcome, allocated) = (outcome?, testing::allocations() - allocations);
        // A frame that followed a window's new size is a recompile, counted apart.
        if graph.recompiles() == recompiles {
            self.heap_allocations_max = self.heap_allocations_max.max(allocated);
            self.cpu_us.push(nanoseconds * 1e-3);
        }
        Ok(outcome)
    }
}
