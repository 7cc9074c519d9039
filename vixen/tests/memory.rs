//! Memory: what the budget counts and refuses, what owned resources free, and what uploads leave on the device.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use ash::vk;
use ash::vk::Handle as _;
use vixen::device::{Device, DeviceError, DeviceOptions, Feature};
use vixen::memory::{
    Allocation, Allocator, Backing, BudgetManager, Buffer, BufferDesc, Category, DirectAllocator, Image, ImageDesc,
    ImageRegion, Location, MemoryDesc, MemoryError, RawBuffer, RawImage, RawMemory, VmaAllocator, upload_buffer,
    upload_image,
};

/// A device under validation, or none with a line that says so: only where nothing demands that every test runs.
fn device() -> Option<Device> {
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

// --- The budget, over an allocator that needs no device ------------------------------------------

/// An allocator of numbers. It rounds sizes up to 16 bytes, takes `extra` bytes more than it said, and fails on demand.
#[derive(Default)]
struct Numbers {
    alive: AtomicI64,
    made: AtomicU64,
    extra: AtomicU64,
    /// Fails the call of this number, counted from 1.
    fails_at: AtomicU64,
}

impl Numbers {
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
        Ok(RawBuffer { handle, allocation, bytes, mapped: None, coherent: true, address: 0 })
    }

    unsafe fn destroy_buffer(&self, buffer: RawBuffer) {
        assert_eq!(buffer.allocation.token(), Some(buffer.handle.as_raw()));
        self.0.alive.fetch_sub(1, Relaxed);
    }

    unsafe fn create_image(&self, desc: &ImageDesc<'_>, backing: Backing<'_>) -> Result<RawImage, MemoryError> {
        let bytes = if let Backing::Aliased { .. } = backing { 0 } else { self.image_requirements(desc)?.size };
        let (token, bytes) = self.0.make(desc.name, bytes)?;
        Ok(RawImage { handle: vk::Image::from_raw(token), allocation: Allocation::opaque(token), bytes })
    }

    unsafe fn destroy_image(&self, image: RawImage) {
        assert_eq!(image.allocation.token(), Some(image.handle.as_raw()));
        self.0.alive.fetch_sub(1, Relaxed);
    }

    fn allocate(&self, desc: &MemoryDesc<'_>) -> Result<RawMemory, MemoryError> {
        let (token, bytes) = self.0.make(desc.name, desc.size)?;
        Ok(RawMemory { allocation: Allocation::opaque(token), bytes })
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

fn numbers(heaps: &[u64]) -> (Arc<Numbers>, Arc<BudgetManager>) {
    let numbers = Arc::new(Numbers::default());
    let budget = Arc::new(BudgetManager::new(Box::new(Shared(numbers.clone())), heaps));
    (numbers, budget)
}

fn storage(name: &str, size: u64) -> BufferDesc<'_> {
    BufferDesc::new(name, size, vk::BufferUsageFlags::STORAGE_BUFFER)
}

fn plane(name: &str, width: u32, height: u32) -> ImageDesc<'_> {
    let usage = vk::ImageUsageFlags::STORAGE | vk::ImageUsageFlags::TRANSFER_DST | vk::ImageUsageFlags::TRANSFER_SRC;
    ImageDesc::new(name, vk::Format::R8G8B8A8_UNORM, [width, height], usage)
}

#[test]
fn the_limit_is_exact_to_the_byte() {
    let (numbers, budget) = numbers(&[600, 400]);
    assert_eq!((budget.usage().limit, budget.usage().warning), (900, 800));

    let first = budget.buffer(&storage("first", 640), Category::Cacher).unwrap();
    budget.set_limit(640 + 255);
    let error = budget.buffer(&storage("second", 241), Category::Uniform).unwrap_err();
    let usage = "STORAGE_BUFFER".to_owned();
    let expected = MemoryError::OverBudget { name: "second".into(), requested: 256, usage, in_use: 640, limit: 895 };
    assert_eq!(error, expected);
    assert_eq!((numbers.made.load(Relaxed), budget.usage().refusals), (1, 1), "nobody asked the allocator");

    budget.set_limit(640 + 256);
    let second = budget.buffer(&storage("second", 241), Category::Uniform).unwrap();
    let usage = budget.usage();
    assert_eq!((usage.in_use, usage.peak, usage.resources), (896, 896, 2));
    assert_eq!((usage.of(Category::Cacher), usage.of(Category::Uniform), usage.of(Category::Other)), (640, 256, 0));
    assert_eq!((second.size(), second.bytes()), (241, 256));

    drop(first);
    assert_eq!((budget.usage().in_use, budget.usage().peak, budget.usage().of(Category::Cacher)), (256, 896, 0));
    let image = budget.image(&plane("third", 16, 10), Category::Transient).unwrap();
    assert_eq!((image.bytes(), budget.usage().of(Category::Transient)), (640, 640));
    drop((second, image));
    assert_eq!((budget.usage().in_use, budget.usage().resources, numbers.alive.load(Relaxed)), (0, 0, 0));
}

