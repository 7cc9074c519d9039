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
mod direct;
mod error;
mod heaps;
mod owned;
mod quota;
mod requirements;
mod texel;
mod upload;
mod vma;

pub use self::allocator::{
    Allocation, Allocator, BufferDesc, ImageDesc, Location, RawBuffer, RawImage,
};
pub use self::budget::{BudgetManager, BudgetWarning, Usage};
pub use self::category::Category;
pub use self::direct::DirectAllocator;
pub use self::error::MemoryError;
pub(crate) use self::heaps::device_heaps;
pub use self::owned::{Buffer, Image};
pub use self::quota::{QuotaUsage, StagingReservation, Wait};
pub use self::texel::TexelBlock;
pub use self::upload::{ImageRegion, upload_buffer, upload_image};
pub use self::vma::VmaAllocator;
