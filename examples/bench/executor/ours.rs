//! The graph whose frames are measured.

use std::mem::size_of;

use vixen::ash::vk;
use vixen::memory::{self, BufferDesc, Category, Location};
use vixen::{Block, Buffer, CompileOptions, CompiledGraph, Compute, Device, Graph, Param, Shared, Wire, node};

use super::shape::{FACTOR, Shape, VALUES};
use crate::Failure;

/// What every node reads and every frame changes.
#[derive(Clone, Copy, Block)]
#[repr(C)]
pub struct Tick {
    /// What the nodes add.
    pub amount: u32,
}

/// A node's push constants.
#[derive(Clone, Copy, Block)]
#[repr(C)]
pub struct Params {
    /// Multiplies the amount.
    pub factor: u32,
}

/// Adds to a column of numbers in place; recorded once.
#[node(compute, shader = "bump.comp.spv")]
struct Bump {
    #[uniform]
    tick: Buffer<Tick>,
    #[storage(read_write)]
    values: Buffer<[u32]>,
    #[push]
    params: Params,
}

#[node]
impl Compute for Bump {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_items(view.values.len());
    }
}

/// The same, recorded anew in every frame.
#[node(compute, shader = "bump.comp.spv", dynamic)]
struct BumpAnew {
    #[uniform]
    tick: Buffer<Tick>,
    #[storage(read_write)]
    values: Buffer<[u32]>,
    #[push]
    params: Params,
}

#[node]
impl Compute for BumpAnew {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_items(view.values.len());
    }
}

/// How the nodes are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nodes {
    /// Once.
    Static,
    /// In every frame, by this many threads.
    Dynamic {
        /// The thread that runs the frame counts.
        threads: u32,
    },
}

/// A compiled graph of one shape.
pub struct Ours {
    compiled: CompiledGraph,
    tick: Param<Tick>,
    // After the graph, which works on them.
    columns: Vec<memory::Buffer>,
}

impl Ours {
    /// Compiles the shape.
    pub fn new(device: &Device, shape: Shape, nodes: Nodes) -> Result<Self, Failure> {
        let graph = Graph::without_output();
        let (tick, tick_wire) = graph.param(Tick { amount: 0 });
        let columns = columns(device, shape)?;
        let mut wires: Vec<Wire<Buffer<[u32]>>> = columns
            .iter()
            .map(|column| {
                // SAFETY: the buffer is of the device that the graph is compiled for, has the usage of a storage slot and
                // this many elements; it outlives the compiled graph, which is the field before it; between frames the host
                // alone reads it, after it has waited.
                unsafe { graph.import_buffer(column.raw(), VALUES, None, None) }.0
            })
            .collect();
        for layer in 0..shape.layers() {
            wires = wires
                .into_iter()
                .enumerate()
                .map(|(column, values)| {
                    let name = shape.name(layer, column);
                    match nodes {
                        Nodes::Static => add(&graph, &name, &tick_wire, values),
                        Nodes::Dynamic { .. } => add_anew(&graph, &name, &tick_wire, values),
                    }
                })
                .collect();
        }
        for wire in wires {
            graph.retain(wire);
        }
        let mut options = CompileOptions::default();
        if let Nodes::Dynamic { threads } = nodes {
            options.recording_threads = threads;
        }
        Ok(Self { compiled: graph.compile_with(device, &options)?, tick, columns })
    }

    /// Sets the amount and runs a frame: what is measured.
    pub fn frame(&mut self, amount: u32) -> Result<(), Failure> {
        self.set(amount).frame()?;
        Ok(())
    }

    /// Sets the amount, and gives the graph for whoever runs the frame.
    pub fn set(&mut self, amount: u32) -> &mut CompiledGraph {
        self.compiled.set(self.tick, Tick { amount });
        &mut self.compiled
    }

    /// Barrier commands a frame, and barriers in them.
    pub fn barriers(&self) -> (usize, usize) {
        let plan = self.compiled.plan();
        (plan.barriers.len(), plan.dependencies.len())
    }

    /// The buffers that the nodes add to.
    pub fn columns(&self) -> &[memory::Buffer] {
        &self.columns
    }
}

/// One buffer a column, all zero.
pub fn columns(device: &Device, shape: Shape) -> Result<Vec<memory::Buffer>, Failure> {
    let bytes = [0; VALUES as usize * size_of::<u32>()];
    (0..shape.width)
        .map(|column| {
            let name = format!("column {column}");
            let desc = BufferDesc::new(&name, bytes.len() as u64, vk::BufferUsageFlags::STORAGE_BUFFER);
            let buffer = device.budget().buffer(&desc.at(Location::Readback), Category::Other)?;
            buffer.write(0, &bytes)?;
            Ok(buffer)
        })
        .collect()
}

/// Adds a static node to a chain.
pub fn add(graph: &Graph, name: &str, tick: &Shared<Buffer<Tick>>, values: Wire<Buffer<[u32]>>) -> Wire<Buffer<[u32]>> {
    graph.add_named(name, Bump { tick, values, params: Params { factor: FACTOR } }).values
}

/// Adds a dynamic one.
pub fn add_anew(
    graph: &Graph,
    name: &str,
    tick: &Shared<Buffer<Tick>>,
    values: Wire<Buffer<[u32]>>,
) -> Wire<Buffer<[u32]>> {
    graph.add_named(name, BumpAnew { tick, values, params: Params { factor: FACTOR } }).values
}
