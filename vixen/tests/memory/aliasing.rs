//! Memory that is mapped, dedicated or shared, with both allocators.

use vixen::ash::vk;
use vixen::memory::Allocator;
use vixen::memory::{
    AllocatorKind, Backing, BufferDesc, Category, DirectAllocator, ImageDesc, Location, MemoryDesc, VmaAllocator,
};
use vixen::testing::serial;
use vixen::{Device, DeviceOptions};

use crate::{assert_silent, budgets, device, plane, storage};

#[test]
fn mappings_nest_and_stay_where_they_are() {
    let Some(device) = device() else { return };
    let vma: Box<dyn Allocator> = Box::new(VmaAllocator::of(&device).unwrap());
    for allocator in [vma, Box::new(DirectAllocator::new(&device))] {
        for location in [Location::Upload, Location::Readback] {
            let desc = storage("mapped", 256).at(location);
            // SAFETY: no memory is shared; the buffer is destroyed once, after its last use.
            unsafe {
                let buffer = allocator.create_buffer(&desc, Backing::Pooled).unwrap();
                let first = allocator.map(&buffer.allocation).unwrap();
                let second = allocator.map(&buffer.allocation).unwrap();
                assert_eq!((Some(first), first), (buffer.mapped, second));
                first.write(7);
                allocator.flush(&buffer.allocation, 0, 256).unwrap();
                allocator.unmap(&buffer.allocation);
                allocator.invalidate(&buffer.allocation, 0, 256).unwrap();
                assert_eq!(second.read(), 7, "the other mapping is still there");
                allocator.unmap(&buffer.allocation);
                allocator.destroy_buffer(buffer);
            }
        }
    }
    assert_silent(&device);
}

#[test]
fn dedicated_resources_are_like_others() {
    let Some(device) = device() else { return };
    for budget in budgets(&device) {
        let buffer = budget.dedicated_buffer(&storage("buffer", 1000).at(Location::Upload), Category::Cacher).unwrap();
        buffer.write(0, b"vixen").unwrap();
        let image = budget.dedicated_image(&plane("image", 16, 16), Category::Cacher).unwrap();
        assert_eq!(budget.usage().in_use, buffer.bytes() + image.bytes());
        assert!(buffer.bytes() >= 1000 && image.bytes() >= 1024);
        drop((buffer, image));
        assert_eq!((budget.usage().in_use, budget.live().len()), (0, 0));
    }
    assert_silent(&device);
}

#[test]
fn resources_take_turns_in_shared_memory() {
    let Some(device) = device() else { return };
    for budget in budgets(&device) {
        let both = vk::BufferUsageFlags::TRANSFER_SRC | vk::BufferUsageFlags::TRANSFER_DST;
        let early = BufferDesc::new("early", 4096, both);
        let late = BufferDesc::new("late", 2048, both);
        let picture: ImageDesc<'_> = plane("picture", 16, 16);
        let needs = [
            budget.buffer_requirements(&early).unwrap(),
            budget.buffer_requirements(&late).unwrap(),
            budget.image_requirements(&picture).unwrap(),
        ];
        let memory = budget.memory(&MemoryDesc::for_any_of("shared", &needs), Category::Transient).unwrap();
        let early = budget.aliased_buffer(&memory, 0, &early).unwrap();
        let late = budget.aliased_buffer(&memory, 0, &late).unwrap();
        let picture = budget.aliased_image(&memory, 0, &picture).unwrap();
        assert_eq!(budget.usage().in_use, memory.bytes());
        assert!(early.mapped().is_none() && early.location() == Location::Device);

        let result = BufferDesc::new("result", 4096 + 2048, vk::BufferUsageFlags::TRANSFER_DST).at(Location::Readback);
        let result = budget.buffer(&result, Category::Readback).unwrap();
        let raw = device.raw();
        let barrier = [vk::MemoryBarrier2::default()
            .src_stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS)
            .src_access_mask(vk::AccessFlags2::MEMORY_WRITE)
            .dst_stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS | vk::PipelineStageFlags2::HOST)
            .dst_access_mask(
                vk::AccessFlags2::MEMORY_READ | vk::AccessFlags2::MEMORY_WRITE | vk::AccessFlags2::HOST_READ,
            )];
        let turn = vk::DependencyInfo::default().memory_barriers(&barrier);
        let region = |at, size| [vk::BufferCopy { src_offset: 0, dst_offset: at, size }];
        device
            .submit_once(|commands| {
                // SAFETY: the commands are being recorded, all buffers are alive until they are done, and each takes its turn
                // after a barrier.
                unsafe {
                    raw.cmd_fill_buffer(commands, early.raw(), 0, vk::WHOLE_SIZE, 0x1111_1111);
                    raw.cmd_pipeline_barrier2(commands, &turn);
                    raw.cmd_copy_buffer(commands, early.raw(), result.raw(), &region(0, 4096));
                    raw.cmd_pipeline_barrier2(commands, &turn);
                    raw.cmd_fill_buffer(commands, late.raw(), 0, vk::WHOLE_SIZE, 0x2222_2222);
                    raw.cmd_pipeline_barrier2(commands, &turn);
                    raw.cmd_copy_buffer(commands, late.raw(), result.raw(), &region(4096, 2048));
                    raw.cmd_pipeline_barrier2(commands, &turn);
                }
            })
            .unwrap();
        let mut bytes = vec![0; 4096 + 2048];
        result.read(0, &mut bytes).unwrap();
        assert!(bytes[..4096].iter().all(|&byte| byte == 0x11) && bytes[4096..].iter().all(|&byte| byte == 0x22));

        // What lies in it keeps it alive.
        let bytes = memory.bytes();
        drop((memory, early, late, result));
        assert_eq!(budget.usage().in_use, bytes);
        drop(picture);
        assert_eq!((budget.usage().in_use, budget.live().len()), (0, 0));
    }
    assert_silent(&device);
}

#[test]
fn a_device_can_do_without_vma() {
    serial();
    let options = DeviceOptions::new().validation(true).allocator(AllocatorKind::Direct);
    let device = Device::new(&options).expect("the tests need a Vulkan device and the validation layer");
    let buffer = device.budget().buffer(&storage("direct", 100).at(Location::Upload), Category::Other).unwrap();
    buffer.write(0, &[1; 100]).unwrap();
    drop(buffer);
    assert_eq!(device.budget().usage().in_use, 0);
    assert_silent(&device);
}
