//! Digs a canyon and puts up posts beside it while the scene is drawn: `edit [SCENE [PICTURE.png]]`.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use glam::{IVec3, Vec2};
use vixen::memory::{StagingPool, Uploader, UploaderOptions};
use vixen::{Device, DeviceOptions, Extent, Graph, Output};
use vixen_nodes::voxel::{BrickMap, Edit, Editor, Material, MaterialIndex, Scene, Shape, default_params, default_view};
use vixen_nodes::{ToneMap, Updated, VoxelPipeline, VoxelScene};

/// Voxels along the longest side of a heightmap or a mesh.
const RESOLUTION: u32 = 384;
const FRAMES: u32 = 45;
/// A place in the scene's palette of 256 that no heightmap uses.
const BRICK_RED: MaterialIndex = 200;

/// What is edited before a frame: along a curve through the scene a ball is dug out, and in some frames a post is put up on either side.
fn edits(map: &BrickMap, frame: u32) -> Vec<(Shape, Edit)> {
    let size = map.size.as_vec3();
    let radius = 0.025 * size.max_element();
    let moment = frame as f32 / FRAMES as f32;
    let at = |beside: f32| {
        let (x, z) = (0.85 - 0.7 * moment + 0.3 * beside, 0.55 + 0.08 * (9.0 * moment).sin() + beside);
        ground(map, Vec2::new(x * size.x, z * size.z))
    };
    let ball = |center: IVec3| (Shape::Sphere { center: center.as_dvec3(), radius: radius.into() }, Edit::Clear);
    let post = |foot: IVec3| {
        let (thick, high) = ((0.15 * radius) as i32 + 1, (2.0 * radius) as i32);
        let (min, max) = (foot - IVec3::new(thick, 4, thick), foot + IVec3::new(thick, high, thick));
        (Shape::Box { min, max }, Edit::Set(BRICK_RED))
    };
    let posts = [-0.05, 0.05].into_iter().filter(|_| frame.is_multiple_of(3)).filter_map(at).map(post);
    at(0.0).map(ball).into_iter().chain(posts).collect()
}

/// The highest solid voxel above a place.
fn ground(map: &BrickMap, place: Vec2) -> Option<IVec3> {
    let at = |y| IVec3::new(place.x as i32, y, place.y as i32);
    (0..map.size.y as i32).rev().map(at).find(|&voxel| map.get(voxel).is_some())
}

fn draw(file: &Path, picture: &Path) -> Result<(), Box<dyn Error>> {
    let [width, height] = [800, 450];
    let device = Device::new(&DeviceOptions::new().application_name("Vixen edit"))?;
    let mut scene = Scene::open(file, RESOLUTION, &|_| ())?;
    scene.map.palette[usize::from(BRICK_RED)] = Material { color: [0.45, 0.12, 0.06, 0.0] };
    // With room to grow; the editor has the scene on the CPU, and says which bytes an edit has changed.
    let voxels = VoxelScene::upload_for_editing(&device, &scene.map)?;
    let view = default_view(&scene);
    let params = default_params(&scene, &view);
    let mut editor = Editor::new(scene.map);

    let graph = Graph::new(Output::headless(width, height));
    let (_, camera) = graph.param(view.camera());
    let color = VoxelPipeline::Compute.draw(&graph, &camera, &voxels.wires(&graph), params);
    let tone = graph.add(ToneMap { hdr: &color, ldr: graph.image(Extent::Output) });
    let pixels = graph.read_back(&tone.ldr);
    let mut graph = graph.compile(&device)?;

    // Each frame takes along what was given to the uploader before it: no stall, and nothing is compiled or recorded again.
    let uploader = Uploader::new(&device, &StagingPool::new(&device), UploaderOptions::default())?;
    graph.attach_uploader(&uploader)?;
    let (mut bytes, mut count) = (0, 0);
    for frame in 0..FRAMES {
        for (shape, edit) in edits(editor.map(), frame) {
            let changes = editor.edit(shape, edit)?;
            if voxels.update(&uploader, editor.map(), &changes)? == Updated::Outgrown {
                return Err("the scene has outgrown its buffers; a larger program would upload it anew".into());
            }
            (bytes, count) = (bytes + changes.bytes(), count + 1);
        }
        graph.frame()?;
    }
    graph.wait()?;
    let (_, picture_bytes) = graph.read(pixels)?.ok_or("the frame has not finished")?;
    image::save_buffer(picture, picture_bytes, width, height, image::ColorType::Rgba8)?;
    let (each, stalls) = (bytes / count.max(1), uploader.statistics().stalls);
    println!("wrote {}: {count} edits of {each} bytes in {FRAMES} frames, {stalls} stalls", picture.display());
    Ok(())
}

fn main() -> ExitCode {
    let mountains = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/jacksboro-dem.png");
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().unwrap_or_else(|| mountains.to_owned());
    let picture = arguments.next().unwrap_or_else(|| "edit.png".to_owned());
    match draw(Path::new(&file), Path::new(&picture)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}
