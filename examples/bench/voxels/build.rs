//! What building costs: brick maps and acceleration structures.

use std::time::Instant;

use vixen::{Block, Buffer, CompileOptions, CompiledGraph, Device, Graph, Readback};
use vixen_examples::peak::peak_of;
use vixen_nodes::acceleration::VoxelStructure;
use vixen_nodes::voxel::{BrickMap, Scene};
use vixen_nodes::{BuildError, BuildRoom, VoxelBuilder};

use super::figure::Figure;
use super::results::{Place, Results};
use super::subjects::Subject;
use super::{Effort, traces_rays};
use crate::Failure;

/// The most builds of a scene.
const MOST: usize = 9;

/// Builds a scene again and again on the CPU, from the file's bytes in memory on.
pub fn on_cpu(subject: &Subject, effort: Effort, results: &mut Results) -> Result<Scene, Failure> {
    let (mut peak, mut reading) = (0, Vec::new());
    let (seconds, scene) = repeat(effort, || {
        let (bytes, scene) = peak_of(|| {
            let start = Instant::now();
            let source = subject.source()?;
            reading.push(start.elapsed().as_secs_f64() * 1e3);
            Ok::<_, Failure>(source.build(&|_| ())?)
        });
        peak = bytes;
        scene
    })?;
    let map = &scene.map;
    let voxels = map.solid_voxels as f64;
    let rates: Vec<f64> = seconds.iter().map(|seconds| voxels / (seconds * 1e6)).collect();
    let place = Place { builder: Some("cpu"), ..Place::of(subject, &scene.map) };
    results.add(&place, "build_mvoxels_per_s", "Mvoxels/s", Figure::of(&rates));
    // Of the same builds: the file's contents understood, and of a mesh its triangles sorted into bricks.
    let bricks: Vec<f64> = seconds.iter().zip(&reading).map(|(seconds, reading)| seconds * 1e3 - reading).collect();
    results.add(&place, "build_reading_ms", "ms", Figure::of(&reading));
    results.add(&place, "build_bricks_ms", "ms", Figure::of(&bricks));
    let bytes = (map.geometry_bytes() + map.attribute_bytes()) as f64;
    results.add(&place, "build_peak_over_result", "ratio", Figure::exact(peak as f64 / bytes));
    Ok(scene)
}

/// Builds the same brick map on the GPU, from columns of land or from triangles that are in its memory.
pub fn on_gpu(
    device: &Device,
    effort: Effort,
    subject: &Subject,
    map: &BrickMap,
    results: &mut Results,
) -> Result<(), Failure> {
    let place = Place { builder: Some("gpu"), ..Place::of(subject, map) };
    let builder = match VoxelBuilder::new(device, &subject.source()?) {
        Ok(builder) => builder,
        Err(error @ BuildError::NoShape { .. }) => {
            results.skip(format!("{}: no build on the GPU: {error}", place.scene));
            return Ok(());
        }
        Err(error) => {
            results.skip(format!("{place}: {error}"));
            return Ok(());
        }
    };
    let graph = Graph::without_output();
    let room = BuildRoom {
        nodes: map.nodes.len() as u32,
        bricks: map.bricks.len() as u32,
        masks: map.masks.len() as u32 / 4,
        words: map.attributes.len() as u32,
    };
    let built = builder.add(&graph, room);
    let (nodes, bricks) = (graph.read_back(&built.nodes), graph.read_back(&built.bricks));
    let (masks, attributes) = (graph.read_back(&built.masks), graph.read_back(&built.attributes));
    let options = CompileOptions { gpu_times: true, ..CompileOptions::default() };
    let mut graph = graph.compile_with(device, &options)?;
    let mut rates = Vec::new();
    let begin = Instant::now();
    for frame in 0..MOST + 3 {
        graph.frame()?;
        graph.wait()?;
        // The first frames warm up, and times are known two frames later.
        if frame >= 3 {
            // What is read back only proves that the build was right.
            let passes = graph.gpu_times().filter(|(node, _)| node.starts_with("Build"));
            let milliseconds: f64 = passes.map(|(_, time)| time).sum();
            rates.push(map.solid_voxels as f64 / (milliseconds * 1e3));
        }
        if frame >= 3 && begin.elapsed() > effort.enough() {
            break;
        }
    }
    let same = [
        is_same(&graph, nodes, &map.nodes, |node| [node.mask[0], node.mask[1], node.first, node.material])?,
        is_same(&graph, bricks, &map.bricks, |brick| [brick.mask[0], brick.mask[1], brick.first, brick.looks])?,
        graph.read(masks)?.is_some_and(|(_, bytes)| bytes == map.masks),
        is_same(&graph, attributes, &map.attributes, |word| [*word])?,
    ];
    let different = same.iter().filter(|same| !**same).count();
    results.add(&place, "build_buffers_unlike_cpu", "buffers", Figure::exact(different as f64));
    results.add(&place, "build_mvoxels_per_s", "Mvoxels/s", Figure::of(&rates));
    Ok(())
}

/// Whether a buffer that was read back holds these elements, given their words.
fn is_same<T: Block, const WORDS: usize>(
    graph: &CompiledGraph,
    buffer: Readback<Buffer<[T]>>,
    elements: &[T],
    words: impl Fn(&T) -> [u32; WORDS],
) -> Result<bool, Failure> {
    let (_, bytes) = graph.read(buffer)?.ok_or("the frame has finished")?;
    let expected = elements.iter().flat_map(|element| words(element).map(u32::to_le_bytes)).flatten();
    Ok(bytes.iter().copied().eq(expected))
}

/// Builds the boxes that ray-tracing hardware finds, if the device can.
pub fn boxes(
    device: &Device,
    effort: Effort,
    place: &Place,
    map: &BrickMap,
    results: &mut Results,
) -> Option<VoxelStructure> {
    if !traces_rays(device, results) {
        return None;
    }
    match repeat(effort, || Ok(VoxelStructure::build(device, map)?)) {
        Ok((seconds, structure)) => {
            let milliseconds: Vec<f64> = seconds.iter().map(|seconds| seconds * 1e3).collect();
            results.add(place, "as_build_ms", "ms", Figure::of(&milliseconds));
            let bytes = structure.bytes() as f64 / place.solid_voxels as f64;
            results.add(place, "as_bytes_per_voxel", "bytes", Figure::exact(bytes));
            Some(structure)
        }
        Err(error) => {
            results.skip(format!("{place}: rt, hybrid: {error}"));
            None
        }
    }
}

/// Does something until it was done often enough or has taken long enough; the seconds of each time and the last result.
fn repeat<T>(effort: Effort, mut once: impl FnMut() -> Result<T, Failure>) -> Result<(Vec<f64>, T), Failure> {
    let (begin, mut seconds) = (Instant::now(), Vec::new());
    loop {
        let start = Instant::now();
        let made = once()?;
        seconds.push(start.elapsed().as_secs_f64());
        if seconds.len() == MOST || begin.elapsed() > effort.enough() {
            return Ok((seconds, made));
        }
    }
}
