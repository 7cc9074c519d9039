//! The swapchain of an output with a window. It survives resize, minimise and loss of the surface's properties.

use ash::vk;

use crate::device::{Device, DeviceError, Surface};
use crate::frame::owned::Owned;

/// The stage at which a frame waits for the image that it acquired: presenting copies into it.
pub(crate) const ACQUIRE_STAGE: vk::PipelineStageFlags2 = vk::PipelineStageFlags2::ALL_TRANSFER;

/// A swapchain and its semaphores.
pub(crate) struct Swapchain {
    device: Device,
    raw: vk::SwapchainKHR,
    images: Vec<vk::Image>,
    extent: [u32; 2],
    /// The format of the images.
    format: vk::Format,
    /// The format that the application would like.
    preferred: Option<vk::Format>,
    /// One for each frame slot: signalled when the image is acquired.
    acquired: Vec<Owned<vk::Semaphore>>,
    /// One for each image: signalled when the frame is done with it.
    finished: Vec<Owned<vk::Semaphore>>,
    // Last: a swapchain is destroyed before its surface.
    surface: Surface,
}

/// What acquiring gave.
pub(crate) enum Acquired {
    /// An image; `true` where the swapchain still works but no longer fits the surface.
    Image(u32, bool),
    /// The swapchain must be made anew.
    OutOfDate,
}

impl Swapchain {
    /// A swapchain for a surface, still without images: [`Swapchain::recreate`] makes them.
    pub fn new(device: &Device, surface: Surface, frame_slots: u32) -> Result<Self, DeviceError> {
        let acquired = (0..frame_slots).map(|_| semaphore(device)).collect::<Result<_, _>>()?;
        Ok(Self {
            device: device.clone(),
            raw: vk::SwapchainKHR::null(),
            images: Vec::new(),
            extent: [0; 2],
            format: vk::Format::UNDEFINED,
            preferred: None,
            acquired,
            finished: Vec::new(),
            surface,
        })
    }

    /// The images to render to; none while the window is minimised.
    pub fn images(&self) -> &[vk::Image] {
        &self.images
    }

    /// Width and height of the images, in pixels.
    pub fn extent(&self) -> [u32; 2] {
        self.extent
    }

    /// The format of the images.
    pub fn format(&self) -> vk::Format {
        self.format
    }

    /// Asks for another format, which it gets when it is next made anew, if the surface has it.
    pub fn prefer(&mut self, format: vk::Format) {
        self.preferred = Some(format);
    }

    /// Makes the swapchain anew, as large as the surface, or as `wanted` where the surface does not say. The GPU must be
    /// done with the old one. A surface of size 0 (a minimised window) leaves no images.
    pub fn recreate(&mut self, wanted: [u32; 2]) -> Result<(), DeviceError> {
        let (loader, surface, physical) = (self.surface.loader(), self.surface.raw(), self.device.physical());
        // SAFETY: surface and physical device are alive and of one instance.
        let capabilities = unsafe { loader.get_physical_device_surface_capabilities(physical, surface) }
            .map_err(DeviceError::vulkan("vkGetPhysicalDeviceSurfaceCapabilitiesKHR"))?;
        // SAFETY: as above.
        let formats = unsafe { loader.get_physical_device_surface_formats(physical, surface) }
            .map_err(DeviceError::vulkan("vkGetPhysicalDeviceSurfaceFormatsKHR"))?;
        let extent = match capabilities.current_extent {
            vk::Extent2D { width: u32::MAX, .. } => vk::Extent2D {
                width: wanted[0].clamp(capabilities.min_image_extent.width, capabilities.max_image_extent.width),
                height: wanted[1].clamp(capabilities.min_image_extent.height, capabilities.max_image_extent.height),
            },
            current => current,
        };
        // A window without a size, as the surface or, where that does not say, the application tells.
        let told = capabilities.current_extent.width == u32::MAX && wanted.contains(&0);
        let hidden = told || extent.width == 0 || extent.height == 0;
        self.images.clear();
        self.extent = [extent.width, extent.height];
        let old = std::mem::take(&mut self.raw);
        let created = if hidden {
            Ok(vk::SwapchainKHR::null())
        } else {
            let format = self.choose_format(&formats);
            self.format = format.format;
            self.create(&capabilities, format, extent, old)
        };
        let swapchains = self.loader().clone();
        // SAFETY: the old swapchain is of this device (or null), retired, and the GPU is done with it.
        unsafe { swapchains.destroy_swapchain(old, self.device.callbacks()) };
        self.raw = created?;
        if self.raw != vk::SwapchainKHR::null() {
            // SAFETY: the swapchain was made above.
            self.images = unsafe { swapchains.get_swapchain_images(self.raw) }
                .map_err(DeviceError::vulkan("vkGetSwapchainImagesKHR"))?;
        }
        while self.finished.len() < self.images.len() {
            self.finished.push(semaphore(&self.device)?);
        }
        Ok(())
    }

