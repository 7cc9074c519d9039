//! Vixen, with static or with dynamic nodes.

use ::vixen::ash::vk;
use ::vixen::device::{Device, DeviceOptions};
use ::vixen::memory::{self, BufferDesc, Category, Location};
use ::vixen::{Block, Buffer, CompiledGraph, Compute, Graph, Wire, node};

use super::{AMOUNT, BYTES, FACTOR, Peer, Shape, VALUES};
use crate::Failure;

/// What every node reads.
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
#[node(compute, shader = "../../examples/shaders/bump.comp.spv")]
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
#[node(compute, shader = "../../examples/shaders/bump.comp.spv", dynamic)]
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

/// A compiled graph.
pub struct Vixen {
    compiled: CompiledGraph,
    // After the graph, which works on them.
    columns: Vec<memory::Buffer>,
    device: Device,
}

impl Vixen {
    /// Compiles a shape.
    pub fn new(shape: Shape, dynamic: bool) -> Result<Self, Failure> {
        let device = Device::new(&DeviceOptions::new())?;
        let graph = Graph::without_output();
        let (_, tick) = graph.param(Tick { amount: AMOUNT });
        let columns = (0..shape.width).map(|_| column(&device)).collect::<Result<Vec<_>, _>>()?;
        let import = |column: &memory::Buffer| {
            // SAFETY: the buffer is of the device that the graph is compiled for, has the usage of a storage slot and this many
            // elements; it outlives the compiled graph, which is the field before it; between frames the host alone reads it,
            // after it has waited.
            unsafe { graph.import_buffer(column.raw(), VALUES, None, None) }.0
        };
        let mut wires: Vec<Wire<Buffer<[u32]>>> = columns.iter().map(import).collect();
        for _ in 0..shape.layers() {
            let add = |values| match dynamic {
                false => graph.add(Bump { tick: &tick, values, params: Params { factor: FACTOR } }).values,
                true => graph.add(BumpAnew { tick: &tick, values, params: Params { factor: FACTOR } }).values,
            };
            wires = wires.into_iter().map(add).collect();
        }
        for wire in wires {
            graph.retain(wire);
        }
        Ok(Self { compiled: graph.compile(&device)?, columns, device })
    }
}

impl Peer for Vixen {
    fn frame(&mut self) -> Result<(), Failure> {
        self.compiled.frame()?;
        Ok(())
    }

    fn wait_idle(&mut self) -> Result<(), Failure> {
        Ok(self.device.wait_idle()?)
    }

    fn result(&mut self) -> Result<u32, Failure> {
        let mut bytes = [0; 4];
        self.columns[0].read(0, &mut bytes)?;
        Ok(u32::from_ne_bytes(bytes))
    }
}

/// A column of zeros.
fn column(device: &Device) -> Result<memory::Buffer, Failure> {
    let desc = BufferDesc::new("column", BYTES, vk::BufferUsageFlags::STORAGE_BUFFER).at(Location::Readback);
    let buffer = device.budget().buffer(&desc, Category::Other)?;
    buffer.write(0, &[0; BYTES as usize])?;
    Ok(buffer)
}

/// The device's name.
pub fn device_name() -> Result<String, Failure> {
    Ok(Device::new(&DeviceOptions::new())?.info().name.clone())
}
