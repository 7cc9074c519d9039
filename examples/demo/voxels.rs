//! The scene on the device: all of it, or what is seen of it.

use std::error::Error;

use clap::ValueEnum;
use vixen::{Buffer, Device, Graph, Image, Rgba16Float, Wire};
use vixen_examples::say;
use vixen_nodes::acceleration::VoxelStructure;
use vixen_nodes::voxel::{CameraUniform, MarchParams, Scene, default_view};
use vixen_nodes::{Structure, StructureWires, StructuredScene, VoxelPipeline};

use crate::args::{How, Pipeline};
use crate::stream::Stream;

/// The scene's buffers.
pub enum Voxels<'a> {
    Whole(Box<Whole>),
    Streamed(Box<Stream<'a>>),
}

/// All of it, and how rays find it.
pub struct Whole {
    scene: StructuredScene,
    boxes: Option<VoxelStructure>,
    pipeline: Pipeline,
}

impl<'a> Voxels<'a> {
    /// Copies the scene to the device, or what must be there of it.
    pub fn upload(device: &Device, scene: &'a Scene, how: &How) -> Result<Self, Box<dyn Error>> {
        let Some(structure) = how.structure.whole() else {
            let eye = default_view(scene).eye;
            return Ok(Self::Streamed(Box::new(Stream::new(device, scene, how.stream_budget, eye)?)));
        };
        let uploaded = StructuredScene::upload(device, &scene.map, structure)?;
        let pipeline = if structure == Structure::BrickMap { how.pipeline.on(device) } else { Pipeline::Compute };
        if how.pipeline == Pipeline::Auto
            && let Some(chosen) = pipeline.to_possible_value()
        {
            say(format_args!("the pipeline for this device is {}", chosen.get_name()))?;
        }
        let traced = matches!(pipeline, Pipeline::Rt | Pipeline::Hybrid);
        let boxes = traced.then(|| VoxelStructure::build(device, &scene.map)).transpose()?;
        Ok(Self::Whole(Box::new(Whole { scene: uploaded, boxes, pipeline })))
    }

    /// Adds the nodes that draw it.
    pub fn draw(
        &mut self,
        graph: &Graph,
        camera: &Wire<Buffer<CameraUniform>>,
        params: MarchParams,
    ) -> Wire<Image<Rgba16Float>> {
        let Whole { scene, boxes, pipeline } = match self {
            Self::Whole(whole) => &**whole,
            Self::Streamed(stream) => return stream.draw(graph, camera, params),
        };
        let boxes = boxes.as_ref().map(|boxes| graph.add(boxes));
        match &graph.add(scene) {
            StructureWires::BrickMap(wires) => {
                let pipeline = match (&boxes, pipeline) {
                    (Some(boxes), Pipeline::Rt) => VoxelPipeline::RayTracing(boxes),
                    (Some(boxes), _) => VoxelPipeline::Hybrid(boxes),
                    (None, Pipeline::Fragment) => VoxelPipeline::Fragment,
                    (None, _) => VoxelPipeline::Compute,
                };
                pipeline.draw(graph, camera, wires, params)
            }
            other => other.draw(graph, camera, params),
        }
    }

    /// Bytes of device memory.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Whole(whole) => whole.scene.bytes() + whole.boxes.as_ref().map_or(0, VoxelStructure::bytes),
            Self::Streamed(stream) => stream.bytes(),
        }
    }

    /// The scene, if it is streamed.
    pub fn into_stream(self) -> Option<Stream<'a>> {
        match self {
            Self::Whole(_) => None,
            Self::Streamed(stream) => Some(*stream),
        }
    }
}
