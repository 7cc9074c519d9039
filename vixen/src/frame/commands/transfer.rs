//! Commands of a transfer node.

use ash::vk;

use super::Encoder;
use crate::graph::format::Format;
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
        self.copy_resolved_buffer(source.resolved(), destination.resolved());
    }

    /// Copies the texels of the first mip level and all layers of an image of the same format, as large as both have.
    pub fn copy_image<F: Format, D: Dim, E: Dim>(&mut self, source: ImageView<'_, F, D>, destination: ImageView<'_, F, E>) {
        let (source, destination) = (source.resolved(), destination.resolved());
        let extent = smaller(source.extent, destination.extent);
        let region = vk::ImageCopy::default()
            .src_subresource(first_level(source))
            .dst_subresource(first_level(destination))
            .extent(extent);
        // SAFETY: both images have the transfer usage and layout that their slots declare, and the region lies in both.
        unsafe {
            self.encoder.device().cmd_copy_image(
                self.encoder.buffer(),
                source.image,
                source.layout,
                destination.image,
                destination.layout,
                &[region],
            );
        }
    }

    /// Copies the first mip level and all layers of an image to a buffer, rows tightly packed.
    pub fn copy_image_to_buffer<F: Format, D: Dim, T: ?Sized>(
        &mut self,
        source: ImageView<'_, F, D>,
        destination: BufferView<'_, T>,
    ) {
        self.copy_resolved_image_to_buffer(source.resolved(), destination.resolved());
    }

    /// Copies tightly packed rows from a buffer to the first mip level and all layers of an image.
    pub fn copy_buffer_to_image<T: ?Sized, F: Format, D: Dim>(
        &mut self,
        source: BufferView<'_, T>,
        destination: ImageView<'_, F, D>,
    ) {
        let (source, destination) = (source.resolved(), destination.resolved());
        let region = buffer_image_copy(source, destination);
        // SAFETY: usage and layout are what the slots declare; compile sized neither smaller than the node asked for.
        unsafe {
            self.encoder.device().cmd_copy_buffer_to_image(
                self.encoder.buffer(),
                source.buffer,
                destination.image,
                destination.layout,
                &[region],
            );
        }
    }

    /// Scales the first mip level of one image over the first mip level of another, converting the format.
    pub fn blit<F: Format, D: Dim, G: Format, E: Dim>(
        &mut self,
        source: ImageView<'_, F, D>,
        destination: ImageView<'_, G, E>,
        filter: vk::Filter,
    ) {
        self.blit_resolved(source.resolved(), destination.resolved(), filter);
    }

    /// Fills a buffer with a repeated word.
    pub fn fill<T: ?Sized>(&mut self, destination: BufferView<'_, T>, word: u32) {
        let resolved = destination.resolved();
        // SAFETY: the slot gave the buffer transfer-destination usage; offset and size are multiples of 4 for every `Block`
        // of 4-byte members, and the size is rounded down for others.
        unsafe {
            let size = resolved.size & !3;
            self.encoder.device().cmd_fill_buffer(self.encoder.buffer(), resolved.buffer, resolved.offset, size, word);
        }
    }

    /// Clears all mip levels and layers of a floating-point or normalised image.
    pub fn clear<F: Format, D: Dim>(&mut self, destination: ImageView<'_, F, D>, color: [f32; 4]) {
        let resolved = destination.resolved();
        let color = vk::ClearColorValue { float32: color };
        // SAFETY: the slot gave the image transfer-destination usage and this layout.
        unsafe {
            self.encoder.device().cmd_clear_color_image(
                self.encoder.buffer(),
                resolved.image,
                resolved.layout,
                &color,
                &[resolved.range],
            );
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

    pub(crate) fn copy_resolved_buffer(&mut self, source: &Resolved, destination: &Resolved) {
        let region = vk::BufferCopy::default()
            .src_offset(source.offset)
            .dst_offset(destination.offset)
            .size(source.size.min(destination.size));
        // SAFETY: the slots gave both buffers their transfer usage, and the region lies in both.
        unsafe {
            self.encoder.device().cmd_copy_buffer(self.encoder.buffer(), source.buffer, destination.buffer, &[region]);
        }
    }

    pub(crate) fn copy_resolved_image_to_buffer(&mut self, source: &Resolved, destination: &Resolved) {
        let region = buffer_image_copy(destination, source);
        // SAFETY: usage and layout are what the slots declare; compile sized neither smaller than the node asked for.
        unsafe {
            self.encoder.device().cmd_copy_image_to_buffer(
                self.encoder.buffer(),
                source.image,
                source.layout,
                destination.buffer,
                &[region],
            );
        }
    }

    pub(crate) fn blit_resolved(&mut self, source: &Resolved, destination: &Resolved, filter: vk::Filter) {
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

fn first_level(resolved: &Resolved) -> vk::ImageSubresourceLayers {
    vk::ImageSubresourceLayers {
        aspect_mask: resolved.range.aspect_mask,
        mip_level: resolved.range.base_mip_level,
        base_array_layer: resolved.range.base_array_layer,
        layer_count: resolved.range.layer_count,
    }
}

fn buffer_image_copy(buffer: &Resolved, image: &Resolved) -> vk::BufferImageCopy {
    let [width, height, depth] = image.extent;
    vk::BufferImageCopy::default()
        .buffer_offset(buffer.offset)
        .image_subresource(first_level(image))
        .image_extent(vk::Extent3D { width, height, depth })
}

fn smaller(a: [u32; 3], b: [u32; 3]) -> vk::Extent3D {
    vk::Extent3D { width: a[0].min(b[0]), height: a[1].min(b[1]), depth: a[2].min(b[2]) }
}
