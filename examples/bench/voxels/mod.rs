//! `bench voxels`: rays through voxels, for every pipeline, structure, scene, size and resolution that there is.
//!
//! A scene at a resolution is measured along a camera path. All ways to trace it are compiled first, then they take turns, a lap over
//! the path each, so that what disturbs the machine disturbs all of them. Rays and iterations are counted in passes of their own.

mod build;
mod figure;
mod goals;
mod html;
pub mod path;
mod picture;
mod plots;
mod results;
mod stream;
mod subjects;
mod work;

use std::path::PathBuf;
use std::time::Duration;

use vixen::Device;
use vixen::device::DeviceKind;
use vixen_nodes::acceleration::VoxelStructure;
use vixen_nodes::voxel::{CameraUniform, Scene, View, default_params, default_view};
use vixen_nodes::{RayKind, Structure, StructuredScene, require_ray_tracing};

use self::figure::Figure;
use self::results::{Place, Results};
use self::subjects::{Subject, subjects};
use self::work::{Stage, Through, What, Work};
use crate::report::Report;
use crate::{Arguments, Failure};

/// Scenes of this many solid voxels are large, and streamed too.
const STREAMED: u64 = 10_000_000;

/// What only this benchmark can be told.
#[derive(clap::Args)]
#[group(id = "voxels")]
pub struct Options {
    /// voxels: write a report, report.html, with plots and pictures, and its figures, results.csv and results.json, to a folder
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// voxels: only this scene, with a size: a file, as dragon.glb:2048, or cornell, noise, tunnels or cityscape, as noise:512
    #[arg(long, value_name = "FILE|NAME[:SIZE]")]
    scene: Option<PathBuf>,
    /// voxels: only build, trace nothing
    #[arg(long)]
    builds: bool,
    /// voxels: only stream large scenes
    #[arg(long, conflicts_with = "builds")]
    streams: bool,
}

/// How much is measured.
#[derive(Clone, Copy)]
pub struct Effort {
    quick: bool,
    /// The device is a software driver.
    software: bool,
}

impl Effort {
    /// Views of a camera path.
    fn views(self) -> u32 {
        match (self.software, self.quick) {
            (true, _) => 4,
            (false, _) => 8,
        }
    }

    /// Laps over a path: six are the least for an interval of 95%.
    fn laps(self) -> u32 {
        if self.quick || self.software { 6 } else { 7 }
    }

    /// After how long something is not repeated again.
    fn enough(self) -> Duration {
        Duration::from_millis(if self.quick { 500 } else { 1500 })
    }

    fn resolutions(self) -> &'static [[u32; 2]] {
        match (self.software, self.quick) {
            (true, true) => &[[192, 108]],
            (true, false) => &[[640, 360]],
            (false, true) => &[[1920, 1080]],
            (false, false) => &[[1920, 1080], [3840, 2160]],
        }
    }
}

/// Runs the benchmark.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let device = arguments.device()?;
    let effort = Effort { quick: arguments.quick, software: device.info().kind == DeviceKind::Cpu };
    let mut results = Results::default();
    for subject in subjects(effort, arguments.voxels.scene.as_deref(), &mut |why| results.skip(why))? {
        if let Err(error) = measure(&device, effort, &subject, &arguments.voxels, &mut results) {
            // Who asks for one scene and gets nothing of it has made a mistake.
            if arguments.voxels.scene.is_some() && results.entries.is_empty() {
                return Err(error);
            }
            results.skip(format!("{} at {}: {error}", subject.name, subject.size));
        }
    }
    goals::judge(&mut results, !effort.software);
    if let Some(folder) = &arguments.voxels.report {
        html::write(folder, &device, &results)
            .map_err(|error| format!("cannot write the report to {}: {error}", folder.display()))?;
    }
    Ok(results.report(&device))
}

