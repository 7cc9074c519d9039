//! What a node is: the constants and functions that `#[node]` generates, and the one trait of each kind that users implement.

use crate::event::EventDeclaration;
use crate::frame::{
    ComputeCommands, FrameInfo, GraphicsCommands, NodeCommands, RayTracingCommands, RecordContext, TransferCommands,
};
use crate::graph::requirements::Requirements;
use crate::graph::wiring::Wiring;
use crate::shader::{DescriptorType, Program};

/// A node: a struct that `#[node]` has made into its own wiring. Users never implement this by hand.
///
/// # Safety
/// What `#[node]` checks is what the executor trusts: `DECLARATION` says of the shaders what is true of them, `wire` registers
/// for each slot resources of the kind and number that it declares, and data if it has any; `record` asks for the slots as they are
/// declared, for each host slot at most once, and for data of the type that `wire` stored.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a node",
    note = "declare it with `#[node(compute, shader = \"..\")]` on the struct"
)]
pub unsafe trait Node: Sized {
    /// The wires that adding the node gives back.
    type Outputs;
    /// What `record` sees of the slots and the plain fields.
    type View<'v>;
    /// Everything about the node that does not depend on an instance.
    const DECLARATION: NodeDeclaration;
    /// What one instance needs to be provisioned with.
    const REQUIREMENTS: Requirements = Self::DECLARATION.requirements;
    /// The events that it emits and receives.
    const EVENTS: &'static [EventDeclaration] = &[];
    /// Compares slots with shaders; evaluating it is a compile error where they differ.
    const CHECK: () = ();

    /// Registers the slots of an instance, in declared order, and returns the outputs.
    fn wire(self, wiring: &mut Wiring<'_>) -> Self::Outputs;

    /// Resolves the view and records the node's commands (or, for a host node, runs it).
    fn record(context: &mut RecordContext<'_>);
}

/// Implemented by `#[node]` on any impl of a node: a second impl, of whatever kind, is a conflict.
pub trait DoesOneThing {}

/// Records compute commands.
#[diagnostic::on_unimplemented(
    message = "the compute node `{Self}` does not say what it records",
    note = "add `#[node] impl Compute for ..` with `fn record(view: &View, commands: &mut Commands) {{ .. }}`: a node that is declared `compute` implements `Compute` and nothing else"
)]
pub trait Compute: Node {
    /// Records the node's commands. Allocates nothing and creates nothing.
    fn record(view: &Self::View<'_>, commands: &mut NodeCommands<'_, Self, ComputeCommands<'_>>);
}

/// Records drawing commands inside a rendering scope that the node's attachments open.
#[diagnostic::on_unimplemented(
    message = "the graphics node `{Self}` does not say what it records",
    note = "add `#[node] impl Graphics for ..` with `fn record(view: &View, commands: &mut Commands) {{ .. }}`: a node that is declared `graphics` implements `Graphics` and nothing else"
)]
pub trait Graphics: Node {
    /// Records the node's commands. Allocates nothing and creates nothing.
    fn record(view: &Self::View<'_>, commands: &mut NodeCommands<'_, Self, GraphicsCommands<'_>>);
}

/// Records ray-tracing commands.
#[diagnostic::on_unimplemented(
    message = "the ray-tracing node `{Self}` does not say what it records",
    note = "add `#[node] impl RayTracing for ..` with `fn record(view: &View, commands: &mut Commands) {{ .. }}`: a node that is declared `ray_tracing` implements `RayTracing` and nothing else"
)]
pub trait RayTracing: Node {
    /// Records the node's commands. Allocates nothing and creates nothing.
    fn record(view: &Self::View<'_>, commands: &mut NodeCommands<'_, Self, RayTracingCommands<'_>>);
}

/// Records copies, blits, fills and clears.
#[diagnostic::on_unimplemented(
    message = "the transfer node `{Self}` does not say what it records",
    note = "add `#[node] impl Transfer for ..` with `fn record(view: &View, commands: &mut Commands) {{ .. }}`: a node that is declared `transfer` implements `Transfer` and nothing else"
)]
pub trait Transfer: Node {
    /// Records the node's commands. Allocates nothing and creates nothing.
    fn record(view: &Self::View<'_>, commands: &mut NodeCommands<'_, Self, TransferCommands<'_>>);
}

/// Runs on the CPU in every frame, before anything is submitted.
///
/// Plain fields are `&mut` in its view and keep their values from frame to frame; `host` slots read and `create` slots
/// write memory that the GPU reads in the same frame.
#[diagnostic::on_unimplemented(
    message = "the host node `{Self}` does not say what it does in a frame",
    note = "add `#[node] impl Host for ..` with `fn run(view: &mut View, frame: &FrameInfo) {{ .. }}`: a node that is declared `host` implements `Host` and nothing else"
)]
pub trait Host: Node {
    /// Does the node's work of a frame. Allocates nothing.
    fn run(view: &mut Self::View<'_>, frame: &FrameInfo<'_, Self>);
}

