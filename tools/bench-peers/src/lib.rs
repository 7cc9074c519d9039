//! A Vulkan layer that counts barrier commands as they are executed, whoever recorded them and however often they are submitted.
//!
//! A command buffer's count begins anew with `vkBeginCommandBuffer`; `vkQueueSubmit` and `vkQueueSubmit2` add the counts of what
//! they submit. One instance and one device at a time: the program counts one library a process.
//! (Loader and layer interface, version 2: <https://github.com/KhronosGroup/Vulkan-Loader/blob/main/docs/LoaderLayerInterface.md>.)

use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_void};
use std::mem::transmute;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};

use ash::vk;
use ash::vk::Handle as _;

/// Barrier commands that were submitted since the process began.
static SUBMITTED: AtomicU64 = AtomicU64::new(0);
/// Barrier commands in each command buffer.
static RECORDED: LazyLock<Mutex<HashMap<u64, u64>>> = LazyLock::new(Mutex::default);
static NEXT: OnceLock<vk::PFN_vkGetInstanceProcAddr> = OnceLock::new();
static NEXT_DEVICE: OnceLock<vk::PFN_vkGetDeviceProcAddr> = OnceLock::new();
static DEVICE: OnceLock<DeviceTable> = OnceLock::new();

/// What this layer passes on to.
struct DeviceTable {
    begin: vk::PFN_vkBeginCommandBuffer,
    barrier: vk::PFN_vkCmdPipelineBarrier,
    barrier2: vk::PFN_vkCmdPipelineBarrier2,
    execute: vk::PFN_vkCmdExecuteCommands,
    submit: vk::PFN_vkQueueSubmit,
    submit2: vk::PFN_vkQueueSubmit2,
}

/// How many barrier commands were submitted.
#[unsafe(no_mangle)]
pub extern "C" fn bench_peers_barriers_submitted() -> u64 {
    SUBMITTED.load(Ordering::Relaxed)
}

/// What the loader calls first.
///
/// # Safety
/// `interface` points to a `VkNegotiateLayerInterface`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn bench_peers_negotiate(interface: *mut NegotiateInterface) -> vk::Result {
    // SAFETY: the loader's contract, repeated above.
    let interface = unsafe { &mut *interface };
    interface.version = interface.version.min(2);
    interface.instance = Some(instance_proc_addr);
    interface.device = Some(device_proc_addr);
    interface.physical_device = None;
    vk::Result::SUCCESS
}

/// `VkNegotiateLayerInterface`.
#[repr(C)]
pub struct NegotiateInterface {
    kind: i32,
    next: *mut c_void,
    version: u32,
    instance: Option<InstanceProcAddr>,
    device: Option<DeviceProcAddr>,
    physical_device: Option<InstanceProcAddr>,
}

type InstanceProcAddr = unsafe extern "system" fn(vk::Instance, *const c_char) -> vk::PFN_vkVoidFunction;
type DeviceProcAddr = unsafe extern "system" fn(vk::Device, *const c_char) -> vk::PFN_vkVoidFunction;

/// `VkLayerInstanceCreateInfo` and `VkLayerDeviceCreateInfo` with `function` 0, which says that a link of the chain follows.
#[repr(C)]
struct LayerCreateInfo {
    kind: vk::StructureType,
    next: *const c_void,
    function: i32,
    link: *mut Link,
}

/// `VkLayerInstanceLink` and `VkLayerDeviceLink`, which begins alike.
#[repr(C)]
struct Link {
    next: *mut Link,
    instance_proc_addr: vk::PFN_vkGetInstanceProcAddr,
    device_proc_addr: Option<vk::PFN_vkGetDeviceProcAddr>,
}

const INSTANCE_LINK: i32 = 47;
const DEVICE_LINK: i32 = 48;

macro_rules! pointer {
    ($function:expr, $kind:ty) => {{
        let function: $kind = $function;
        // SAFETY: the loader casts a function pointer back to the type that its name says before it calls it.
        unsafe { transmute::<$kind, vk::PFN_vkVoidFunction>(function) }
    }};
}

unsafe extern "system" fn instance_proc_addr(instance: vk::Instance, name: *const c_char) -> vk::PFN_vkVoidFunction {
    // SAFETY: a name is a null-terminated string.
    let known = match unsafe { CStr::from_ptr(name) }.to_bytes() {
        b"vkGetInstanceProcAddr" => pointer!(instance_proc_addr, InstanceProcAddr),
        b"vkCreateInstance" => pointer!(create_instance, vk::PFN_vkCreateInstance),
        b"vkCreateDevice" => pointer!(create_device, vk::PFN_vkCreateDevice),
        // SAFETY: as above.
        _ => unsafe { counting(name) },
    };
    // SAFETY: the arguments are the caller's.
    known.or_else(|| NEXT.get().and_then(|next| unsafe { next(instance, name) }))
}

