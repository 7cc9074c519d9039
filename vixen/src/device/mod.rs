//! The instance, the device, its queues and what it can do.
//!
//! A [`Device`] is a handle that can be cloned and shared between threads. Whatever is made from it keeps it alive, so
//! nothing has to be dropped in any order.

mod capabilities;
mod core;
mod debug;
mod error;
mod feature;
mod info;
mod instance;
mod lifetimes;
mod lock;
mod one_time;
mod options;
mod pipeline_cache;
mod queue;
mod raw;
mod select;
mod surface;

use std::any::Any;
use std::sync::{Arc, OnceLock};

use ash::{ext, khr, vk};

pub use self::capabilities::{Capabilities, FormatFeatures, QueueFamily, RayTracingLimits, Timestamps};
pub use self::debug::{KNOWN_LAYER_FAULTS, VALIDATION_LAYER, ValidationLog};
pub use self::error::DeviceError;
pub use self::feature::{Feature, FeatureSet, UnknownFeature};
pub use self::info::{DeviceInfo, DeviceKind, Version};
pub use self::options::{DeviceOptions, Select};
pub use self::queue::{QueueGuard, QueueRef};
pub use self::raw::RawDevice;
pub use self::surface::Surface;

pub(crate) use self::core::DeviceCore;
use self::instance::Instance;
use self::pipeline_cache::PipelineCache;
use self::queue::Queue;
use crate::memory::{AllocatorChoice, BudgetManager, device_heaps};

/// A GPU, or a software driver, ready for use.
#[derive(Clone)]
pub struct Device(Arc<DeviceShared>);

struct DeviceShared {
    info: DeviceInfo,
    capabilities: Capabilities,
    main_queue: Queue,
    transfer_queue: Option<Queue>,
    loaders: Loaders,
    budget: Arc<BudgetManager>,
    pipeline_cache: PipelineCache,
    kept: OnceLock<Box<dyn Any + Send + Sync>>,
    core: Arc<DeviceCore>,
}

/// The functions of extensions, where these are enabled.
struct Loaders {
    surface: Option<khr::surface::Instance>,
    swapchain: Option<khr::swapchain::Device>,
    acceleration_structure: Option<khr::acceleration_structure::Device>,
    ray_tracing_pipeline: Option<khr::ray_tracing_pipeline::Device>,
}

impl Device {
    /// Makes a device of what the machine has.
    pub fn new(options: &DeviceOptions) -> Result<Self, DeviceError> {
        let instance = Instance::new(options)?;
        let chosen = select::choose(&instance, options)?;
        // Every known feature is enabled where it is found; there is nothing else to choose.
        let capabilities = capabilities::read(
            &instance.raw,
            chosen.physical,
            chosen.found,
            chosen.found,
            chosen.extensions,
            chosen.main_family,
        );
        let core =
            DeviceCore::new(instance, chosen.physical, &capabilities, chosen.main_family, chosen.transfer_family)?;
        // SAFETY: the device was made with one queue of each of these families.
        let queue = |family| Queue::new(&core.raw, unsafe { core.raw.get_device_queue(family, 0) }, family);
        let (main, transfer) = (queue(chosen.main_family), chosen.transfer_family.map(queue));
        Self::assemble(core, chosen.info, capabilities, main, transfer, &options.allocator)
    }

    /// The devices of the machine, in the order that [`Select::Index`] counts in.
    pub fn list() -> Result<Vec<DeviceInfo>, DeviceError> {
        let instance = Instance::new(&DeviceOptions::default().validation(false))?;
        Ok(select::list(&instance)?.into_iter().map(|(_physical, info)| info).collect())
    }

    fn assemble(
        core: DeviceCore,
        info: DeviceInfo,
        capabilities: Capabilities,
        main_queue: Queue,
        transfer_queue: Option<Queue>,
        allocator: &AllocatorChoice,
    ) -> Result<Self, DeviceError> {
        let core = Arc::new(core);
        let (entry, instance, raw) = (&core.instance.entry, &core.instance.raw, &core.raw);
        let has = |name| capabilities.has_extension(name);
        let loaders = Loaders {
            surface: core.instance.has(khr::surface::NAME).then(|| khr::surface::Instance::new(entry, instance)),
            swapchain: has(khr::swapchain::NAME).then(|| khr::swapchain::Device::new(instance, raw)),
            acceleration_structure: capabilities
                .has(Feature::AccelerationStructure)
                .then(|| khr::acceleration_structure::Device::new(instance, raw)),
            ray_tracing_pipeline: capabilities
                .has(Feature::RayTracingPipeline)
                .then(|| khr::ray_tracing_pipeline::Device::new(instance, raw)),
        };
        let allocator = allocator.make(&core, &capabilities)?;
        let heaps = device_heaps(&core, &capabilities);
        let budget = Arc::new(BudgetManager::new(allocator, &heaps));
        let pipeline_cache = PipelineCache::new(&core)?;
        Ok(Self(Arc::new(DeviceShared {
            info,
            capabilities,
            main_queue,
            transfer_queue,
            loaders,
            budget,
            pipeline_cache,
            kept: OnceLock::new(),
            core,
        })))
    }

