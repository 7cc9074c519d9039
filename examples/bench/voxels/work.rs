//! One way to trace a scene at one resolution, and what its laps over the camera path took.

use std::time::Instant;

use vixen::{CompileOptions, CompiledGraph, Device, Extent, Graph, Image, Output, Param, R32Uint, Readback};
use vixen_nodes::acceleration::VoxelStructure;
use vixen_nodes::voxel::{CameraUniform, MarchParams};
use vixen_nodes::{RayKind, Structure, StructureWires, StructuredScene, ToneMap, VoxelPipeline, antialiased};

use super::figure::Figure;
use crate::Failure;

/// A pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Through {
    Compute,
    Fragment,
    RayTracing,
    Hybrid,
}

/// What is traced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Rays(RayKind),
    /// The whole picture, as the demo draws it.
    Picture,
}

impl Through {
    pub const ALL: [Self; 4] = [Self::Compute, Self::Fragment, Self::RayTracing, Self::Hybrid];

    pub fn name(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::Fragment => "fragment",
            Self::RayTracing => "rt",
            Self::Hybrid => "hybrid",
        }
    }

    pub fn is_traced(self) -> bool {
        matches!(self, Self::RayTracing | Self::Hybrid)
    }
}

/// What all graphs of a scene at a resolution have in common.
pub struct Stage<'a> {
    pub device: &'a Device,
    pub structure: Structure,
    pub scene: &'a StructuredScene,
    pub boxes: Option<&'a VoxelStructure>,
    pub params: MarchParams,
    pub path: &'a [CameraUniform],
    pub extent: [u32; 2],
}

/// A compiled graph and its laps.
pub struct Work {
    pub through: Through,
    pub structure: Structure,
    pub what: What,
    graph: CompiledGraph,
    camera: Param<CameraUniform>,
    path: Vec<CameraUniform>,
    /// Rays of each view.
    rays: Vec<u64>,
    laps: Vec<Lap>,
}

/// What one lap took.
struct Lap {
    /// Wall time a frame, while the CPU is as far ahead as it may.
    frame_ms: f64,
    /// The device's own time of each view.
    gpu_ms: Vec<f64>,
}

/// What a lap's rays are counted by.
pub struct Counts {
    /// Rays of each view.
    pub rays: Vec<u64>,
    /// Iterations of a ray, the mean of each view.
    pub iterations: Vec<f64>,
}

impl Work {
    /// Compiles a graph; `rays` are those of each view.
    pub fn new(stage: &Stage<'_>, through: Through, what: What, rays: Vec<u64>) -> Result<Self, Failure> {
        let [width, height] = stage.extent;
        let graph = Graph::new(Output::headless(width, height));
        let (camera, camera_wire) = graph.param(stage.path[0]);
        let wires = graph.add(stage.scene);
        let boxes = stage.boxes.map(|boxes| graph.add(boxes));
        let (structure, params) = (stage.structure, stage.params);
        let pipeline = match (through, &boxes) {
            (Through::Fragment, _) => Some(VoxelPipeline::Fragment),
            (Through::RayTracing, Some(boxes)) => Some(VoxelPipeline::RayTracing(boxes)),
            (Through::Hybrid, Some(boxes)) => Some(VoxelPipeline::Hybrid(boxes)),
            (Through::Compute, _) => None,
            _ => return Err("this pipeline needs an acceleration structure".into()),
        };
        match (what, pipeline, &wires) {
            (What::Rays(kind), None, wires) => {
                let _ = graph.retain(wires.rays(&graph, &camera_wire, params, kind, false));
            }
            (What::Rays(RayKind::Primary), Some(pipeline), StructureWires::BrickMap(wires)) => {
                let _ = graph.retain(pipeline.hits(&graph, &camera_wire, wires, params));
            }
            (What::Picture, None, wires) => show(&graph, wires.draw(&graph, &camera_wire, params)),
            (What::Picture, Some(pipeline), StructureWires::BrickMap(wires)) => {
                show(&graph, pipeline.draw(&graph, &camera_wire, wires, params));
            }
            _ => return Err("this pipeline has no such pass".into()),
        }
        let options = CompileOptions { gpu_times: true, ..CompileOptions::default() };
        let graph = graph.compile_with(stage.device, &options)?;
        Ok(Self { through, structure, what, graph, camera, path: stage.path.to_vec(), rays, laps: Vec::new() })
    }

    /// Whether this traces this kind of ray and nothing else.
    pub fn traces(&self, kind: RayKind) -> bool {
        self.what == What::Rays(kind)
    }

