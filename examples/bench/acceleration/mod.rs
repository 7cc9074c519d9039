//! `bench as`: acceleration structures of voxel scenes: how large, how long to build, how fast to trace.
//!
//! For every scene the boxes of bricks are compared with the boxes of single voxels: in number, in bytes and, where the boxes of voxels
//! fit into memory, in the time that the same rays take through both. Building many structures at once is compared with building them
//! one by one. What the same rays take in the other pipelines is reported beside it.

mod build;
mod scenes;
mod trace;

use vixen::Device;
use vixen::device::DeviceKind;
use vixen_nodes::acceleration::{Blas, BlasDesc, Geometry, Tlas, VoxelBoxes, VoxelCells, VoxelStructure};
use vixen_nodes::{VoxelScene, require_ray_tracing};

use crate::report::{Goal, Report, Row};
use crate::{Arguments, Failure};
use scenes::{Sample, samples};
use trace::{Pipelines, Through};

/// Runs the benchmark.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let device = arguments.device()?;
    require_ray_tracing(&device)?;
    let software = device.info().kind == DeviceKind::Cpu;
    let small = arguments.quick || software;
    let mut report = Report::new(&device.info().name);
    report.note(format!("driver {}", device.info().driver));
    if small {
        report.note("small scenes: on a software driver, or with --quick");
    }
    if software {
        report.note("goals of speed are for GPUs");
    }
    for sample in samples(small) {
        measure(&device, &sample?, small, !software, &mut report)?;
    }
    build::run(&device, if small { 5 } else { 21 }, !software, &mut report)?;
    Ok(report)
}

fn measure(device: &Device, sample: &Sample, small: bool, gpu: bool, report: &mut Report) -> Result<(), Failure> {
    let map = &sample.scene.map;
    let name = sample.name;
    let mut row = |row: Row| report.add(row.key("scene", name));
    let voxels = map.solid_voxels;
    row(Row::new("voxels", voxels as f64, "voxels"));

    let structure = VoxelStructure::build(device, map)?;
    let boxes = Row::new("brick_over_voxel_aabbs", structure.boxes() as f64 / voxels as f64, "ratio");
    row(if sample.solid_terrain { boxes.goal(Goal::AtMost(1.0 / 64.0)) } else { boxes });
    let bytes = structure.bytes() as f64 / voxels as f64;
    row(Row::new("bytes_per_voxel_compacted", bytes, "bytes").goal(Goal::AtMost(3.0)));
    let bricks = VoxelCells::of(map).boxes;
    let desc = BlasDesc::new("bricks", Geometry::Aabbs(&bricks));
    let full = Blas::build(device, &desc)?.structure().size();
    let compact = Blas::build(device, &desc.compact())?.structure().size();
    row(Row::new("compacted_over_built", compact as f64 / full as f64, "ratio"));

    let (extent, frames) = if small { ([320, 180], 3) } else { ([1920, 1080], 15) };
    let uploaded = VoxelScene::upload(device, map)?;
    let pipelines = Pipelines { device, sample, uploaded: &uploaded, extent, frames };
    let mut speed = |through: Through<'_>| -> Result<f64, Failure> {
        let rays = pipelines.mrays(through)?;
        row(Row::new(format!("mrays_{}", through.name()), rays, "Mrays/s"));
        Ok(rays)
    };
    speed(Through::Compute)?;
    speed(Through::Fragment)?;
    speed(Through::Hybrid(&structure))?;
    // No shader that looks into boxes of bricks is faster than one that does not, and none faster than rays that meet no box.
    speed(Through::Nothing(&structure, &Tlas::build(device, "nothing", &[])?))?;
    let boxes = speed(Through::Boxes(&structure))?;
    let bricks = speed(Through::Bricks(&structure))?;

    // What a build holds at a time: boxes twice, the structure and its scratch memory; by what the greediest known driver asks for.
    const BYTES_A_BOX: u64 = 400;
    let usage = device.budget().usage();
    if voxels * BYTES_A_BOX > usage.limit - usage.in_use {
        report.note(format!("{name}: a box for each of {voxels} voxels does not fit into the device's memory"));
        return Ok(());
    }
    let singles = VoxelBoxes::of(map);
    let cubes = trace::Cubes::build(device, &singles)?;
    drop(singles);
    let voxel_bytes = cubes.bytes() as f64 / voxels as f64;
    let one_each = speed(Through::Voxels(&cubes))?;
    report.add(Row::new("voxel_aabbs_bytes_per_voxel", voxel_bytes, "bytes").key("scene", name));
    report.add(Row::new("rt_brick_over_voxel_bound", boxes / one_each, "ratio").key("scene", name));
    let ratio = Row::new("rt_brick_over_voxel_speed", bricks / one_each, "ratio");
    let ratio = if gpu { ratio.goal(Goal::AtLeast(4.0)) } else { ratio };
    report.add(ratio.key("scene", name));
    Ok(())
}
