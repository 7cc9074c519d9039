//! Uploads. The [`Uploader`] takes them from any thread and gives them to the device once a frame; [`upload_buffer`] and
//! [`upload_image`] are for setting up: each waits for its copies.
//!
//! ```text
//! threads ──> uploader ──> queue ──(once a frame)──> pieces ──> batch ──> submit ──> main queue
//!                 └──> staging pool                                         └──> transfer queue
//! ```

mod batch;
mod commands;
mod images;
mod intake;
mod level;
mod measure;
#[cfg(test)]
mod model;
mod once;
mod options;
mod pieces;
mod queue;
mod rooms;
mod scatter;
mod statistics;
mod submit;
mod timeline;
mod uploader;

pub use self::level::ImageRegion;
pub(super) use self::once::upload_buffer_at;
pub use self::once::{upload_buffer, upload_buffers, upload_image};
pub use self::options::{ScatterPolicy, TransferPolicy, UploaderOptions};
pub use self::statistics::UploadStatistics;
pub(crate) use self::submit::Batch;
pub use self::uploader::{Ticket, Uploader};
