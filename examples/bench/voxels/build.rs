//! What building costs: brick maps and acceleration structures.

use std::mem::offset_of;
use std::time::Instant;

use vixen::{CompileOptions, Device, Graph};
use vixen_examples::peak::peak_of;
use vixen_nodes::acceleration::VoxelStructure;
use vixen_nodes::voxel::{BrickMap, Scene};
use vixen_nodes::{BuildRoom, BuildTotals, VoxelBuilder};

use super::figure::Figure;
use super::results::{Place, Results};
use super::subjects::Subject;
use super::{Effort, traces_rays};
use crate::Failure;

/// The most builds of a scene.
const MOST: usize = 9;

/// Builds a scene again and again on the CPU, from the file's bytes on.
pub fn on_cpu(subject: &Subject, effort: Effort, results: &mut Results) -> Result<Scene, Failure> {
    let mut peak = 0;
    let (seconds, scene) = repeat(effort, || {
        let (bytes, scene) = peak_of(|| Ok::<_, Failure>(subject.source()?.build(&|_| ())?));
        peak = bytes;
        scene
    })?;
    let map = &scene.map;
    let voxels = map.solid_voxels as f64;
    let rates: Vec<f64> = seconds.iter().map(|seconds| voxels / (seconds * 1e6)).collect();
    let place = Place { builder: Some("cpu"), ..Place::of(subject, &scene.map) };
    results.add(&place, "build_mvoxels_per_s", "Mvoxels/s", Figure::of(&rates));
    let bytes = (map.geometry_bytes() + map.attribute_bytes()) as f64;
    results.add(&place, "build_peak_over_result", "ratio", Figure::exact(peak as f64 / bytes));
    Ok(scene)
}

/// Builds the same brick map on the GPU, from the columns of land in its memory on.
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
        Err(error) => {
            results.skip(format!("{place}: {error}"));
            return Ok(());
        }
    };
    let graph = Graph::without_output();
    let room = BuildRoom {
        nodes: map.nodes.len() as u32,
        bricks: map.bricks.len() as u32,
        masks: map.masks.len() as u32,
        words: map.attributes.len() as u32,
    };
    let built = builder.add(&graph, room);
    let _ = (graph.retain(built.nodes), graph.retain(built.bricks), graph.retain(built.masks));
    let _ = graph.retain(built.attributes);
    let totals = graph.read_back(&built.totals);
    let options = CompileOptions { gpu_times: true, ..CompileOptions::default() };
    let mut graph = graph.compile_with(device, &options)?;
    let mut rates = Vec::new();
    let begin = Instant::now();
    for frame in 0..MOST + 3 {
        graph.frame()?;
        graph.wait()?;
        // The first frames warm up, and times are known two frames later.
        if frame >= 3 {
            let milliseconds: f64 = graph.gpu_times().map(|(_, time)| time).sum();
            rates.push(map.solid_voxels as f64 / (milliseconds * 1e3));
        }
        if frame >= 3 && begin.elapsed() > effort.enough() {
            break;
        }
    }
    let (_, bytes) = graph.read(totals)?.ok_or("the frame has finished")?;
    let word = |at: usize| u64::from(u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes")));
    let [voxels, voxels_256] = [offset_of!(BuildTotals, voxels), offset_of!(BuildTotals, voxels_256)].map(word);
    if voxels + 256 * voxels_256 != map.solid_voxels {
        return Err("the GPU built other voxels than the CPU".into());
    }
    results.add(&place, "build_mvoxels_per_s", "Mvoxels/s", Figure::of(&rates));
    Ok(())
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
