//! Execute: provision what a plan needs, record it, and run frames that do nothing but submit.
//!
//! `compile` goes from a declared graph to a [`CompiledGraph`]: `validate` asks the device, `pipeline` makes pipelines, `provision`
//! resources and descriptor sets, `record` command buffers. `run` runs frames, and `recompile` makes anew what changed before one.

#[cfg(feature = "testing")]
mod by_hand;
mod compile;
mod compiled;
mod moment;
mod owned;
mod pipeline;
mod provision;
mod recompile;
mod record;
mod report;
mod run;
mod validate;
mod watched;

#[cfg(feature = "testing")]
pub(crate) use by_hand::ByHand;
pub use compile::CompileOptions;
pub use compiled::CompiledGraph;
pub use pipeline::PipelineIndex;
pub use pipeline::objects::SharedObjects;
pub use pipeline::shelf::Sharing;
pub use recompile::Recompiled;
pub use record::commands::{ComputeCommands, GraphicsCommands, NodeCommands, RayTracingCommands, TransferCommands};
pub use record::context::{HostResolver, RecordContext, Resolver};
pub use report::{Culled, Leftover, Report};
pub use run::frame_info::FrameInfo;
pub(crate) use run::swapchain::ACQUIRE_STAGE;
pub use run::{FrameError, FrameOutcome};
