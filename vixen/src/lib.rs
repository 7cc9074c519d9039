//! Vixen: a Vulkan render graph in which wiring errors are compile errors and a frame allocates nothing.
//!
//! # A first graph
//!
//! A node is a struct whose fields are *slots*. [`#[node]`](macro@node) reads the compiled shader, compares every slot with it, and makes
//! the struct into its own wiring. Here a shader fills a buffer, a second one doubles it in place, and the CPU reads it:
//!
//! ```no_run
//! use vixen::{Block, Buffer, Compute, Device, DeviceOptions, Graph, node};
//!
//! /// As the shader has it: `uniform Settings { uint offset; } settings;`
//! #[derive(Clone, Copy, Block)]
//! #[repr(C)]
//! struct Settings {
//!     offset: u32,
//! }
//!
//! /// Writes index × factor + offset.
//! #[node(compute, shader = "tests/shaders/fill.comp.spv")]
//! struct Fill {
//!     #[uniform]
//!     settings: Buffer<Settings>,
//!     #[storage(write)]
//!     values: Buffer<[u32]>,
//!     #[push]
//!     factor: u32,
//! }
//!
//! #[node] // brings the types `View` and `Commands`
//! impl Compute for Fill {
//!     fn record(view: &View, commands: &mut Commands) {
//!         commands.dispatch_items(view.values.len());
//!     }
//! }
//!
//! /// Doubles every element in place.
//! #[node(compute, shader = "tests/shaders/double.comp.spv")]
//! struct Double {
//!     #[storage(read_write)]
//!     values: Buffer<[u32]>,
//! }
//!
//! #[node]
//! impl Compute for Double {
//!     fn record(view: &View, commands: &mut Commands) {
//!         commands.dispatch_items(view.values.len());
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Declare: whatever is wired wrongly here does not compile.
//! let graph = Graph::without_output();
//! let (param, settings) = graph.param(Settings { offset: 1 });
//! let filled = graph.add(Fill { settings: &settings, values: graph.buffer(1024), factor: 3 });
//! let doubled = graph.add(Double { values: filled.values });
//! let readback = graph.read_back(&doubled.values);
//!
//! // Compile: everything that frames need is planned, checked, made and recorded.
//! let mut compiled = graph.compile(&Device::new(&DeviceOptions::new())?)?;
//!
//! // Run: a frame submits, and does nothing else.
//! compiled.set(param, Settings { offset: 2 });
//! compiled.frame()?;
//! compiled.wait()?;
//! let (_frame, bytes) = compiled.read(readback)?.ok_or("the frame has not finished")?;
//! assert_eq!(bytes[..4], [4, 0, 0, 0]);
//! # Ok(())
//! # }
//! ```
//!
//! # What passes between nodes
//!
//! A read is a borrow and a write is a move, so that the order in which nodes are added is always a valid one:
//!
//! | a slot that | takes | and gives back |
//! | --- | --- | --- |
//! | reads | `&`[`Wire`]: one version of a resource | |
//! | writes | [`Target`]: undefined contents, from [`Graph::image`], [`Graph::buffer`] or [`Wire::discard`] | a `Wire` |
//! | reads and writes | the `Wire` | its next version |
//! | creates | | a `Wire` |
//!
//! [`Shared`] derefs to a `Wire` for reading: what a [`Source`], a [`Param`] or an [`Import`] gives. [`History`] reads what earlier
//! frames made, [`Graph::select`] and a [`Switch`] choose between two wires, and a sub-graph is a function. What nothing needs
//! is culled: what a graph is for it presents, reads back or retains.
//!
//! # Where things are
//!
//! | module | what is there |
//! | --- | --- |
//! | [`graph`](mod@graph) | declaring: graphs, wires, extents, formats, what nodes are, the errors of compiling |
//! | [`frame`] | [`CompiledGraph`], the commands that nodes record, what compile reports |
//! | [`device`] | choosing a device and its features; an application's own device, [`Device::from_raw`] |
//! | [`memory`] | budgets, allocators, uploads, and resources that outlive a graph |
//! | [`event`] | events of windows, input and graphs, and those of your own |
//! | [`shader`] | layouts of plain data, [`Block`](trait@Block), and shaders that are reloaded while frames run (feature `hot-reload`) |
//! | [`plan`] | the planner: pure functions on plain data |
//! | `testing` | the proof that frames of any graph allocate nothing (feature `testing`) |
//!
//! Windows, cameras, passes, cachers and scenes are in the crate `vixen-nodes`.

// Lets `#[node]`, whose output names `::vixen`, be used inside this crate.
extern crate self as vixen;

pub mod bind;
mod debug_as_display;
pub mod device;
pub mod event;
pub mod frame;
pub mod graph;
#[doc(hidden)]
pub mod macro_support;
pub mod memory;
pub mod plan;
pub mod shader;
#[cfg(feature = "testing")]
pub mod testing;
mod workers;

pub use ash;
pub use device::{Device, DeviceError, DeviceOptions};
pub use frame::{CompileOptions, CompiledGraph, FrameError, FrameInfo, FrameOutcome, PipelineIndex};
pub use graph::format::*;
pub use graph::{
    AccelerationStructure, Buffer, CompileError, Compute, Cube, D2, D2Array, D3, Extent, Graph, Graphics, History,
    Host, Image, Import, Length, Node, Output, OutputId, Param, RayTracing, Readback, Replaceable, Resource, Retained,
    Shared, Source, Switch, Target, Transfer, Wire,
};
pub use shader::Block;
pub use vixen_macros::{Block, graph, node};
