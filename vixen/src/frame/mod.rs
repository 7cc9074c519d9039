//! Execute: provision what a plan needs, record it, and run frames that do nothing but submit.
//!
//! `compile` goes from a declared graph to a [`CompiledGraph`]: `validate` asks the device, `physical` makes resources,
//! `pipeline` pipelines, `node` descriptor sets, `segment`, `tape` and `record` command buffers. `run` runs frames, `follow` makes
//! anew what an output's size or an import changes, and `recompile` binds and records what hangs on it.

mod binding_table;
#[cfg(feature = "testing")]
mod by_hand;
mod chores;
mod commands;
mod compile;
mod compiled;
mod context;
mod dynamic;
mod events;
mod follow;
mod frame_info;
mod graphics_pipeline;
mod initial;
mod make;
mod managed;
mod modules;
mod moment;
mod node;
mod objects;
mod owned;
mod params;
mod physical;
mod pipeline;
mod provision;
mod recompile;
mod record;
#[cfg(feature = "hot-reload")]
mod reload;
mod report;
mod run;
mod segment;
mod shelf;
mod submission;
mod swapchain;
mod tape;
mod timeline;
mod timing;
mod uploads;
mod validate;
mod view;
mod watched;

#[cfg(feature = "testing")]
pub(crate) use by_hand::ByHand;
pub use commands::{
    ComputeCommands, GraphicsCommands, NodeCommands, PipelineIndex, RayTracingCommands, TransferCommands,
};
pub use compile::CompileOptions;
pub use compiled::CompiledGraph;
pub use context::{HostResolver, RecordContext, Resolver};
pub use frame_info::FrameInfo;
pub use objects::SharedObjects;
pub use recompile::Recompiled;
pub use report::{Culled, Leftover, Report};
pub use run::{FrameError, FrameOutcome};
pub use shelf::Sharing;
pub(crate) use swapchain::ACQUIRE_STAGE;
