//! A scene whose bricks come to the device as rays need them, beside the same scene with all of them there.

use std::sync::Arc;

use glam::Vec3;
use vixen::memory::{StagingPool, Uploader, UploaderOptions};
use vixen::{CompileOptions, CompiledGraph, Device, Extent, Graph, Image, Output, Param, Readback, Rgba8Unorm};
use vixen_examples::clock::Clock;
use vixen_nodes::voxel::{BrickMap, CameraUniform, MarchParams, Scene, View, default_params};
use vixen_nodes::{StreamOptions, StreamStatistics, StreamedScene, ToneMap, Uses, VoxelPipeline, VoxelScene};

use super::figure::Figure;
use super::results::{Place, Results};
use super::work::Through;
use crate::Failure;

/// After this many frames a view that cannot be complete is as good as it gets.
const SETTLED: u32 = 100;
/// Frames of a view that are timed.
const TIMED: usize = 6;
/// A call of `frame` waits for the frame two before it and knows its times.
const BEHIND: usize = 2;

/// Measures a scene along a path.
pub fn measure(
    device: &Device,
    scene: &Scene,
    views: &[View],
    (place, extent): (&Place, [u32; 2]),
    results: &mut Results,
) -> Result<(), Failure> {
    let place = Place { pipeline: Some(Through::Compute), resolution: Some(extent), ..place.clone() };
    let params = default_params(scene, &views[0]);
    let voxels = VoxelScene::upload(device, &scene.map)?;
    let whole_bytes = voxels.bytes();
    let mut whole = Drawn::whole(device, &voxels, params, extent)?;

    let mut streamed = Drawn::streamed(device, &scene.map, 2 * whole_bytes, params, extent)?;
    let frames = streamed.until_complete(&views[0])?;
    results.add(&place, "frames_until_complete", "frames", Figure::exact(frames.into()));
    let mut ratios = Vec::with_capacity(views.len());
    for view in views {
        streamed.until_complete(view)?;
        let [streamed, whole] = [streamed.gpu_ms(view)?, whole.gpu_ms(view)?];
        ratios.push(streamed / whole);
    }
    results.add(&place, "streamed_over_resident_frame", "ratio", Figure::of(&ratios));
    results.add(&place, "stream_update_us", "us", Figure::of(&streamed.update_us));
    results.add(&place, "stream_stalls", "stalls", Figure::exact(streamed.stalls() as f64));

    let tenth = Drawn::streamed(device, &scene.map, whole_bytes / 10, params, extent);
    let mut tenth = match tenth {
        Ok(tenth) => tenth,
        Err(error) => {
            results.skip(format!("{place}: a tenth of the memory: {error}"));
            return Ok(());
        }
    };
    let mut exact = Vec::with_capacity(views.len());
    for view in views {
        (0..SETTLED).try_for_each(|_| tenth.frame(view).map(drop))?;
        whole.frame(view)?;
        exact.push(equal(tenth.picture()?, whole.picture()?));
    }
    let bytes = tenth.stream.as_ref().map_or(0, |(scene, ..)| scene.bytes());
    results.add(&place, "stream_stalls_with_a_tenth", "stalls", Figure::exact(tenth.stalls() as f64));
    results.add(&place, "resident_bytes", "bytes", Figure::exact(bytes as f64));
    results.add(&place, "resident_bytes_over_whole", "ratio", Figure::exact(bytes as f64 / whole_bytes as f64));
    results.add(&place, "pixels_exact_with_a_tenth", "share", Figure::of(&exact));
    Ok(())
}

/// The share of pixels that are the same in two pictures.
fn equal(a: &[u8], b: &[u8]) -> f64 {
    let pixels = a.len() / 4;
    let same = a.chunks_exact(4).zip(b.chunks_exact(4)).filter(|(a, b)| a == b).count();
    same as f64 / pixels as f64
}

/// A graph that draws the scene.
struct Drawn<'a> {
    graph: CompiledGraph,
    camera: Param<CameraUniform>,
    pixels: Readback<Image<Rgba8Unorm>>,
    stream: Option<(StreamedScene<&'a BrickMap>, Uses, Arc<Uploader>)>,
    clock: Clock,
    update_us: Vec<f64>,
}

