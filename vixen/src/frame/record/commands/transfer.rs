//! Commands of a transfer node.

use ash::vk;

use super::Encoder;
use crate::frame::record::commands::graphics::clear_color;
use crate::graph::format::{Format, Texel};
use crate::graph::view::Resolved;
use crate::graph::{BufferView, Dim, ImageView};

/// Copies, blits, fills and clears.
pub struct TransferCommands<'a> {
    encoder: Encoder<'a>,
}

impl<'a> TransferCommands<'a> {
    pub(crate) fn begin(encoder: Encoder<'a>) -> Self {
        Self { encoder }
    }

    /// Copies as many bytes as both have.
    pub fn copy_buffer<T: ?Sized, U: ?Sized>(&mut self, source: BufferView<'_, T>, destination: BufferView<'_, U>) {
        self.copy(source.resolved(), destination.resolved());
    }

    /// Copies the texels of the first mip level and all layers of an image of the same format, as large as both have.
    pub fn copy_image<F: Format, D: Dim, E: Dim>(
        &mut self,
        source: ImageView<'_, F, D>,
        destination: ImageView<'_, F, E>,
    ) {
        self.copy(source.resolved(), destination.resolved());
    }

    /// Copies the first mip level and all layers of an image to a buffer, rows tightly packed.
    pub fn copy_image_to_buffer<F: Format, D: Dim, T: ?Sized>(
        &mut self,
        source: ImageView<'_, F, D>,
        destination: BufferView<'_, T>,
    ) {
        self.copy(source.resolved(), destination.resolved());
    }

    /// Copies tightly packed rows from a buffer to the first mip level and all layers of an image.
    pub fn copy_buffer_to_image<T: ?Sized, F: Format, D: Dim>(
        &mut self,
        source: BufferView<'_, T>,
        destination: ImageView<'_, F, D>,
    ) {
        self.copy(source.resolved(), destination.resolved());
    }

    /// Scales the first mip level of one image over the first mip level of another, converting the format.
    pub fn blit<F: Format, D: Dim, G: Format, E: Dim>(
        &mut self,
        source: ImageView<'_, F, D>,
        destination: ImageView<'_, G, E>,
        filter: vk::Filter,
    ) {
        use vk::FormatFeatureFlags2 as Feature;
        let device = self.encoder.recording.device;
        let has = |format, feature| device.format_features(format).optimal.contains(feature);
        // Other texels no device smooths: `blit_resolved` says so, and what to do.
        let smooths = filter == vk::Filter::LINEAR && F::TEXEL == Texel::Float;
        let smooth = if smooths { Feature::SAMPLED_IMAGE_FILTER_LINEAR } else { Feature::empty() };
        let blits = has(F::FORMAT, Feature::BLIT_SRC | smooth) && has(G::FORMAT, Feature::BLIT_DST);
        let depths = F::TEXEL != Texel::Depth || F::FORMAT == G::FORMAT;
        if !self.encoder.check(depths, "blits between two depth formats, which Vulkan cannot; use one of them")
            || !self.encoder.check(blits, "blits formats that the device cannot with this filter; copy with a shader")
        {
            return;
        }
        self.blit_resolved(source.resolved(), destination.resolved(), filter);
    }

    /// Fills a buffer with a repeated word.
    pub fn fill<T: ?Sized>(&mut self, destination: BufferView<'_, T>, word: u32) {
        let resolved = destination.resolved();
        let size = resolved.size & !3;
        let aligned = resolved.offset.is_multiple_of(4);
        if !self.check_written(resolved)
            || !self
                .encoder
                .check(aligned, "fills a part of a buffer that does not start at a multiple of 4 bytes; split it there")
            || size == 0
        {
            return;
        }
        // SAFETY: the slot gave the buffer transfer-destination usage; offset and size are multiples of 4.
        unsafe {
            self.encoder.device().cmd_fill_buffer(self.encoder.buffer(), resolved.buffer, resolved.offset, size, word);
        }
    }

    /// Clears all mip levels and layers of an image. Integer formats take the whole numbers; depth takes the first value.
    pub fn clear<F: Format, D: Dim>(&mut self, destination: ImageView<'_, F, D>, color: [f32; 4]) {
        let resolved = destination.resolved();
        if !self.check_written(resolved) {
            return;
        }
        let (device, buffer) = (self.encoder.device(), self.encoder.buffer());
        // SAFETY: the slot gave the image transfer-destination usage and this layout.
        unsafe {
            if F::TEXEL == Texel::Depth {
                let value = vk::ClearDepthStencilValue { depth: color[0].clamp(0.0, 1.0), stencil: 0 };
                device.cmd_clear_depth_stencil_image(
                    buffer,
                    resolved.image,
                    resolved.layout,
                    &value,
                    &[resolved.range],
                );
            } else {
                let value = clear_color(F::TEXEL, color);
                device.cmd_clear_color_image(buffer, resolved.image, resolved.layout, &value, &[resolved.range]);
            }
        }
    }

    /// Makes what earlier commands of this node wrote visible to the later ones.
    pub fn barrier(&mut self) {
        self.encoder.barrier(vk::PipelineStageFlags2::ALL_TRANSFER);
    }

    /// The command buffer.
    ///
    /// # Safety
    /// Commands recorded through it must touch nothing but what the node's slots declare, in the way that they declare it.
    pub unsafe fn raw(&self) -> vk::CommandBuffer {
        self.encoder.buffer()
    }

    fn check_written(&self, destination: &Resolved) -> bool {
        self.encoder.check(
            destination.written,
            "copies to a slot that it only reads; declare it `#[transfer_destination]`, or swap the arguments",
        )
    }

