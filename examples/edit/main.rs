//! Digs a canyon and puts up posts beside it while the scene is drawn: `edit [SCENE [PICTURE.png]]`.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use glam::{IVec3, Vec2};
use vixen::memory::{StagingPool, Uploader, UploaderOptions};
use vixen::{CompiledGraph, Device, DeviceOptions, Extent, Graph, Image, Output, Readback, Rgba8Unorm};
use vixen_nodes::voxel::{BrickMap, Edit, Editor, Material, MaterialIndex, Scene, Shape, default_params, default_view};
use vixen_nodes::{ToneMap, Updated, VoxelPipeline, VoxelScene, antialiased};

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
    // It leaves some ground to stand on.
    let ball = |center: IVec3| {
        let center = center.as_dvec3().with_y(f64::from(center.y).max(f64::from(radius) + 3.0));
        (Shape::Sphere { center, radius: radius.into() }, Edit::Clear)
    };
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

/// A scene that is edited while it is drawn.
struct Site {
    /// The scene on the CPU: says which bytes an edit has changed.
    editor: Editor,
    /// The scene on the GPU, with room to grow.
    voxels: VoxelScene,
    uploader: Arc<Uploader>,
    pixels: Readback<Image<Rgba8Unorm>>,
    edits: u64,
    bytes: u64,
}

impl Site {
    /// The site, and the graph that draws it.
    fn new(
        device: &Device,
        mut scene: Scene,
        [width, height]: [u32; 2],
    ) -> Result<(Self, CompiledGraph), Box<dyn Error>> {
        scene.map.palette[usize::from(BRICK_RED)] = Material { color: [0.45, 0.12, 0.06, 0.0] };
        let voxels = VoxelScene::upload_for_editing(device, &scene.map)?;
        let view = default_view(&scene);
        let params = default_params(&scene, &view);

        let graph = Graph::new(Output::headless(width, height));
        let (_, camera) = graph.param(view.camera());
        let wires = graph.add(&voxels);
        let color = antialiased(&graph, &camera, |camera| VoxelPipeline::Compute.draw(&graph, camera, &wires, params));
        let tone = graph.add(ToneMap { hdr: &color, ldr: graph.image(Extent::Output) });
        let pixels = graph.read_back(&tone.ldr);
        let mut graph = graph.compile(device)?;

        // Each frame takes along what was given to the uploader before it: no stall, and nothing is compiled or recorded again.
        let uploader = Uploader::new(device, &StagingPool::new(device), UploaderOptions::default())?;
        graph.attach_uploader(&uploader)?;
        Ok((Self { editor: Editor::new(scene.map), voxels, uploader, pixels, edits: 0, bytes: 0 }, graph))
    }

    /// Digs and builds what comes before a frame.
    fn work(&mut self, frame: u32) -> Result<(), Box<dyn Error>> {
        for (shape, edit) in edits(self.editor.map(), frame) {
            let changes = self.editor.edit(shape, edit)?;
            if self.voxels.update(&self.uploader, self.editor.map(), &changes)? == Updated::Outgrown {
                return Err("the scene has outgrown its buffers; a larger program would upload it anew".into());
            }
            (self.bytes, self.edits) = (self.bytes + changes.bytes(), self.edits + 1);
        }
        Ok(())
    }
}

fn draw(file: &Path, picture: &Path) -> Result<(), Box<dyn Error>> {
    let [width, height] = [800, 450];
    let device = Device::new(&DeviceOptions::new().application_name("Vixen edit"))?;
    let (mut site, mut graph) = Site::new(&device, Scene::open(file, RESOLUTION, &|_| ())?, [width, height])?;
    for frame in 0..FRAMES {
        site.work(frame)?;
        graph.frame()?;
    }
    graph.wait()?;
    let (_, bytes) = graph.read(site.pixels)?.ok_or("the frame has not finished")?;
    vixen_examples::picture::save(picture, bytes, [width, height])?;
    let (edits, each, stalls) = (site.edits, site.bytes / site.edits.max(1), site.uploader.statistics().stalls);
    println!("wrote {}: {edits} edits of {each} bytes in {FRAMES} frames, {stalls} stalls", picture.display());
    Ok(())
}

fn main() -> ExitCode {
    vixen_examples::picture_of("jacksboro-dem.png", "edit.png", draw)
}

#[cfg(test)]
mod tests {
    use vixen::testing::{CountingAllocator, frames};

    use super::*;

    #[global_allocator]
    static ALLOCATOR: CountingAllocator = CountingAllocator;

    #[test]
    fn frames_allocate_nothing() {
        let heightmap = &vixen_examples::assets("jacksboro-dem.png");
        let scene = Scene::open(heightmap, 96, &|_| ()).expect("it is a heightmap");
        let device = Device::new(&DeviceOptions::new().watched()).expect("there is a driver");
        let (mut site, mut graph) = Site::new(&device, scene, [16, 16]).expect("the graph is valid");
        let report = frames(&mut graph, FRAMES.into(), |_graph, frame| {
            site.work(frame as u32).expect("there is room");
        });
        report.expect("frames run").assert_empty();
        assert!(site.edits > 0);
    }
}
