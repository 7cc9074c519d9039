//! An allocation through budget and tracker, and the same straight to VMA.

use std::sync::Arc;

use vixen::Device;
use vixen::ash::vk;
use vixen::memory::{BudgetManager, Buffer, BufferDesc, Category, Image, ImageDesc};
use vk_mem::{Alloc as _, AllocationCreateInfo, AllocatorCreateInfo, MemoryUsage};

use crate::Failure;
use crate::clock::Clock;

/// What is allocated.
#[derive(Clone, Copy)]
pub struct Kind {
    pub name: &'static str,
    shape: Shape,
}

#[derive(Clone, Copy)]
enum Shape {
    Buffer { bytes: u64 },
    Image { edge: u32 },
}

pub const KINDS: [Kind; 3] = [
    Kind { name: "buffer 4 KiB", shape: Shape::Buffer { bytes: 4 << 10 } },
    Kind { name: "buffer 256 KiB", shape: Shape::Buffer { bytes: 256 << 10 } },
    Kind { name: "image 256²", shape: Shape::Image { edge: 256 } },
];

/// Nanoseconds a resource of each round: ours and VMA's.
pub struct Costs {
    pub allocate: [Vec<f64>; 2],
    pub free: [Vec<f64>; 2],
}

/// How many are allocated before all are freed.
const BATCH: usize = 200;

/// Both ways, on one device.
pub struct Sides {
    budget: Arc<BudgetManager>,
    vma: vk_mem::Allocator,
    // After the allocator, which has to go before the device.
    _device: Device,
}

impl Sides {
    pub fn new(device: &Device) -> Result<Self, Failure> {
        let mut info = AllocatorCreateInfo::new(device.instance_raw(), device.raw(), device.physical());
        // As our default allocator: so that VMA asks which resources want memory of their own.
        info.vulkan_api_version = vk::API_VERSION_1_3;
        // SAFETY: the handles are valid and belong together; the device outlives the allocator.
        let vma = unsafe { vk_mem::Allocator::new(info) }?;
        Ok(Self { budget: device.budget().clone(), vma, _device: device.clone() })
    }

    /// Both sides in turns.
    pub fn measure(&mut self, clock: &Clock, kind: Kind, rounds: usize) -> Result<Costs, Failure> {
        let mut costs = Costs { allocate: [Vec::new(), Vec::new()], free: [Vec::new(), Vec::new()] };
        for round in 0..rounds + 3 {
            for side in if round % 2 == 0 { [0, 1] } else { [1, 0] } {
                let (allocate, free) = match (kind.shape, side) {
                    (Shape::Buffer { bytes }, 0) => self.our_buffers(clock, bytes)?,
                    (Shape::Buffer { bytes }, _) => self.vma_buffers(clock, bytes)?,
                    (Shape::Image { edge }, 0) => self.our_images(clock, edge)?,
                    (Shape::Image { edge }, _) => self.vma_images(clock, edge)?,
                };
                // The first rounds let both sides fetch device memory that they keep.
                if round >= 3 {
                    costs.allocate[side].push(allocate / BATCH as f64);
                    costs.free[side].push(free / BATCH as f64);
                }
            }
        }
        Ok(costs)
    }

    fn our_buffers(&self, clock: &Clock, bytes: u64) -> Result<(f64, f64), Failure> {
        let mut made: Vec<Buffer> = Vec::with_capacity(BATCH);
        let (allocate, result) = clock.measure(|| {
            (0..BATCH).try_for_each(|_| {
                made.push(self.budget.buffer(&buffer(bytes), Category::Other)?);
                Ok::<_, vixen::memory::MemoryError>(())
            })
        });
        result?;
        Ok((allocate, clock.measure(|| made.clear()).0))
    }

    fn vma_buffers(&self, clock: &Clock, bytes: u64) -> Result<(f64, f64), Failure> {
        let mut made = Vec::with_capacity(BATCH);
        let (allocate, result) = clock.measure(|| {
            (0..BATCH).try_for_each(|_| {
                // SAFETY: the parameters are those of a buffer that can be.
                made.push(unsafe { self.vma.create_buffer(&buffer(bytes).create_info(), &placement()) }?);
                Ok::<_, vk::Result>(())
            })
        });
        result?;
        // SAFETY: all came from this allocator and were never used.
        let free =
            || made.iter_mut().for_each(|(buffer, allocation)| unsafe { self.vma.destroy_buffer(*buffer, allocation) });
        Ok((allocate, clock.measure(free).0))
    }

    fn our_images(&self, clock: &Clock, edge: u32) -> Result<(f64, f64), Failure> {
        let mut made: Vec<Image> = Vec::with_capacity(BATCH);
        let (allocate, result) = clock.measure(|| {
            (0..BATCH).try_for_each(|_| {
                made.push(self.budget.image(&image(edge), Category::Other)?);
                Ok::<_, vixen::memory::MemoryError>(())
            })
        });
        result?;
        Ok((allocate, clock.measure(|| made.clear()).0))
    }

    fn vma_images(&self, clock: &Clock, edge: u32) -> Result<(f64, f64), Failure> {
        let mut made = Vec::with_capacity(BATCH);
        let (allocate, result) = clock.measure(|| {
            (0..BATCH).try_for_each(|_| {
                // SAFETY: the parameters are those of an image that can be.
                made.push(unsafe { self.vma.create_image(&image(edge).create_info(), &placement()) }?);
                Ok::<_, vk::Result>(())
            })
        });
        result?;
        // SAFETY: all came from this allocator and were never used.
        let free =
            || made.iter_mut().for_each(|(image, allocation)| unsafe { self.vma.destroy_image(*image, allocation) });
        Ok((allocate, clock.measure(free).0))
    }
}

fn buffer(bytes: u64) -> BufferDesc<'static> {
    BufferDesc::new("measured", bytes, vk::BufferUsageFlags::STORAGE_BUFFER | vk::BufferUsageFlags::TRANSFER_DST)
}

fn image(edge: u32) -> ImageDesc<'static> {
    let usage = vk::ImageUsageFlags::STORAGE | vk::ImageUsageFlags::SAMPLED;
    ImageDesc::new("measured", vk::Format::R8G8B8A8_UNORM, [edge, edge], usage)
}

/// What our default allocator asks VMA for.
fn placement() -> AllocationCreateInfo {
    AllocationCreateInfo { usage: MemoryUsage::AutoPreferDevice, ..Default::default() }
}
