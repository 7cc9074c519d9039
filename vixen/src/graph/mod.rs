//! Declare: wires, slots, nodes, and the graph that they are added to.

mod budget;
mod builder;
mod builtin;
mod error;
mod extent;
pub mod format;
mod handles;
mod import;
pub(crate) mod lower;
mod node;
mod output;
mod requirements;
mod resource;
mod sink;
mod source;
pub(crate) mod tables;
pub(crate) mod usage;
pub(crate) mod view;
mod wire;
mod wiring;

#[doc(hidden)]
pub use budget::{Contribution, Limited, check_budget, count_round};
pub use builder::Graph;
pub use error::{CompileError, DeclarationError};
pub use extent::{Extent, ImageShape, Length, OutputId};
pub use handles::{Depth, History, Import, Param, Reaches, Readback, Retained, Switch};
pub use node::{
    BindingDeclaration, Compute, DoesOneThing, Graphics, Host, Node, NodeDeclaration, NodeKind, PushDeclaration,
    RayTracing, SamplerDesc, SamplerSlot, SlotDeclaration, SlotEffect, SlotKind, SlotShape, Transfer,
};
pub use output::Output;
pub use requirements::{DescriptorCounts, EventCounts, Requirements};
pub use resource::{
    AccelerationStructure, Buffer, Cube, D2, D2Array, D3, Dim, Dimension, Image, ImageFormat, Resource, ResourceKind,
    Viewed,
};
pub(crate) use source::Placed;
pub use source::{Replaceable, Source};
pub use view::{AccelerationStructureView, BufferView, ImageView, RawView, Views};
pub use wire::{Shared, Target, Wire};
pub use wiring::Wiring;
