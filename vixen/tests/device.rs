//! Devices: choosing one, what it says, what it refuses, and what the validation layer tells it.

mod common;

use std::ffi::c_void;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use ash::{ext, vk};
use common::device_or_skip;
use raw_window_handle::{
    DisplayHandle, HandleError, HasDisplayHandle, HasWindowHandle, RawDisplayHandle, WindowHandle, XlibDisplayHandle,
};
use vixen::device::{Device, DeviceError, DeviceOptions, Feature, FeatureSet, RawDevice, Select, Surface, Version};
use vixen::memory::{BufferDesc, Category, Location};

fn checked() -> DeviceOptions {
    DeviceOptions::new().validation(true)
}

/// A layer that says nothing must have had its chance to.
fn assert_silent(device: &Device) {
    assert_eq!(device.validation_messages(), Vec::<String>::new());
}

#[test]
fn a_device_says_what_it_is() {
    let Some(device) = device_or_skip(checked()) else { return };
    let capabilities = device.capabilities();
    assert!(device.info().api_version >= Version::REQUIRED);
    assert!(!device.info().name.is_empty());
    for &feature in Feature::CORE {
        assert!(capabilities.has(feature), "{feature}");
    }
    assert!(capabilities.max_push_constant_bytes() >= 128);
    assert!(capabilities.subgroup_size.is_power_of_two());
    let family = capabilities.queue_families[device.main_queue().family as usize];
    assert!(family.flags.contains(vk::QueueFlags::GRAPHICS | vk::QueueFlags::COMPUTE));
    assert_eq!(capabilities.timestamps.is_some(), family.timestamp_valid_bits > 0);
    assert_eq!(capabilities.ray_tracing.is_some(), device.ray_tracing_pipeline().is_some());
    if let Some(limits) = capabilities.ray_tracing {
        assert!(limits.shader_group_handle_size >= 32 && limits.max_primitive_count > 0);
    }
    device.wait_idle().unwrap();
    assert_silent(&device);
}

#[test]
fn formats_are_known() {
    let Some(device) = device_or_skip(checked()) else { return };
    // Every device has these: they are required by the specification.
    let rgba8 = device.format_features(vk::Format::R8G8B8A8_UNORM);
    assert!(rgba8.optimal.contains(vk::FormatFeatureFlags2::STORAGE_IMAGE | vk::FormatFeatureFlags2::SAMPLED_IMAGE));
    assert!(rgba8.buffer.contains(vk::FormatFeatureFlags2::UNIFORM_TEXEL_BUFFER));
    let depth = device.format_features(vk::Format::D16_UNORM);
    assert!(depth.optimal.contains(vk::FormatFeatureFlags2::DEPTH_STENCIL_ATTACHMENT));
    assert_eq!(device.format_features(vk::Format::UNDEFINED), Default::default());
    // A format of an extension is asked for, not looked up.
    device.format_features(vk::Format::G8_B8_R8_3PLANE_420_UNORM);
    assert_silent(&device);
}

#[test]
fn a_device_can_be_chosen_by_index_and_by_name() {
    let Some(device) = device_or_skip(DeviceOptions::new()) else { return };
    let list = Device::list().unwrap();
    assert_eq!(list.iter().map(|info| info.index).collect::<Vec<_>>(), (0..list.len()).collect::<Vec<_>>());
    assert!(list.iter().any(|info| info.name == device.info().name));

    let select = |select| Device::new(&DeviceOptions::new().select(select));
    let last = select(Select::Index(list.len() - 1)).unwrap();
    assert_eq!(last.info().index, list.len() - 1);
    let named = select(Select::Name(last.info().name.to_uppercase())).unwrap();
    assert_eq!(named.info().name, last.info().name);

    let error = select(Select::Index(list.len())).unwrap_err();
    let DeviceError::NoSuchDevice { found, .. } = &error else { panic!("{error}") };
    assert_eq!(found.len(), list.len());
    let error = select(Select::Name("no device is called so".to_owned())).unwrap_err();
    assert!(
        error.to_string().contains("no device is called so") && error.to_string().contains(&list[0].name),
        "{error}"
    );
}

#[test]
fn a_missing_feature_is_named() {
    let Some(device) = device_or_skip(DeviceOptions::new()) else { return };
    let found = device.capabilities().found;
    let Some(&lacking) = Feature::ALL.iter().find(|&&feature| !found.has(feature)) else {
        println!("skipped: {} has every feature", device.info().name);
        return;
    };
    let here = DeviceOptions::new().select(Select::Index(device.info().index));
    let error = Device::new(&here.clone().require(lacking)).unwrap_err();
    assert!(matches!(&error, DeviceError::MissingFeature { feature, .. } if *feature == lacking), "{error}");
    assert!(error.to_string().contains(lacking.name()), "{error}");

    let all = found.iter().fold(here, DeviceOptions::require);
    Device::new(&all).unwrap();
}

