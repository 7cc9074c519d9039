//! Execute: provision what a plan needs, record it, and run frames that do nothing but submit.
//!
//! `compile` goes from a declared graph to a [`CompiledGraph`]: `validate` asks the device, `physical` makes resources,
//! `pipeline` pipelines, `node` descriptor sets, `segment` and `record` command buffers. `compiled` runs frames.

mod binding_table;
mod commands;
mod compile;
mod compiled;
mod context;
mod moment;
mod node;
mod owned;
mod physical;
mod pipeline;
mod record;
mod report;
mod segment;
mod swapchain;
mod timeline;
mod timing;
mod validate;

pub use commands::{ComputeCommands, GraphicsCommands, PipelineIndex, RayTracingCommands, TransferCommands};
pub use compile::CompileOptions;
pub use compiled::{CompiledGraph, FrameError, FrameOutcome};
pub use context::{FrameInfo, HostResolver, RecordContext, Resolver};
pub use report::{Culled, Leftover, Report};
pub(crate) use swapchain::ACQUIRE_STAGE;
