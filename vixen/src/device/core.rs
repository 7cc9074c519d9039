//! The Vulkan device itself and who destroys it: the part that memory and everything else keeps alive.

use std::ffi::{CString, c_char};

use ash::{ext, vk};

use super::capabilities::Capabilities;
use super::error::DeviceError;
use super::feature::FeatureStructs;
use super::instance::Instance;
use super::lifetimes;

/// A Vulkan device with its instance. Whatever is made from the device holds it, directly or not, in an `Arc`.
pub(crate) struct DeviceCore {
    pub(crate) raw: ash::Device,
    pub(crate) physical: vk::PhysicalDevice,
    /// What names objects and labels commands, where a tool would show it.
    debug: Option<ext::debug_utils::Device>,
    owned: bool,
    // After the device: dropping it destroys the instance.
    pub(super) instance: Instance,
}

impl DeviceCore {
    /// Creates the device with the features and extensions that the capabilities call enabled, a main queue, and a queue for
    /// transfers if a family is given.
    pub(super) fn new(
        instance: Instance,
        physical: vk::PhysicalDevice,
        capabilities: &Capabilities,
        main_family: u32,
        transfer_family: Option<u32>,
    ) -> Result<Self, DeviceError> {
        let extensions: Vec<*const c_char> = capabilities.extensions.iter().map(|name| name.as_ptr()).collect();
        let queues: Vec<_> = std::iter::once(main_family)
            .chain(transfer_family)
            .map(|family| vk::DeviceQueueCreateInfo::default().queue_family_index(family).queue_priorities(&[1.0]))
            .collect();
        let mut features = FeatureStructs::new(capabilities.enabled);
        let mut info = vk::DeviceCreateInfo::default().queue_create_infos(&queues).enabled_extension_names(&extensions);
        let chain = features.chain(|name| capabilities.has_extension(name));
        info.p_next = (chain as *const vk::PhysicalDeviceFeatures2<'_>).cast();
        let _changing = lifetimes::change();
        // SAFETY: `info` asks only for queue families, features and extensions that the device was found to have, the
        // extensions with all that they depend on; what it points to (names, queues, the chain in `features`) lives to the
        // end of this call.
        let raw = unsafe { instance.raw.create_device(physical, &info, instance.callbacks.as_ref()) }
            .map_err(DeviceError::vulkan("vkCreateDevice"))?;
        Ok(Self::from_parts(instance, physical, raw, true))
    }

    /// An application's device, which stays the application's.
    pub(super) fn borrowed(instance: Instance, physical: vk::PhysicalDevice, raw: ash::Device) -> Self {
        Self::from_parts(instance, physical, raw, false)
    }

    fn from_parts(instance: Instance, physical: vk::PhysicalDevice, raw: ash::Device, owned: bool) -> Self {
        let shown = instance.has(ext::debug_utils::NAME) && (instance.watched || has_tools(&instance, physical));
        let debug = shown.then(|| ext::debug_utils::Device::new(&instance.raw, &raw));
        Self { raw, physical, debug, owned, instance }
    }

    pub(crate) fn instance(&self) -> &ash::Instance {
        &self.instance.raw
    }

    pub(crate) fn callbacks(&self) -> Option<&vk::AllocationCallbacks<'static>> {
        self.instance.callbacks.as_ref()
    }

    pub(super) fn debug_labels(&self) -> Option<&ext::debug_utils::Device> {
        self.debug.as_ref()
    }

    #[inline]
    pub(crate) fn set_name<H: vk::Handle>(&self, handle: H, name: &str) {
        if let Some(debug) = &self.debug {
            self.set_shown_name(debug, handle, name);
        }
    }

    #[cold]
    fn set_shown_name<H: vk::Handle>(&self, debug: &ext::debug_utils::Device, handle: H, name: &str) {
        let name = CString::new(name.replace('\0', "")).expect("the zero bytes were taken out");
        let _steady = lifetimes::hold();
        let info = vk::DebugUtilsObjectNameInfoEXT::default().object_handle(handle).object_name(&name);
        // SAFETY: the device is alive and has the extension; the caller's handle belongs to it, or the layer says so. A name
        // that cannot be stored is no reason to fail.
        let _ = unsafe { debug.set_debug_utils_object_name(&info) };
    }
}

/// Whether a tool listens that shows names of objects. Without one they are not set, as that costs half as much as creating a small
/// object.
fn has_tools(instance: &Instance, physical: vk::PhysicalDevice) -> bool {
    use vk::ToolPurposeFlags as Purpose;
    let shows = Purpose::VALIDATION | Purpose::PROFILING | Purpose::TRACING;
    let shows = shows | Purpose::DEBUG_REPORTING_EXT | Purpose::DEBUG_MARKERS_EXT;
    // SAFETY: the physical device belongs to the instance and is of Vulkan 1.3.
    let tools = unsafe {
        instance.raw.get_physical_device_tool_properties_len(physical).and_then(|count| {
            let mut tools = vec![vk::PhysicalDeviceToolProperties::default(); count];
            instance.raw.get_physical_device_tool_properties(physical, &mut tools).map(|()| tools)
        })
    };
    // Who does not answer may listen.
    tools.map_or(true, |tools| tools.iter().any(|tool| tool.purposes.intersects(shows)))
}

impl Drop for DeviceCore {
    fn drop(&mut self) {
        if self.owned {
            // SAFETY: everything made from the device holds it in an `Arc`, so it is all gone. Work that was submitted may
            // still run, so wait for it; a lost device has nothing to wait for. It was made with these callbacks.
            unsafe {
                let _ = self.raw.device_wait_idle();
                let _changing = lifetimes::change();
                self.raw.destroy_device(self.instance.callbacks.as_ref());
            }
        }
    }
}
