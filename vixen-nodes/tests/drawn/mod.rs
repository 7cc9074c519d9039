//! The demo's graph over a small scene, for tests of its memory.
#![allow(dead_code, reason = "each test uses a part of it")]

use glam::{IVec3, UVec3};
use vixen::{CompiledGraph, Device, Extent, Graph, Image, Output, Readback, Rgba8Unorm};
use vixen_nodes::voxel::{Scene, default_params, default_view};
use vixen_nodes::{Orbit, OrbitCamera, ToneMap, VoxelPipeline, VoxelScene};

/// A pillared hall, which differs from number to number and repeats after fifteen.
pub fn scene(number: i32) -> Scene {
    let size = UVec3::new(24, 16, 20) + 4 * (number % 5) as u32;
    let solid = move |at: IVec3| {
        let pillar = (at.x / 3 + number) % 3 == 0 && at.z % 5 < 2;
        (at.y < 2 || pillar).then_some((1 + at.x % 7) as u8)
    };
    Scene::from_fn("hall", size, solid).expect("the scene is small")
}

/// The demo's graph, compiled, and its picture.
pub struct Drawn {
    pub graph: CompiledGraph,
    pub pixels: Readback<Image<Rgba8Unorm>>,
}

impl Drawn {
    pub fn compile(
        device: &Device,
        scene: &Scene,
        voxels: &VoxelScene,
        [width, height]: [u32; 2],
    ) -> Result<Self, vixen::graph::CompileError> {
        let start = default_view(scene);
        let graph = Graph::new(Output::headless(width, height));
        let (_, orbit) = graph.param(Orbit::default());
        let wires = graph.add(voxels);
        let camera = graph.add(OrbitCamera { orbit: &orbit, start });
        let color = VoxelPipeline::Compute.draw(&graph, &camera.uniform, &wires, default_params(scene, &start));
        let tone = graph.add(ToneMap { hdr: &color, ldr: graph.image(Extent::Output) });
        let pixels = graph.read_back(&tone.ldr);
        graph.present(tone.ldr);
        Ok(Self { graph: graph.compile(device)?, pixels })
    }

    /// Runs some frames and returns the picture of the last.
    pub fn picture(&mut self, frames: u32) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        for _ in 0..frames {
            self.graph.frame()?;
        }
        self.graph.wait()?;
        let (_, bytes) = self.graph.read(self.pixels)?.ok_or("no frame has finished")?;
        Ok(bytes.to_vec())
    }
}