#[test]
fn an_application_can_bring_its_own_device() {
    let Some(own) = device_or_skip(checked()) else { return };
    let capabilities = own.capabilities();
    let mut extensions = capabilities.extensions.clone();
    extensions.extend(own.debug_labels().map(|_| ext::debug_utils::NAME));
    let raw = RawDevice {
        entry: own.entry().clone(),
        instance: own.instance_raw().clone(),
        physical: own.physical(),
        device: own.raw().clone(),
        queue: own.main_queue().handle,
        queue_family: own.main_queue().family,
        features: capabilities.enabled,
        extensions,
        callbacks: None,
    };

    // SAFETY: the handles are those of `own`, which outlives what is made of them and has all that is listed.
    let device = unsafe { Device::from_raw(raw.clone()) }.unwrap();
    assert_eq!(device.info().index, own.info().index);
    assert_eq!(device.capabilities().ray_tracing.is_some(), capabilities.ray_tracing.is_some());
    fill_and_read_back(&device);
    drop(device);
    // The device is still the application's.
    fill_and_read_back(&own);

    let without = raw.features.iter().filter(|&feature| feature != Feature::Synchronization2).collect::<FeatureSet>();
    // SAFETY: as above; that a feature is not listed is no lie.
    let error = unsafe { Device::from_raw(RawDevice { features: without, ..raw.clone() }) }.unwrap_err();
    assert!(matches!(error, DeviceError::MissingFeature { feature: Feature::Synchronization2, .. }), "{error}");
    if raw.features.has(Feature::RayTracingPipeline) {
        // SAFETY: as above.
        let error = unsafe { Device::from_raw(RawDevice { extensions: Vec::new(), ..raw }) }.unwrap_err();
        assert!(matches!(error, DeviceError::MissingExtension { .. }), "{error}");
    }
    assert_silent(&own);
}

/// Fills a buffer on the device and reads it on the host.
fn fill_and_read_back(device: &Device) {
    let desc = BufferDesc::new("filled", 64, vk::BufferUsageFlags::TRANSFER_DST).at(Location::Readback);
    let buffer = device.budget().buffer(&desc, Category::Readback).unwrap();
    device
        .submit_once(|commands| {
            let to_host = [vk::MemoryBarrier2::default()
                .src_stage_mask(vk::PipelineStageFlags2::CLEAR)
                .src_access_mask(vk::AccessFlags2::TRANSFER_WRITE)
                .dst_stage_mask(vk::PipelineStageFlags2::HOST)
                .dst_access_mask(vk::AccessFlags2::HOST_READ)];
            // SAFETY: the commands are being recorded, and the buffer lives until they are done.
            unsafe {
                device.raw().cmd_fill_buffer(commands, buffer.raw(), 0, vk::WHOLE_SIZE, 0x0102_0304);
                let dependencies = vk::DependencyInfo::default().memory_barriers(&to_host);
                device.raw().cmd_pipeline_barrier2(commands, &dependencies);
            }
        })
        .unwrap();
    let mut bytes = [0; 64];
    buffer.read(0, &mut bytes).unwrap();
    assert_eq!(bytes.as_chunks::<4>().0, [0x0102_0304_u32.to_ne_bytes(); 16]);
}

#[test]
fn a_mistake_is_caught_and_kept() {
    let Some(device) = device_or_skip(checked()) else { return };
    let info = vk::BufferCreateInfo::default().size(0).usage(vk::BufferUsageFlags::TRANSFER_DST);
    // SAFETY: none: a buffer without a size is against the rules, which is what the layer is to say. Drivers survive it.
    unsafe {
        if let Ok(buffer) = device.raw().create_buffer(&info, device.callbacks()) {
            device.raw().destroy_buffer(buffer, device.callbacks());
        }
    }
    let messages = device.validation_messages();
    assert!(messages.iter().any(|message| message.contains("VUID-VkBufferCreateInfo-size-00912")), "{messages:?}");
    assert_eq!(device.validation_log().take(), messages);
    assert_silent(&device);
}

