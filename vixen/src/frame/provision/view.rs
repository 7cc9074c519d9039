//! Image views, each made once, and the sub-resources that they show.

use std::collections::HashMap;

use ash::vk;

use crate::device::{Device, DeviceError};
use crate::frame::owned::Owned;
use crate::graph::{Dimension, ImageFormat};
use crate::plan::Region;

/// Image views, each made once.
pub(crate) struct ViewCache {
    device: Device,
    views: HashMap<(vk::Image, Region, vk::ImageViewType, vk::Format), Owned<vk::ImageView>>,
}

impl ViewCache {
    pub fn new(device: &Device) -> Self {
        Self { device: device.clone(), views: HashMap::new() }
    }

    /// Destroys the views of images that are about to go. The GPU must be done with them.
    pub fn forget(&mut self, images: &[vk::Image]) {
        self.views.retain(|(image, ..), _| !images.contains(image));
    }

    /// Destroys all views. The GPU must be done with them.
    pub fn clear(&mut self) {
        self.views.clear();
    }

    /// The view of a part of an image.
    pub fn view(
        &mut self,
        image: vk::Image,
        region: Region,
        range: vk::ImageSubresourceRange,
        format: ImageFormat,
        dimension: Dimension,
    ) -> Result<vk::ImageView, DeviceError> {
        let kind = view_type(dimension, range.layer_count);
        if let Some(view) = self.views.get(&(image, region, kind, format.format)) {
            return Ok(view.get());
        }
        let info = vk::ImageViewCreateInfo::default()
            .image(image)
            .view_type(kind)
            .format(format.format)
            .subresource_range(range);
        // SAFETY: the image is alive, of this format, and has the range; its usage is what the slots asked for.
        let view = unsafe { self.device.raw().create_image_view(&info, self.device.callbacks()) }
            .map_err(DeviceError::vulkan("vkCreateImageView"))?;
        self.views.insert((image, region, kind, format.format), Owned::new(&self.device, view));
        Ok(view)
    }
}

/// The mip levels and array layers of a region, with open ends resolved.
pub(crate) fn subresources(
    region: &Region,
    aspect: vk::ImageAspectFlags,
    (mips, layers): (u32, u32),
) -> vk::ImageSubresourceRange {
    let [mip, mip_end] = region.major.map(|edge| edge.min(mips.into()) as u32);
    let [layer, layer_end] = region.minor.map(|edge| edge.min(layers));
    vk::ImageSubresourceRange {
        aspect_mask: aspect,
        base_mip_level: mip,
        level_count: mip_end - mip,
        base_array_layer: layer,
        layer_count: layer_end - layer,
    }
}

fn view_type(dimension: Dimension, layers: u32) -> vk::ImageViewType {
    match dimension {
        Dimension::D2 => vk::ImageViewType::TYPE_2D,
        Dimension::D2Array => vk::ImageViewType::TYPE_2D_ARRAY,
        Dimension::D3 => vk::ImageViewType::TYPE_3D,
        // A single face, as `split_layers` gives it, is a plain image.
        Dimension::Cube if layers < 6 => vk::ImageViewType::TYPE_2D,
        Dimension::Cube => vk::ImageViewType::CUBE,
    }
}
