//! What an allocator makes, before anybody owns it.

use std::ptr::NonNull;

use ash::vk;

use super::allocator::Allocator;

/// An allocator's own word for a piece of memory.
#[derive(Clone, Copy, Debug)]
pub struct Allocation(pub(super) AllocationKind);

#[derive(Clone, Copy, Debug)]
pub(super) enum AllocationKind {
    Vma(vk_mem::Allocation),
    Direct {
        memory: vk::DeviceMemory,
        /// The address of the first byte, 0 where it is not mapped.
        mapped: usize,
    },
    /// Of a resource in somebody else's memory.
    Borrowed,
    Opaque(u64),
}

impl Allocation {
    /// Of a resource with [`Backing::Aliased`](super::Backing::Aliased): there is nothing to free.
    pub const BORROWED: Self = Self(AllocationKind::Borrowed);

    /// For allocators from outside: whatever identifies the memory to them.
    pub const fn opaque(token: u64) -> Self {
        Self(AllocationKind::Opaque(token))
    }

    /// What [`Self::opaque`] was given, if it was.
    pub const fn token(&self) -> Option<u64> {
        match self.0 {
            AllocationKind::Opaque(token) => Some(token),
            _ => None,
        }
    }
}

/// The heap of what has no memory of its own, and of what an allocator knows no heap of: it counts towards none.
pub const NO_HEAP: u32 = u32::MAX;

/// A buffer with its memory, owned by nobody yet.
#[derive(Clone, Copy, Debug)]
pub struct RawBuffer {
    /// The buffer.
    pub handle: vk::Buffer,
    /// Its memory.
    pub allocation: Allocation,
    /// The bytes that it takes, which may be more than were asked for; none with [`Backing::Aliased`](super::Backing::Aliased).
    pub bytes: u64,
    /// The heap that they lie in, by its number; [`NO_HEAP`] with [`Backing::Aliased`](super::Backing::Aliased).
    pub heap: u32,
    /// Its first byte, where the host reaches it: for as long as the buffer lives.
    pub mapped: Option<NonNull<u8>>,
    /// Whether the host and the device see each other's writes without flush and invalidate.
    pub coherent: bool,
    /// Its device address, 0 without `SHADER_DEVICE_ADDRESS`.
    pub address: vk::DeviceAddress,
}

// SAFETY: the pointer is only a number here; `Buffer`, which reads and writes through it, does so behind a lock.
unsafe impl Send for RawBuffer {}
// SAFETY: as above.
unsafe impl Sync for RawBuffer {}

/// An image with its memory, owned by nobody yet.
#[derive(Clone, Copy, Debug)]
pub struct RawImage {
    /// The image.
    pub handle: vk::Image,
    /// Its memory.
    pub allocation: Allocation,
    /// The bytes that it takes; none with [`Backing::Aliased`](super::Backing::Aliased).
    pub bytes: u64,
    /// The heap that they lie in, by its number; [`NO_HEAP`] with [`Backing::Aliased`](super::Backing::Aliased).
    pub heap: u32,
}

/// Memory without a resource, owned by nobody yet.
#[derive(Clone, Copy, Debug)]
pub struct RawMemory {
    /// The memory.
    pub allocation: Allocation,
    /// The bytes that it takes.
    pub bytes: u64,
    /// The heap that they lie in, by its number.
    pub heap: u32,
}

/// What an allocator made.
pub(super) trait Raw: Copy {
    /// The bytes that it takes.
    fn bytes(&self) -> u64;

    /// The heap that they lie in.
    fn heap(&self) -> u32;

    /// Destroys it.
    ///
    /// # Safety
    /// As of the allocator's own functions.
    unsafe fn destroy(self, allocator: &dyn Allocator);
}

impl Raw for RawBuffer {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn heap(&self) -> u32 {
        self.heap
    }

    unsafe fn destroy(self, allocator: &dyn Allocator) {
        // SAFETY: the caller answers for it.
        unsafe { allocator.destroy_buffer(self) };
    }
}

impl Raw for RawImage {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn heap(&self) -> u32 {
        self.heap
    }

    unsafe fn destroy(self, allocator: &dyn Allocator) {
        // SAFETY: the caller answers for it.
        unsafe { allocator.destroy_image(self) };
    }
}

impl Raw for RawMemory {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn heap(&self) -> u32 {
        self.heap
    }

    unsafe fn destroy(self, allocator: &dyn Allocator) {
        // SAFETY: the caller answers for it.
        unsafe { allocator.free(self) };
    }
}