    /// Drives along the path once, a frame a view. A lap that only warms up is not kept.
    pub fn lap(&mut self, keep: bool) -> Result<(), Failure> {
        // A call of `frame` waits for the frame two before it and knows its times.
        const BEHIND: usize = 2;
        let views = self.path.len();
        let mut gpu_ms = Vec::with_capacity(views);
        let mut start = Instant::now();
        for call in 0..views + BEHIND + 1 {
            self.graph.set(self.camera, self.path[call % views]);
            self.graph.frame()?;
            if call == BEHIND {
                start = Instant::now();
            }
            if (BEHIND..views + BEHIND).contains(&call) {
                // Nothing is known where the device has no timestamps.
                let times = self.graph.gpu_times().map(|(_, time)| time);
                gpu_ms.push(times.reduce(|sum, time| sum + time).unwrap_or(f64::NAN));
            }
        }
        let frame_ms = start.elapsed().as_secs_f64() * 1e3 / views as f64;
        self.graph.wait()?;
        if keep {
            self.laps.push(Lap { frame_ms, gpu_ms });
        }
        Ok(())
    }

    /// Milliseconds a frame, by the wall clock.
    pub fn frame_ms(&self) -> Figure {
        Figure::of(&self.laps.iter().map(|lap| lap.frame_ms).collect::<Vec<_>>())
    }

    /// Milliseconds of the device, the median view of each lap.
    pub fn gpu_ms(&self) -> Figure {
        self.of_laps(|lap| Figure::of(&lap.gpu_ms).median)
    }

    /// Billions of rays a second of the device's time, the median view of each lap.
    pub fn grays_by_gpu(&self) -> Figure {
        self.of_laps(|lap| {
            let rates = lap.gpu_ms.iter().zip(&self.rays).map(|(ms, rays)| *rays as f64 / (ms * 1e6));
            Figure::of(&rates.collect::<Vec<_>>()).median
        })
    }

    /// Billions of rays a second of wall time.
    pub fn grays_by_frame(&self) -> Figure {
        let mean = self.rays.iter().sum::<u64>() as f64 / self.rays.len() as f64;
        self.of_laps(|lap| mean / (lap.frame_ms * 1e6))
    }

    /// How many times as fast this is as another that took turns with it, lap by lap.
    pub fn faster_than(&self, other: &Self) -> Figure {
        let time = |lap: &Lap| Figure::of(&lap.gpu_ms).median;
        Figure::of(&self.laps.iter().zip(&other.laps).map(|(own, other)| time(other) / time(own)).collect::<Vec<_>>())
    }

    fn of_laps(&self, figure: impl Fn(&Lap) -> f64) -> Figure {
        Figure::of(&self.laps.iter().map(figure).collect::<Vec<_>>())
    }
}

/// Tone-mapped, and kept until it is done.
fn show(graph: &Graph, hdr: vixen::Wire<Image<vixen::Rgba16Float>>) {
    let tone = graph.add(ToneMap { hdr: &hdr, ldr: graph.image(Extent::Output) });
    let _ = graph.retain(tone.ldr);
}

/// Counts rays and iterations of a kind of ray in a pass of its own, which is not timed.
pub fn count(stage: &Stage<'_>, kind: RayKind) -> Result<Counts, Failure> {
    let [width, height] = stage.extent;
    let graph = Graph::new(Output::headless(width, height));
    let (camera, camera_wire) = graph.param(stage.path[0]);
    let wires = graph.add(stage.scene);
    let traced = wires.rays(&graph, &camera_wire, stage.params, kind, true);
    let traced: Readback<Image<R32Uint>> = graph.read_back(&traced);
    let mut graph = graph.compile(stage.device)?;
    let mut counts = Counts { rays: Vec::new(), iterations: Vec::new() };
    for &view in stage.path {
        graph.set(camera, view);
        graph.frame()?;
        graph.wait()?;
        let (_, texels) = graph.read(traced)?.ok_or("the frame has finished")?;
        let (mut rays, mut iterations) = (0, 0);
        for texel in texels.chunks_exact(4) {
            let word = u32::from_le_bytes(texel.try_into().expect("four bytes"));
            rays += u64::from(word >> 30);
            iterations += u64::from(word & 0x3FFF_FFFF);
        }
        counts.rays.push(rays);
        counts.iterations.push(iterations as f64 / rays as f64);
    }
    Ok(counts)
}

/// The picture of a view, with smooth edges: 8 bits a channel, red, green, blue and one more.
pub fn picture(stage: &Stage<'_>) -> Result<Vec<u8>, Failure> {
    /// Places of each pixel that are looked through.
    const FRAMES: u32 = 8;
    let [width, height] = stage.extent;
    let graph = Graph::new(Output::headless(width, height));
    let (_, camera) = graph.param(stage.path[0]);
    let scene = graph.add(stage.scene);
    let hdr = antialiased(&graph, &camera, |camera| scene.draw(&graph, camera, stage.params));
    let tone = graph.add(ToneMap { hdr: &hdr, ldr: graph.image(Extent::Output) });
    let pixels = graph.read_back(&tone.ldr);
    let mut graph = graph.compile(stage.device)?;
    for _ in 0..FRAMES {
        graph.frame()?;
    }
    graph.wait()?;
    let (_, pixels) = graph.read(pixels)?.ok_or("no frame has finished")?;
    Ok(pixels.to_vec())
}
