//! Memory: what the budget counts and refuses, what owned resources free, what the binder leaves alone, and what uploads leave
//! on the device.

mod aliasing;
mod binder;
mod budget;
mod devices;
mod gate;
mod heaps;
mod numbers;
mod quota;
mod resources;
mod tracker;
mod uploads;

use std::sync::Arc;

use vixen::ash::vk;
use vixen::device::{Device, DeviceError, DeviceOptions};
use vixen::memory::{Allocator, BudgetManager, BufferDesc, DirectAllocator, Heap, ImageDesc, VmaAllocator};
use vixen::testing::serial;

/// A device under validation, or none with a line that says so: only where nothing demands that every test runs.
fn device() -> Option<Device> {
    serial();
    match Device::new(&DeviceOptions::new().validation(true)) {
        Ok(device) => Some(device),
        Err(error @ (DeviceError::NoDriver { .. } | DeviceError::MissingLayer { .. })) => {
            assert!(std::env::var_os("VIXEN_REQUIRE_ALL").is_none(), "{error}");
            println!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
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
