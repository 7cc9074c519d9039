//! One gate to memory: every buffer and image comes from the [`BudgetManager`], which asks an [`Allocator`].
//!
//! ```text
//! owner ──> BudgetManager ──> Allocator: VmaAllocator (default) | DirectAllocator
//! ```
//!
//! What it hands out, [`Buffer`] and [`Image`], frees itself when dropped and keeps the device alive until then.

mod allocator;
mod budget;
mod category;
mod charge;
mod choice;
mod churn;
mod copiers;
mod copy;
mod desc;
mod direct;
mod error;
mod frames;
mod heaps;
mod ledger;
mod live;
mod managed;
mod name;
mod owned;
mod per_frame;
mod quota;
mod raw;
mod records;
mod report;
mod requirements;
mod retire;
mod scope;
mod series;
mod staging;
mod structure;
mod texel;
mod upload;
mod usage;
mod vma;

pub use self::allocator::{Allocator, Backing};
pub use self::budget::BudgetManager;
pub(crate) use self::budget::Listener;
pub use self::category::Category;
pub(crate) use self::choice::AllocatorChoice;
pub use self::choice::AllocatorKind;
pub use self::churn::Churn;
pub use self::desc::{BufferDesc, ImageDesc, Location, MemoryDesc};
pub use self::direct::DirectAllocator;
pub use self::error::MemoryError;
pub(crate) use self::heaps::device_heaps;
pub use self::heaps::{Heap, HeapUsage};
pub use self::live::{Live, LiveKind};
pub use self::managed::{ManagedBuffer, Strategy};
pub use self::owned::{Buffer, Image, Memory};
pub use self::per_frame::PerFrameUniform;
pub use self::quota::{QuotaUsage, StagingReservation, Wait};
pub use self::raw::{Allocation, NO_HEAP, RawBuffer, RawImage, RawMemory};
pub use self::report::MemoryReport;
pub use self::retire::{RetireRing, Retired};
pub use self::scope::{NodeScope, Phase, PhaseScope};
pub use self::series::Sample;
pub use self::staging::{StagingBlock, StagingPool, StagingStatistics};
pub use self::structure::{AccelerationStructure, AccelerationStructureDesc};
pub use self::texel::TexelBlock;
pub(crate) use self::upload::Batch as UploadBatch;
pub use self::upload::{
    ImageRegion, ScatterPolicy, Ticket, TransferPolicy, UploadStatistics, Uploader, UploaderOptions, upload_buffer,
    upload_buffers, upload_image,
};
pub use self::usage::{BudgetWarning, Usage};
pub use self::vma::VmaAllocator;
