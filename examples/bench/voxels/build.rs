//! What building costs: brick maps and acceleration structures.

use std::time::{Duration, Instant};

use vixen::Device;
use vixen_examples::peak::peak_of;
use vixen_nodes::acceleration::VoxelStructure;
use vixen_nodes::voxel::{BrickMap, Scene};

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
    let enough = if effort.quick { Duration::from_millis(700) } else { Duration::from_secs(5) };
    let (begin, mut seconds) = (Instant::now(), Vec::new());
    loop {
        let start = Instant::now();
        let made = once()?;
        seconds.push(start.elapsed().as_secs_f64());
        if seconds.len() == MOST || begin.elapsed() > enough {
            return Ok((seconds, made));
        }
    }
}
