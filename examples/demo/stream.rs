//! A streamed scene in the demo.

use std::error::Error;

use glam::Vec3;
use vixen::memory::{StagingPool, Uploader, UploaderOptions};
use vixen::{Buffer, CompiledGraph, Device, Graph, Image, Rgba16Float, Wire};
use vixen_nodes::voxel::{BrickMap, CameraUniform, MarchParams, Scene};
use vixen_nodes::{StreamOptions, StreamStatistics, StreamedScene, Uses};

/// The scene, and how its graph tells what rays looked into.
pub struct Stream<'a> {
    scene: StreamedScene<&'a BrickMap>,
    uploader: std::sync::Arc<Uploader>,
    uses: Option<Uses>,
    /// Where the camera is.
    pub eye: Vec3,
}

impl<'a> Stream<'a> {
    /// Copies to the device what must be there.
    pub fn new(device: &Device, scene: &'a Scene, budget: Option<u64>, eye: Vec3) -> Result<Self, Box<dyn Error>> {
        let uploader = Uploader::new(device, &StagingPool::new(device), UploaderOptions::default())?;
        let options = StreamOptions { budget, ..StreamOptions::default() };
        let scene = StreamedScene::new(device, &uploader, &scene.map, &options)?;
        Ok(Self { scene, uploader, uses: None, eye })
    }

    /// Adds the nodes that draw it.
    pub fn draw(
        &mut self,
        graph: &Graph,
        camera: &Wire<Buffer<CameraUniform>>,
        params: MarchParams,
    ) -> Wire<Image<Rgba16Float>> {
        let (color, uses) = graph.add(&self.scene).draw(graph, camera, params);
        self.uses = Some(uses);
        color
    }

    /// Lets the graph's frames bring what is uploaded.
    pub fn attach(&self, graph: &mut CompiledGraph) -> Result<(), Box<dyn Error>> {
        Ok(graph.attach_uploader(&self.uploader)?)
    }

    /// Queues what the newest finished frame has missed. To be called before each frame.
    pub fn update(&mut self, graph: &mut CompiledGraph) -> Result<StreamStatistics, Box<dyn Error>> {
        let Some(uses) = self.uses else { return Ok(StreamStatistics::default()) };
        graph.wait_for_turn()?;
        Ok(self.scene.update(graph, uses, self.eye)?)
    }

    /// Bytes of device memory.
    pub fn bytes(&self) -> u64 {
        self.scene.bytes()
    }
}