    fn check_layers(&self, source: &Resolved, destination: &Resolved) -> bool {
        let layers = |resolved: &Resolved| resolved.range.layer_count;
        self.encoder.check(
            layers(source) == layers(destination),
            "copies between images of different numbers of layers; split them into equal ones",
        )
    }

    /// Whether the buffer has room for the image's first level and all of its layers.
    fn check_rows(&self, buffer: &Resolved, image: &Resolved) -> bool {
        let texels = image
            .extent
            .into_iter()
            .fold(u64::from(image.range.layer_count), |all, size| all.saturating_mul(size.into()));
        self.encoder.check(
            texels.saturating_mul(image.stride) <= buffer.size,
            "copies between an image and a buffer that is too small for its texels; make it larger",
        ) && self.encoder.check(
            buffer.offset.is_multiple_of(image.stride.max(4)) || image.stride < 4 && buffer.offset.is_multiple_of(4),
            "copies between an image and a part of a buffer that does not start at a multiple of a texel; split it there",
        )
    }

    /// Copies between buffers, images, or one and the other.
    pub(crate) fn copy(&mut self, source: &Resolved, destination: &Resolved) {
        if !self.check_written(destination) {
            return;
        }
        let is_image = |resolved: &Resolved| resolved.image != vk::Image::null();
        match (is_image(source), is_image(destination)) {
            (false, false) => self.copy_bytes(source, destination),
            (true, true) => self.copy_texels(source, destination),
            (true, false) => self.copy_rows(destination, source, Direction::FromImage),
            (false, true) => self.copy_rows(source, destination, Direction::ToImage),
        }
    }

    fn copy_bytes(&mut self, source: &Resolved, destination: &Resolved) {
        let size = source.size.min(destination.size);
        if size == 0 {
            return;
        }
        let region = vk::BufferCopy::default().src_offset(source.offset).dst_offset(destination.offset).size(size);
        let (device, commands) = (self.encoder.device(), self.encoder.buffer());
        // SAFETY: the slots gave both buffers their transfer usage, and the region lies in both.
        unsafe { device.cmd_copy_buffer(commands, source.buffer, destination.buffer, &[region]) };
    }

    fn copy_texels(&mut self, source: &Resolved, destination: &Resolved) {
        if !self.check_layers(source, destination) {
            return;
        }
        let region = vk::ImageCopy::default()
            .src_subresource(first_level(source))
            .dst_subresource(first_level(destination))
            .extent(smaller(source.extent, destination.extent));
        let (device, commands) = (self.encoder.device(), self.encoder.buffer());
        let (from, to) = ((source.image, source.layout), (destination.image, destination.layout));
        // SAFETY: both images have the transfer usage and layout that their slots declare, and the region lies in both.
        unsafe { device.cmd_copy_image(commands, from.0, from.1, to.0, to.1, &[region]) };
    }

    fn copy_rows(&mut self, buffer: &Resolved, image: &Resolved, direction: Direction) {
        if !self.check_rows(buffer, image) {
            return;
        }
        let [width, height, depth] = image.extent;
        let region = [vk::BufferImageCopy::default()
            .buffer_offset(buffer.offset)
            .image_subresource(first_level(image))
            .image_extent(vk::Extent3D { width, height, depth })];
        let (device, commands) = (self.encoder.device(), self.encoder.buffer());
        let (buffer, layout, image) = (buffer.buffer, image.layout, image.image);
        // SAFETY: usage and layout are what the slots declare, and the buffer holds all of the region.
        unsafe {
            match direction {
                Direction::FromImage => device.cmd_copy_image_to_buffer(commands, image, layout, buffer, &region),
                Direction::ToImage => device.cmd_copy_buffer_to_image(commands, buffer, image, layout, &region),
            }
        }
    }

    pub(crate) fn blit_resolved(&mut self, source: &Resolved, destination: &Resolved, filter: vk::Filter) {
        let same_kind = source.texel == destination.texel;
        if !self.check_written(destination)
            || !self.check_layers(source, destination)
            || !self
                .encoder
                .check(same_kind, "blits between integers and other texels, which Vulkan cannot; copy with a shader")
            || !self.encoder.check(
                filter == vk::Filter::NEAREST || filter == vk::Filter::LINEAR && source.texel == Texel::Float,
                "blits with a filter that its texels cannot have; use `vk::Filter::NEAREST`, or for floats `LINEAR`",
            )
        {
            return;
        }
        let corner = |extent: [u32; 3]| {
            let [x, y, z] = extent.map(|size| size as i32);
            [vk::Offset3D::default(), vk::Offset3D { x, y, z }]
        };
        let region = vk::ImageBlit::default()
            .src_subresource(first_level(source))
            .src_offsets(corner(source.extent))
            .dst_subresource(first_level(destination))
            .dst_offsets(corner(destination.extent));
        // SAFETY: both images have the transfer usage and layout that their slots declare; the regions cover whole levels.
        unsafe {
            self.encoder.device().cmd_blit_image(
                self.encoder.buffer(),
                source.image,
                source.layout,
                destination.image,
                destination.layout,
                &[region],
                filter,
            );
        }
    }
}

/// Which way rows go between a buffer and an image.
#[derive(Clone, Copy)]
enum Direction {
    FromImage,
    ToImage,
}

fn first_level(resolved: &Resolved) -> vk::ImageSubresourceLayers {
    vk::ImageSubresourceLayers {
        aspect_mask: resolved.range.aspect_mask,
        mip_level: resolved.range.base_mip_level,
        base_array_layer: resolved.range.base_array_layer,
        layer_count: resolved.range.layer_count,
    }
}

fn smaller(a: [u32; 3], b: [u32; 3]) -> vk::Extent3D {
    vk::Extent3D { width: a[0].min(b[0]), height: a[1].min(b[1]), depth: a[2].min(b[2]) }
}
