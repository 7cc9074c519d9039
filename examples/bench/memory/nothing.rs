//! Budget and tracker over an allocator that does nothing.

use std::ptr::NonNull;
use std::sync::Arc;

use vixen::ash::vk;
use vixen::memory::{
    Allocation, Allocator, Backing, BudgetManager, Buffer, BufferDesc, Category, Heap, ImageDesc, MemoryDesc,
    MemoryError, RawBuffer, RawImage, RawMemory,
};

use crate::Failure;
use crate::clock::Clock;
use crate::statistics::median;

/// Microseconds of budget and tracker in a frame in which this many buffers are allocated and freed again.
pub fn frame_us(clock: &Clock, allocations: usize, rounds: usize) -> Result<f64, Failure> {
    const FRAMES: usize = 100;
    let budget = Arc::new(BudgetManager::new(Box::new(Nothing), &[Heap::device(1 << 40)]));
    let desc = BufferDesc::new("measured", 64, vk::BufferUsageFlags::STORAGE_BUFFER);
    let mut made: Vec<Buffer> = Vec::with_capacity(allocations);
    let mut times = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let (time, result) = clock.measure(|| {
            (0..FRAMES).try_for_each(|_| {
                for _ in 0..allocations {
                    made.push(budget.buffer(&desc, Category::Other)?);
                }
                made.clear();
                budget.end_frame();
                Ok::<_, MemoryError>(())
            })
        });
        result?;
        times.push(time / FRAMES as f64 / 1000.0);
    }
    Ok(median(&mut times))
}

struct Nothing;

impl Allocator for Nothing {
    fn buffer_requirements(&self, desc: &BufferDesc<'_>) -> Result<vk::MemoryRequirements, MemoryError> {
        Ok(vk::MemoryRequirements { size: desc.size, alignment: 1, memory_type_bits: 1 })
    }

    fn image_requirements(&self, _: &ImageDesc<'_>) -> Result<vk::MemoryRequirements, MemoryError> {
        Ok(vk::MemoryRequirements { size: 1, alignment: 1, memory_type_bits: 1 })
    }

    unsafe fn create_buffer(&self, desc: &BufferDesc<'_>, _: Backing<'_>) -> Result<RawBuffer, MemoryError> {
        Ok(RawBuffer {
            handle: vk::Buffer::null(),
            allocation: Allocation::opaque(0),
            bytes: desc.size,
            heap: 0,
            mapped: None,
            coherent: true,
            address: 0,
        })
    }

    unsafe fn destroy_buffer(&self, _: RawBuffer) {}

    unsafe fn create_image(&self, _: &ImageDesc<'_>, _: Backing<'_>) -> Result<RawImage, MemoryError> {
        Ok(RawImage { handle: vk::Image::null(), allocation: Allocation::opaque(0), bytes: 1, heap: 0 })
    }

    unsafe fn destroy_image(&self, _: RawImage) {}

    unsafe fn allocate(&self, desc: &MemoryDesc<'_>) -> Result<RawMemory, MemoryError> {
        Ok(RawMemory { allocation: Allocation::opaque(0), bytes: desc.size, heap: 0 })
    }

    unsafe fn free(&self, _: RawMemory) {}

    unsafe fn map(&self, _: &Allocation) -> Result<NonNull<u8>, vk::Result> {
        Err(vk::Result::ERROR_MEMORY_MAP_FAILED)
    }

    unsafe fn unmap(&self, _: &Allocation) {}

    unsafe fn flush(&self, _: &Allocation, _: u64, _: u64) -> Result<(), vk::Result> {
        Ok(())
    }

    unsafe fn invalidate(&self, _: &Allocation, _: u64, _: u64) -> Result<(), vk::Result> {
        Ok(())
    }
}