/// Measures a scene of one size.
fn measure(
    device: &Device,
    effort: Effort,
    subject: &Subject,
    options: &Options,
    results: &mut Results,
) -> Result<(), Failure> {
    let scene = build::on_cpu(subject, effort, results)?;
    let place = Place::of(subject, &scene.map);
    eprintln!("{} at {}: {} solid voxels", place.scene, place.size, place.solid_voxels);
    results.add(&place, "solid_voxels", "voxels", Figure::exact(place.solid_voxels as f64));

    if options.streams {
        return streaming(device, effort, &scene, &place, results);
    }
    build::on_gpu(device, effort, subject, &scene.map, results)?;
    let boxes = build::boxes(device, effort, &place, &scene.map, results);
    if options.builds {
        return Ok(());
    }
    let views = path::views(&scene, effort.views());
    let structures = upload(device, &scene, &place, results);
    for &extent in effort.resolutions() {
        // The largest pictures of small scenes tell nothing new.
        let large = extent[0] > 1920;
        if !large || place.solid_voxels >= 10_000_000 {
            let place = Place { resolution: Some(extent), ..place.clone() };
            let (structures, boxes) = (&structures[..], boxes.as_ref());
            let rest = Rest { device, effort, scene: &scene, views: &views, structures, boxes };
            rest.at(&place, extent, results)?;
        }
    }
    streaming(device, effort, &scene, &place, results)?;
    if let Some((structure, uploaded)) = structures.first() {
        let view = default_view(&scene);
        let stage = stage(device, *structure, uploaded, &scene, &view, picture::EXTENT);
        let path = [view.camera()];
        let pixels = work::picture(&Stage { path: &path, ..stage })?;
        results.picture(&place, picture::png(&pixels)?);
    }
    Ok(())
}

/// The scene in all structures that can hold it, the default one first.
fn upload(device: &Device, scene: &Scene, place: &Place, results: &mut Results) -> Vec<(Structure, StructuredScene)> {
    let mut uploaded = Vec::new();
    for structure in Structure::ALL {
        match StructuredScene::upload(device, &scene.map, structure) {
            Ok(scene) => uploaded.push((structure, scene)),
            Err(error) => results.skip(format!("{place}: {}: {error}", structure.name())),
        }
    }
    uploaded
}

/// Streams a scene, if it is large.
fn streaming(
    device: &Device,
    effort: Effort,
    scene: &Scene,
    place: &Place,
    results: &mut Results,
) -> Result<(), Failure> {
    if place.solid_voxels < STREAMED {
        results.skip("streaming: of scenes with less than 10 million solid voxels".into());
        return Ok(());
    }
    let views = path::views(scene, effort.views());
    stream::measure(device, scene, &views, (place, effort.resolutions()[0]), results)
}

/// A stage without acceleration structures nor path.
fn stage<'a>(
    device: &'a Device,
    structure: Structure,
    uploaded: &'a StructuredScene,
    scene: &Scene,
    view: &View,
    extent: [u32; 2],
) -> Stage<'a> {
    let params = default_params(scene, view);
    Stage { device, structure, scene: uploaded, boxes: None, params, path: &[], extent }
}

/// What a scene's resolutions have in common.
struct Rest<'a> {
    device: &'a Device,
    effort: Effort,
    scene: &'a Scene,
    views: &'a [View],
    structures: &'a [(Structure, StructuredScene)],
    boxes: Option<&'a VoxelStructure>,
}