#[test]
fn a_missing_barrier_is_caught() {
    let Some(device) = device_or_skip(checked()) else { return };
    let desc = BufferDesc::new("written twice", 64, vk::BufferUsageFlags::TRANSFER_DST);
    let buffer = device.budget().buffer(&desc, Category::Other).unwrap();
    let fill_twice = |commands| {
        for value in [1, 2] {
            // SAFETY: the commands are being recorded, and the buffer lives until they are done; that nothing orders the two
            // is what the layer is to say.
            unsafe { device.raw().cmd_fill_buffer(commands, buffer.raw(), 0, vk::WHOLE_SIZE, value) };
        }
    };
    device.submit_once(fill_twice).unwrap();
    let messages = device.validation_messages();
    assert!(messages.iter().any(|message| message.contains("SYNC-HAZARD-WRITE-AFTER-WRITE")), "{messages:?}");
    assert!(messages.iter().any(|message| message.contains("written twice")), "objects have names: {messages:?}");
}

#[test]
fn what_is_left_behind_is_reported_after_the_device_is_gone() {
    let Some(device) = device_or_skip(checked()) else { return };
    let log = device.validation_log().clone();
    // SAFETY: the device is alive. That nobody destroys the fence is what the layer is to say.
    unsafe { device.raw().create_fence(&vk::FenceCreateInfo::default(), device.callbacks()) }.unwrap();
    assert_silent(&device);
    drop(device);
    let messages = log.messages();
    assert!(messages.iter().any(|message| message.contains("VkFence")), "{messages:?}");
}

#[test]
fn everything_made_from_a_device_keeps_it_alive() {
    let Some(device) = device_or_skip(checked()) else { return };
    let log = device.validation_log().clone();
    let clone = device.clone();
    let desc = BufferDesc::new("last", 4, vk::BufferUsageFlags::TRANSFER_SRC).at(Location::Upload);
    let buffer = device.budget().buffer(&desc, Category::Other).unwrap();
    drop(device);
    fill_and_read_back(&clone);
    drop(clone);
    buffer.write(0, &[1, 2, 3, 4]).unwrap();
    drop(buffer);
    assert_eq!(log.messages(), Vec::<String>::new());
}

#[test]
fn devices_serve_many_threads() {
    let Some(device) = device_or_skip(checked()) else { return };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..8).for_each(|_| fill_and_read_back(&device)));
        }
    });
    assert_silent(&device);
}

/// Host memory that callbacks have handed out.
#[derive(Default)]
struct HostMemory {
    allocations: AtomicU64,
    alive: AtomicI64,
}

/// Before each block: where it really starts and how large it is.
const HEADER: usize = 2 * size_of::<usize>();

unsafe extern "system" fn allocate(
    user: *mut c_void,
    size: usize,
    align: usize,
    _scope: vk::SystemAllocationScope,
) -> *mut c_void {
    // SAFETY: `user` is the leaked `HostMemory` of the test.
    let memory = unsafe { &*user.cast::<HostMemory>() };
    memory.allocations.fetch_add(1, Relaxed);
    memory.alive.fetch_add(1, Relaxed);
    let layout = std::alloc::Layout::from_size_align(size + align.max(HEADER), align.max(HEADER)).unwrap();
    // SAFETY: the layout is not empty; the header lies within the `align` bytes before the block.
    unsafe {
        let start = std::alloc::alloc(layout);
        let block = start.add(layout.align());
        block.cast::<usize>().sub(1).write(layout.align());
        block.cast::<usize>().sub(2).write(size);
        block.cast()
    }
}

unsafe extern "system" fn free(user: *mut c_void, block: *mut c_void) {
    if block.is_null() {
        return;
    }
    // SAFETY: as in `allocate`, which wrote the header.
    unsafe {
        (*user.cast::<HostMemory>()).alive.fetch_sub(1, Relaxed);
        let align = block.cast::<usize>().sub(1).read();
        let size = block.cast::<usize>().sub(2).read();
        let layout = std::alloc::Layout::from_size_align(size + align, align).unwrap();
        std::alloc::dealloc(block.cast::<u8>().sub(align), layout);
    }
}

unsafe extern "system" fn reallocate(
    user: *mut c_void,
    block: *mut c_void,
    size: usize,
    align: usize,
    scope: vk::SystemAllocationScope,
) -> *mut c_void {
    // SAFETY: as in `allocate` and `free`.
    unsafe {
        if size == 0 {
            free(user, block);
            return std::ptr::null_mut();
        }
        let next = allocate(user, size, align, scope);
        if !block.is_null() {
            let old = block.cast::<usize>().sub(2).read();
            std::ptr::copy_nonoverlapping(block.cast::<u8>(), next.cast::<u8>(), old.min(size));
            free(user, block);
        }
        next
    }
}