unsafe extern "system" fn device_proc_addr(device: vk::Device, name: *const c_char) -> vk::PFN_vkVoidFunction {
    // SAFETY: a name is a null-terminated string, and the arguments are the caller's.
    unsafe { counting(name) }.or_else(|| NEXT_DEVICE.get().and_then(|next| unsafe { next(device, name) }))
}

/// # Safety
/// `name` is a null-terminated string.
unsafe fn counting(name: *const c_char) -> vk::PFN_vkVoidFunction {
    // SAFETY: passed on.
    match unsafe { CStr::from_ptr(name) }.to_bytes() {
        b"vkGetDeviceProcAddr" => pointer!(device_proc_addr, DeviceProcAddr),
        b"vkBeginCommandBuffer" => pointer!(begin, vk::PFN_vkBeginCommandBuffer),
        b"vkCmdPipelineBarrier" => pointer!(barrier, vk::PFN_vkCmdPipelineBarrier),
        b"vkCmdPipelineBarrier2" | b"vkCmdPipelineBarrier2KHR" => pointer!(barrier2, vk::PFN_vkCmdPipelineBarrier2),
        b"vkCmdExecuteCommands" => pointer!(execute, vk::PFN_vkCmdExecuteCommands),
        b"vkQueueSubmit" => pointer!(submit, vk::PFN_vkQueueSubmit),
        b"vkQueueSubmit2" | b"vkQueueSubmit2KHR" => pointer!(submit2, vk::PFN_vkQueueSubmit2),
        _ => None,
    }
}

/// The next layer's link, taken off the chain that begins at `next`.
///
/// # Safety
/// `next` is the loader's chain of extending structures, `kind` one whose layout is `LayerCreateInfo`.
unsafe fn take_link(mut next: *const c_void, kind: i32) -> Option<*mut Link> {
    while !next.is_null() {
        let info = next.cast_mut().cast::<LayerCreateInfo>();
        // SAFETY: every structure of a chain begins with its type and the next one; the loader sets `function` of these.
        unsafe {
            if (*info).kind.as_raw() == kind && (*info).function == 0 {
                let link = (*info).link;
                (*info).link = (*link).next;
                return Some(link);
            }
            next = (*info).next;
        }
    }
    None
}

unsafe extern "system" fn create_instance(
    info: *const vk::InstanceCreateInfo<'_>,
    callbacks: *const vk::AllocationCallbacks<'_>,
    instance: *mut vk::Instance,
) -> vk::Result {
    // SAFETY: the loader gives a valid chain to every layer, and the next layer's function under its own name.
    unsafe {
        let Some(link) = take_link((*info).p_next, INSTANCE_LINK) else {
            return vk::Result::ERROR_INITIALIZATION_FAILED;
        };
        let next = *NEXT.get_or_init(|| (*link).instance_proc_addr);
        let Some(create) = next(vk::Instance::null(), c"vkCreateInstance".as_ptr()) else {
            return vk::Result::ERROR_INITIALIZATION_FAILED;
        };
        transmute::<unsafe extern "system" fn(), vk::PFN_vkCreateInstance>(create)(info, callbacks, instance)
    }
}

unsafe extern "system" fn create_device(
    physical: vk::PhysicalDevice,
    info: *const vk::DeviceCreateInfo<'_>,
    callbacks: *const vk::AllocationCallbacks<'_>,
    device: *mut vk::Device,
) -> vk::Result {
    // SAFETY: as for the instance.
    unsafe {
        let Some(link) = take_link((*info).p_next, DEVICE_LINK) else {
            return vk::Result::ERROR_INITIALIZATION_FAILED;
        };
        let (next, Some(next_device)) = ((*link).instance_proc_addr, (*link).device_proc_addr) else {
            return vk::Result::ERROR_INITIALIZATION_FAILED;
        };
        let Some(create) = next(vk::Instance::null(), c"vkCreateDevice".as_ptr()) else {
            return vk::Result::ERROR_INITIALIZATION_FAILED;
        };
        let create = transmute::<unsafe extern "system" fn(), vk::PFN_vkCreateDevice>(create);
        let result = create(physical, info, callbacks, device);
        if result == vk::Result::SUCCESS {
            match DeviceTable::load(next_device, *device) {
                Some(table) => drop((NEXT_DEVICE.set(next_device), DEVICE.set(table))),
                None => return vk::Result::ERROR_INITIALIZATION_FAILED,
            }
        }
        result
    }
}

