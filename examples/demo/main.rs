//! Draws a voxel scene: the main job of Vixen, from a file to a picture.

mod args;
mod interactive;
mod memory;
mod meter;
mod picture;
mod stats;
mod stream;
mod voxels;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use vixen::device::Select;
use vixen::testing::CountingAllocator;
use vixen::{Device, DeviceOptions, Output};
use vixen_examples::say;
use vixen_nodes::cacher::DiskCache;
use vixen_nodes::voxel::{Procedural, Progress, Scene};
use vixen_nodes::window::{WindowOptions, run};

use crate::args::Args;
use crate::interactive::Interactive;
use crate::meter::Meter;
use crate::picture::{Costs, Picture};
use crate::stats::Stats;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Frames of a run without a window: enough for a median.
const HEADLESS_FRAMES: u32 = 16;

fn main() -> ExitCode {
    match Args::read().map_err(Into::into).and_then(|args| draw(&args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn draw(args: &Args) -> Result<(), Box<dyn Error>> {
    args.check()?;
    let select = match args.device.as_deref().map(|wanted| (wanted, wanted.parse())) {
        None => Select::Default,
        Some((_, Ok(index))) => Select::Index(index),
        Some((name, Err(_))) => Select::Name(name.to_owned()),
    };
    let options = DeviceOptions::new().application_name("Vixen demo").select(select);
    let options = args.without.iter().fold(options, |options, &feature| options.without(feature));
    // Before the scene is read, so that a machine without a driver, or without what the pipeline needs, says so at once.
    let headless = if args.window() { None } else { Some(Device::new(&options)?) };
    headless.iter().try_for_each(|device| args.pipeline.check(device))?;
    headless.iter().try_for_each(|device| args.check_size(device))?;
    let scene = open(args)?;
    match headless {
        Some(device) => to_picture(args, &device, &scene),
        None => to_window(args, options, &scene),
    }
}

fn to_picture(args: &Args, device: &Device, scene: &Scene) -> Result<(), Box<dyn Error>> {
    let [width, height] = args.size;
    let (mut picture, voxel_bytes) = Picture::new(device, scene, args.how(), Output::headless(width, height))?;
    save_drawing(args, &picture.graph)?;
    if args.reload {
        picture.graph.watch_shaders(None)?;
    }
    let frames = args.frames.unwrap_or(HEADLESS_FRAMES);
    let meter = Meter::new("drawing frames");
    let mut costs = Costs::default();
    for _ in 0..frames {
        costs.frame(&mut picture.graph, picture.stream.as_mut())?;
        meter.set("drawing frames", picture.graph.finished()?, frames.into());
    }
    picture.graph.wait()?;
    drop(meter);
    let out = args.picture();
    picture.handles().save(&mut picture.graph, &out)?;
    say(format_args!("wrote {}", out.display()))?;
    finish(args, device, &Stats::new(&picture.graph, scene, voxel_bytes, &mut costs))
}

fn to_window(args: &Args, device: DeviceOptions, scene: &Scene) -> Result<(), Box<dyn Error>> {
    let title = format!("Vixen: {}", scene.name);
    let mut interactive = Interactive::new(scene, args.how(), args.frames);
    interactive.reload = args.reload;
    let graph = run(WindowOptions { title, size: args.size, device }, &mut interactive)?;
    let (Some(mut graph), Some(handles)) = (graph, interactive.handles) else { return Ok(()) };
    save_drawing(args, &graph)?;
    graph.wait()?;
    if let Some(out) = &args.out {
        handles.save(&mut graph, out)?;
        say(format_args!("wrote {}", out.display()))?;
    }
    finish(args, graph.device(), &Stats::new(&graph, scene, interactive.voxel_bytes, &mut interactive.costs))
}

fn finish(args: &Args, device: &Device, stats: &Stats) -> Result<(), Box<dyn Error>> {
    stats.print()?;
    if let Some(path) = &args.memory {
        memory::save(device.budget(), path)?;
    }
    args.stats.as_deref().map_or(Ok(()), |path| stats.save(path))
}

/// Reads the scene and builds its structure, with a progress bar, unless an earlier run has kept what it built.
fn open(args: &Args) -> Result<Scene, Box<dyn Error>> {
    let meter = Meter::new("reading");
    let report = |progress: Progress| meter.set(progress.stage, progress.done, progress.total);
    let disk = DiskCache::of_application("vixen");
    let (scene, origin) = match args.scene.as_deref().and_then(made_up) {
        Some(name) => Scene::procedural_kept(name.parse()?, disk.as_ref(), &report)?,
        None => {
            let default = vixen_examples::assets("jacksboro-dem.png");
            let path = args.scene.as_deref().unwrap_or(&default);
            Scene::open_kept(path, args.resolution, disk.as_ref(), &report)?
        }
    };
    drop(meter);
    if let Some(message) = origin.message() {
        say(message)?;
    }
    Ok(scene)
}

/// What is given for a scene, if it names a made-up one and no file.
fn made_up(scene: &Path) -> Option<&str> {
    scene.to_str().filter(|text| Procedural::is_named_by(text) && !scene.exists())
}

fn save_drawing(args: &Args, graph: &vixen::CompiledGraph) -> Result<(), Box<dyn Error>> {
    let Some(path) = &args.drawing else { return Ok(()) };
    let mermaid = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("mmd"));
    let text = if mermaid { graph.report().to_mermaid() } else { graph.report().to_dot() };
    std::fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use vixen::testing::{created_without_callbacks, frames};
    use vixen_nodes::Orbit;

    use super::*;
    use crate::args::{How, Pipeline, Structure};

    #[test]
    fn frames_allocate_nothing() {
        let heightmap = &vixen_examples::assets("jacksboro-dem.png");
        let (scene, _) = Scene::open_kept(heightmap, 32, None, &|_| {}).expect("it is a heightmap");
        let device = Device::new(&DeviceOptions::new().watched()).expect("there is a driver");
        for pipeline in [Pipeline::Compute, Pipeline::Fragment, Pipeline::Rt, Pipeline::Hybrid] {
            let how = How { pipeline, structure: Structure::Brick, antialiasing: true, stream_budget: None };
            let (mut picture, _) =
                Picture::new(&device, &scene, how, Output::headless(16, 16)).expect("the graph is valid");
            let handles = picture.handles();
            let report = frames(&mut picture.graph, 500, |graph, frame| {
                handles.set_orbit(graph, Orbit { yaw: frame as f32 * 0.01, ..Orbit::default() });
            });
            report.expect("frames run").assert_empty();
        }
        assert_eq!(created_without_callbacks(), None);
    }
}
