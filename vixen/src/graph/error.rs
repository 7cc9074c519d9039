//! What `compile` can find wrong. Every message names the node or the call, and says what to do.

use crate::device::DeviceError;
use crate::graph::tables::CallSite;
use crate::memory::MemoryError;
use crate::plan::PlanError;

/// A mistake in the declaration that types cannot express.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum DeclarationError {
    /// A wire of one graph in another.
    #[error(
        "{user} (at {user_at}) got a wire of another graph: this graph was made at {graph_at}, the wire's at \
         {wire_graph_at}; add both nodes to one graph, or read the wire back and import it"
    )]
    ForeignWire {
        /// Slot and node, or the call, that got the wire.
        user: String,
        /// Where the node was added.
        user_at: CallSite,
        /// Where its graph was made.
        graph_at: CallSite,
        /// Where the wire's graph was made.
        wire_graph_at: CallSite,
    },
    /// A switch of one graph in another.
    #[error(
        "the switch given to `select` at {at} is of another graph than the one made at {graph_at}; make it with `switch` of this graph"
    )]
    ForeignSwitch {
        /// The call of `select`.
        at: CallSite,
        /// Where the graph was made.
        graph_at: CallSite,
    },
    /// Joined pieces do not make up one region of one resource.
    #[error("the pieces joined at {at} do not tile one region of one resource; join what one `split` gave")]
    JoinOfStrangers {
        /// The call of `join`.
        at: CallSite,
    },
    /// More wires than a run-time array slot declares.
    #[error(
        "slot `{slot}` of node `{node}` (added at {at}) takes at most {maximum} wires and got {found}; raise its `max`"
    )]
    TooManyElements {
        /// The node's instance.
        node: String,
        /// The slot.
        slot: &'static str,
        /// Where the node was added.
        at: CallSite,
        /// What the slot declares.
        maximum: u32,
        /// What it got.
        found: usize,
    },
    /// More switches than a plan can hold.
    #[error("the switch made at {at} is one too many: a graph has at most 32")]
    TooManySwitches {
        /// The call of `switch`.
        at: CallSite,
    },
    /// Two images are presented to one output.
    #[error(
        "an image is presented to output {output} a second time at {at}; select one of the two with a switch, or add an output"
    )]
    PresentedTwice {
        /// The output.
        output: u32,
        /// The second call of `present`.
        at: CallSite,
    },
    /// An image is presented to an output of another graph.
    #[error(
        "the image presented at {at} goes to output {output}, and the graph has {outputs}; add that output to this graph"
    )]
    NoSuchOutput {
        /// The output.
        output: u32,
        /// How many there are.
        outputs: usize,
        /// The call of `present_to`.
        at: CallSite,
    },
    /// The acceleration structure that is shared holds geometry instead of instances.
    #[error(
        "'{structure}' (shared at {at}) is no top-level acceleration structure; share one that holds instances of it"
    )]
    NotTopLevel {
        /// The structure's name.
        structure: String,
        /// Where it was shared.
        at: CallSite,
    },
    /// A switch chooses between resources of different size.
    #[error(
        "the alternatives selected at {at} differ in extent or length ({on} and {off}); select wires of equal size"
    )]
    UnequalAlternatives {
        /// The call of `select`.
        at: CallSite,
        /// Size of the wire for on.
        on: String,
        /// Size of the wire for off.
        off: String,
    },
}

crate::debug_as_display!(DeclarationError);

