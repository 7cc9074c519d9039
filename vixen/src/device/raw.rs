//! An application's own device.

use std::ffi::CStr;

use ash::vk;

use super::capabilities;
use super::core::DeviceCore;
use super::error::DeviceError;
use super::feature::{Feature, FeatureSet};
use super::info::{DeviceInfo, Version};
use super::instance::Instance;
use super::queue::Queue;
use super::{Device, select};
use crate::memory::AllocatorChoice;

/// An application's own device, for [`Device::from_raw`].
#[derive(Clone)]
pub struct RawDevice {
    /// The loader.
    pub entry: ash::Entry,
    /// The instance.
    pub instance: ash::Instance,
    /// The physical device.
    pub physical: vk::PhysicalDevice,
    /// The device.
    pub device: ash::Device,
    /// A queue that serves graphics and compute.
    pub queue: vk::Queue,
    /// The queue's family.
    pub queue_family: u32,
    /// The features that the device was made with.
    pub features: FeatureSet,
    /// The extensions that the instance and the device were made with.
    pub extensions: Vec<&'static CStr>,
    /// The host memory callbacks to use.
    pub callbacks: Option<vk::AllocationCallbacks<'static>>,
}

impl Device {
    /// Uses an application's own device, which stays the application's to destroy.
    ///
    /// # Safety
    /// - All handles are valid and belong together: the physical device to the instance, the device to the physical device,
    ///   the queue and its family to the device.
    /// - Instance and device were made for Vulkan 1.3 or later, with every feature and extension that is listed.
    /// - They outlive the returned device and everything made from it, which must have finished its work by then.
    /// - The application uses the queue only while it holds the lock of [`Device::main_queue`].
    /// - The callbacks hold to what [`DeviceOptions::callbacks`](super::DeviceOptions::callbacks) asks for.
    pub unsafe fn from_raw(raw: RawDevice) -> Result<Self, DeviceError> {
        let RawDevice { entry, instance, physical, device, queue, queue_family, features, extensions, callbacks } = raw;
        let instance = Instance::borrowed(entry, instance, extensions.clone(), callbacks);
        let index = select::list(&instance)?.iter().position(|&(other, _)| other == physical).unwrap_or(0);
        let info = DeviceInfo::read(&instance.raw, physical, index);
        if info.api_version < Version::REQUIRED {
            return Err(DeviceError::VersionTooOld {
                device: info.name,
                required: Version::REQUIRED,
                found: info.api_version,
            });
        }
        if let Some(&feature) = Feature::CORE.iter().find(|&&feature| !features.has(feature)) {
            return Err(DeviceError::MissingFeature { device: info.name, feature });
        }
        if let Some(extension) =
            features.iter().filter_map(Feature::extension).find(|extension| !extensions.contains(extension))
        {
            let extension = extension.to_string_lossy().into_owned();
            return Err(DeviceError::MissingExtension { device: info.name, extension });
        }
        let capabilities = capabilities::read(&instance.raw, physical, features, features, extensions, queue_family);
        let serves = capabilities
            .queue_families
            .get(queue_family as usize)
            .is_some_and(|family| family.flags.contains(vk::QueueFlags::GRAPHICS | vk::QueueFlags::COMPUTE));
        if !serves {
            return Err(DeviceError::NoMainQueue { device: info.name });
        }
        let core = DeviceCore::borrowed(instance, physical, device);
        let main = Queue::new(&core.raw, queue, queue_family);
        Self::assemble(core, info, capabilities, main, None, &AllocatorChoice::default())
    }
}
