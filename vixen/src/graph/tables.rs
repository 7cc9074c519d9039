//! What has been declared so far. Wires are indices into these tables, so they stay small and cannot dangle.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::event::{EventBusBuilder, EventDeclaration};
use crate::frame::RecordContext;
use crate::graph::error::DeclarationError;
use crate::graph::extent::{ImageShape, Length, OutputId};
use crate::graph::node::NodeDeclaration;
use crate::graph::output::Output;
use crate::graph::resource::{Dimension, ImageFormat};
use crate::graph::source::Placed;
use crate::memory;
use crate::plan::{Condition, NodeId, Region, Residency, ResourceId, Use};

/// Where in the user's code something was declared.
pub(crate) type CallSite = &'static Location<'static>;

/// The tables of one graph, shared by the graph and its wires.
pub(crate) struct Tables {
    /// Unique in the process: tells graphs apart.
    pub id: u64,
    /// Where the graph was made.
    pub at: CallSite,
    /// The call of the application that adds a source, while one is asked for its wires.
    pub caller: Cell<Option<CallSite>>,
    /// What was declared.
    pub declared: RefCell<Declared>,
    /// What the application wants of the event bus. Apart from the rest: it is borrowed while the application declares it.
    pub events: RefCell<EventBusBuilder>,
}

impl Tables {
    pub fn new(at: CallSite) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let (id, caller) = (NEXT.fetch_add(1, Ordering::Relaxed), Cell::new(None));
        Self { id, at, caller, declared: RefCell::default(), events: RefCell::default() }
    }
}

/// Everything that was declared.
#[derive(Default)]
pub(crate) struct Declared {
    pub nodes: Vec<DeclaredNode>,
    pub resources: Vec<DeclaredResource>,
    pub wires: Vec<DeclaredWire>,
    pub outputs: Vec<Output>,
    /// How many nodes have been added under each name.
    pub names: HashMap<String, u32>,
    /// State of each switch before anything sets it.
    pub switches: Vec<bool>,
    /// What is kept for the application to look at, by handle.
    pub retained: Vec<Vec<Part>>,
    /// The outputs that an image is presented to.
    pub presented: Vec<OutputId>,
    /// The shared resources that may be replaced, each placed as what it is at the moment.
    pub placed: Vec<Placed>,
    /// The graph has been compiled, and nothing is left here.
    pub compiled: bool,
    /// Mistakes that only `compile` can report.
    pub errors: Vec<DeclarationError>,
}

/// An instance of a node.
pub(crate) struct DeclaredNode {
    pub declaration: &'static NodeDeclaration,
    /// The name that messages, labels and reports use; unique in the graph.
    pub name: String,
    pub at: CallSite,
    /// One for each wire of each slot, in the order of slots and elements.
    pub bindings: Vec<DeclaredBinding>,
    pub push: Vec<u8>,
    pub spec: Vec<u8>,
    /// The plain fields.
    pub data: Box<dyn Any + Send>,
    pub record: fn(&mut RecordContext<'_>),
    /// What it emits and receives.
    pub events: &'static [EventDeclaration],
    /// Kept even where nothing reads what it writes.
    pub sink: bool,
}

/// A wire in a slot.
pub(crate) struct DeclaredBinding {
    pub slot: u32,
    pub parts: Vec<Part>,
}

/// A piece of a resource that a wire stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub resource: ResourceId,
    pub age: u32,
    pub region: Region,
    pub condition: Condition,
}

/// A wire or a target.
pub(crate) struct DeclaredWire {
    pub parts: Vec<Part>,
    /// The node and slot that made this version; `None` for what the graph was given.
    pub producer: Option<(NodeId, u32)>,
    /// Whether anything reads or takes it.
    pub used: bool,
}

/// A resource.
pub(crate) struct DeclaredResource {
    pub name: String,
    /// The name waits for the slot that will write all of it.
    pub unwritten: bool,
    pub at: CallSite,
    pub shape: Shape,
    pub residency: Residency,
    pub placement: Placement,
    pub entry: Option<Use>,
    pub exit: Option<Use>,
    /// Wanted after the frame in every state of the switches.
    pub sink: bool,
    /// Looked at from outside, in some state of the switches.
    pub kept: bool,
}

/// What a resource is and how large.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    Buffer { length: Length, stride: u64 },
    Image { format: ImageFormat, dimension: Dimension, shape: ImageShape },
    AccelerationStructure,
}

impl Shape {
    /// Mip levels and array layers; one of each for what is no image.
    pub fn levels(&self) -> (u32, u32) {
        match self {
            Self::Image { shape, .. } => (shape.mips, shape.layers),
            _ => (1, 1),
        }
    }
}

/// Where the memory of a resource comes from.
#[derive(Clone)]
pub(crate) enum Placement {
    /// Made at compile, in the device's memory.
    Device,
    /// Made at compile, host-visible, one for each frame slot: the CPU writes, the GPU reads.
    Upload {
        /// What it holds before anything sets it; shorter than the resource means zeros.
        initial: Vec<u8>,
    },
    /// Made at compile, host-visible, one for each frame slot: the GPU writes, the CPU reads.
    Readback,
    /// A buffer that somebody else owns too.
    SharedBuffer(Arc<memory::Buffer>),
    /// An image that somebody else owns too.
    SharedImage(Arc<memory::Image>),
    /// An acceleration structure that somebody else owns too.
    SharedAccelerationStructure(Arc<memory::AccelerationStructure>),
    /// A raw handle of the application.
    ImportedBuffer { buffer: ash::vk::Buffer },
    /// A raw handle of the application.
    ImportedImage { image: ash::vk::Image },
    /// A raw handle of the application.
    ImportedAccelerationStructure { structure: ash::vk::AccelerationStructureKHR },
    /// The image that an output's swapchain lends.
    Swapchain { output: u32 },
}
