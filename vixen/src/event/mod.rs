//! Typed, fixed-size events: queues that are sized once, and who hears what in which order.
//!
//! A queue belongs to one type of event and is sized when the bus is built, from what its users declare; after that nothing
//! here allocates, except a queue with [`Overflow::Fallback`] past its reserve, which is counted and named.
//! [`EventBus::dispatch`] delivers what was queued as one batch: subscribers run in topological order of what they read and
//! write, each at most once, so that a cascade (a window's size, its swapchain, the images that follow, descriptors,
//! segments) is over when the call returns.
//!
//! ```
//! use vixen::event::{Event, EventBus};
//!
//! #[derive(Clone, Copy)]
//! struct Resized([u32; 2]);
//! impl Event for Resized {}
//!
//! let mut builder = EventBus::builder();
//! let resized = builder.queue::<Resized>(16);
//! builder.on(resized, "camera", |event: &Resized| assert_eq!(event.0, [640, 480]));
//! let mut bus = builder.build()?;
//! bus.emit(resized, Resized([640, 480]))?;
//! bus.dispatch();
//! assert_eq!(bus.counts(resized).delivered, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A graph has a bus: [`Graph::events`](crate::Graph::events) declares what the application wants of it, and
//! [`CompiledGraph::events`](crate::CompiledGraph::events) is the bus itself, which each frame dispatches once, before host
//! nodes run. A node declares what it emits and receives (`#[node(host, emits(Picked = 4), receives(KeyInput = 8))]`), and
//! only that compiles: `frame.emit(Picked { .. })` and `frame.events::<KeyInput>()` in a host node, the same methods of
//! `commands` in a dynamic one. What a node emits is delivered in the next frame, so that all receivers of a frame see the same
//! events, in whatever order they run.
//!
//! Built-in events are emitted only where somebody declared a queue for them. The graph emits
//! [`FrameBegin`], [`FrameEnd`], [`WindowResized`], [`DeviceLost`], [`ShaderReloaded`], [`RecompileRequested`] and
//! [`RecompileDone`], its device's budget [`BudgetWarning`], and each bus [`QueuePressure`]. A recompile is one cascade: its events
//! are one batch, together with the [`FrameBegin`] of the frame that follows. The other events come from windows and scenes, which
//! `vixen-nodes` has.

mod batch;
mod builder;
mod builtin;
mod bus;
mod declare;
mod kind;
mod lane;
mod node;
mod order;
mod queue;
mod sender;
mod slot;

pub use batch::{Batch, Events};
pub use builder::{BuildError, EventBusBuilder, Subscription};
pub use builtin::*;
pub use bus::{Channel, EventBus};
#[doc(hidden)]
pub use declare::EmittedBy;
pub use declare::{Emits, EventDeclaration, Receives};
pub use kind::{AnyEvent, Category, Event};
pub(crate) use node::NodeEvents;
pub use queue::{Counts, Overflow, QueueFull};
pub use sender::Sender;
