//! A device table whose creations and allocations are counted.
//!
//! Functions of a device are looked up through `vkGetDeviceProcAddr`: by ash for the device and its extensions, and through
//! ash's tables by everything else, VMA and users of `Device::raw` included. A watched instance has a lookup of ours in its
//! table, which puts a counting function in front of each function that makes or ends an object.

use std::ffi::{CStr, c_char, c_void};
use std::mem::transmute;
use std::sync::{Mutex, OnceLock, PoisonError, RwLock};

use ash::vk;

use super::watch::{What, note};

/// The same instance, with a device lookup that counts.
pub(crate) fn watched(entry: &ash::Entry, instance: &ash::Instance) -> ash::Instance {
    let handle = instance.handle();
    let lookup = |name: &CStr| {
        // SAFETY: the instance is alive, and the name ends with a zero byte.
        let found = unsafe { (entry.static_fn().get_instance_proc_addr)(handle, name.as_ptr()) };
        if name == c"vkGetDeviceProcAddr"
            && let Some(found) = found
        {
            // SAFETY: the loader's function of that name has this type.
            let found = unsafe { transmute::<unsafe extern "system" fn(), vk::PFN_vkGetDeviceProcAddr>(found) };
            LOOKUP.get_or_init(|| found);
            return get_device_proc_addr as *const c_void;
        }
        found.map_or(std::ptr::null(), |found| found as *const c_void)
    };
    // SAFETY: the instance is alive, and each function is the loader's, or ours of the same type.
    unsafe { ash::Instance::load_with(lookup, handle) }
}

/// The loader's own lookup. It is one function for all instances, of a loader that is never unloaded.
static LOOKUP: OnceLock<vk::PFN_vkGetDeviceProcAddr> = OnceLock::new();

/// For each device and counted function, what it is in front of. Devices of several drivers differ.
static ORIGINALS: RwLock<Vec<Original>> = RwLock::new(Vec::new());

type Function = unsafe extern "system" fn();

struct Original {
    device: vk::Device,
    name: &'static CStr,
    function: Function,
}

unsafe extern "system" fn get_device_proc_addr(device: vk::Device, name: *const c_char) -> vk::PFN_vkVoidFunction {
    // SAFETY: the caller's contract is that of the loader's function.
    let function = unsafe { LOOKUP.get()?(device, name) }?;
    // SAFETY: Vulkan demands a name that ends with a zero byte.
    let name = unsafe { CStr::from_ptr(name) };
    let Some(&(name, counting)) = COUNTING.iter().find(|&&(other, _)| other == name) else { return Some(function) };
    let mut originals = ORIGINALS.write().unwrap_or_else(PoisonError::into_inner);
    originals.retain(|original| (original.device, original.name) != (device, name));
    originals.push(Original { device, name, function });
    Some(counting)
}

fn original(device: vk::Device, name: &CStr) -> Function {
    let originals = ORIGINALS.read().unwrap_or_else(PoisonError::into_inner);
    let original = originals.iter().find(|original| original.device == device && original.name == name);
    original.expect("a counting function is given out after its original is kept").function
}

unsafe extern "system" fn destroy_device(device: vk::Device, callbacks: In) {
    type Original = unsafe extern "system" fn(vk::Device, In);
    let original = original(device, c"vkDestroyDevice");
    // Before the call: the handle of a device that is gone may come back at once, on another thread.
    ORIGINALS.write().unwrap_or_else(PoisonError::into_inner).retain(|original| original.device != device);
    // SAFETY: Vulkan's function of this name has this type, and the contract of the call is the caller's.
    unsafe { transmute::<Function, Original>(original)(device, callbacks) }
}

static WITHOUT_CALLBACKS: Mutex<Option<&'static CStr>> = Mutex::new(None);

/// The first call of a watched device that created something without giving the driver the counting callbacks, whose
/// allocations therefore nobody has counted.
pub fn created_without_callbacks() -> Option<&'static str> {
    let call = *WITHOUT_CALLBACKS.lock().unwrap_or_else(PoisonError::into_inner);
    call.map(|call| call.to_str().expect("Vulkan's names are ASCII"))
}

fn look_for_callbacks(name: &'static CStr, callbacks: In) {
    if callbacks.is_null() {
        WITHOUT_CALLBACKS.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(name);
    }
}

/// A counting function with its name: an entry of [`COUNTING`].
macro_rules! counting {
    ($what:ident $name:literal ($($argument:ident: $kind:ty),*) $(-> $result:ty)? $(; $callbacks:ident)?) => {{
        unsafe extern "system" fn counting(device: vk::Device, $($argument: $kind),*) $(-> $result)? {
            note(What::$what($name));
            $(look_for_callbacks($name, $callbacks);)?
            type Original = unsafe extern "system" fn(vk::Device, $($kind),*) $(-> $result)?;
            // SAFETY: Vulkan's function of this name has this type, but for what its pointers point to, and but for handles,
            // which are transparent 64-bit numbers. The contract of the call is the caller's.
            unsafe { transmute::<Function, Original>(original(device, $name))(device, $($argument),*) }
        }
        type Counting = unsafe extern "system" fn(vk::Device, $($kind),*) $(-> $result)?;
        // SAFETY: whoever looks a function up by its name gives it its type back before the call.
        ($name, unsafe { transmute::<Counting, Function>(counting) })
    }};
    (creates $name:literal) => {
        counting!(Create $name (info: In, callbacks: In, object: Out) -> vk::Result; callbacks)
    };
    (allocates $name:literal) => {
        counting!(Create $name (info: In, objects: Out) -> vk::Result)
    };
    (creates_several $name:literal) => {
        counting!(Create $name (count: u32, infos: In, callbacks: In, objects: Out) -> vk::Result; callbacks)
    };
    (creates_cached $name:literal) => {
        counting!(Create $name (cache: u64, count: u32, infos: In, callbacks: In, objects: Out) -> vk::Result; callbacks)
    };
    (creates_deferred $name:literal) => {
        counting!(
            Create $name (operation: u64, cache: u64, count: u32, infos: In, callbacks: In, objects: Out) -> vk::Result
        )
    };
    (destroys $name:literal) => {
        counting!(Destroy $name (object: u64, callbacks: In))
    };
}

