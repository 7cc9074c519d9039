//! What the planner is given and what it returns: plain data, no Vulkan object.
//!
//! The input lists nodes in the order in which they were added. Because a read borrows a wire and a write moves it, that
//! order is always valid, and for two accesses that conflict (the same sub-resource, one of them a write) it is the order
//! that the user meant. The planner is free to reorder everything else.

use std::ops::Range;

use ash::vk;

/// Index of a node in [`Input::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// Index of a resource in [`Input::resources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(pub u32);

/// Index of a switch: bit `n` of every [`Condition`] mask. A graph has at most 32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SwitchId(pub u32);

/// Which GPU an item belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceIndex(pub u32);

/// Which queue of its device an item runs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Queue {
    /// The queue that serves graphics, compute and transfer.
    #[default]
    Main,
    /// An asynchronous compute queue.
    Compute,
    /// A transfer-only queue.
    Transfer,
}

/// How often an item runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(pub u32);

/// A conjunction of switch states: holds when `state & mask == value`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Condition {
    /// The switches that matter.
    pub mask: u32,
    /// The state that each of them must have; bits outside `mask` are zero.
    pub value: u32,
}

impl Condition {
    /// Holds in every state.
    pub const ALWAYS: Self = Self { mask: 0, value: 0 };

    /// Whether this holds in the given state of all switches.
    pub const fn holds(self, state: u32) -> bool {
        state & self.mask == self.value
    }

    /// Whether the two never hold at the same time.
    pub const fn excludes(self, other: Self) -> bool {
        (self.value ^ other.value) & self.mask & other.mask != 0
    }
}

/// A rectangle of sub-resources: bytes × {0} of a buffer, mip levels × array layers of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Region {
    /// Byte range of a buffer (`u64::MAX` stands for its end) or mip-level range of an image; half open.
    pub major: [u64; 2],
    /// `[0, 1]` for a buffer, array-layer range of an image (`u32::MAX` stands for its end); half open.
    pub minor: [u32; 2],
}

impl Region {
    /// All of a resource.
    pub const WHOLE: Self = Self { major: [0, u64::MAX], minor: [0, u32::MAX] };

    /// Whether the two have a sub-resource in common.
    pub const fn overlaps(self, other: Self) -> bool {
        self.major[0] < other.major[1]
            && other.major[0] < self.major[1]
            && self.minor[0] < other.minor[1]
            && other.minor[0] < self.minor[1]
    }
}

/// What an access does to the contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Reads.
    Read,
    /// Defines all of the region; what it held before is lost.
    Write,
    /// Reads, then changes; keeps what it does not change.
    ReadWrite,
}

impl Effect {
    /// Whether the contents change.
    pub const fn writes(self) -> bool {
        !matches!(self, Self::Read)
    }
}

/// How a region is touched: pipeline stages, access types and, for an image, the layout it wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// Stages of the access.
    pub stages: vk::PipelineStageFlags2,
    /// Kinds of the access.
    pub access: vk::AccessFlags2,
    /// The best layout for this access; `UNDEFINED` for a buffer.
    pub layout: vk::ImageLayout,
}

/// One access of a node. A slot makes one for each part of its wire.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    /// The resource.
    pub resource: ResourceId,
    /// How many frames ago the contents were made: 0 for this frame, more only for a history.
    pub age: u32,
    /// The part of it. The ends of a resource must be given the same way everywhere: either as numbers or as `MAX`.
    pub region: Region,
    /// What it does to the contents.
    pub effect: Effect,
    /// How it does it.
    pub usage: Use,
    /// When the access happens; a wire that a switch selects has one access for each alternative.
    pub condition: Condition,
    /// Which slot of the node, for messages.
    pub slot: u32,
}

/// One node.
#[derive(Clone, Debug)]
pub struct NodeItem {
    /// Its accesses, a range of [`Input::accesses`].
    pub accesses: Range<u32>,
    /// Where it runs.
    pub device: DeviceIndex,
    /// The queue it runs on.
    pub queue: Queue,
    /// How often it runs.
    pub rate: Rate,
    /// Records its commands anew in every frame.
    pub dynamic: bool,
    /// Kept even where nothing reads what it writes.
    pub sink: bool,
}

/// Where a resource's contents live from frame to frame, and so which accesses of different frames can meet in it.
///
/// A resource that something outside the graph touches before a frame ([`ResourceItem::entry`]) has no hazards across the
/// frame boundary: who touches it there waits for the graph, and the graph's first access waits for the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Residency {
    /// Made and used up within a frame; all frames in flight share it.
    Transient,
    /// One copy for each frame slot, so the GPU's frames never meet in it (the host waits for the slot instead). An image
    /// that the frame writes starts without contents and so must be written before it is read: it has an entry without a
    /// stage and in the layout `UNDEFINED` if it has none of its own.
    PerSlot,
    /// A ring of `depth + 1` copies that moves on by one with every frame.
    History {
        /// The oldest age that can be read.
        depth: u32,
    },
    /// Keeps its contents across frames: a resource of a cacher or of the application, or one that the graph retains.
    Persistent,
    /// The image that the presentation engine lends for this frame. It has an entry without a stage and in the layout
    /// `UNDEFINED` if it has none of its own; one whose stages are those that wait for the acquired image is what it needs.
    Swapchain,
}

