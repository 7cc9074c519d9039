//! The acceleration structure of a scene that is edited: frames that follow edits allocate nothing, and what a frame that failed should have
//! followed, the next one does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use glam::{IVec3, UVec3};
use vixen::frame::FrameError;
use vixen::memory::{StagingPool, Uploader, UploaderOptions};
use vixen::testing::{CountingAllocator, FrameWatch, serial};
use vixen::{
    CompiledGraph, Device, DeviceOptions, Graph, Image, Output, Readback, Replaceable, Rgba32Int, Transfer, node,
};
use vixen_nodes::acceleration::EditableVoxelStructure;
use vixen_nodes::voxel::{Edit, Editor, Scene, Shape, default_params, default_view};
use vixen_nodes::{Updated, VoxelPipeline, VoxelScene};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const EDGE: u32 = 64;

/// Copies a picture, and fails once when it is told to.
#[node(transfer, dynamic)]
struct Fragile {
    #[transfer_source]
    picture: Image<Rgba32Int>,
    #[transfer_destination(write)]
    copy: Image<Rgba32Int>,
    fails: Arc<AtomicBool>,
}

#[node]
impl Transfer for Fragile {
    fn record(view: &View, commands: &mut Commands) {
        commands.copy_image(view.picture, view.copy);
        if view.fails.swap(false, Ordering::Relaxed) {
            // It is read here, and so this is refused.
            commands.clear(view.picture, [0.0; 4]);
        }
    }
}

/// A scene, its structure, and a graph that looks at both. The scene might be replaced.
struct Site {
    device: Device,
    editor: Editor,
    uploader: Arc<Uploader>,
    voxels: VoxelScene,
    structure: EditableVoxelStructure,
    graph: CompiledGraph,
    /// What rays through the structure hit, and what a march through the voxels does.
    hits: [Readback<Image<Rgba32Int>>; 2],
    fails: Arc<AtomicBool>,
}

impl Site {
    fn new(options: DeviceOptions) -> Self {
        serial();
        let device = Device::new(&options.application_name("vixen tests"))
            .expect("the tests need a Vulkan device and the validation layer: `./x test` installs both");
        let ground = |at: IVec3| (at.y < 20 + (at.x / 5 + at.z / 7) % 6).then_some(1);
        let scene = Scene::from_fn("ground", UVec3::new(72, 48, 64), ground).expect("it has voxels");
        let voxels = VoxelScene::upload_for_editing(&device, &scene.map).expect("the scene is small");
        // Boxes that every edit changes.
        let structure =
            EditableVoxelStructure::build_with(&device, &scene.map, 8, 4096).expect("the device traces rays");
        let uploader =
            Uploader::new(&device, &StagingPool::new(&device), UploaderOptions::default()).expect("it is made");
        let view = default_view(&scene);
        let graph = Graph::new(Output::headless(EDGE, EDGE));
        let (_, camera) = graph.param(view.camera());
        let (wires, boxes) = (graph.add(&Replaceable::new(voxels.clone())), graph.add(&structure));
        let fails = Arc::new(AtomicBool::new(false));
        let params = default_params(&scene, &view);
        let traced = VoxelPipeline::RayTracing(&boxes).hits(&graph, &camera, &wires, params);
        let copy = graph.image(vixen::Extent::Output);
        let traced = graph.add(Fragile { picture: &traced, copy, fails: Arc::clone(&fails) }).copy;
        let marched = VoxelPipeline::Compute.hits(&graph, &camera, &wires, params);
        let hits = [graph.read_back(&traced), graph.read_back(&marched)];
        let mut graph = graph.compile(&device).expect("the graph is valid");
        graph.attach_uploader(&uploader).expect("the uploader is of this device");
        Self { device, editor: Editor::new(scene.map), uploader, voxels, structure, graph, hits, fails }
    }

    /// Digs one of several pits, or fills it.
    fn edit(&mut self, number: u64) {
        let min = IVec3::new(4 + 9 * (number / 2 % 5) as i32, 9, 20);
        let shape = Shape::Box { min, max: min + 18 };
        let edit = if number.is_multiple_of(2) { Edit::Clear } else { Edit::Set(3) };
        let changes = self.editor.edit(shape, edit).expect("the scene is small");
        let map = self.editor.map();
        let shown = self.voxels.update(&self.uploader, map, &changes).expect("there is room in staging");
        let followed = self.structure.update(&self.uploader, map, &changes).expect("there is room in staging");
        assert!([shown, followed].iter().all(|updated| matches!(updated, Updated::Queued(Some(_)))));
    }

    /// What the newest frame hit, in both ways.
    fn seen(&mut self) -> [Vec<u8>; 2] {
        self.graph.wait().expect("the frame ends");
        let read = |hits| self.graph.read(hits).expect("the device lives").expect("the frame has finished").1.to_vec();
        self.hits.map(read)
    }
}

fn differing(a: &[u8], b: &[u8]) -> usize {
    a.chunks_exact(16).zip(b.chunks_exact(16)).filter(|(a, b)| a != b).count()
}

#[test]
fn a_frame_that_fails_is_made_up_for() {
    let mut site = Site::new(DeviceOptions::new().validation(true));
    site.graph.frame().expect("the frame runs");
    let [before, _] = site.seen();
    site.edit(0);
    site.fails.store(true, Ordering::Relaxed);
    let failed = site.graph.frame().expect_err("a node does what it must not");
    assert!(matches!(&failed, FrameError::Record(_)), "{failed}");
    site.graph.frame().expect("the next frame runs");
    let [traced, marched] = site.seen();
    assert!(differing(&before, &traced) > 50, "the edit shows: {} pixels", differing(&before, &traced));
    let other = differing(&traced, &marched);
    assert!(other * 1000 <= (EDGE * EDGE) as usize, "rays see what a march sees, but {other} pixels differ");
    assert_eq!(site.device.validation_messages(), Vec::<String>::new());
}

#[test]
fn frames_that_follow_edits_allocate_nothing() {
    let mut site = Site::new(DeviceOptions::new().watched());
    // The first edits warm the uploader.
    for number in 0..8 {
        site.edit(number);
        site.graph.frame().expect("the frame runs");
    }
    let mut watch = FrameWatch::new(&site.graph).expect("allocator and device count");
    for number in 8..108 {
        site.edit(number);
        watch.frame(&mut site.graph).expect("the frame runs");
    }
    let report = watch.finish(&mut site.graph).expect("frames by hand run");
    // What drivers allocate to record a build they do by hand as well; but by hand there is nothing to build.
    assert_eq!((report.heap_max, report.create_max, report.recompiles), (0, 0, 0), "{report}");
    let [traced, marched] = site.seen();
    assert!(differing(&traced, &marched) * 1000 <= (EDGE * EDGE) as usize, "the last edit shows in both");
}
