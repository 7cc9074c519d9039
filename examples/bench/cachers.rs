//! `bench cachers`: what a second start saves, what a hit costs, whether damaged files are survived, and what an edit costs a
//! frame.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process;
use std::time::{Duration, Instant};

use glam::IVec3;
use vixen::memory::{StagingPool, Uploader, UploaderOptions};
use vixen::testing::damage;
use vixen::testing::random::Random;
use vixen::{CompiledGraph, Device, Extent, Graph, Output};
use vixen_nodes::cacher::{Cached, Cacher, DiskCache};
use vixen_nodes::voxel::{BrickMap, Edit, Editor, Origin, Scene, Shape, default_params, default_view};
use vixen_nodes::{Orbit, OrbitCamera, ToneMap, Updated, VoxelPipeline, VoxelScene};

use crate::acceleration::asset;
use crate::clock::Clock;
use crate::report::{Goal, Report, Row};
use crate::statistics::median;
use crate::{Arguments, Failure};

const HEIGHTMAP: &str = "jacksboro-dem.png";
const MISSING: &str = "cannot find examples/assets/jacksboro-dem.png; run the benchmark in a checkout of Vixen";
/// At which the heightmap has more than 100 million solid voxels.
const RESOLUTION: u32 = 1536;
/// At which the file that is damaged thousands of times is quick to build.
const SMALL: u32 = 24;
const CORRUPTIONS: u32 = 10_000;
const FRAME: [u32; 2] = [1920, 1080];
/// Voxels along the edge of the box that is edited.
const BOX: i32 = 32;
/// Boxes side by side.
const PLACES: u32 = 16;
const WARM_UP: Duration = Duration::from_secs(1);
const LONG_ENOUGH: Duration = Duration::from_secs(3);
const MOST_ROUNDS: usize = 1000;

/// Runs the benchmark.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let device = arguments.device()?;
    let mut report = Report::new(&device.info().name);
    let folder = Folder::new()?;
    let scene = second_start(&mut report, &folder.0, if arguments.quick { 1 } else { 5 })?;
    hits(&mut report);
    corruptions(&mut report, &folder.0, if arguments.quick { CORRUPTIONS / 20 } else { CORRUPTIONS })?;
    edits(&mut report, &device, scene, if arguments.quick { 3 } else { 11 })?;
    Ok(report)
}