type In = *const c_void;
type Out = *mut c_void;

/// What makes or ends an object of a device, in Vulkan 1.3 and in extensions.
static COUNTING: [(&CStr, Function); 74] = [
    counting!(allocates c"vkAllocateCommandBuffers"),
    counting!(allocates c"vkAllocateDescriptorSets"),
    counting!(creates c"vkAllocateMemory"),
    counting!(creates c"vkCreateAccelerationStructureKHR"),
    counting!(creates c"vkCreateBuffer"),
    counting!(creates c"vkCreateBufferView"),
    counting!(creates c"vkCreateCommandPool"),
    counting!(creates_cached c"vkCreateComputePipelines"),
    counting!(creates c"vkCreateCudaFunctionNV"),
    counting!(creates c"vkCreateCudaModuleNV"),
    counting!(creates c"vkCreateCuFunctionNVX"),
    counting!(creates c"vkCreateCuModuleNVX"),
    counting!(allocates c"vkCreateDeferredOperationKHR"),
    counting!(creates c"vkCreateDescriptorPool"),
    counting!(creates c"vkCreateDescriptorSetLayout"),
    counting!(creates c"vkCreateDescriptorUpdateTemplate"),
    counting!(creates c"vkCreateDescriptorUpdateTemplateKHR"),
    counting!(creates c"vkCreateEvent"),
    counting!(creates c"vkCreateFence"),
    counting!(creates c"vkCreateFramebuffer"),
    counting!(creates_cached c"vkCreateGraphicsPipelines"),
    counting!(creates c"vkCreateImage"),
    counting!(creates c"vkCreateImageView"),
    counting!(creates c"vkCreateIndirectCommandsLayoutNV"),
    counting!(creates c"vkCreateMicromapEXT"),
    counting!(creates c"vkCreateOpticalFlowSessionNV"),
    counting!(creates c"vkCreatePipelineCache"),
    counting!(creates c"vkCreatePipelineLayout"),
    counting!(creates c"vkCreatePrivateDataSlot"),
    counting!(creates c"vkCreatePrivateDataSlotEXT"),
    counting!(creates c"vkCreateQueryPool"),
    counting!(creates_deferred c"vkCreateRayTracingPipelinesKHR"),
    counting!(creates_cached c"vkCreateRayTracingPipelinesNV"),
    counting!(creates c"vkCreateRenderPass"),
    counting!(creates c"vkCreateRenderPass2"),
    counting!(creates c"vkCreateRenderPass2KHR"),
    counting!(creates c"vkCreateSampler"),
    counting!(creates c"vkCreateSamplerYcbcrConversion"),
    counting!(creates c"vkCreateSamplerYcbcrConversionKHR"),
    counting!(creates c"vkCreateSemaphore"),
    counting!(creates c"vkCreateShaderModule"),
    counting!(creates_several c"vkCreateShadersEXT"),
    counting!(creates_several c"vkCreateSharedSwapchainsKHR"),
    counting!(creates c"vkCreateSwapchainKHR"),
    counting!(creates c"vkCreateValidationCacheEXT"),
    counting!(creates c"vkCreateVideoSessionKHR"),
    counting!(creates c"vkCreateVideoSessionParametersKHR"),
    counting!(destroys c"vkDestroyAccelerationStructureKHR"),
    counting!(destroys c"vkDestroyBuffer"),
    counting!(destroys c"vkDestroyBufferView"),
    counting!(destroys c"vkDestroyCommandPool"),
    counting!(destroys c"vkDestroyDeferredOperationKHR"),
    counting!(destroys c"vkDestroyDescriptorPool"),
    counting!(destroys c"vkDestroyDescriptorSetLayout"),
    counting!(destroys c"vkDestroyDescriptorUpdateTemplate"),
    counting!(destroys c"vkDestroyEvent"),
    counting!(destroys c"vkDestroyFence"),
    counting!(destroys c"vkDestroyFramebuffer"),
    counting!(destroys c"vkDestroyImage"),
    counting!(destroys c"vkDestroyImageView"),
    counting!(destroys c"vkDestroyPipeline"),
    counting!(destroys c"vkDestroyPipelineCache"),
    counting!(destroys c"vkDestroyPipelineLayout"),
    counting!(destroys c"vkDestroyQueryPool"),
    counting!(destroys c"vkDestroyRenderPass"),
    counting!(destroys c"vkDestroySampler"),
    counting!(destroys c"vkDestroySamplerYcbcrConversion"),
    counting!(destroys c"vkDestroySemaphore"),
    counting!(destroys c"vkDestroyShaderModule"),
    counting!(destroys c"vkDestroySwapchainKHR"),
    counting!(Destroy c"vkFreeCommandBuffers" (pool: u64, count: u32, buffers: In)),
    counting!(Destroy c"vkFreeDescriptorSets" (pool: u64, count: u32, sets: In) -> vk::Result),
    counting!(destroys c"vkFreeMemory"),
    // SAFETY: whoever looks a function up by its name gives it its type back before the call.
    (c"vkDestroyDevice", unsafe { transmute::<unsafe extern "system" fn(vk::Device, In), Function>(destroy_device) }),
];