#[test]
fn what_the_allocator_really_took_is_what_counts() {
    let (numbers, budget) = numbers(&[1000]);
    numbers.extra.store(4, Relaxed);
    budget.set_limit(68);
    let buffer = budget.buffer(&storage("fits", 64), Category::Other).unwrap();
    assert_eq!((buffer.bytes(), budget.usage().in_use), (68, 68));
    drop(buffer);

    // Beyond the limit only when it is already there: it is freed again.
    budget.set_limit(67);
    let error = budget.buffer(&storage("too large", 64), Category::Other).unwrap_err();
    assert!(matches!(error, MemoryError::OverBudget { requested: 68, in_use: 0, limit: 67, .. }), "{error}");
    assert_eq!((budget.usage().in_use, budget.usage().resources, numbers.alive.load(Relaxed)), (0, 0, 0));
}

#[test]
fn the_warning_comes_once_each_time_the_mark_is_reached() {
    let (_numbers, budget) = numbers(&[1000]);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ears = heard.clone();
    budget.on_warning(move |warning| ears.lock().unwrap().push((warning.in_use, warning.warning, warning.limit)));

    let below = budget.buffer(&storage("below", 784), Category::Other).unwrap();
    assert_eq!(budget.usage().warnings, 0);
    budget.set_warning(800);
    let reaches = budget.buffer(&storage("reaches", 16), Category::Other).unwrap();
    let _beyond = budget.buffer(&storage("beyond", 16), Category::Other).unwrap();
    assert_eq!(*heard.lock().unwrap(), [(800, 800, 900)]);
    drop((below, reaches));
    let _again = budget.buffer(&storage("again", 800), Category::Other).unwrap();
    assert_eq!(*heard.lock().unwrap(), [(800, 800, 900), (816, 800, 900)]);
    assert_eq!(budget.usage().warnings, 2);
    // What is refused is no use of memory.
    budget.buffer(&storage("refused", 800), Category::Other).unwrap_err();
    assert_eq!(budget.usage().warnings, 2);
}

#[test]
fn a_failed_allocation_leaves_nothing_behind() {
    for fails_at in 1..=4 {
        let (numbers, budget) = numbers(&[10_000]);
        numbers.fails_at.store(fails_at, Relaxed);
        let several = || -> Result<_, MemoryError> {
            let a = budget.buffer(&storage("a", 16), Category::Other)?;
            let b = budget.image(&plane("b", 4, 4), Category::Transient)?;
            let c = budget.buffer(&storage("c", 16), Category::History)?;
            let d = budget.image(&plane("d", 4, 4), Category::Readback)?;
            Ok((a, b, c, d))
        };
        let error = several().unwrap_err();
        assert!(matches!(error, MemoryError::OutOfDeviceMemory { .. }), "{error}");
        let usage = budget.usage();
        assert_eq!((usage.in_use, usage.resources, numbers.alive.load(Relaxed)), (0, 0, 0), "call {fails_at}");
        assert!(Category::ALL.into_iter().all(|category| usage.of(category) == 0));
        let retried = several().unwrap();
        assert_eq!((budget.usage().resources, numbers.alive.load(Relaxed)), (4, 4));
        drop(retried);
    }
}

