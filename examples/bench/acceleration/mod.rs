//! `bench as`: acceleration structures of voxel scenes: how large, how long to build, how fast to trace.
//!
//! For every scene the boxes that the pipelines use, smaller ones, and boxes of bricks are compared with the boxes of single voxels: in
//! number, in bytes and, where the boxes of voxels fit into memory, in the time that the same rays take through each. What the same rays
//! take in the other pipelines is reported beside it, and what it costs a frame to follow an edit that changes boxes. Building many
//! structures at once is compared with building them one by one.

mod build;
mod follow;
mod scenes;
mod trace;

pub use scenes::asset;

use vixen::Device;
use vixen::device::DeviceKind;
use vixen_nodes::acceleration::{BOX_EDGE, Blas, BlasDesc, Geometry, Tlas, VoxelBoxes, VoxelCells, VoxelStructure};
use vixen_nodes::voxel::layout::{BRICK_EDGE, MAX_EDGE};
use vixen_nodes::{VoxelScene, require_ray_tracing};

use crate::report::{Goal, Report, Row};
use crate::{Arguments, Failure};
use scenes::{Sample, samples};
use trace::{Cubes, Pipelines, Through};

/// Of the cubes that share a box: what pipelines use, one for all of a scene, and bricks.
const EDGES: [u32; 3] = [BOX_EDGE, MAX_EDGE, BRICK_EDGE];

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
    let voxels = map.solid_voxels as f64;
    row(Row::new("voxels", voxels, "voxels"));

    let structures: Vec<VoxelStructure> =
        EDGES.iter().map(|&edge| VoxelStructure::build_with_edge(device, map, edge)).collect::<Result<_, _>>()?;
    for structure in &structures {
        let mut row = |of_boxes: Row| row(of_boxes.key("box_edge", structure.edge()));
        row(Row::new("box_voxels", voxels / structure.boxes() as f64, "voxels"));
        let boxes = Row::new("brick_over_voxel_aabbs", structure.boxes() as f64 / voxels, "ratio");
        row(if sample.solid_terrain { boxes.goal(Goal::AtMost(1.0 / 64.0)) } else { boxes });
        let bytes = structure.bytes() as f64 / voxels;
        row(Row::new("bytes_per_voxel_compacted", bytes, "bytes").goal(Goal::AtMost(3.0)));
    }
    let boxes = VoxelCells::of(map, BRICK_EDGE).boxes;
    let desc = BlasDesc::new("bricks", Geometry::Aabbs(&boxes));
    let full = Blas::build(device, &desc)?.structure().size();
    let compact = Blas::build(device, &desc.compact())?.structure().size();
    row(Row::new("compacted_over_built", compact as f64 / full as f64, "ratio").key("box_edge", BRICK_EDGE));

    // What a build holds at a time: boxes twice, the structure and its scratch memory; by what the greediest known driver asks for.
    const BYTES_A_BOX: u64 = 400;
    let usage = device.budget().usage();
    let fits = map.solid_voxels * BYTES_A_BOX <= usage.limit - usage.in_use;
    let cubes = fits.then(|| Cubes::build(device, &VoxelBoxes::of(map))).transpose()?;
    if let Some(cubes) = &cubes {
        row(Row::new("voxel_aabbs_bytes_per_voxel", cubes.bytes() as f64 / voxels, "bytes"));
    }
    let nothing = Tlas::build(device, "nothing", &[])?;
    let mut all: Vec<_> = structures.iter().map(Through::Boxes).collect();
    all.extend([Through::Nothing(&structures[0], &nothing), Through::Compute, Through::Fragment]);
    all.extend(structures.iter().map(Through::Nearest));
    all.extend(structures.iter().map(Through::Hybrid));
    all.extend(cubes.as_ref().map(Through::Voxels));

    let (extent, frames) = if small { ([320, 180], 3) } else { ([1920, 1080], 31) };
    let uploaded = VoxelScene::upload(device, map)?;
    let rays = Pipelines { device, sample, uploaded: &uploaded, extent, frames }.mrays(&all)?;
    for (through, rays) in all.iter().zip(&rays) {
        let rays = Row::new(format!("mrays_{}", through.name()), *rays, "Mrays/s");
        row(match through.structure() {
            Some(boxes) => rays.key("box_edge", boxes.edge()),
            None => rays,
        });
    }
    let (of_boxes, others) = rays.split_at(structures.len());
    if let [nothing, compute, .., one_each] = *others
        && fits
    {
        const GOAL: f64 = 4.0;
        for (structure, boxes) in structures.iter().zip(of_boxes) {
            let ratio =
                Row::new("rt_brick_over_voxel_speed", boxes / one_each, "ratio").key("box_edge", structure.edge());
            let is_goal = gpu && structure.edge() == BOX_EDGE;
            row(if is_goal { ratio.goal(Goal::AtLeast(GOAL)) } else { ratio });
        }
        row(Row::new("compute_over_voxel_speed", compute / one_each, "ratio"));
        // No ray is cast for less than one that meets no box, and none marches faster than compute, which casts none.
        let (nothing, compute) = (nothing / one_each, compute / one_each);
        let bound = nothing.min(compute);
        row(Row::new("rt_brick_over_voxel_bound", bound, "ratio"));
        if gpu && bound < GOAL {
            report.note(format!(
                "{name}: rays that meet nothing are {nothing:.2} times as fast as rays through boxes of voxels, and the march of compute, \
                 which looks for no box, {compute:.2} times, so no boxes in which rays march reach {GOAL}"
            ));
        }
    } else {
        report.note(format!("{name}: a box for each of {voxels} voxels does not fit into the device's memory"));
    }
    drop(cubes);
    follow::run(device, sample, extent, frames, report)
}
