//! Edits on the GPU: seen by the next frame, without a stall or a recompile, and right.

use glam::{DVec3, IVec3, UVec2, UVec3};
use vixen::event::SceneChanged;
use vixen::memory::{StagingPool, Uploader, UploaderOptions, Wait};
use vixen::testing::serial;
use vixen::{
    Buffer, CompiledGraph, Device, DeviceOptions, Extent, FrameInfo, Graph, Host, Image, Output, Readback, Rgba32Int,
    node,
};
use vixen_nodes::voxel::reference::{Ray, disagreement, trace};
use vixen_nodes::voxel::{CameraUniform, Edit, Editor, Scene, Shape, default_params, default_view};
use vixen_nodes::{Updated, VoxelHits, VoxelScene};

const EDGE: u32 = 128;

fn device() -> Device {
    serial();
    Device::new(&DeviceOptions::new().application_name("vixen tests").validation(true))
        .expect("the tests need a Vulkan device and the validation layer: `./x test` installs both")
}

fn hits(device: &Device, scene: &Scene, voxels: &VoxelScene, camera: CameraUniform) -> (CompiledGraph, Hits) {
    let graph = Graph::new(Output::headless(EDGE, EDGE));
    let (_, camera) = graph.param(camera);
    let wires = graph.add(voxels);
    let hits = graph.add(VoxelHits {
        counts: false,
        grid_format: wires.grid_format,
        camera: &camera,
        nodes: &wires.nodes,
        bricks: &wires.bricks,
        masks: &wires.masks,
        grid: &wires.grid,
        hits: graph.image(Extent::Output),
        params: default_params(scene, &default_view(scene)),
    });
    let hits = graph.read_back(&hits.hits);
    (graph.compile(device).expect("the graph is valid"), Hits(hits))
}

struct Hits(Readback<Image<Rgba32Int>>);

impl Hits {
    /// What the newest frame hit, pixel by pixel.
    fn of(&self, graph: &mut CompiledGraph) -> Vec<Option<IVec3>> {
        graph.wait().expect("the frame ends");
        let (frame, bytes) = graph.read(self.0).expect("the device lives").expect("the frame has finished");
        assert_eq!(frame + 1, graph.frames(), "this is the newest frame");
        let number = |bytes: &[u8]| i32::from_le_bytes(bytes.try_into().expect("four bytes"));
        let texel = |texel: &[u8]| {
            let [x, y, z, face] = [0, 4, 8, 12].map(|at| number(&texel[at..at + 4]));
            (face != 7).then_some(IVec3::new(x, y, z))
        };
        bytes.chunks_exact(16).map(texel).collect()
    }
}

#[test]
fn a_graph_hears_of_its_scene_and_of_each_edit() {
    let device = device();
    let scene = Scene::from_fn("block", UVec3::splat(16), |_| Some(1)).expect("it has voxels");
    let voxels = VoxelScene::upload_for_editing(&device, &scene.map).expect("the scene is small");
    let graph = Graph::without_output();
    let watcher = graph.read_back(&graph.add(Generation { newest: 0 }).generation);
    let mut graph = graph.compile(&device).expect("the graph is valid");
    let channel = graph.events().channel().expect("the node declares it");
    voxels.announce(graph.events().sender(channel));
    let uploader = Uploader::new(&device, &StagingPool::new(&device), UploaderOptions::default()).expect("it is made");
    let mut editor = Editor::new(scene.map.clone());
    let mut heard = Vec::new();
    for edge in [0, 4, 0, 8] {
        let shape = Shape::Box { min: IVec3::ZERO, max: IVec3::splat(edge) };
        let changes = editor.edit(shape, Edit::Set(2)).expect("the scene is small");
        let _ = voxels.update(&uploader, editor.map(), &changes).expect("there is room in staging");
        graph.frame().expect("the frame runs");
        graph.wait().expect("the frame ends");
        let (_, bytes) = graph.read(watcher).expect("the device lives").expect("the frame has finished");
        heard.push(u32::from_ne_bytes(bytes.try_into().expect("it is one number")));
    }
    assert_eq!(heard, [1, 2, 2, 3], "what changes nothing is no news");
    let scenes: Vec<_> = graph.events().read(channel).map(|event| event.scene).collect();
    assert_eq!(scenes, [voxels.id()]);
    uploader.flush().expect("the device lives");
    drop(graph);
}