/// Why a graph did not compile.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// Subscribers of events wait for each other.
    #[error(transparent)]
    Events(#[from] crate::event::BuildError),
    /// There is no node.
    #[error("the graph made at {at} has no node; add one with `graph.add`")]
    EmptyGraph {
        /// Where the graph was made.
        at: CallSite,
    },
    /// The graph has been compiled before, and its tables are gone.
    #[error("the graph made at {at} has been compiled before; declare it again, in a function that both calls share")]
    AlreadyCompiled {
        /// Where the graph was made.
        at: CallSite,
    },
    /// There is no sink, so everything would be culled.
    #[error(
        "the graph made at {at} has no sink, so nothing that it does could be seen; present, read back or retain one of its wires"
    )]
    NoSink {
        /// Where the graph was made.
        at: CallSite,
    },
    /// The declaration itself is wrong.
    #[error(transparent)]
    Declaration(#[from] DeclarationError),
    /// The planner refused.
    #[error("{user}: {problem}")]
    Plan {
        /// The node and slot in question.
        user: String,
        /// What it found, with the names of the graph.
        problem: String,
        /// What it found, with its own numbers.
        source: PlanError,
    },
    /// A node recorded a command that cannot be.
    #[error("node `{node}` (added at {at}) {problem}")]
    Record {
        /// The node's instance.
        node: String,
        /// Where the node was added.
        at: CallSite,
        /// What it recorded, and what to do instead.
        problem: &'static str,
    },
    /// A node is the first to write more memory without a past than it declares.
    #[error(
        "node `{node}` (added at {at}) declares {declared} bytes of transient memory and is the first to write {found}; \
         declare more in `transient(..)`, or give it less"
    )]
    TransientTooLarge {
        /// The node's instance.
        node: String,
        /// Where the node was added.
        at: CallSite,
        /// The bytes that it declares, with those for each pixel of the largest output.
        declared: u64,
        /// The bytes of the resources without a past that it is the first to write.
        found: u64,
    },
    /// A node reads frames that are longer ago than it declares.
    #[error(
        "node `{node}` (added at {at}) declares `history = {declared}` and is given what was there {age} frames ago; \
         declare more, or give it a later frame"
    )]
    HistoryTooDeep {
        /// The node's instance.
        node: String,
        /// Where the node was added.
        at: CallSite,
        /// How many frames back it says that it reads.
        declared: u32,
        /// How many it would read.
        age: u32,
    },
    /// What was made differs from what was declared: the node's requirements are not those of its slots, or Vixen is at fault.
    #[error(
        "{user} declares {declared} {what}, and {made} were made; let `#[node]` derive the requirements, and report this if it did"
    )]
    Provision {
        /// The node or resource, or the graph.
        user: String,
        /// What does not agree.
        what: &'static str,
        /// How much there must be.
        declared: u64,
        /// How much there is.
        made: u64,
    },
    /// An extent or length follows an output that the graph does not have.
    #[error(
        "`{resource}` (declared at {at}) follows output {output}, and the graph has {outputs}; give the graph that output, or the resource a fixed size"
    )]
    NoExtent {
        /// The resource.
        resource: String,
        /// Where it was declared.
        at: CallSite,
        /// The output that it follows.
        output: u32,
        /// How many there are.
        outputs: usize,
    },
    /// A size of zero, or beyond the device's limit.
    #[error("`{resource}` (declared at {at}) has size {found}; the device allows 1 to {limit} ({limit_name})")]
    Size {
        /// The resource.
        resource: String,
        /// Where it was declared.
        at: CallSite,
        /// The size asked for.
        found: u64,
        /// The largest allowed.
        limit: u64,
        /// Vulkan's name of the limit.
        limit_name: &'static str,
    },
    /// The device cannot use a format as a slot needs it.
    #[error(
        "slot `{slot}` of node `{node}` (added at {at}) needs {format} to support {feature}, which `{device}` does not; use another format"
    )]
    UnsupportedFormat {
        /// The node's instance.
        node: String,
        /// The slot.
        slot: &'static str,
        /// Where the node was added.
        at: CallSite,
        /// The image format.
        format: &'static str,
        /// What the slot needs of it.
        feature: &'static str,
        /// The device.
        device: String,
    },
    /// The device lacks a feature that a node needs.
    #[error(
        "node `{node}` (added at {at}) needs the feature {feature}, which `{device}` does not have or was made without; use another device, or leave the node out"
    )]
    MissingFeature {
        /// The node's instance.
        node: String,
        /// Where the node was added.
        at: CallSite,
        /// Vulkan's name of the feature.
        feature: String,
        /// The device.
        device: String,
    },
    /// A limit of the device is too low for a node.
    #[error(
        "{user} (added at {at}) needs {required} {limit_name}, and the device allows {found}; split the node, or use a device that allows more"
    )]
    Limit {
        /// Node, or slot and node.
        user: String,
        /// Where the node was added.
        at: CallSite,
        /// Vulkan's name of the limit.
        limit_name: &'static str,
        /// What is needed.
        required: u64,
        /// What the device allows.
        found: u64,
    },
    /// A part of a buffer starts where the device cannot bind it.
    #[error(
        "slot `{slot}` of node `{node}` (added at {at}) starts at byte {offset} of its buffer; the device needs a multiple of {alignment}: split it there"
    )]
    Alignment {
        /// The node's instance.
        node: String,
        /// The slot.
        slot: &'static str,
        /// Where the node was added.
        at: CallSite,
        /// Where it starts.
        offset: u64,
        /// What the device needs.
        alignment: u64,
    },
    /// A part of a buffer begins behind its end.
    #[error(
        "slot `{slot}` of node `{node}` (added at {at}) starts at byte {offset} of a buffer of {size} bytes; split it before its end"
    )]
    EmptyPart {
        /// The node's instance.
        node: String,
        /// The slot.
        slot: &'static str,
        /// Where the node was added.
        at: CallSite,
        /// Where it starts.
        offset: u64,
        /// The size of the buffer.
        size: u64,
    },
    /// A shared resource was made without a usage that a slot needs.
    #[error(
        "`{resource}` (shared at {at}) was made without {missing}, which the slots that it is wired to need; add it where it is made"
    )]
    MissingUsage {
        /// The resource.
        resource: String,
        /// Where it came into the graph.
        at: CallSite,
        /// Vulkan's names of the usages.
        missing: String,
    },
    /// A shared resource, or what a window shows in, is another device's.
    #[error(
        "`{resource}` (declared at {at}) is of another device than `{device}`, and nothing brings it over; make it on the device that the graph is compiled for"
    )]
    OtherDevice {
        /// The resource.
        resource: String,
        /// Where it came into the graph.
        at: CallSite,
        /// The device that the graph is compiled for.
        device: String,
    },
    /// A host slot got memory that the CPU cannot reach.
    #[error(
        "slot `{slot}` of node `{node}` (added at {at}) is read or written by the CPU, but its wire is made on the GPU; use a `Param`, a wire of a host node, or a `Readback`"
    )]
    NotHostVisible {
        /// The node's instance.
        node: String,
        /// The slot.
        slot: &'static str,
        /// Where the node was added.
        at: CallSite,
    },
    /// What Vulkan, or Vixen so far, cannot do.
    #[error("{what} (at {at}) {problem}")]
    Unsupported {
        /// What was asked for.
        what: String,
        /// Where.
        at: CallSite,
        /// Why it cannot be, and what to do instead.
        problem: &'static str,
    },
    /// Creating a resource failed.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// A call of the device failed.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

crate::debug_as_display!(CompileError);
