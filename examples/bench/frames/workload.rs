//! The graphs whose frames are watched.

use glam::{IVec3, UVec3};
use vixen::{Buffer, CompiledGraph, Device, Extent, Graph, Output, Param, Shared, Switch, Transfer, Wire, node};
use vixen_nodes::voxel::{CameraUniform, Edit, Editor, Scene, Shape, View, default_params, default_view};
use vixen_nodes::{Orbit, OrbitCamera, ToneMap, Updated, VoxelPipeline, VoxelScene, orbited};

use super::handwritten::Uniforms;
use super::storm::{self, Storm};
use crate::Failure;
use crate::executor::ours::{Tick, add, add_anew};

/// Pixels along an edge of the picture: so few that frames are what takes time.
const EDGE: u32 = 16;
/// Values that a chain of nodes works on.
const VALUES: u64 = 64;
/// Dynamic nodes, which a switch turns on and off.
const DYNAMIC: usize = 100;

/// What adds a node to a chain.
type Add = fn(&Graph, &str, &Shared<Buffer<Tick>>, Wire<Buffer<[u32]>>) -> Wire<Buffer<[u32]>>;

/// A graph, and what is done to it between frames.
pub struct Workload {
    pub graph: CompiledGraph,
    tick: Param<Tick>,
    dynamic: Switch,
    storm: Storm,
    demo: Option<Demo>,
}

/// What only the demo's graph has.
struct Demo {
    orbit: Param<Orbit>,
    start: View,
    editor: Editor,
    voxels: VoxelScene,
}

impl Workload {
    /// The demo's graph, whose scene is edited, with a chain of dynamic nodes beside it.
    pub fn demo(device: &Device) -> Result<Self, Failure> {
        let scene = Scene::from_fn("hills", UVec3::new(64, 48, 64), |at| {
            let height = 20.0 + 9.0 * (at.x as f32 * 0.1).sin() + 8.0 * (at.z as f32 * 0.13).cos();
            ((at.y as f32) < height).then_some(1)
        })?;
        let start = default_view(&scene);
        let voxels = VoxelScene::upload_for_editing(device, &scene.map)?;
        let graph = Graph::new(Output::headless(EDGE, EDGE));
        let (orbit, orbit_wire) = graph.param(Orbit::default());
        let wires = graph.add(&voxels);
        let camera = graph.add(OrbitCamera { orbit: &orbit_wire, start });
        let color = VoxelPipeline::Compute.draw(&graph, &camera.uniform, &wires, default_params(&scene, &start));
        let tone = graph.add(ToneMap { hdr: &color, ldr: graph.image(Extent::Output) });
        graph.read_back(&tone.ldr);
        graph.present(tone.ldr);
        let demo = Demo { orbit, start, editor: Editor::new(scene.map), voxels };
        Self::compile(device, &graph, 0, 4, Some(demo))
    }

    /// A graph of about a thousand nodes, most of them in one chain.
    pub fn thousand(device: &Device) -> Result<Self, Failure> {
        Self::compile(device, &Graph::without_output(), 1_000 - DYNAMIC, DYNAMIC, None)
    }

    /// Adds a chain of static nodes, half of it in the place of dynamic ones while these are off, and the storm.
    fn compile(
        device: &Device,
        graph: &Graph,
        nodes: usize,
        dynamic_nodes: usize,
        demo: Option<Demo>,
    ) -> Result<Self, Failure> {
        let (tick, tick_wire) = graph.param(Tick { amount: 1 });
        let dynamic = graph.switch(false);
        let chain = |values, nodes, add: Add| {
            (0..nodes).fold(values, |values, node| add(graph, &format!("node {node}"), &tick_wire, values))
        };
        let zero = || graph.add(Zero { values: graph.buffer(VALUES) }).values;
        let on = chain(zero(), dynamic_nodes, add_anew);
        let off = chain(zero(), nodes / 2, add);
        let either = graph.select(dynamic, on, off);
        graph.read_back(&chain(either, nodes - nodes / 2, add));
        let (channels, heard) = storm::declare(graph);
        graph.read_back(&heard);
        let mut graph = graph.compile(device)?;
        let storm = Storm::new(&mut graph, channels)?;
        Ok(Self { graph, tick, dynamic, storm, demo })
    }

    /// What happens before a frame.
    pub fn before(&mut self, frame: u64) -> Result<(), Failure> {
        self.calm(frame);
        self.graph.switch(self.dynamic, frame / 3 % 2 == 1);
        self.storm.before(&mut self.graph, frame)?;
        if let Some(demo) = &mut self.demo
            && frame.is_multiple_of(16)
        {
            // The same few boxes are cut out and filled again: the scene does not grow.
            let number = (frame / 32 % 4) as i32;
            let min = IVec3::new(9 + 12 * number, 8, 21);
            let edit = if frame.is_multiple_of(32) { Edit::Clear } else { Edit::Set(1) };
            let changes = demo.editor.edit(Shape::Box { min, max: min + 9 }, edit)?;
            if demo.voxels.update(self.storm.uploader(), demo.editor.map(), &changes)? == Updated::Outgrown {
                return Err("the scene outgrew its buffers".into());
            }
        }
        Ok(())
    }

    /// What happens before a frame in fine weather: values change.
    pub fn calm(&mut self, frame: u64) {
        self.graph.set(self.tick, Tick { amount: frame as u32 });
        if let Some(demo) = &self.demo {
            self.graph.set(demo.orbit, turned(frame));
        }
    }

    /// What such a frame writes, worked out as the nodes of the graph do: for frames by hand.
    pub fn uniforms(&self, frame: u64) -> Uniforms {
        let camera = |demo: &Demo| orbited(&demo.start, &turned(frame)).fitted([EDGE, EDGE]).camera();
        let camera = self.demo.as_ref().map_or_else(CameraUniform::default, camera);
        Uniforms { camera, tick: Tick { amount: frame as u32 }, heard: 0 }
    }
}

/// What the frame of this number shows.
fn turned(frame: u64) -> Orbit {
    Orbit { yaw: frame as f32 * 0.01, ..Orbit::default() }
}

/// Defines a buffer's contents.
#[node(transfer)]
struct Zero {
    #[transfer_destination]
    values: Buffer<[u32]>,
}

#[node]
impl Transfer for Zero {
    fn record(view: &View, commands: &mut Commands) {
        commands.fill(view.values, 0);
    }
}
