//! Memory: what the budget counts and refuses, what owned resources free, what the binder leaves alone, and what uploads leave
//! on the device.

mod aliasing;
mod binder;
mod budget;
#[path = "../common/mod.rs"]
mod common;
mod devices;
mod gate;
mod heaps;
mod numbers;
mod quota;
mod resources;
mod tracker;
mod uploads;

use std::sync::Arc;

use common::device_or_skip;
use vixen::ash::vk;
use vixen::device::{Device, DeviceOptions};
use vixen::memory::{Allocator, BudgetManager, BufferDesc, DirectAllocator, Heap, ImageDesc, VmaAllocator};

/// A device under validation, if there may be none.
fn device() -> Option<Device> {
    device_or_skip(DeviceOptions::new().validation(true))
}

fn assert_silent(device: &Device) {
    assert_eq!(device.validation_messages(), Vec::<String>::new());
}
/// Both allocators, each behind a budget of its own.
fn budgets(device: &Device) -> [Arc<BudgetManager>; 2] {
    let vma: Box<dyn Allocator> = Box::new(VmaAllocator::of(device).unwrap());
    let heaps = [Heap::device(1 << 30)];
    [vma, Box::new(DirectAllocator::new(device))].map(|allocator| Arc::new(BudgetManager::new(allocator, &heaps)))
}

fn storage(name: &str, size: u64) -> BufferDesc<'_> {
    BufferDesc::new(name, size, vk::BufferUsageFlags::STORAGE_BUFFER)
}

fn plane(name: &str, width: u32, height: u32) -> ImageDesc<'_> {
    let usage = vk::ImageUsageFlags::STORAGE | vk::ImageUsageFlags::TRANSFER_DST | vk::ImageUsageFlags::TRANSFER_SRC;
    ImageDesc::new(name, vk::Format::R8G8B8A8_UNORM, [width, height], usage)
}