/// One resource.
#[derive(Clone, Debug)]
pub struct ResourceItem {
    /// Whether it is an image, with layouts to keep track of.
    pub image: bool,
    /// Where its contents live.
    pub residency: Residency,
    /// What touched it before the frame, which the first access in the frame must wait for in the same frame (an image
    /// from the swapchain, an import); `None` where nothing outside the graph touches it.
    pub entry: Option<Use>,
    /// What touches it after the frame and which state that wants (presentation, the host, an import's owner). A transient
    /// or persistent resource without an entry of its own is taken to be touched so before the next frame as well. It does not
    /// say that anybody wants the contents: that is for a sink to say.
    pub exit: Option<Use>,
    /// Its contents are wanted after the frame: what writes it is alive.
    pub sink: bool,
    /// Which GPU it lives on.
    pub device: DeviceIndex,
}

/// Everything the planner is given.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// The nodes, in the order in which they were added.
    pub nodes: Vec<NodeItem>,
    /// The accesses of all nodes, those of one node together.
    pub accesses: Vec<Access>,
    /// The resources.
    pub resources: Vec<ResourceItem>,
    /// How many switches there are.
    pub switches: u32,
}

/// One dependency of a barrier command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The resource.
    pub resource: ResourceId,
    /// Which copy of a history, counted in frames before the frame that records this barrier.
    pub age: u32,
    /// The part of it.
    pub region: Region,
    /// Stages that must finish.
    pub src_stages: vk::PipelineStageFlags2,
    /// Writes that must become available; empty for write after read.
    pub src_access: vk::AccessFlags2,
    /// Stages that wait.
    pub dst_stages: vk::PipelineStageFlags2,
    /// Accesses that must see the writes; empty for write after read without a layout change.
    pub dst_access: vk::AccessFlags2,
    /// Layout before; `UNDEFINED` where the contents are not kept. Equal to `new_layout` where nothing changes.
    pub old_layout: vk::ImageLayout,
    /// Layout after.
    pub new_layout: vk::ImageLayout,
}

/// One step of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The commands of a node.
    Node(NodeId),
    /// One barrier command: an index into [`Plan::barriers`].
    Barrier(u32),
}

/// A run of steps that is recorded into one command buffer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Segment {
    /// A range of [`Plan::steps`].
    pub steps: Range<u32>,
    /// Where it runs.
    pub device: DeviceIndex,
    /// The queue it is submitted to.
    pub queue: Queue,
    /// How often it runs.
    pub rate: Rate,
    /// Recorded anew in every frame.
    pub dynamic: bool,
    /// Mask of the switches that its recording depends on.
    pub switches: u32,
    /// Touches a per-slot resource, so each frame slot has a recording of its own.
    pub per_slot: bool,
    /// The number of history phases that its recording depends on: the least common multiple of the ring sizes it touches.
    pub phases: u32,
    /// Touches the swapchain image, so each image has a recording of its own.
    pub swapchain: bool,
}

/// The steps between which a transient's memory is in use, both inclusive, as indices of [`Plan::steps`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// First step that uses it.
    pub first: u32,
    /// Last step that uses it.
    pub last: u32,
}

/// Everything the planner returns.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// What a frame does, in order.
    pub steps: Vec<Step>,
    /// The barrier commands: ranges of `dependencies`.
    pub barriers: Vec<Range<u32>>,
    /// The dependencies of all barriers.
    pub dependencies: Vec<Dependency>,
    /// The command buffers that the steps are cut into.
    pub segments: Vec<Segment>,
    /// For each access of the input, the layout in which the image is when it happens (for descriptors and attachments).
    pub layouts: Vec<vk::ImageLayout>,
    /// Layout changes to make once, before the first frame: the state that every frame expects at its start. The ages are
    /// those of the first frame, `PerSlot` stands for every slot's copy, and `old_layout` is `UNDEFINED`: put in the layout
    /// in which an image was left whose contents are to be kept. Nothing else may run at the same time.
    pub initial: Vec<Dependency>,
    /// For each resource, when it is in use; `None` for one that no living node touches.
    pub intervals: Vec<Option<Interval>>,
    /// For each node, when it runs; `None` for a culled node.
    pub conditions: Vec<Option<Condition>>,
}