/// Knows the newest generation of the scene.
#[node(host, receives(SceneChanged = 4))]
struct Generation {
    #[create]
    generation: Buffer<u32>,
    newest: u32,
}

#[node]
impl Host for Generation {
    fn run(view: &mut View, frame: &FrameInfo) {
        *view.newest =
            frame.events::<SceneChanged>().map(|event| event.generation as u32).last().unwrap_or(*view.newest);
        *view.generation = *view.newest;
    }
}

#[test]
fn the_next_frame_shows_an_edit() {
    let device = device();
    let scene = Scene::from_fn("hills", UVec3::new(96, 64, 96), |at| {
        let height = 24.0 + 9.0 * (at.x as f32 * 0.1).sin() + 8.0 * (at.z as f32 * 0.13).cos();
        ((at.y as f32) < height).then_some(1)
    })
    .expect("it has voxels");
    let voxels = VoxelScene::upload_for_editing(&device, &scene.map).expect("the scene is small");
    let camera = default_view(&scene).camera();
    let (mut graph, hits) = hits(&device, &scene, &voxels, camera);
    let uploader = Uploader::new(&device, &StagingPool::new(&device), UploaderOptions::default()).expect("it is made");
    graph.attach_uploader(&uploader).expect("the uploader is of this device");
    let mut editor = Editor::new(scene.map.clone());
    let ball = |x, y, z, radius| Shape::Sphere { center: DVec3::new(x, y, z), radius };
    let cube = |min: [i32; 3], edge| Shape::Box { min: IVec3::from_array(min), max: IVec3::from_array(min) + edge };
    let edits = [
        (cube([30, 10, 40], 32), Edit::Clear),
        (ball(60.0, 40.0, 60.0, 14.5), Edit::Set(9)),
        (ball(63.0, 46.0, 66.0, 9.0), Edit::Clear),
        (cube([8, 20, 60], 25), Edit::Set(40)),
        (ball(48.0, 0.0, 48.0, 200.0), Edit::Clear),
        (ball(48.0, 30.0, 48.0, 20.0), Edit::Set(2)),
    ];
    graph.frame().expect("the frame runs");
    let mut shown = hits.of(&mut graph);
    for (number, (shape, edit)) in edits.into_iter().enumerate() {
        let changes = editor.edit(shape, edit).expect("the scene is small");
        // Frames are in flight that read what is about to change: validation would tell.
        graph.frame().expect("the frame runs");
        let updated = voxels.update(&uploader, editor.map(), &changes).expect("there is room in staging");
        assert!(matches!(updated, Updated::Queued(Some(_))));
        graph.frame().expect("the frame runs");
        let seen = hits.of(&mut graph);
        let differing = seen.iter().zip(&shown).filter(|(new, old)| new != old).count();
        assert!(differing > 100, "edit {number} changed only {differing} pixels");
        let (mut same, mut edges) = (0, 0);
        for (index, &seen) in seen.iter().enumerate() {
            let pixel = UVec2::new(index as u32 % EDGE, index as u32 / EDGE);
            let ray = Ray::primary(&camera, UVec2::splat(EDGE), pixel);
            let truth = trace(scene.map.size, |at| editor.map().get(at).is_some(), &ray).map(|hit| hit.voxel);
            if truth == seen {
                same += 1;
            } else {
                edges += 1;
                assert!(
                    disagreement(&ray, truth, seen) <= 1e-3,
                    "edit {number}, pixel {pixel}: {seen:?}, not {truth:?}"
                );
            }
        }
        assert!(f64::from(same) >= 0.999 * f64::from(same + edges), "edit {number}: {edges} pixels hit another voxel");
        shown = seen;
    }
    assert_eq!((graph.recompiles(), uploader.statistics().stalls), (0, 0));
    drop(graph);
    assert_eq!(device.validation_messages(), Vec::<String>::new());
}