    /// What the device is called, and what it is.
    pub fn info(&self) -> &DeviceInfo {
        &self.0.info
    }

    /// What the device can do, and what of it is enabled.
    pub fn capabilities(&self) -> &Capabilities {
        &self.0.capabilities
    }

    /// What can be done with a format. Formats of Vulkan 1.0 are answered from a table.
    pub fn format_features(&self, format: vk::Format) -> FormatFeatures {
        if Capabilities::is_core_format(format) {
            self.0.capabilities.core_format(format)
        } else {
            FormatFeatures::read(self.instance_raw(), self.physical(), format)
        }
    }

    /// The only door to the device's memory.
    pub fn budget(&self) -> &Arc<BudgetManager> {
        &self.0.budget
    }

    /// The queue for graphics, compute, transfer and presenting.
    pub fn main_queue(&self) -> QueueRef<'_> {
        self.0.main_queue.as_ref()
    }

    /// A queue for transfers alone, where the device has one: for copies that need not wait for the main queue.
    pub fn transfer_queue(&self) -> Option<QueueRef<'_>> {
        self.0.transfer_queue.as_ref().map(Queue::as_ref)
    }

    /// The Vulkan device.
    pub fn raw(&self) -> &ash::Device {
        &self.0.core.raw
    }

    /// The Vulkan instance.
    pub fn instance_raw(&self) -> &ash::Instance {
        &self.0.core.instance.raw
    }

    /// The Vulkan loader.
    pub fn entry(&self) -> &ash::Entry {
        &self.0.core.instance.entry
    }

    /// The physical device.
    pub fn physical(&self) -> vk::PhysicalDevice {
        self.0.core.physical
    }

    /// The host memory callbacks to give to every create and destroy call.
    pub fn callbacks(&self) -> Option<&vk::AllocationCallbacks<'static>> {
        self.0.core.callbacks()
    }

    /// Names an object for messages and debuggers.
    pub fn set_name<H: vk::Handle>(&self, handle: H, name: &str) {
        self.0.core.set_name(handle, name);
    }

    /// The functions to label commands and queues with, where a tool listens to them: a validation layer, a debugger, a profiler.
    pub fn debug_labels(&self) -> Option<&ext::debug_utils::Device> {
        self.0.core.debug_labels()
    }

    /// The functions of `VK_KHR_surface`.
    pub fn surface_loader(&self) -> Option<&khr::surface::Instance> {
        self.0.loaders.surface.as_ref()
    }

    /// The functions of `VK_KHR_swapchain`.
    pub fn swapchain_loader(&self) -> Option<&khr::swapchain::Device> {
        self.0.loaders.swapchain.as_ref()
    }

    /// The functions of `VK_KHR_acceleration_structure`.
    pub fn acceleration_structure(&self) -> Option<&khr::acceleration_structure::Device> {
        self.0.loaders.acceleration_structure.as_ref()
    }

    /// The functions of `VK_KHR_ray_tracing_pipeline`.
    pub fn ray_tracing_pipeline(&self) -> Option<&khr::ray_tracing_pipeline::Device> {
        self.0.loaders.ray_tracing_pipeline.as_ref()
    }

    /// Whether creations and the driver's allocations are counted.
    #[cfg(feature = "testing")]
    pub(crate) fn is_watched(&self) -> bool {
        self.0.core.instance.counting
    }

    /// A value of one type that is kept with the device, made when it is first asked for. It must not hold the [`Device`], which
    /// would then keep itself alive.
    pub(crate) fn kept<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> &T {
        let kept = self.0.kept.get_or_init(|| Box::new(make()));
        kept.downcast_ref().expect("one type is kept")
    }

    pub(crate) fn core(&self) -> &Arc<DeviceCore> {
        &self.0.core
    }

    /// What the validation layer said so far: warnings and errors. Nothing for [`Device::from_raw`], whose instance reports to
    /// its application.
    pub fn validation_messages(&self) -> Vec<String> {
        self.validation_log().messages()
    }

    /// Where the validation layer's messages go. It outlives the device.
    pub fn validation_log(&self) -> &Arc<ValidationLog> {
        &self.0.core.instance.log
    }

    /// Waits until the device has nothing left to do. Nothing can be submitted meanwhile.
    pub fn wait_idle(&self) -> Result<(), DeviceError> {
        let main = self.main_queue().lock();
        let _transfer = self.transfer_queue().map(|queue| queue.lock());
        // SAFETY: the device is alive, and all of its queues are locked.
        let result = unsafe { self.raw().device_wait_idle() };
        #[cfg(feature = "testing")]
        let result = if self.0.main_queue.is_lost() { Err(vk::Result::ERROR_DEVICE_LOST) } else { result };
        drop(main);
        result.map_err(DeviceError::vulkan("vkDeviceWaitIdle"))
    }

    /// Makes every later submission, and waiting for the device, say that it is lost.
    #[cfg(feature = "testing")]
    pub(crate) fn lose(&self) {
        self.main_queue().lose();
        self.transfer_queue().iter().for_each(QueueRef::lose);
    }
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Device").field(&self.0.info.name).finish()
    }
}
