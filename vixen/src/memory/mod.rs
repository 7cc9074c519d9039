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
mod copy;
mod direct;
mod error;
mod heaps;
mod ledger;
mod managed;
mod name;
mod owned;
mod per_frame;
mod quota;
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
mod vma;

pub use self::allocator::{
    Allocation, Allocator, Backing, BufferDesc, ImageDesc, Location, MemoryDesc, NO_HEAP, RawBuffer, RawImage,
    RawMemory,
};
pub(crate) use self::budget::Listener;
pub use self::budget::{BudgetManager, BudgetWarning, Usage};
pub use self::category::Category;
pub(crate) use self::choice::AllocatorChoice;
pub use self::choice::AllocatorKind;
pub use self::direct::DirectAllocator;
pub use self::error::MemoryError;
pub(crate) use self::heaps::device_heaps;
pub use self::heaps::{Heap, HeapUsage};
pub use self::ledger::{Churn, Live, LiveKind};
pub use self::managed::{ManagedBuffer, Strategy};
pub use self::owned::{Buffer, Image, Memory};
pub use self::per_frame::PerFrameUniform;
pub use self::quota::{QuotaUsage, StagingReservation, Wait};
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
pub use self::vma::VmaAllocator;