#[test]
fn an_update_that_failed_is_made_up_for_by_the_next() {
    let device = device();
    let floor = Scene::from_fn("floor", UVec3::splat(96), |at| (at.y < 8).then_some(1)).expect("it has voxels");
    let voxels = VoxelScene::upload_for_editing(&device, &floor.map).expect("the scene is small");
    let uploader = |options| Uploader::new(&device, &StagingPool::new(&device), options).expect("it is made");
    let mut editor = Editor::new(floor.map.clone());
    let ball = Shape::Sphere { center: DVec3::new(48.0, 40.0, 48.0), radius: 20.0 };
    let changes = editor.edit(ball, Edit::Set(2)).expect("the scene is small");
    let cramped = uploader(UploaderOptions { writes: 1, wait: Wait::Fail, ..UploaderOptions::default() });
    voxels.update(&cramped, editor.map(), &changes).expect_err("one write is not enough");
    drop(cramped);

    let roomy = uploader(UploaderOptions::default());
    let updated = voxels.update(&roomy, editor.map(), &changes).expect("there is room in staging");
    assert!(matches!(updated, Updated::Queued(Some(_))));
    let anew = VoxelScene::upload(&device, editor.map()).expect("the scene is small");
    let camera = default_view(&floor).camera();
    let [seen, expected] = [&voxels, &anew].map(|voxels| {
        let (mut graph, hits) = hits(&device, &floor, voxels, camera);
        graph.attach_uploader(&roomy).expect("the uploader is of this device");
        graph.frame().expect("the frame runs");
        hits.of(&mut graph)
    });
    let differing = seen.iter().zip(&expected).filter(|(seen, expected)| seen != expected).count();
    assert!(differing * 1000 < seen.len(), "{differing} of {} pixels hit something else", seen.len());
    let messages = device.validation_messages();
    assert!(messages.is_empty(), "the validation layer reported:\n{}", messages.join("\n"));
}

#[test]
fn a_scene_that_outgrows_its_buffers_says_so() {
    let device = device();
    let scene = Scene::from_fn("dot", UVec3::splat(64), |at| (at == IVec3::ZERO).then_some(1)).expect("it has a voxel");
    let voxels = VoxelScene::upload(&device, &scene.map).expect("the scene is small");
    let uploader = Uploader::new(&device, &StagingPool::new(&device), UploaderOptions::default()).expect("it is made");
    let mut editor = Editor::new(scene.map);
    let changes =
        editor.edit(Shape::Sphere { center: DVec3::splat(30.0), radius: 12.0 }, Edit::Set(1)).expect("it fits");
    assert_eq!(voxels.update(&uploader, editor.map(), &changes).expect("nothing is uploaded"), Updated::Outgrown);
    assert_eq!(uploader.statistics().uploads, 0);
    let roomy = VoxelScene::upload_for_editing(&device, editor.map()).expect("the scene is small");
    let changes = editor.edit(Shape::Sphere { center: DVec3::splat(20.0), radius: 9.0 }, Edit::Clear).expect("it fits");
    assert!(matches!(roomy.update(&uploader, editor.map(), &changes), Ok(Updated::Queued(Some(_)))));
    assert_eq!(
        roomy.update(&uploader, editor.map(), &Default::default()).expect("nothing to do"),
        Updated::Queued(None)
    );
    uploader.flush().expect("it submits");
    device.wait_idle().expect("the device lives");
    assert_eq!(device.validation_messages(), Vec::<String>::new());
}
