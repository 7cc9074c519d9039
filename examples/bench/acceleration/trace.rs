//! The same rays through every pipeline.

use std::sync::Arc;
use std::time::{Duration, Instant};

use vixen::ash::vk;
use vixen::memory::{Buffer, BufferDesc, Category, upload_buffer};
use vixen::{CompileOptions, CompiledGraph, Device, Extent, Graph, Output};
use vixen_nodes::acceleration::{
    Blas, BlasDesc, Geometry, Instance, Tlas, VoxelBoxes, VoxelStructure, VoxelStructureWires,
};
use vixen_nodes::voxel::default_params;
use vixen_nodes::{VoxelCubeHits, VoxelFind, VoxelPipeline, VoxelScene};

use super::scenes::Sample;
use crate::Failure;
use crate::statistics::median;
use crate::voxels::path::start;

/// How long a device that was idle works before it is measured.
const WARM: Duration = Duration::from_millis(200);

/// A structure with a box for every voxel.
pub struct Cubes {
    tlas: Tlas,
    blas: Blas,
    voxels: Arc<Buffer>,
}

impl Cubes {
    pub fn build(device: &Device, boxes: &VoxelBoxes) -> Result<Self, Failure> {
        let blas = Blas::build(device, &BlasDesc::new("voxels", Geometry::Aabbs(&boxes.boxes)).compact())?;
        let tlas = Tlas::build(device, "voxels", &[Instance::new(&blas)])?;
        let bytes = boxes.voxels.as_flattened().iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>();
        let usage = vk::BufferUsageFlags::STORAGE_BUFFER | vk::BufferUsageFlags::TRANSFER_DST;
        let voxels = device.budget().buffer(&BufferDesc::new("voxels", bytes.len() as u64, usage), Category::Cacher)?;
        upload_buffer(device, &voxels, &bytes)?;
        Ok(Self { tlas, blas, voxels: Arc::new(voxels) })
    }

    /// What it takes of the device's memory.
    pub fn bytes(&self) -> u64 {
        self.blas.bytes() + self.tlas.bytes() + self.voxels.bytes()
    }
}

/// What rays go through.
#[derive(Clone, Copy)]
pub enum Through<'a> {
    Compute,
    Fragment,
    Hybrid(&'a VoxelStructure),
    /// A structure without instances, so that all rays miss: what casting them costs.
    Nothing(&'a VoxelStructure, &'a Tlas),
    /// The nearest box, into which no shader looks: the least that rays through boxes cost.
    Nearest(&'a VoxelStructure),
    Boxes(&'a VoxelStructure),
    Voxels(&'a Cubes),
}

impl<'a> Through<'a> {
    pub fn name(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::Fragment => "fragment",
            Self::Hybrid(_) => "hybrid",
            Self::Nothing(..) => "rt_nothing",
            Self::Nearest(_) => "rt_nearest",
            Self::Boxes(_) => "rt_boxes",
            Self::Voxels(_) => "rt_voxels",
        }
    }

    /// The boxes that are met, if they are not of voxels.
    pub fn structure(self) -> Option<&'a VoxelStructure> {
        match self {
            Self::Hybrid(boxes) | Self::Nearest(boxes) | Self::Boxes(boxes) => Some(boxes),
            Self::Compute | Self::Fragment | Self::Nothing(..) | Self::Voxels(_) => None,
        }
    }
}

/// What all pipelines have in common.
pub struct Pipelines<'a> {
    pub device: &'a Device,
    pub sample: &'a Sample,
    pub uploaded: &'a VoxelScene,
    pub extent: [u32; 2],
    pub frames: usize,
}

impl Pipelines<'_> {
    /// Millions of primary rays a second through each of these, by the device's own clock: the median of frames that take turns, since
    /// the device's clock rises and falls.
    pub fn mrays(&self, through: &[Through<'_>]) -> Result<Vec<f64>, Failure> {
        let graph = |&through: &Through<'_>| Ok((self.compile(through)?, Vec::with_capacity(self.frames)));
        let mut graphs = through.iter().map(graph).collect::<Result<Vec<_>, Failure>>()?;
        let start = Instant::now();
        let (mut rounds, mut measured) = (0, 0);
        while measured < self.frames {
            for (graph, milliseconds) in &mut graphs {
                graph.frame()?;
                graph.wait()?;
                if measured > 0 {
                    milliseconds.push(graph.gpu_times().map(|(_, time)| time).sum());
                }
            }
            rounds += 1;
            // The times of a frame are known when its slot comes round again.
            measured += usize::from(rounds >= 3 && start.elapsed() >= WARM);
        }
        let [width, height] = self.extent;
        let mrays = |milliseconds: &mut [f64]| f64::from(width * height) / (median(milliseconds) * 1e3);
        Ok(graphs.iter_mut().map(|(_, milliseconds)| mrays(milliseconds)).collect())
    }

    fn compile(&self, through: Through<'_>) -> Result<CompiledGraph, Failure> {
        let view = start(&self.sample.scene);
        let params = default_params(&self.sample.scene, &view);
        let [width, height] = self.extent;
        let graph = Graph::new(Output::headless(width, height));
        let (_, camera) = graph.param(view.camera());
        let scene = graph.add(self.uploaded);
        let hits = |pipeline: VoxelPipeline<'_>| {
            let _ = graph.retain(pipeline.hits(&graph, &camera, &scene, params));
        };
        let find = |wires: VoxelStructureWires| {
            let (boxes, cells, found) = (&wires.boxes, &wires.cells, graph.image(Extent::Output));
            let _ = graph.retain(graph.add(VoxelFind { camera: &camera, boxes, cells, found, params }).found);
        };
        match through {
            Through::Compute => hits(VoxelPipeline::Compute),
            Through::Fragment => hits(VoxelPipeline::Fragment),
            Through::Hybrid(structure) => hits(VoxelPipeline::Hybrid(&graph.add(structure))),
            Through::Nothing(structure, tlas) => {
                find(VoxelStructureWires { boxes: graph.add(tlas), ..graph.add(structure) });
            }
            Through::Nearest(structure) => find(graph.add(structure)),
            Through::Boxes(structure) => hits(VoxelPipeline::RayTracing(&graph.add(structure))),
            Through::Voxels(cubes) => {
                let (boxes, voxels) = (&graph.add(&cubes.tlas), &graph.share_buffer(&cubes.voxels));
                let hits = graph.image(Extent::Output);
                let node = VoxelCubeHits { camera: &camera, boxes, cubes: voxels, hits, params };
                let _ = graph.retain(graph.add(node).hits);
            }
        }
        let options = CompileOptions { gpu_times: true, ..CompileOptions::default() };
        Ok(graph.compile_with(self.device, &options)?)
    }
}