impl Rest<'_> {
    /// Measures one resolution.
    fn at(&self, place: &Place, extent: [u32; 2], results: &mut Results) -> Result<(), Failure> {
        let path: Vec<CameraUniform> = self.views.iter().map(View::camera).collect();
        let mut works = Vec::new();
        for (structure, uploaded) in self.structures {
            let stage = stage(self.device, *structure, uploaded, self.scene, &self.views[0], extent);
            let stage = Stage { boxes: self.boxes, path: &path, ..stage };
            let place = Place { structure: Some(*structure), ..place.clone() };
            let voxels = place.solid_voxels as f64;
            if place.resolution == Some(self.effort.resolutions()[0]) {
                let bytes = |bytes: u64| Figure::exact(bytes as f64 / voxels);
                results.add(&place, "geometry_bytes_per_voxel", "bytes", bytes(uploaded.geometry_bytes));
                results.add(&place, "attribute_bytes_per_voxel", "bytes", bytes(uploaded.attribute_bytes));
            }
            works.extend(self.works(&stage, &place, results)?);
        }
        self.take_turns(&mut works)?;
        for work in &works {
            report(work, place, results);
        }
        goals::compare(&works, place, results);
        Ok(())
    }

    /// All ways to trace a structure.
    fn works(&self, stage: &Stage<'_>, place: &Place, results: &mut Results) -> Result<Vec<Work>, Failure> {
        let mut works = Vec::new();
        let pixels = u64::from(stage.extent[0]) * u64::from(stage.extent[1]);
        let primary = vec![pixels; stage.path.len()];
        for kind in RayKind::ALL {
            let counts = work::count(stage, kind)?;
            if kind == RayKind::Primary {
                let place = Place { pipeline: Some(Through::Compute), ..place.clone() };
                let iterations = Figure::of(&counts.iterations);
                results.add(&place, "iterations_per_ray", "iterations", iterations);
            }
            works.push(Work::new(stage, Through::Compute, What::Rays(kind), counts.rays)?);
        }
        works.push(Work::new(stage, Through::Compute, What::Picture, primary.clone())?);
        results.skip(
            "shadow_grays_per_s, bounce_grays_per_s: only the compute march has passes of such rays alone".into(),
        );
        if stage.structure != Structure::BrickMap {
            let name = stage.structure.name();
            results.skip(format!("fragment, rt, hybrid: {name} is traced by the compute march alone"));
        } else {
            works.push(Work::new(stage, Through::Compute, What::Rays(RayKind::None), vec![0; stage.path.len()])?);
            for through in Through::ALL.into_iter().filter(|&through| through != Through::Compute) {
                if through.is_traced() && self.boxes.is_none() {
                    continue;
                }
                works.push(Work::new(stage, through, What::Rays(RayKind::Primary), primary.clone())?);
                if stage.extent[0] <= 1920 {
                    works.push(Work::new(stage, through, What::Picture, primary.clone())?);
                } else {
                    results.skip("frame_ms, gpu_ms: above 1920 pixels only of the compute march".into());
                }
            }
        }
        Ok(works)
    }

    /// One lap to warm up, then laps in turn.
    fn take_turns(&self, works: &mut [Work]) -> Result<(), Failure> {
        for lap in 0..=self.effort.laps() {
            for work in works.iter_mut() {
                work.lap(lap > 0)?;
            }
        }
        Ok(())
    }
}

/// The figures of one way to trace.
fn report(work: &Work, place: &Place, results: &mut Results) {
    let place = Place { pipeline: Some(work.through), structure: Some(work.structure), ..place.clone() };
    let mut rays = |by_gpu, by_frame| {
        results.add(&place, by_gpu, "Grays/s", work.grays_by_gpu());
        results.add(&place, by_frame, "Grays/s", work.grays_by_frame());
    };
    match work.what {
        What::Rays(RayKind::Primary) => rays("primary_grays_per_s", "primary_grays_per_s_of_frames"),
        What::Rays(RayKind::Shadow) => rays("shadow_grays_per_s", "shadow_grays_per_s_of_frames"),
        What::Rays(RayKind::Bounce) => rays("bounce_grays_per_s", "bounce_grays_per_s_of_frames"),
        What::Rays(RayKind::None) => results.add(&place, "launch_and_store_ms", "ms", work.gpu_ms()),
        What::Picture => {
            results.add(&place, "frame_ms", "ms", work.frame_ms());
            results.add(&place, "gpu_ms", "ms", work.gpu_ms());
        }
    }
}

/// Whether the device traces rays; says what it lacks if it does not.
fn traces_rays(device: &Device, results: &mut Results) -> bool {
    require_ray_tracing(device).map_err(|error| results.skip(format!("rt, hybrid: {error}"))).is_ok()
}
