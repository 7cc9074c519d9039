//! An allocator that needs no device.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use vixen::ash::vk;
use vixen::ash::vk::Handle as _;
use vixen::memory::{
    Allocation, Allocator, Backing, BudgetManager, BufferDesc, Heap, ImageDesc, Location, MemoryDesc, MemoryError,
    RawBuffer, RawImage, RawMemory,
};

/// An allocator of numbers. It rounds sizes up to 16 bytes, takes `extra` bytes more than it said, and fails on demand.
#[derive(Default)]
pub struct Numbers {
    pub alive: AtomicI64,
    pub made: AtomicU64,
    pub extra: AtomicU64,
    /// Puts what the host is to reach into heap 1, and not into heap 0 with the rest.
    pub apart: AtomicBool,
    /// Fails the call of this number, counted from 1.
    pub fails_at: AtomicU64,
    /// What there is of each heap, once that is known.
    heaps: Mutex<Vec<u64>>,
}

impl Numbers {
    /// From now on there are this many bytes of each heap.
    pub fn tell_heaps(&self, bytes: &[u64]) {
        *self.heaps.lock().unwrap() = bytes.to_vec();
    }

    fn make(&self, name: &str, bytes: u64) -> Result<(u64, u64), MemoryError> {
        let number = self.made.fetch_add(1, Relaxed) + 1;
        if number == self.fails_at.load(Relaxed) {
            return Err(MemoryError::OutOfDeviceMemory { name: name.to_owned(), size: bytes, usage: String::new() });
        }
        self.alive.fetch_add(1, Relaxed);
        Ok((number, bytes + self.extra.load(Relaxed)))
    }
}

/// Shares the numbers with the test.
struct Shared(Arc<Numbers>);

impl Allocator for Shared {
    fn heap_bytes(&self, bytes: &mut [u64; vk::MAX_MEMORY_HEAPS]) -> bool {
        let heaps = self.0.heaps.lock().unwrap();
        bytes[..heaps.len()].copy_from_slice(&heaps);
        !heaps.is_empty()
    }

    fn buffer_requirements(&self, desc: &BufferDesc<'_>) -> Result<vk::MemoryRequirements, MemoryError> {
        Ok(needs(desc.size.next_multiple_of(16)))
    }

    fn image_requirements(&self, desc: &ImageDesc<'_>) -> Result<vk::MemoryRequirements, MemoryError> {
        Ok(needs(desc.extent.into_iter().map(u64::from).product::<u64>() * 4))
    }

    unsafe fn create_buffer(&self, desc: &BufferDesc<'_>, backing: Backing<'_>) -> Result<RawBuffer, MemoryError> {
        let bytes = if let Backing::Aliased { .. } = backing { 0 } else { self.buffer_requirements(desc)?.size };
        let (token, bytes) = self.0.make(desc.name, bytes)?;
        let handle = vk::Buffer::from_raw(token);
        let allocation = Allocation::opaque(token);
        let heap = u32::from(self.0.apart.load(Relaxed) && desc.location != Location::Device);
        Ok(RawBuffer { handle, allocation, bytes, heap, mapped: None, coherent: true, address: 0 })
    }

    unsafe fn destroy_buffer(&self, buffer: RawBuffer) {
        assert_eq!(buffer.allocation.token(), Some(buffer.handle.as_raw()));
        self.0.alive.fetch_sub(1, Relaxed);
    }

    unsafe fn create_image(&self, desc: &ImageDesc<'_>, backing: Backing<'_>) -> Result<RawImage, MemoryError> {
        let bytes = if let Backing::Aliased { .. } = backing { 0 } else { self.image_requirements(desc)?.size };
        let (token, bytes) = self.0.make(desc.name, bytes)?;
        Ok(RawImage { handle: vk::Image::from_raw(token), allocation: Allocation::opaque(token), bytes, heap: 0 })
    }

    unsafe fn destroy_image(&self, image: RawImage) {
        assert_eq!(image.allocation.token(), Some(image.handle.as_raw()));
        self.0.alive.fetch_sub(1, Relaxed);
    }

    unsafe fn allocate(&self, desc: &MemoryDesc<'_>) -> Result<RawMemory, MemoryError> {
        let (token, bytes) = self.0.make(desc.name, desc.size)?;
        Ok(RawMemory { allocation: Allocation::opaque(token), bytes, heap: 0 })
    }

    unsafe fn free(&self, memory: RawMemory) {
        assert!(memory.allocation.token().is_some());
        self.0.alive.fetch_sub(1, Relaxed);
    }

    unsafe fn map(&self, _allocation: &Allocation) -> Result<NonNull<u8>, vk::Result> {
        Err(vk::Result::ERROR_MEMORY_MAP_FAILED)
    }

    unsafe fn unmap(&self, _allocation: &Allocation) {}

    unsafe fn flush(&self, _allocation: &Allocation, _offset: u64, _len: u64) -> Result<(), vk::Result> {
        Ok(())
    }

    unsafe fn invalidate(&self, _allocation: &Allocation, _offset: u64, _len: u64) -> Result<(), vk::Result> {
        Ok(())
    }
}

fn needs(size: u64) -> vk::MemoryRequirements {
    vk::MemoryRequirements { size, alignment: 16, memory_type_bits: 1 }
}

/// Numbers, and a budget for heaps of this many bytes over them.
pub fn numbers(heaps: &[u64]) -> (Arc<Numbers>, Arc<BudgetManager>) {
    let numbers = Arc::new(Numbers::default());
    let heaps: Vec<_> = heaps.iter().copied().map(Heap::device).collect();
    (numbers.clone(), budget_of(&numbers, &heaps))
}

/// A budget for these heaps over numbers.
pub fn budget_of(numbers: &Arc<Numbers>, heaps: &[Heap]) -> Arc<BudgetManager> {
    Arc::new(BudgetManager::new(Box::new(Shared(numbers.clone())), heaps))
}