impl<'a> Drawn<'a> {
    fn whole(device: &Device, voxels: &VoxelScene, params: MarchParams, extent: [u32; 2]) -> Result<Self, Failure> {
        let graph = Graph::new(Output::headless(extent[0], extent[1]));
        let (camera, wire) = graph.param(CameraUniform::default());
        let color = VoxelPipeline::Compute.draw(&graph, &wire, &graph.add(voxels), params);
        Self::compile(device, &graph, camera, color, None)
    }

    fn streamed(
        device: &Device,
        map: &'a BrickMap,
        budget: u64,
        params: MarchParams,
        extent: [u32; 2],
    ) -> Result<Self, Failure> {
        let uploader = Uploader::new(device, &StagingPool::new(device), UploaderOptions::default())?;
        let options = StreamOptions { budget: Some(budget), ..StreamOptions::default() };
        let scene = StreamedScene::new(device, &uploader, map, &options)?;
        let graph = Graph::new(Output::headless(extent[0], extent[1]));
        let (camera, wire) = graph.param(CameraUniform::default());
        let (color, uses) = graph.add(&scene).draw(&graph, &wire, params);
        let mut drawn = Self::compile(device, &graph, camera, color, Some((scene, uses, uploader.clone())))?;
        drawn.graph.attach_uploader(&uploader)?;
        Ok(drawn)
    }

    fn compile(
        device: &Device,
        graph: &Graph,
        camera: Param<CameraUniform>,
        color: vixen::Wire<Image<vixen::Rgba16Float>>,
        stream: Option<(StreamedScene<&'a BrickMap>, Uses, Arc<Uploader>)>,
    ) -> Result<Self, Failure> {
        let tone = graph.add(ToneMap { hdr: &color, ldr: graph.image(Extent::Output) });
        let pixels = graph.read_back(&tone.ldr);
        let options = CompileOptions { gpu_times: true, ..CompileOptions::default() };
        let graph = graph.compile_with(device, &options)?;
        Ok(Self { graph, camera, pixels, stream, clock: Clock::new(), update_us: Vec::new() })
    }

    /// A frame, and the update before it.
    fn frame(&mut self, view: &View) -> Result<StreamStatistics, Failure> {
        self.graph.set(self.camera, view.camera());
        let mut statistics = StreamStatistics::default();
        if let Some((scene, uses, _)) = &mut self.stream {
            self.graph.wait_for_turn()?;
            let (graph, uses, eye): (_, _, Vec3) = (&self.graph, *uses, view.eye);
            let (nanoseconds, updated) = self.clock.measure(|| scene.update(graph, uses, eye));
            statistics = updated?;
            self.update_us.push(nanoseconds * 1e-3);
        }
        self.graph.frame()?;
        Ok(statistics)
    }

    /// Frames of a view until nothing is missing.
    fn until_complete(&mut self, view: &View) -> Result<u32, Failure> {
        const ENOUGH: u32 = 2000;
        for frames in 1..=ENOUGH {
            // What the first ones know of is another view.
            if self.frame(view)?.missing == 0 && frames > 2 * BEHIND as u32 {
                return Ok(frames);
            }
        }
        Err(format!("bricks are missing after {ENOUGH} frames").into())
    }

    /// The device's milliseconds for a view: the median of some frames.
    fn gpu_ms(&mut self, view: &View) -> Result<f64, Failure> {
        let mut times = Vec::with_capacity(TIMED);
        for call in 0..BEHIND + TIMED {
            self.frame(view)?;
            if call >= BEHIND {
                times.push(self.graph.gpu_times().map(|(_, time)| time).sum());
            }
        }
        Ok(Figure::of(&times).median)
    }

    /// Uploads that had to wait for room in staging.
    fn stalls(&self) -> u64 {
        self.stream.as_ref().map_or(0, |(.., uploader)| uploader.statistics().stalls)
    }

    fn picture(&mut self) -> Result<&[u8], Failure> {
        self.graph.wait()?;
        let (_, pixels) = self.graph.read(self.pixels)?.ok_or("the frame has finished")?;
        Ok(pixels)
    }
}