    /// The format that is preferred, if the surface has it and presenting can copy into it. Else eight bits without sRGB encoding
    /// by the hardware: nodes write display-ready values.
    fn choose_format(&self, formats: &[vk::SurfaceFormatKHR]) -> vk::SurfaceFormatKHR {
        let is_copied = |format: &vk::Format| {
            self.device.format_features(*format).optimal.contains(vk::FormatFeatureFlags2::BLIT_DST)
        };
        let preferred = self.preferred.filter(is_copied);
        let usual = [vk::Format::B8G8R8A8_UNORM, vk::Format::R8G8B8A8_UNORM];
        let mut wanted = preferred.into_iter().chain(usual);
        let found = wanted.find_map(|format| formats.iter().find(|found| found.format == format));
        found.or(formats.first()).copied().unwrap_or(vk::SurfaceFormatKHR {
            format: vk::Format::B8G8R8A8_UNORM,
            color_space: vk::ColorSpaceKHR::SRGB_NONLINEAR,
        })
    }

    fn create(
        &self,
        capabilities: &vk::SurfaceCapabilitiesKHR,
        format: vk::SurfaceFormatKHR,
        extent: vk::Extent2D,
        old: vk::SwapchainKHR,
    ) -> Result<vk::SwapchainKHR, DeviceError> {
        let most = if capabilities.max_image_count == 0 { u32::MAX } else { capabilities.max_image_count };
        let alpha = [
            vk::CompositeAlphaFlagsKHR::OPAQUE,
            vk::CompositeAlphaFlagsKHR::INHERIT,
            vk::CompositeAlphaFlagsKHR::PRE_MULTIPLIED,
            vk::CompositeAlphaFlagsKHR::POST_MULTIPLIED,
        ];
        let alpha = alpha.into_iter().find(|&alpha| capabilities.supported_composite_alpha.contains(alpha));
        let info = vk::SwapchainCreateInfoKHR::default()
            .surface(self.surface.raw())
            .min_image_count((capabilities.min_image_count + 1).min(most))
            .image_format(format.format)
            .image_color_space(format.color_space)
            .image_extent(extent)
            .image_array_layers(1)
            .image_usage(vk::ImageUsageFlags::TRANSFER_DST)
            .image_sharing_mode(vk::SharingMode::EXCLUSIVE)
            .pre_transform(capabilities.current_transform)
            .composite_alpha(alpha.unwrap_or(vk::CompositeAlphaFlagsKHR::OPAQUE))
            // The only mode that every surface has; it never tears.
            .present_mode(vk::PresentModeKHR::FIFO)
            .clipped(true)
            .old_swapchain(old);
        let loader = self.loader();
        // SAFETY: surface and old swapchain are alive; every value is one that the surface just said it has.
        unsafe { loader.create_swapchain(&info, self.device.callbacks()) }
            .map_err(DeviceError::vulkan("vkCreateSwapchainKHR"))
    }

    fn loader(&self) -> &ash::khr::swapchain::Device {
        self.device.swapchain_loader().expect("`Surface::new` refuses devices without this extension")
    }

    /// Asks for the next image.
    pub fn acquire(&self, slot: u32) -> Result<Acquired, DeviceError> {
        let loader = self.loader();
        if self.images.is_empty() {
            return Ok(Acquired::OutOfDate);
        }
        let semaphore = self.acquired[slot as usize].get();
        // SAFETY: the semaphore is unsignalled: the frame that waited for it has finished.
        match unsafe { loader.acquire_next_image(self.raw, u64::MAX, semaphore, vk::Fence::null()) } {
            Ok((image, suboptimal)) => Ok(Acquired::Image(image, suboptimal)),
            Err(vk::Result::ERROR_OUT_OF_DATE_KHR) => Ok(Acquired::OutOfDate),
            Err(result) => Err(DeviceError::vulkan("vkAcquireNextImageKHR")(result)),
        }
    }

    /// The semaphore that acquiring signals.
    pub fn acquired(&self, slot: u32) -> vk::Semaphore {
        self.acquired[slot as usize].get()
    }

    /// The semaphore that presenting waits for.
    pub fn finished(&self, image: u32) -> vk::Semaphore {
        self.finished[image as usize].get()
    }

    /// Shows an image. `false` where the swapchain no longer fits the surface.
    pub fn present(&self, image: u32) -> Result<bool, DeviceError> {
        let loader = self.loader();
        let (swapchains, images, semaphores) = ([self.raw], [image], [self.finished(image)]);
        let info =
            vk::PresentInfoKHR::default().swapchains(&swapchains).image_indices(&images).wait_semaphores(&semaphores);
        let queue = self.device.main_queue();
        let _held = queue.lock();
        // SAFETY: the queue is locked; the image was acquired, and the frame's submission signals the semaphore.
        match unsafe { loader.queue_present(queue.handle, &info) } {
            Ok(suboptimal) => Ok(!suboptimal),
            Err(vk::Result::ERROR_OUT_OF_DATE_KHR) => Ok(false),
            Err(result) => Err(DeviceError::vulkan("vkQueuePresentKHR")(result)),
        }
    }
}

impl Drop for Swapchain {
    fn drop(&mut self) {
        // SAFETY: the compiled graph waited for the device before it dropped this.
        unsafe { self.loader().destroy_swapchain(self.raw, self.device.callbacks()) };
    }
}

fn semaphore(device: &Device) -> Result<Owned<vk::Semaphore>, DeviceError> {
    // SAFETY: the device is alive.
    let semaphore = unsafe { device.raw().create_semaphore(&vk::SemaphoreCreateInfo::default(), device.callbacks()) }
        .map_err(DeviceError::vulkan("vkCreateSemaphore"))?;
    Ok(Owned::new(device, semaphore))
}
