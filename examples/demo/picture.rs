//! The demo's graph, and what every run of it has in common, with or without a window.

use std::error::Error;
use std::path::Path;

use vixen::frame::FrameOutcome;
use vixen::graph::OutputId;
use vixen::testing;
use vixen::{
    Buffer, CompileOptions, CompiledGraph, Device, Extent, Graph, Image, Output, Param, Readback, Rgba8Unorm, Wire,
};
use vixen_examples::clock::Clock;
use vixen_examples::say;
use vixen_nodes::cacher::{DiskCache, keep_pipelines, load_pipelines};
use vixen_nodes::voxel::{CameraUniform, Scene, default_params, default_view};
use vixen_nodes::{Orbit, OrbitCamera, StreamStatistics, ToneMap, antialiased};

use crate::args::How;
use crate::stream::Stream;
use crate::voxels::Voxels;

/// A compiled demo and the handles to steer and read it.
pub struct Picture<'a> {
    pub graph: CompiledGraph,
    /// Where the scene is streamed.
    pub stream: Option<Stream<'a>>,
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
    /// The same of what is done for a streamed scene before each frame.
    pub update_us: Vec<f64>,
    /// What that has done.
    pub streamed: Option<StreamStatistics>,
    /// The most heap allocations of one frame.
    pub heap_allocations_max: u64,
}

impl<'a> Picture<'a> {
    /// Uploads the scene and compiles the graph that draws it. Says how many bytes its voxels take.
    pub fn new(device: &Device, scene: &'a Scene, how: How, output: Output) -> Result<(Self, u64), Box<dyn Error>> {
        how.pipeline.check(device)?;
        let start = default_view(scene);
        let params = default_params(scene, &start);
        let mut voxels = Voxels::upload(device, scene, &how)?;

        let graph = Graph::new(output);
        let (orbit, orbit_wire) = graph.param(Orbit::default());
        let camera = graph.add(OrbitCamera { orbit: &orbit_wire, start });
        let mut draw = |camera: &Wire<Buffer<CameraUniform>>| voxels.draw(&graph, camera, params);
        let color = if how.antialiasing { antialiased(&graph, &camera.uniform, draw) } else { draw(&camera.uniform) };
        let tone = graph.add(ToneMap { hdr: &color, ldr: graph.image(Extent::Output) });
        let pixels = graph.read_back(&tone.ldr);
        graph.present(tone.ldr);

        let mut graph = compile(&graph, device)?;
        let (bytes, stream) = (voxels.bytes(), voxels.into_stream());
        stream.iter().try_for_each(|stream| stream.attach(&mut graph))?;
        Ok((Self { graph, stream, handles: Handles { orbit, pixels } }, bytes))
    }

    /// The handles.
    pub fn handles(&self) -> Handles {
        self.handles
    }
}

/// Compiles the graph with the pipelines that an earlier run has kept, and keeps them for the next.
fn compile(graph: &Graph, device: &Device) -> Result<CompiledGraph, Box<dyn Error>> {
    let disk = DiskCache::of_application("vixen");
    if let Some(Err(error)) = disk.as_ref().map(|disk| load_pipelines(device, disk)) {
        say(error)?;
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
        Ok(vixen_examples::picture::save(path, bytes, graph.output_extent(OutputId::FIRST))?)
    }
}

impl Costs {
    /// Runs a frame and adds up what it cost.
    pub fn frame(
        &mut self,
        graph: &mut CompiledGraph,
        stream: Option<&mut Stream<'_>>,
    ) -> Result<FrameOutcome, Box<dyn Error>> {
        for reloaded in graph.reload_changed() {
            eprintln!("{}", reloaded.map_or_else(|error| error.to_string(), |reloaded| reloaded.to_string()));
        }
        if let Some(stream) = stream {
            let allocations = testing::allocations();
            let (nanoseconds, updated) = self.clock.measure(|| stream.update(graph));
            self.streamed = Some(updated?);
            self.heap_allocations_max = self.heap_allocations_max.max(testing::allocations() - allocations);
            self.update_us.push(nanoseconds * 1e-3);
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
