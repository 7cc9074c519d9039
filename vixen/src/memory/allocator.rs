//! What an allocator is: a stateless service that creates and destroys, and owns nothing.

use std::ptr::NonNull;

use ash::vk;

use super::desc::{BufferDesc, ImageDesc, MemoryDesc};
use super::error::MemoryError;
use super::raw::{Allocation, RawBuffer, RawImage, RawMemory};

/// Where the memory of a buffer or an image comes from.
#[derive(Clone, Copy, Debug, Default)]
pub enum Backing<'m> {
    /// Wherever the allocator finds room.
    #[default]
    Pooled,
    /// A device allocation of its own: for what is large and comes and goes alone.
    Dedicated,
    /// From an offset on in memory that others use too.
    Aliased {
        /// The memory.
        memory: &'m RawMemory,
        /// Where the resource starts in it.
        offset: u64,
    },
}

/// Creates and destroys buffers and images together with their memory. It owns and counts nothing, serves any thread, and keeps
/// its device alive for as long as it lives. Only the [`BudgetManager`](super::BudgetManager) calls it.
///
/// A call that fails has left nothing behind.
///
/// # Safety
/// All unsafe functions share one condition: no two of them run on the same allocator at the same time. The budget holds a lock
/// for its counts anyway; a second one in the allocator would double what locking costs.
pub trait Allocator: Send + Sync {
    /// The device that it allocates of, if it has one.
    fn device(&self) -> Option<vk::Device> {
        None
    }

    /// Writes how many bytes of each heap this process has at the moment, and returns whether that can change, as when other
    /// processes come and go. It allocates nothing. An allocator that does not implement it leaves the budget as it was made.
    fn heap_bytes(&self, _bytes: &mut [u64; vk::MAX_MEMORY_HEAPS]) -> bool {
        false
    }

    /// What such a buffer needs of its memory.
    fn buffer_requirements(&self, desc: &BufferDesc<'_>) -> Result<vk::MemoryRequirements, MemoryError>;

    /// What such an image needs of its memory.
    fn image_requirements(&self, desc: &ImageDesc<'_>) -> Result<vk::MemoryRequirements, MemoryError>;

    /// Creates a buffer, bound to memory of its location; mapped unless that is [`Location::Device`](super::Location::Device) or the memory somebody
    /// else's, and for [`Location::DeviceMapped`](super::Location::DeviceMapped) where the device can.
    ///
    /// # Safety
    /// Memory that is shared came from this allocator and is alive, and the buffer fits into it: its requirements were compared.
    unsafe fn create_buffer(&self, desc: &BufferDesc<'_>, backing: Backing<'_>) -> Result<RawBuffer, MemoryError>;

    /// Destroys a buffer and frees its memory.
    ///
    /// # Safety
    /// The buffer came from this allocator, was not destroyed before, and neither host nor device uses it any more.
    unsafe fn destroy_buffer(&self, buffer: RawBuffer);

    /// Creates an image, bound to device memory.
    ///
    /// # Safety
    /// As for [`create_buffer`](Allocator::create_buffer).
    unsafe fn create_image(&self, desc: &ImageDesc<'_>, backing: Backing<'_>) -> Result<RawImage, MemoryError>;

    /// Destroys an image and frees its memory.
    ///
    /// # Safety
    /// The image came from this allocator, was not destroyed before, and the device does not use it any more.
    unsafe fn destroy_image(&self, image: RawImage);

    /// Allocates device memory for resources that share it.
    ///
    /// # Safety
    /// As of all: one call at a time.
    unsafe fn allocate(&self, desc: &MemoryDesc<'_>) -> Result<RawMemory, MemoryError>;

    /// Frees memory.
    ///
    /// # Safety
    /// The memory came from [`allocate`](Allocator::allocate) of this allocator, was not freed before, and all that was created
    /// in it is destroyed.
    unsafe fn free(&self, memory: RawMemory);

    /// Maps memory that the host can see. Mappings nest, and the pointer is the same each time.
    ///
    /// # Safety
    /// The allocation came from this allocator, is alive, and not of [`Location::Device`](super::Location::Device).
    unsafe fn map(&self, allocation: &Allocation) -> Result<NonNull<u8>, vk::Result>;

    /// Undoes one [`Self::map`].
    ///
    /// # Safety
    /// The allocation came from this allocator, is alive and was mapped; the pointer is not used after the last unmap.
    unsafe fn unmap(&self, allocation: &Allocation);

    /// Makes the host's writes visible to the device. Does nothing where memory is coherent.
    ///
    /// # Safety
    /// The allocation came from this allocator, is alive and mapped, and holds the range.
    unsafe fn flush(&self, allocation: &Allocation, offset: u64, len: u64) -> Result<(), vk::Result>;

    /// Makes the device's writes visible to the host. Does nothing where memory is coherent.
    ///
    /// # Safety
    /// The allocation came from this allocator, is alive and mapped, and holds the range.
    unsafe fn invalidate(&self, allocation: &Allocation, offset: u64, len: u64) -> Result<(), vk::Result>;
}
