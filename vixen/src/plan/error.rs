//! What can be wrong with a planner's input.

use thiserror::Error;

use super::{NodeId, ResourceId};

/// A fault of the input, by the ids of the input: who calls the planner knows the names and the call sites.
#[derive(Clone, Copy, PartialEq, Eq, Error)]
pub enum PlanError {
    /// The access ranges of the nodes are not one after another, or reach beyond the accesses.
    #[error("node {} must own the accesses that follow those of the node before it", .node.0)]
    AccessRange {
        /// The node.
        node: NodeId,
    },
    /// An access names a resource that is not in the input.
    #[error("node {}, slot {slot}: there is no resource {}", .node.0, .resource.0)]
    UnknownResource {
        /// The node.
        node: NodeId,
        /// Its slot.
        slot: u32,
        /// The resource.
        resource: ResourceId,
    },
    /// An access touches nothing.
    #[error("node {}, slot {slot}: the region is empty; give it at least one byte, or one level and one layer", .node.0)]
    EmptyRegion {
        /// The node.
        node: NodeId,
        /// Its slot.
        slot: u32,
    },
    /// An image is accessed without a layout.
    #[error("node {}, slot {slot}: an access of an image must name the layout it wants", .node.0)]
    NoLayout {
        /// The node.
        node: NodeId,
        /// Its slot.
        slot: u32,
    },
    /// A read reaches further back than the resource remembers.
    #[error("node {}, slot {slot}: reads {age} frames back, but the resource keeps {depth}; declare a deeper history", .node.0)]
    AgeBeyondDepth {
        /// The node.
        node: NodeId,
        /// Its slot.
        slot: u32,
        /// How far back it wants to read.
        age: u32,
        /// How far back the resource goes.
        depth: u32,
    },
    /// Undefined contents are read.
    #[error("node {}, slot {slot}: resource {} is read before any node has written it", .node.0, .resource.0)]
    ReadBeforeWrite {
        /// The node.
        node: NodeId,
        /// Its slot.
        slot: u32,
        /// The resource.
        resource: ResourceId,
    },
    /// One node accesses the same part of a resource twice, and one of the accesses writes.
    #[error("node {}: slots {} and {} touch the same part of resource {} and one of them writes it", .node.0, .slots[0], .slots[1], .resource.0)]
    Conflict {
        /// The node.
        node: NodeId,
        /// The two slots.
        slots: [u32; 2],
        /// The resource.
        resource: ResourceId,
    },
    /// A history is also touched from outside the graph.
    #[error("resource {} is a history and so cannot be imported, presented or handed out; copy it into another resource", .resource.0)]
    SharedHistory {
        /// The resource.
        resource: ResourceId,
    },
    /// A condition names a switch that the input does not have.
    #[error("node {}, slot {slot}: the condition names a switch beyond the graph's {switches}, or wants a state of a switch it does not name", .node.0)]
    UnknownSwitch {
        /// The node.
        node: NodeId,
        /// Its slot.
        slot: u32,
        /// How many switches the input has.
        switches: u32,
    },
    /// More switches than a mask has bits.
    #[error("{count} switches are more than the 32 that a graph can have; let some parts share a switch")]
    TooManySwitches {
        /// How many there are.
        count: u32,
    },
}

crate::debug_as_display!(PlanError);

impl PlanError {
    /// The node, and its slot, that the error is about.
    pub fn place(self) -> Option<(NodeId, Option<u32>)> {
        match self {
            Self::AccessRange { node } => Some((node, None)),
            Self::UnknownResource { node, slot, .. }
            | Self::EmptyRegion { node, slot }
            | Self::NoLayout { node, slot }
            | Self::AgeBeyondDepth { node, slot, .. }
            | Self::ReadBeforeWrite { node, slot, .. }
            | Self::UnknownSwitch { node, slot, .. } => Some((node, Some(slot))),
            Self::Conflict { node, slots, .. } => Some((node, Some(slots[1]))),
            Self::SharedHistory { .. } | Self::TooManySwitches { .. } => None,
        }
    }
}
