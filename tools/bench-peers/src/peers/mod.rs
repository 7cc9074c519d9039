//! The libraries that are compared, behind one trait.

mod vixen;
mod vk_graph;
mod vulkano;

use clap::ValueEnum;

use crate::Failure;

/// The SPIR-V of every node: `values[i] += tick.amount * factor`.
const SHADER: &[u8] = include_bytes!("../../../../examples/shaders/bump.comp.spv");
/// Numbers in a column.
const VALUES: u64 = 64;
const BYTES: u64 = VALUES * 4;
const AMOUNT: u32 = 1;
const FACTOR: u32 = 3;
/// Frames in flight.
pub const IN_FLIGHT: usize = 2;

/// One library running one shape.
pub trait Peer {
    /// Runs a frame: what is measured.
    fn frame(&mut self) -> Result<(), Failure>;
    /// Waits until the device has nothing to do.
    fn wait_idle(&mut self) -> Result<(), Failure>;
    /// A number of the first column, when the device is idle.
    fn result(&mut self) -> Result<u32, Failure>;
}

/// Nodes in layers, those of a layer independent of one another.
#[derive(Clone, Copy)]
pub struct Shape {
    /// Nodes in all.
    pub nodes: usize,
    /// Nodes a layer: 1 makes a chain.
    pub width: usize,
}

impl Shape {
    /// How many nodes come after one another.
    pub fn layers(self) -> usize {
        self.nodes / self.width
    }

    /// What figures call it.
    pub fn label(self) -> &'static str {
        if self.width == 1 { "chain" } else { "layers" }
    }

    /// What every number is after this many frames.
    pub fn expected(self, frames: u32) -> u32 {
        frames.wrapping_mul(self.layers() as u32 * AMOUNT * FACTOR)
    }
}

/// Who runs frames.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Name {
    /// Static nodes.
    Vixen,
    /// Every node is recorded in every frame.
    VixenDynamic,
    /// Compiled once, recorded in every frame.
    VulkanoTaskgraph,
    /// A graph a frame; the library makes the descriptor sets.
    VkGraph,
    /// A graph a frame; descriptor sets were made beforehand.
    VkGraphSets,
    /// A prepared command stream; descriptor sets were made beforehand.
    VkGraphStream,
}

impl Name {
    /// All of them, in the order of their values.
    pub const ALL: [Self; 6] = [
        Self::Vixen,
        Self::VixenDynamic,
        Self::VulkanoTaskgraph,
        Self::VkGraph,
        Self::VkGraphSets,
        Self::VkGraphStream,
    ];

    /// What figures and the command line call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Vixen => "vixen",
            Self::VixenDynamic => "vixen-dynamic",
            Self::VulkanoTaskgraph => "vulkano-taskgraph",
            Self::VkGraph => "vk-graph",
            Self::VkGraphSets => "vk-graph-sets",
            Self::VkGraphStream => "vk-graph-stream",
        }
    }

    /// Whether it is somebody else's.
    pub fn is_peer(self) -> bool {
        !matches!(self, Self::Vixen | Self::VixenDynamic)
    }

    /// Makes it, with every number 0.
    pub fn make(self, shape: Shape) -> Result<Box<dyn Peer>, Failure> {
        Ok(match self {
            Self::Vixen => Box::new(vixen::Vixen::new(shape, false)?),
            Self::VixenDynamic => Box::new(vixen::Vixen::new(shape, true)?),
            Self::VulkanoTaskgraph => Box::new(vulkano::Vulkano::new(shape)?),
            Self::VkGraph => Box::new(vk_graph::VkGraph::new(shape, vk_graph::Mode::Descriptors)?),
            Self::VkGraphSets => Box::new(vk_graph::VkGraph::new(shape, vk_graph::Mode::Sets)?),
            Self::VkGraphStream => Box::new(vk_graph::VkGraph::new(shape, vk_graph::Mode::Stream)?),
        })
    }
}

/// The device that all run on: the first that the loader lists.
pub fn device_name() -> Result<String, Failure> {
    vixen::device_name()
}

fn words() -> Result<Vec<u32>, Failure> {
    Ok(ash::util::read_spv(&mut std::io::Cursor::new(SHADER))?)
}