/// The kinds of node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// Dispatches compute shaders.
    Compute,
    /// Draws.
    Graphics,
    /// Traces rays with a ray-tracing pipeline.
    RayTracing,
    /// Copies.
    Transfer,
    /// Works on the CPU.
    Host,
}

/// Everything about a node type that does not depend on an instance.
#[derive(Clone, Copy, Debug)]
pub struct NodeDeclaration {
    /// The struct's name.
    pub name: &'static str,
    /// Its kind.
    pub kind: NodeKind,
    /// Records anew in every frame.
    pub dynamic: bool,
    /// The slots, in declared order.
    pub slots: &'static [SlotDeclaration],
    /// The pipelines; none for transfer and host nodes.
    pub programs: &'static [Program],
    /// Bytes of push constants and the stages that read them.
    pub push: Option<PushDeclaration>,
    /// Bytes of the specialisation data that [`Wiring::spec`](crate::graph::Wiring::spec) gets.
    pub spec_bytes: u32,
    /// Samplers that are slots of their own (`#[sampler]`), with no wire.
    pub samplers: &'static [SamplerSlot],
    /// What one instance needs.
    pub requirements: Requirements,
}

/// A push-constant block.
#[derive(Clone, Copy, Debug)]
pub struct PushDeclaration {
    /// Its size in bytes: at most 128, a multiple of 4.
    pub size: u32,
    /// The stages that read it.
    pub stages: ash::vk::ShaderStageFlags,
}

/// One slot of a node type.
#[derive(Clone, Copy, Debug)]
pub struct SlotDeclaration {
    /// The field's name.
    pub name: &'static str,
    /// What it is used as.
    pub kind: SlotKind,
    /// What it does to the contents.
    pub effect: SlotEffect,
    /// One wire or several.
    pub shape: SlotShape,
    /// Where shaders find it; `None` for attachments, vertex and index buffers, copies and host slots.
    pub binding: Option<BindingDeclaration>,
    /// The sampler of a combined image sampler.
    pub sampler: Option<SamplerDesc>,
    /// The clear value of an attachment that is cleared before drawing.
    pub clear: Option<[f32; 4]>,
    /// Of a vertex slot: every instance reads one element, rather than every vertex.
    pub per_instance: bool,
}

/// Where shaders find a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BindingDeclaration {
    /// Descriptor set.
    pub set: u32,
    /// Binding in the set.
    pub binding: u32,
    /// Descriptor type, as the shader has it.
    pub descriptor: DescriptorType,
    /// Number of descriptors: 1, the array length, or the declared maximum of a run-time array.
    pub count: u32,
    /// The stages that use it.
    pub stages: ash::vk::ShaderStageFlags,
}

/// What a slot is used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotKind {
    /// A uniform buffer.
    Uniform,
    /// A storage buffer or storage image.
    Storage,
    /// A sampled image, alone or with its sampler.
    Sampled,
    /// A colour attachment.
    Color,
    /// A depth attachment.
    Depth,
    /// A vertex buffer.
    Vertex,
    /// An index buffer.
    Index,
    /// Arguments of an indirect dispatch or draw.
    Indirect,
    /// Source of a copy, blit or resolve.
    TransferSource,
    /// Destination of a copy, blit, clear or fill.
    TransferDestination,
    /// An acceleration structure to trace against.
    AccelerationStructure,
    /// Memory that the CPU reads or writes while the frame is prepared.
    Host,
}

/// What a slot does to its contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotEffect {
    /// Borrows a wire.
    Read,
    /// Takes a target, defines all of it, gives a wire.
    Write,
    /// Moves a wire in and gives its next version.
    ReadWrite,
    /// Makes the resource itself and gives a wire.
    Create,
}

/// One wire or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotShape {
    /// Exactly one.
    One,
    /// One or none (`Option<..>`).
    Optional,
    /// A fixed number (`[..; N]`).
    Array(u32),
    /// Up to a declared maximum (`Vec<..>` with `max = N`).
    Runtime(u32),
}

/// A sampler slot, which has no wire.
#[derive(Clone, Copy, Debug)]
pub struct SamplerSlot {
    /// The field's name.
    pub name: &'static str,
    /// Where shaders find it.
    pub binding: BindingDeclaration,
    /// What it does.
    pub sampler: SamplerDesc,
}

/// How an image is sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SamplerDesc {
    /// Filter between texels and between mip levels: linear, otherwise nearest.
    pub linear: bool,
    /// What lies outside 0..=1.
    pub address: ash::vk::SamplerAddressMode,
    /// Comparison of a shadow sampler.
    pub compare: Option<ash::vk::CompareOp>,
}