#[test]
fn callbacks_see_every_allocation_and_its_end() {
    let memory: &'static HostMemory = Box::leak(Box::default());
    let callbacks = vk::AllocationCallbacks::default()
        .pfn_allocation(Some(allocate))
        .pfn_reallocation(Some(reallocate))
        .pfn_free(Some(free))
        .user_data(std::ptr::from_ref(memory).cast_mut().cast());
    // SAFETY: the functions do as malloc and free would, from any thread, and their counters are never freed.
    let options = unsafe { checked().callbacks(callbacks) };
    let Some(device) = device_or_skip(options) else { return };
    assert!(memory.allocations.load(Relaxed) > 0);
    let log = device.validation_log().clone();
    fill_and_read_back(&device);
    drop(device);
    assert_eq!(memory.alive.load(Relaxed), 0);
    // The layer compares the callbacks of a create call with those of its destroy call.
    assert_eq!(log.messages(), Vec::<String>::new());
}

/// A window that has gone.
struct Gone;

impl HasDisplayHandle for Gone {
    fn display_handle(&self) -> Result<DisplayHandle<'_>, HandleError> {
        Err(HandleError::Unavailable)
    }
}

impl HasWindowHandle for Gone {
    fn window_handle(&self) -> Result<WindowHandle<'_>, HandleError> {
        Err(HandleError::Unavailable)
    }
}

#[test]
fn a_surface_needs_a_window_and_a_device_for_its_display() {
    let Some(headless) = device_or_skip(checked()) else { return };
    let error = Surface::new(&headless, Arc::new(Gone)).err().unwrap();
    assert!(matches!(error, DeviceError::NoDisplay { .. }), "{error}");

    let display = RawDisplayHandle::Xlib(XlibDisplayHandle::new(None, 0));
    match Device::new(&checked().display(display)) {
        Ok(device) => {
            assert!(device.swapchain_loader().is_some() && device.surface_loader().is_some());
            let error = Surface::new(&device, Arc::new(Gone)).err().unwrap();
            assert!(matches!(error, DeviceError::NoWindow(HandleError::Unavailable)), "{error}");
            assert_silent(&device);
        }
        Err(error @ DeviceError::MissingExtension { .. }) => {
            assert!(std::env::var_os("VIXEN_REQUIRE_ALL").is_none(), "{error}");
            println!("skipped: {error}");
        }
        Err(error) => panic!("{error}"),
    }
}

/// Set in a process that [`in_child`] started.
const CHILD: &str = "VIXEN_TEST_CHILD";

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Runs `check` in a process of its own, with another environment: that process runs the same test, and the check in it.
fn in_child(test: &str, key: &str, value: &str, check: impl FnOnce()) {
    if is_child() {
        return check();
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .env_remove("VK_ICD_FILENAMES")
        .env_remove("VK_ADD_DRIVER_FILES")
        .env_remove("VK_INSTANCE_LAYERS")
        .env_remove("VIXEN_DEVICE")
        .env(key, value)
        .env(CHILD, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
fn a_machine_without_a_driver_is_told_what_to_install() {
    let test = "a_machine_without_a_driver_is_told_what_to_install";
    in_child(test, "VK_DRIVER_FILES", "/nonexistent/driver.json", || {
        for error in [Device::new(&DeviceOptions::new()).err(), Device::list().err()] {
            let error = error.expect("there is no driver");
            assert!(matches!(error, DeviceError::NoDriver { .. }), "{error}");
            assert!(error.to_string().contains("mesa-vulkan-drivers"), "{error}");
        }
    });
}

#[test]
fn validation_without_its_layer_is_an_error() {
    if is_child() || device_or_skip(checked()).is_some() {
        in_child("validation_without_its_layer_is_an_error", "VK_LAYER_PATH", "/nonexistent", || {
            let error = Device::new(&checked()).unwrap_err();
            assert!(matches!(error, DeviceError::MissingLayer { .. }), "{error}");
            Device::new(&DeviceOptions::new().validation(false)).unwrap();
        });
    }
}

#[test]
fn the_environment_chooses_a_device() {
    if is_child() || device_or_skip(DeviceOptions::new()).is_some() {
        in_child("the_environment_chooses_a_device", "VIXEN_DEVICE", "no device is called so", || {
            let error = Device::new(&DeviceOptions::new()).unwrap_err();
            assert!(matches!(error, DeviceError::NoSuchDevice { .. }), "{error}");
            Device::new(&DeviceOptions::new().select(Select::Index(0))).unwrap();
        });
    }
}

const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<Device>();
    shared::<Surface>();
    shared::<vixen::memory::Buffer>();
    shared::<vixen::memory::Image>();
};
