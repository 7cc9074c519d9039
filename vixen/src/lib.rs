//! Vixen: a Vulkan render graph in which wiring errors are compile errors and a frame allocates nothing.
//!
//! Data flows one way: nodes are *declared* ([`graph`](mod@graph)), *planned* ([`plan`]), *provisioned*, *recorded* and *submitted*
//! ([`frame`]). Memory comes through one gate ([`memory`]), from a [`device`].

// Lets `#[node]`, whose output names `::vixen`, be used inside this crate.
extern crate self as vixen;

pub mod bind;
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

pub use ash;
pub use device::{Device, DeviceOptions};
pub use frame::{CompileOptions, CompiledGraph, FrameInfo, PipelineIndex};
pub use graph::format::*;
pub use graph::{
    AccelerationStructure, Buffer, Compute, Cube, D2, D2Array, D3, Extent, Graph, Graphics, History, Host, Image,
    Import, Length, Node, Output, Param, RayTracing, Readback, Replaceable, Resource, Retained, Shared, Source, Switch,
    Target, Transfer, Wire,
};
pub use shader::Block;
pub use vixen_macros::{Block, graph, node};
