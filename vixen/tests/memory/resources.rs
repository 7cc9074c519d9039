//! Buffers and images on a device.

use vixen::ash::vk;
use vixen::device::Feature;
use vixen::memory::{BufferDesc, Category, ImageDesc, Location, MemoryError};

use crate::{assert_silent, budgets, device, plane, storage};

#[test]
fn mapped_buffers_are_written_and_read() {
    let Some(device) = device() else { return };
    for budget in budgets(&device) {
        for location in [Location::Upload, Location::Readback] {
            let buffer = budget.buffer(&storage("mapped", 100).at(location), Category::Uniform).unwrap();
            assert!(buffer.mapped().is_some());
            assert!(location == Location::Readback || buffer.is_coherent());
            buffer.write(10, b"vixen").unwrap();
            buffer.write(100, b"").unwrap();
            let mut bytes = [0; 5];
            buffer.read(10, &mut bytes).unwrap();
            assert_eq!(&bytes, b"vixen");
            for (offset, len) in [(96, 5), (101, 0), (u64::MAX, 2)] {
                let error = buffer.write(offset, &vec![0; len]).unwrap_err();
                assert!(matches!(error, MemoryError::OutOfRange { size: 100, .. }), "{error}");
                assert_eq!(buffer.read(offset, &mut vec![0; len]), Err(error));
            }
        }
        // Mapped where the device has such memory, and in the device's own memory everywhere.
        let buffer = budget.buffer(&storage("near", 100).at(Location::DeviceMapped), Category::Other).unwrap();
        let own = vk::MemoryPropertyFlags::DEVICE_LOCAL | vk::MemoryPropertyFlags::HOST_VISIBLE;
        let memory = device.capabilities().memory;
        let can = memory.memory_types_as_slice().iter().any(|kind| kind.property_flags.contains(own));
        assert_eq!(buffer.mapped().is_some(), can);
        if can {
            buffer.write(10, b"vixen").unwrap();
        }

        let buffer = budget.buffer(&storage("far", 100), Category::Other).unwrap();
        let error = buffer.write(0, b"vixen").unwrap_err();
        assert!(matches!(error, MemoryError::NotMapped { location: Location::Device, .. }), "{error}");
    }
    assert_silent(&device);
}

#[test]
fn a_buffer_counts_what_the_device_says_it_takes() {
    let Some(device) = device() else { return };
    for budget in budgets(&device) {
        for size in [1, 3, 64, 100, 4096, 1_000_001] {
            let desc = storage("counted", size);
            let buffer = budget.buffer(&desc, Category::Cacher).unwrap();
            // SAFETY: the buffer is alive.
            let taken = unsafe { device.raw().get_buffer_memory_requirements(buffer.raw()) }.size;
            assert_eq!((buffer.bytes(), budget.usage().in_use), (taken, taken));
            drop(buffer);

            budget.set_limit(taken - 1);
            let error = budget.buffer(&desc, Category::Cacher).unwrap_err();
            assert!(matches!(error, MemoryError::OverBudget { requested, .. } if requested == taken), "{error}");
            budget.set_limit(taken);
            budget.buffer(&desc, Category::Cacher).unwrap();
            budget.set_limit(1 << 30);
        }
        assert_eq!((budget.usage().in_use, budget.usage().resources), (0, 0));
    }
    assert_silent(&device);
}

#[test]
fn images_of_every_shape_are_created() {
    let Some(device) = device() else { return };
    let shapes = [
        plane("plane", 17, 9),
        ImageDesc { mips: 5, ..plane("mipped", 16, 16) },
        ImageDesc { layers: 3, ..plane("layered", 16, 16) },
        ImageDesc { layers: 6, flags: vk::ImageCreateFlags::CUBE_COMPATIBLE, ..plane("cube", 16, 16) },
        ImageDesc { image_type: vk::ImageType::TYPE_3D, extent: [8, 4, 5], ..plane("volume", 1, 1) },
        ImageDesc {
            format: vk::Format::D32_SFLOAT,
            usage: vk::ImageUsageFlags::DEPTH_STENCIL_ATTACHMENT,
            ..plane("depth", 64, 64)
        },
    ];
    for budget in budgets(&device) {
        for shape in shapes {
            let image = budget.image(&shape, Category::Transient).unwrap();
            // SAFETY: the image is alive.
            let taken = unsafe { device.raw().get_image_memory_requirements(image.raw()) }.size;
            assert_eq!((image.bytes(), budget.usage().of(Category::Transient)), (taken, taken));
            assert_eq!((image.format(), image.extent(), image.name()), (shape.format, shape.extent, shape.name));
            assert_eq!((image.mips(), image.layers(), image.usage()), (shape.mips, shape.layers, shape.usage));
        }
        for (shape, problem) in [
            (plane("flat", 16, 0), "has no size"),
            (ImageDesc { mips: 6, ..plane("deep", 16, 16) }, "1 to 5"),
            (ImageDesc { mips: 0, ..plane("none", 16, 16) }, "has 0 mip levels"),
            (ImageDesc { layers: 0, ..plane("bare", 16, 16) }, "has no layers"),
            (ImageDesc { usage: vk::ImageUsageFlags::empty(), ..plane("idle", 16, 16) }, "has no usage"),
        ] {
            let error = budget.image(&shape, Category::Other).unwrap_err();
            assert!(matches!(error, MemoryError::Invalid { .. }), "{error}");
            assert!(error.to_string().contains(problem) && error.to_string().contains(shape.name), "{error}");
        }
        budget.buffer(&storage("empty", 0), Category::Other).unwrap_err();
        assert_eq!((budget.usage().in_use, budget.usage().resources), (0, 0));
    }
    assert_silent(&device);
}