/// A folder for this run alone.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("vixen-bench-cachers-{}", process::id()));
        fs::create_dir_all(&path).map_err(|error| format!("cannot make {}: {error}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left lies in the folder for what is temporary.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Opening a scene that the disk cache has kept, beside reading and building it. Files are in the system's cache either time.
fn second_start(report: &mut Report, folder: &Path, rounds: u32) -> Result<Scene, Failure> {
    let (disk, heightmap) = (DiskCache::at(folder.join("second")), asset(HEIGHTMAP).ok_or(MISSING)?);
    let (mut scene, _) = Scene::open_kept(&heightmap, RESOLUTION, Some(&disk), &|_| {})?;
    let (mut first, mut second, mut validate) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let start = Instant::now();
        let built = Scene::open(&heightmap, RESOLUTION, &|_| {})?;
        first.push(milliseconds(start));
        drop(built);
        let start = Instant::now();
        let (kept, origin) = Scene::open_kept(&heightmap, RESOLUTION, Some(&disk), &|_| {})?;
        second.push(milliseconds(start));
        if !matches!(origin, Origin::Kept) {
            return Err(format!("the scene was not kept: {origin:?}").into());
        }
        let start = Instant::now();
        kept.map.validate()?;
        validate.push(milliseconds(start));
        scene = kept;
    }
    let (first, second) = (median(&mut first), median(&mut second));
    let voxels = scene.map.solid_voxels;
    let row = |name: &str, value, unit| Row::new(name, value, unit).key("resolution", RESOLUTION).key("voxels", voxels);
    report.add(row("second_start_over_first", second / first, "ratio").goal(Goal::AtMost(0.1)));
    report.add(row("first_start_ms", first, "ms"));
    report.add(row("second_start_ms", second, "ms"));
    // The part of it in which the structure is checked; the rest reads, and checks sums.
    report.add(row("second_start_validate_ms", median(&mut validate), "ms"));
    Ok(scene)
}

struct Number(u64);

impl Cached for Number {
    fn bytes(&self) -> u64 {
        self.0
    }
}

/// Nanoseconds of a request for something that is there, among a thousand things.
fn hits(report: &mut Report) {
    const THINGS: u64 = 1024;
    const REQUESTS: u64 = 100_000;
    let cacher = Cacher::new("numbers");
    let get =
        |key: u64| cacher.get_or_build(&key, || Ok::<_, std::convert::Infallible>(Number(key))).map(|thing| thing.0);
    let mut sum = (0..THINGS).map(|key| get(key).unwrap_or_default()).sum::<u64>();
    let clock = Clock::new();
    let mut samples: Vec<f64> = (0..21)
        .map(|round| {
            let ask = |request: u64| get((request * 389 + round) % THINGS).unwrap_or_default();
            let (time, got) = clock.measure(|| (0..REQUESTS).map(ask).sum::<u64>());
            sum ^= got;
            time / REQUESTS as f64
        })
        .collect();
    std::hint::black_box(sum);
    report.add(Row::new("hit_ns", median(&mut samples), "ns").key("entries", THINGS));
}

/// Damages a file of the cache in random ways. A corruption is survived when it is noticed, nothing panics, and the scene is the
/// very one that it should be: so no picture and no call of Vulkan can differ.
fn corruptions(report: &mut Report, folder: &Path, count: u32) -> Result<(), Failure> {
    let folder = folder.join("corrupted");
    let disk = DiskCache::at(&folder);
    let heightmap = asset(HEIGHTMAP).ok_or(MISSING)?;
    let open = || Scene::open_kept(&heightmap, SMALL, Some(&disk), &|_| {});
    let (truth, _) = open()?;
    let path = fs::read_dir(&folder)?.next().ok_or("the scene was not kept")??.path();
    let good = fs::read(&path)?;
    let mut random = Random::new(1);
    let mut survived = 0;
    let mut tried = 0;
    while tried < count {
        let mut bytes = good.clone();
        (0..=random.below(3)).for_each(|_| damage(&mut bytes, &mut random));
        if bytes == good {
            continue;
        }
        tried += 1;
        fs::write(&path, &bytes)?;
        let opened = catch_unwind(AssertUnwindSafe(open));
        survived += u32::from(matches!(
            opened,
            Ok(Ok((scene, Origin::Built { damage: Some(_), not_kept: None }))) if scene.map == truth.map
        ));
    }
    report.add(Row::new("corruptions_tried", tried.into(), "files").goal(Goal::AtLeast(count.into())));
    report.add(Row::new("corruptions_survived", survived.into(), "files").goal(Goal::AtLeast(tried.into())));
    Ok(())
}

/// Wall time of a frame that an edit comes before, from the edit to the end of the frame, beside that of a frame alone. Boxes
/// are cut out of the ground in turn, and filled again.
fn edits(report: &mut Report, device: &Device, scene: Scene, rounds: usize) -> Result<(), Failure> {
    let voxels = VoxelScene::upload_for_editing(device, &scene.map)?;
    let mut graph = draw(device, &scene, &voxels)?;
    let uploader = Uploader::new(device, &StagingPool::new(device), UploaderOptions::default())?;
    graph.attach_uploader(&uploader)?;
    let mut editor = Editor::new(scene.map);
    let (mut idle, mut edited) = (Times::default(), Times::default());
    let mut changed = Vec::new();
    // Until the device has its full speed, and many rounds where frames are short.
    let begin = Instant::now();
    while begin.elapsed() < WARM_UP {
        graph.frame()?;
        graph.wait()?;
    }
    let begin = Instant::now();
    while changed.len() < rounds || (changed.len() < MOST_ROUNDS && begin.elapsed() < LONG_ENOUGH) {
        let round = changed.len();
        frame(&mut graph, &mut idle, Instant::now())?;

        let shape = on_the_ground(editor.map(), round as u32 / 2 % PLACES, PLACES);
        let start = Instant::now();
        let changes = editor.edit(shape, if round % 2 == 0 { Edit::Clear } else { Edit::Set(1) })?;
        edited.edit.push(milliseconds(start));
        let update = Instant::now();
        if voxels.update(&uploader, editor.map(), &changes)? == Updated::Outgrown {
            return Err("the scene outgrew its buffers".into());
        }
        edited.update.push(milliseconds(update));
        frame(&mut graph, &mut edited, start)?;
        changed.push(changes.bytes() as f64);
    }
    let frames = changed.len();
    let uploads = uploader.statistics();
    let mut row = |name: &str, value, unit, goal| {
        let row = Row::new(name, value, unit).key("box", BOX).key("frames", frames);
        report.add(if let Some(most) = goal { row.goal(Goal::AtMost(most)) } else { row });
    };
    let (idle_ms, edited_ms) = (median(&mut idle.whole), median(&mut edited.whole));
    row("edit_frame_over_idle_frame", edited_ms / idle_ms, "ratio", Some(1.5));
    row("idle_frame_ms", idle_ms, "ms", None);
    row("edit_frame_ms", edited_ms, "ms", None);
    // Where it goes: the edit, its way into staging, the call that submits, and the wait for the device.
    row("edit_alone_ms", median(&mut edited.edit), "ms", None);
    row("update_alone_ms", median(&mut edited.update), "ms", None);
    row("idle_call_ms", median(&mut idle.call), "ms", None);
    row("edit_call_ms", median(&mut edited.call), "ms", None);
    row("idle_wait_ms", median(&mut idle.wait), "ms", None);
    row("edit_wait_ms", median(&mut edited.wait), "ms", None);
    row("edit_upload_bytes", median(&mut changed), "bytes", None);
    row("edit_upload_regions", uploads.regions as f64 / frames as f64, "regions", None);
    row("edit_scattered", uploads.scattered as f64 / frames as f64, "pieces", None);
    row("edit_stalls", uploads.stalls as f64, "stalls", Some(0.0));
    report.note(format!("frames of {}×{}, {} recompiles", FRAME[0], FRAME[1], graph.recompiles()));
    Ok(())
}

/// Milliseconds that frames and their parts took.
#[derive(Default)]
struct Times {
    edit: Vec<f64>,
    update: Vec<f64>,
    call: Vec<f64>,
    wait: Vec<f64>,
    whole: Vec<f64>,
}

/// Runs a frame that began at this moment, and waits for its end.
fn frame(graph: &mut CompiledGraph, times: &mut Times, start: Instant) -> Result<(), Failure> {
    let call = Instant::now();
    graph.frame()?;
    times.call.push(milliseconds(call));
    let wait = Instant::now();
    graph.wait()?;
    times.wait.push(milliseconds(wait));
    times.whole.push(milliseconds(start));
    Ok(())
}

/// A box half in the ground and half above it, off the grid of bricks: another one for every number.
fn on_the_ground(map: &BrickMap, number: u32, count: u32) -> Shape {
    let x = (map.size.x * (2 * number + 1) / (2 * count + 2)) as i32 | 1;
    let z = (map.size.z / 2) as i32 | 3;
    let middle = IVec3::new(x, 0, z) + BOX / 2;
    let ground = (0..map.size.y as i32).rev().find(|&y| map.get(middle.with_y(y)).is_some()).unwrap_or(0);
    let min = IVec3::new(x, ground - BOX / 2, z);
    Shape::Box { min, max: min + BOX }
}

/// The demo's graph.
fn draw(device: &Device, scene: &Scene, voxels: &VoxelScene) -> Result<CompiledGraph, Failure> {
    let start = default_view(scene);
    let graph = Graph::new(Output::headless(FRAME[0], FRAME[1]));
    let (_, orbit) = graph.param(Orbit::default());
    let wires = graph.add(voxels);
    let camera = graph.add(OrbitCamera { orbit: &orbit, start });
    let color = VoxelPipeline::Compute.draw(&graph, &camera.uniform, &wires, default_params(scene, &start));
    let tone = graph.add(ToneMap { hdr: &color, ldr: graph.image(Extent::Output) });
    graph.retain(tone.ldr);
    Ok(graph.compile(device)?)
}

fn milliseconds(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use glam::UVec3;

    use super::*;

    #[test]
    fn boxes_meet_the_ground() {
        let scene = Scene::from_fn("ground", UVec3::new(400, 100, 90), |at| (at.y < 50).then_some(1));
        let map = scene.expect("it has voxels").map;
        for number in 0..6 {
            let Shape::Box { min, max } = on_the_ground(&map, number, 11) else { panic!("it is a box") };
            assert_eq!((min.y, max - min), (33, IVec3::splat(BOX)));
            assert!(min.x > 0 && max.x < 400 && min.x % 8 != 0);
        }
    }
}
