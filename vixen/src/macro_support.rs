//! What code that `#[node]` and `#[derive(Block)]` generate names. Not for users; no promise of stability.

pub use ash::vk;
pub use vixen_macros::EvaluatedNode;

pub use crate::event::{Emits, EventDeclaration, Receives};
pub use crate::frame::{
    ComputeCommands, FrameInfo, GraphicsCommands, NodeCommands, PipelineIndex, RayTracingCommands, RecordContext,
    TransferCommands,
};
pub use crate::graph::format::Texel;
pub use crate::graph::{
    BindingDeclaration, Compute, Contribution, DescriptorCounts, Dimension, DoesOneThing, EventCounts, Graphics, Host,
    Limited, Node, NodeDeclaration, NodeKind, PushDeclaration, RayTracing, Requirements, Resource, SamplerDesc,
    SamplerSlot, SlotDeclaration, SlotEffect, SlotKind, SlotShape, Target, Transfer, Viewed, Views, Wire, Wiring,
    check_budget, count_round,
};
pub use crate::shader::{
    Blend, Block, BlockMember, BlockType, Contract, DescriptorType, HitGroup, ImageContract, Member, Program,
    ProgramKind, Scalar, ShaderBlock, ShaderMember, ShaderStage, ShaderType, SpecConstant, SpecValue, VertexAttribute,
    VertexInput, VertexSlot, Workgroup, check_buffer_slot, check_count, check_element, check_padding, check_push,
    check_slice_slot, check_slot, check_spec, check_spec_bool, vertex_attributes,
};

/// A type, as something of this crate: where the crate is not found, the type is not known either, and nothing else is
/// reported of it.
pub type Itself<T> = T;