#[test]
fn what_the_driver_refuses_leaves_nothing_behind() {
    let Some(device) = device() else { return };
    for budget in budgets(&device) {
        budget.set_limit(u64::MAX);
        // More than any machine has, and less than what overflows.
        let error = budget.buffer(&storage("huge", 1 << 46), Category::Other).unwrap_err();
        assert!(error.to_string().contains("huge"), "{error}");
        assert_eq!((budget.usage().in_use, budget.usage().resources), (0, 0));
    }
    // The layer may have a word to say about the size; it must not find anything left over.
    let log = device.validation_log().clone();
    drop(device);
    let messages = log.messages();
    assert!(!messages.iter().any(|message| message.contains("has not been destroyed")), "{messages:?}");
}

#[test]
fn usage_decides_whether_a_buffer_has_an_address() {
    let Some(device) = device() else { return };
    if !device.capabilities().has(Feature::BufferDeviceAddress) {
        assert!(std::env::var_os("VIXEN_REQUIRE_ALL").is_none(), "bufferDeviceAddress is missing");
        println!("skipped: {} has no bufferDeviceAddress", device.info().name);
        return;
    }
    for budget in budgets(&device) {
        let plain = storage("plain", 64);
        let addressed = BufferDesc { usage: plain.usage | vk::BufferUsageFlags::SHADER_DEVICE_ADDRESS, ..plain };
        assert_eq!(budget.buffer(&plain, Category::Other).unwrap().device_address(), None);
        let [a, b] = [(); 2].map(|()| budget.buffer(&addressed, Category::Other).unwrap());
        assert!(a.device_address().is_some() && a.device_address() != b.device_address());
    }
    assert_silent(&device);
}

#[test]
fn a_resize_raises_the_generation_and_returns_the_old_buffer() {
    let Some(device) = device() else { return };
    let [budget, _] = budgets(&device);
    let mut buffer = budget.buffer(&storage("grows", 64).at(Location::Upload), Category::Uniform).unwrap();
    buffer.write(0, b"old").unwrap();
    assert_eq!(buffer.generation(), 1);
    let old = buffer.resize(128).unwrap();
    assert_eq!((old.generation(), old.size()), (1, 64));
    assert_eq!((buffer.generation(), buffer.size(), buffer.name()), (2, 128, "grows"));
    assert_ne!(old.raw(), buffer.raw());
    assert_eq!(budget.usage().of(Category::Uniform), old.bytes() + buffer.bytes());

    budget.set_limit(0);
    let raw = buffer.raw();
    buffer.resize(256).unwrap_err();
    assert_eq!((buffer.raw(), buffer.generation(), buffer.size()), (raw, 2, 128));
    assert_silent(&device);
}

#[test]
fn nothing_has_to_be_dropped_in_any_order() {
    let Some(device) = device() else { return };
    let log = device.validation_log().clone();
    let budget = device.budget().clone();
    let buffer = budget.buffer(&storage("buffer", 64), Category::Other).unwrap();
    let image = budget.image(&plane("image", 8, 8), Category::Other).unwrap();
    let [_, direct] = budgets(&device);
    drop(device);
    drop(buffer);
    let late = budget.buffer(&storage("late", 64), Category::Other).unwrap();
    drop(budget);
    drop(image);
    drop(late);
    direct.buffer(&storage("latest", 64), Category::Other).unwrap();
    drop(direct);
    assert_eq!(log.messages(), Vec::<String>::new());
}

#[test]
fn a_device_has_a_budget_of_its_own_memory() {
    let Some(device) = device() else { return };
    let memory = device.capabilities().memory;
    let own = memory.memory_heaps_as_slice().iter();
    let own: u64 =
        own.filter(|heap| heap.flags.contains(vk::MemoryHeapFlags::DEVICE_LOCAL)).map(|heap| heap.size).sum();
    let usage = device.budget().usage();
    assert!(usage.limit > 0 && usage.limit <= (u128::from(own) * 90 / 100) as u64, "{usage:?} of {own}");
    assert!(usage.warning < usage.limit);
    assert_eq!((usage.in_use, usage.resources), (0, 0));
}