impl DeviceTable {
    /// # Safety
    /// `next` is the next layer's function and `device` its device.
    unsafe fn load(next: vk::PFN_vkGetDeviceProcAddr, device: vk::Device) -> Option<Self> {
        macro_rules! load {
            ($name:literal, $kind:ty) => {{
                // SAFETY: a function of this name has this type.
                unsafe { transmute::<unsafe extern "system" fn(), $kind>(next(device, $name.as_ptr())?) }
            }};
        }
        Some(Self {
            begin: load!(c"vkBeginCommandBuffer", vk::PFN_vkBeginCommandBuffer),
            barrier: load!(c"vkCmdPipelineBarrier", vk::PFN_vkCmdPipelineBarrier),
            barrier2: load!(c"vkCmdPipelineBarrier2", vk::PFN_vkCmdPipelineBarrier2),
            execute: load!(c"vkCmdExecuteCommands", vk::PFN_vkCmdExecuteCommands),
            submit: load!(c"vkQueueSubmit", vk::PFN_vkQueueSubmit),
            submit2: load!(c"vkQueueSubmit2", vk::PFN_vkQueueSubmit2),
        })
    }
}

fn table() -> &'static DeviceTable {
    DEVICE.get().expect("the loader asks for device functions after it has made a device")
}

fn recorded(change: impl FnOnce(&mut HashMap<u64, u64>)) {
    change(&mut RECORDED.lock().unwrap_or_else(PoisonError::into_inner));
}

fn count(buffer: vk::CommandBuffer, commands: u64) {
    recorded(|recorded| *recorded.entry(buffer.as_raw()).or_default() += commands);
}

fn submitted(buffers: impl Iterator<Item = vk::CommandBuffer>) {
    recorded(|recorded| {
        let commands = buffers.filter_map(|buffer| recorded.get(&buffer.as_raw())).sum();
        SUBMITTED.fetch_add(commands, Ordering::Relaxed);
    });
}

unsafe extern "system" fn begin(buffer: vk::CommandBuffer, info: *const vk::CommandBufferBeginInfo<'_>) -> vk::Result {
    recorded(|recorded| *recorded.entry(buffer.as_raw()).or_default() = 0);
    // SAFETY: passed on as it came.
    unsafe { (table().begin)(buffer, info) }
}

unsafe extern "system" fn barrier(
    buffer: vk::CommandBuffer,
    from: vk::PipelineStageFlags,
    to: vk::PipelineStageFlags,
    flags: vk::DependencyFlags,
    memory_count: u32,
    memory: *const vk::MemoryBarrier<'_>,
    buffer_count: u32,
    buffers: *const vk::BufferMemoryBarrier<'_>,
    image_count: u32,
    images: *const vk::ImageMemoryBarrier<'_>,
) {
    count(buffer, 1);
    let next = table().barrier;
    // SAFETY: passed on as it came.
    unsafe { next(buffer, from, to, flags, memory_count, memory, buffer_count, buffers, image_count, images) }
}

unsafe extern "system" fn barrier2(buffer: vk::CommandBuffer, info: *const vk::DependencyInfo<'_>) {
    count(buffer, 1);
    // SAFETY: passed on as it came.
    unsafe { (table().barrier2)(buffer, info) }
}

unsafe extern "system" fn execute(buffer: vk::CommandBuffer, number: u32, buffers: *const vk::CommandBuffer) {
    // SAFETY: the caller gives this many; passed on as they came.
    unsafe {
        let secondary = std::slice::from_raw_parts(buffers, number as usize);
        recorded(|recorded| {
            let commands: u64 = secondary.iter().filter_map(|buffer| recorded.get(&buffer.as_raw())).sum();
            *recorded.entry(buffer.as_raw()).or_default() += commands;
        });
        (table().execute)(buffer, number, buffers)
    }
}

/// # Safety
/// `first` points to `number` values, or `number` is 0.
unsafe fn slice<'a, T>(first: *const T, number: u32) -> &'a [T] {
    // SAFETY: passed on.
    if number == 0 { &[] } else { unsafe { std::slice::from_raw_parts(first, number as usize) } }
}

unsafe extern "system" fn submit(
    queue: vk::Queue,
    number: u32,
    submits: *const vk::SubmitInfo<'_>,
    fence: vk::Fence,
) -> vk::Result {
    // SAFETY: the caller gives this many; passed on as they came.
    unsafe {
        let all = slice(submits, number).iter();
        submitted(all.flat_map(|one| slice(one.p_command_buffers, one.command_buffer_count).iter().copied()));
        (table().submit)(queue, number, submits, fence)
    }
}

unsafe extern "system" fn submit2(
    queue: vk::Queue,
    number: u32,
    submits: *const vk::SubmitInfo2<'_>,
    fence: vk::Fence,
) -> vk::Result {
    // SAFETY: the caller gives this many; passed on as they came.
    unsafe {
        let buffers = slice(submits, number)
            .iter()
            .flat_map(|one| slice(one.p_command_buffer_infos, one.command_buffer_info_count))
            .map(|info| info.command_buffer);
        submitted(buffers);
        (table().submit2)(queue, number, submits, fence)
    }
}