#[test]
fn odd_budgets_are_defined() {
    let (_numbers, budget) = numbers(&[]);
    let error = budget.buffer(&storage("any", 1), Category::Other).unwrap_err();
    assert!(matches!(error, MemoryError::OverBudget { requested: 16, in_use: 0, limit: 0, .. }), "{error}");

    budget.set_limit(32);
    let buffer = budget.buffer(&storage("any", 32), Category::Other).unwrap();
    // Below what is in use: nothing is freed, and nothing is given until there is room.
    budget.set_limit(16);
    budget.buffer(&storage("another", 1), Category::Other).unwrap_err();
    assert_eq!(budget.usage().in_use, 32);
    drop(buffer);
    budget.buffer(&storage("another", 1), Category::Other).unwrap();

    budget.set_limit(u64::MAX);
    let _large = budget.buffer(&storage("large", u64::MAX - 15), Category::Other).unwrap();
    let error = budget.buffer(&storage("one more", 16), Category::Other).unwrap_err();
    assert!(matches!(error, MemoryError::OverBudget { .. }), "{error}");

    let (_numbers, all) = numbers(&[u64::MAX, u64::MAX]);
    assert_eq!(all.usage().limit, u64::MAX / 10 * 9 + 4, "90% without overflow");
}

#[test]
fn resources_outlive_the_handle_of_their_budget() {
    let (numbers, budget) = numbers(&[1000]);
    let buffer = budget.buffer(&storage("last", 16), Category::Other).unwrap();
    drop(budget);
    assert_eq!(numbers.alive.load(Relaxed), 1);
    drop(buffer);
    assert_eq!((numbers.alive.load(Relaxed), Arc::strong_count(&numbers)), (0, 1));
}

#[test]
fn eight_threads_never_pass_the_limit() {
    let (numbers, budget) = numbers(&[10_000]);
    budget.set_limit(50 * 16);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let budget = &budget;
            scope.spawn(move || {
                let mut held: Vec<Buffer> = Vec::new();
                for round in 0..2000 {
                    match budget.buffer(&storage("shared", 16), Category::ALL[thread]) {
                        Ok(buffer) => held.push(buffer),
                        Err(_) => held.clear(),
                    }
                    if round % 7 == thread {
                        held.pop();
                    }
                }
            });
        }
    });
    let usage = budget.usage();
    assert!(usage.peak <= usage.limit && usage.refusals > 0, "{usage:?}");
    assert_eq!((usage.in_use, usage.resources, numbers.alive.load(Relaxed)), (0, 0, 0));
    assert!(Category::ALL.into_iter().all(|category| usage.of(category) == 0));
}

// --- On a device ---------------------------------------------------------------------------------

/// Both allocators, each behind a budget of its own.
fn budgets(device: &Device) -> [Arc<BudgetManager>; 2] {
    let vma: Box<dyn Allocator> = Box::new(VmaAllocator::of(device).unwrap());
    [vma, Box::new(DirectAllocator::new(device))].map(|allocator| Arc::new(BudgetManager::new(allocator, &[1 << 30])))
}

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

/// Bytes that differ from their neighbours, so that a wrong offset shows.
fn pattern(len: usize) -> Vec<u8> {
    (0..len as u32).map(|index| (index.wrapping_mul(0x9E37_79B9) >> 24) as u8).collect()
}

/// What a buffer in the device's memory holds.
fn download(device: &Device, buffer: &Buffer, offset: u64, len: usize) -> Vec<u8> {
    let region = vk::BufferCopy { src_offset: offset, dst_offset: 0, size: len as u64 };
    receive(device, len, |commands, target| {
        // SAFETY: the commands are being recorded, and both buffers live until they are done.
        unsafe { device.raw().cmd_copy_buffer(commands, buffer.raw(), target, &[region]) };
    })
}

/// What a level of an image holds, which is in the layout `TRANSFER_SRC_OPTIMAL`.
fn download_level(device: &Device, image: &Image, region: ImageRegion, [width, height, depth]: [u32; 3]) -> Vec<u8> {
    let copy = vk::BufferImageCopy::default()
        .image_subresource(vk::ImageSubresourceLayers {
            aspect_mask: vk::ImageAspectFlags::COLOR,
            mip_level: region.mip,
            base_array_layer: region.layer,
            layer_count: 1,
        })
        .image_extent(vk::Extent3D { width, height, depth });
    receive(device, (width * height * depth * 4) as usize, |commands, target| {
        let layout = vk::ImageLayout::TRANSFER_SRC_OPTIMAL;
        // SAFETY: the commands are being recorded, and image and buffer live until they are done.
        unsafe { device.raw().cmd_copy_image_to_buffer(commands, image.raw(), layout, target, &[copy]) };
    })
}

