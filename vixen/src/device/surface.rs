//! A window's surface. Windows themselves are the application's, or of `vixen-nodes`.

use std::any::Any;
use std::sync::Arc;

use ash::{khr, vk};
use raw_window_handle::{HasDisplayHandle, HasWindowHandle};

use super::instance::display_extensions;
use super::{Device, DeviceError};

/// Where a device can present to. It keeps its window and its device alive. A swapchain must be destroyed before its surface
/// is dropped, so let the swapchain own it.
pub struct Surface {
    raw: vk::SurfaceKHR,
    loader: khr::surface::Instance,
    device: Device,
    // Last: the surface is destroyed before its window.
    _window: Arc<dyn Any + Send + Sync>,
}

impl Surface {
    /// Makes the surface of a window. The device must have been made for its display.
    pub fn new<W>(device: &Device, window: Arc<W>) -> Result<Self, DeviceError>
    where
        W: HasDisplayHandle + HasWindowHandle + Send + Sync + 'static,
    {
        let name = || device.info().name.clone();
        let loader = device.surface_loader().ok_or_else(|| DeviceError::NoDisplay { device: name() })?.clone();
        if device.swapchain_loader().is_none() {
            return Err(DeviceError::NoDisplay { device: name() });
        }
        let display_handle = window.display_handle().map_err(DeviceError::NoWindow)?.as_raw();
        let window_handle = window.window_handle().map_err(DeviceError::NoWindow)?.as_raw();
        if !device.0.core.instance.has_all(&display_extensions(display_handle)?) {
            return Err(DeviceError::NoDisplay { device: name() });
        }
        // SAFETY: the handles are valid, as their traits promise, and stay so because the window is kept alive behind the
        // surface; instance and loader are kept alive by the device, which the surface holds; the extensions of the display
        // are enabled, as was checked.
        let raw = unsafe {
            ash_window::create_surface(
                device.entry(),
                device.instance_raw(),
                display_handle,
                window_handle,
                device.callbacks(),
            )
        }
        .map_err(DeviceError::vulkan("vkCreateSurfaceKHR"))?;
        let surface = Self { raw, loader, device: device.clone(), _window: window };
        // SAFETY: all handles are alive and of one instance, and the family is one of the device's.
        let presents = unsafe {
            surface.loader.get_physical_device_surface_support(device.physical(), device.main_queue().family, raw)
        }
        .map_err(DeviceError::vulkan("vkGetPhysicalDeviceSurfaceSupportKHR"))?;
        if presents { Ok(surface) } else { Err(DeviceError::CannotPresent { device: name() }) }
    }

    /// The surface.
    pub fn raw(&self) -> vk::SurfaceKHR {
        self.raw
    }

    /// The functions of `VK_KHR_surface`.
    pub fn loader(&self) -> &khr::surface::Instance {
        &self.loader
    }

    /// The device that presents to it.
    pub fn device(&self) -> &Device {
        &self.device
    }
}

impl Drop for Surface {
    fn drop(&mut self) {
        // SAFETY: the instance is alive, since `self.device` holds it; the surface was made with these callbacks and is
        // destroyed once; its swapchain is gone, as the type asks.
        unsafe { self.loader.destroy_surface(self.raw, self.device.callbacks()) };
    }
}