fn receive(device: &Device, len: usize, copy: impl FnOnce(vk::CommandBuffer, vk::Buffer)) -> Vec<u8> {
    let desc = BufferDesc::new("received", len as u64, vk::BufferUsageFlags::TRANSFER_DST).at(Location::Readback);
    let buffer = device.budget().buffer(&desc, Category::Readback).unwrap();
    let to_host = [vk::MemoryBarrier2::default()
        .src_stage_mask(vk::PipelineStageFlags2::COPY)
        .src_access_mask(vk::AccessFlags2::TRANSFER_WRITE)
        .dst_stage_mask(vk::PipelineStageFlags2::HOST)
        .dst_access_mask(vk::AccessFlags2::HOST_READ)];
    device
        .submit_once(|commands| {
            copy(commands, buffer.raw());
            let dependencies = vk::DependencyInfo::default().memory_barriers(&to_host);
            // SAFETY: the commands are being recorded.
            unsafe { device.raw().cmd_pipeline_barrier2(commands, &dependencies) };
        })
        .unwrap();
    let mut bytes = vec![0; len];
    buffer.read(0, &mut bytes).unwrap();
    bytes
}

#[test]
fn buffers_are_uploaded_whole_however_large() {
    let Some(device) = device() else { return };
    let usage = vk::BufferUsageFlags::TRANSFER_DST | vk::BufferUsageFlags::TRANSFER_SRC;
    let chunk = 64 << 20;
    for len in [1, 1000, chunk + 12_345] {
        let bytes = pattern(len);
        let desc = BufferDesc::new("uploaded", len as u64, usage);
        let buffer = device.budget().buffer(&desc, Category::Cacher).unwrap();
        upload_buffer(&device, &buffer, &bytes).unwrap();
        // All of a small one; of a large one both ends and where two chunks meet.
        for start in [0, len.saturating_sub(1000), (chunk - 500).min(len.saturating_sub(1000))] {
            let part = &bytes[start..len.min(start + 1000)];
            assert!(download(&device, &buffer, start as u64, part.len()) == part, "{len} bytes, at {start}");
        }
        upload_buffer(&device, &buffer, &[]).unwrap();
        assert_eq!(device.budget().usage().of(Category::Staging), 0);
    }
    assert_silent(&device);
}

#[test]
fn uploads_that_do_not_fit_are_refused() {
    let Some(device) = device() else { return };
    let buffer = device.budget().buffer(&storage("plain", 16), Category::Other).unwrap();
    let error = upload_buffer(&device, &buffer, &[0; 16]).unwrap_err();
    assert!(error.to_string().contains("add the usage TRANSFER_DST"), "{error}");
    let error = upload_buffer(&device, &buffer, &[0; 17]).unwrap_err();
    assert!(matches!(error, DeviceError::Memory(MemoryError::OutOfRange { len: 17, size: 16, .. })), "{error}");

    let image = device.budget().image(&plane("image", 8, 8), Category::Other).unwrap();
    let upload = |region, len| upload_image(&device, &image, region, &vec![0; len], vk::ImageLayout::GENERAL);
    let whole = ImageRegion::default();
    assert!(upload(whole, 255).unwrap_err().to_string().contains("needs 256 bytes"));
    assert!(upload(ImageRegion { mip: 1, ..whole }, 64).unwrap_err().to_string().contains("no level 1"));
    assert!(upload(ImageRegion { layer: 1, ..whole }, 256).unwrap_err().to_string().contains("of layer 1"));
    assert_silent(&device);
}

#[test]
fn images_are_uploaded_level_by_level() {
    let Some(device) = device() else { return };
    let mipped = ImageDesc { mips: 3, layers: 2, ..plane("mipped", 17, 9) };
    let volume = ImageDesc { image_type: vk::ImageType::TYPE_3D, extent: [8, 4, 5], ..plane("volume", 1, 1) };
    // Two chunks: 67 MB in rows of one slice.
    let large = plane("large", 4096, 4100);
    for desc in [mipped, volume, large] {
        let image = device.budget().image(&desc, Category::Cacher).unwrap();
        for (mip, layer) in (0..desc.mips).flat_map(|mip| (0..desc.layers).map(move |layer| (mip, layer))) {
            let region = ImageRegion { mip, layer };
            let extent = desc.extent.map(|side| (side >> mip).max(1));
            let texels = pattern(extent.into_iter().product::<u32>() as usize * 4);
            upload_image(&device, &image, region, &texels, vk::ImageLayout::TRANSFER_SRC_OPTIMAL).unwrap();
            assert!(download_level(&device, &image, region, extent) == texels, "{} {region:?}", desc.name);
        }
        assert_eq!(device.budget().usage().of(Category::Staging), 0);
    }
    assert_silent(&device);
}
