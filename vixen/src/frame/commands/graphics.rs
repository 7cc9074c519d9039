//! Commands of a graphics node. The rendering scope is open while the node records.

use arrayvec::ArrayVec;
use ash::vk;

use super::{Encoder, PipelineIndex, shared_commands};
use crate::frame::context::Resolver;
use crate::graph::{BufferView, NodeDeclaration, SlotEffect, SlotKind};
use crate::shader::Block;

/// The most colour attachments and the most vertex buffers that a node can have.
pub(crate) const MAX_ATTACHMENTS: usize = 8;

/// Draws.
pub struct GraphicsCommands<'a> {
    pub(super) encoder: Encoder<'a>,
    pub(super) pipeline: PipelineIndex,
}

shared_commands!(GraphicsCommands, GRAPHICS);

impl<'a> GraphicsCommands<'a> {
    pub(crate) fn begin(encoder: Encoder<'a>, declaration: &NodeDeclaration, resolver: Resolver<'_>) -> Self {
        let mut colors = ArrayVec::<vk::RenderingAttachmentInfo<'_>, MAX_ATTACHMENTS>::new();
        let mut depth = None;
        let mut extent: Option<[u32; 3]> = None;
        for (index, slot) in (0u32..).zip(declaration.slots) {
            if !matches!(slot.kind, SlotKind::Color | SlotKind::Depth) {
                continue;
            }
            for resolved in resolver.all(index) {
                let load = match (slot.effect, slot.clear) {
                    (_, Some(_)) => vk::AttachmentLoadOp::CLEAR,
                    (SlotEffect::Read | SlotEffect::ReadWrite, None) => vk::AttachmentLoadOp::LOAD,
                    (SlotEffect::Write | SlotEffect::Create, None) => vk::AttachmentLoadOp::DONT_CARE,
                };
                let store = match slot.effect {
                    SlotEffect::Read => vk::AttachmentStoreOp::NONE,
                    _ => vk::AttachmentStoreOp::STORE,
                };
                let clear = slot.clear.unwrap_or_default();
                let clear_value = match slot.kind {
                    SlotKind::Depth => {
                        vk::ClearValue { depth_stencil: vk::ClearDepthStencilValue { depth: clear[0], stencil: 0 } }
                    }
                    _ => vk::ClearValue { color: vk::ClearColorValue { float32: clear } },
                };
                let attachment = vk::RenderingAttachmentInfo::default()
                    .image_view(resolved.image_view)
                    .image_layout(resolved.layout)
                    .load_op(load)
                    .store_op(store)
                    .clear_value(clear_value);
                let [width, height, _] = resolved.extent;
                let so_far = extent.unwrap_or([width, height, resolved.range.layer_count]);
                extent = Some([so_far[0].min(width), so_far[1].min(height), so_far[2].min(resolved.range.layer_count)]);
                match slot.kind {
                    SlotKind::Depth => depth = Some(attachment),
                    _ => colors.push(attachment),
                }
            }
        }
        let [width, height, layers] = extent.unwrap_or([1, 1, 1]);
        let area = vk::Rect2D { offset: vk::Offset2D::default(), extent: vk::Extent2D { width, height } };
        let mut rendering =
            vk::RenderingInfo::default().render_area(area).layer_count(layers).color_attachments(&colors);
        if let Some(depth) = &depth {
            rendering = rendering.depth_attachment(depth);
        }
        let viewport = vk::Viewport { width: width as f32, height: height as f32, max_depth: 1.0, ..Default::default() };
        let (device, buffer) = (encoder.device(), encoder.buffer());
        // SAFETY: the buffer is being recorded outside a rendering scope; attachments have the usage and layout that their
        // slots declare; the pipeline declares viewport and scissor dynamic.
        unsafe {
            device.cmd_begin_rendering(buffer, &rendering);
            device.cmd_set_viewport(buffer, 0, &[viewport]);
            device.cmd_set_scissor(buffer, 0, &[area]);
        }
        encoder.bind_all(vk::PipelineBindPoint::GRAPHICS);
        bind_buffers(&encoder, declaration, resolver);
        Self { encoder, pipeline: PipelineIndex(0) }
    }

    pub(crate) fn end(self) {
        // SAFETY: `begin` opened the rendering scope in this buffer.
        unsafe { self.encoder.device().cmd_end_rendering(self.encoder.buffer()) };
    }

    /// Draws `vertices` vertices of `instances` instances.
    pub fn draw(&mut self, vertices: u32, instances: u32) {
        // SAFETY: pipeline, sets and vertex buffers are bound inside a rendering scope.
        unsafe { self.encoder.device().cmd_draw(self.encoder.buffer(), vertices, instances, 0, 0) };
    }

    /// Draws `indices` indices, from `first` on, of `instances` instances, with the buffer of the `index` slot.
    pub fn draw_indexed(&mut self, first: u32, indices: u32, instances: u32) {
        // SAFETY: as for `draw`, and the `index` slot's buffer is bound.
        unsafe { self.encoder.device().cmd_draw_indexed(self.encoder.buffer(), indices, instances, first, 0, 0) };
    }

    /// Draws what `count` argument structs in a buffer say, `stride` bytes apart.
    pub fn draw_indirect<T: Block>(&mut self, arguments: BufferView<'_, [T]>, count: u32) {
        let resolved = arguments.resolved();
        // SAFETY: an `indirect` slot gave the buffer indirect usage, and the planner made its contents visible.
        unsafe {
            self.encoder.device().cmd_draw_indirect(
                self.encoder.buffer(),
                resolved.buffer,
                resolved.offset,
                count,
                size_of::<T>() as u32,
            );
        }
    }

    /// Draws what `count` indexed argument structs in a buffer say.
    pub fn draw_indexed_indirect<T: Block>(&mut self, arguments: BufferView<'_, [T]>, count: u32) {
        let resolved = arguments.resolved();
        // SAFETY: as for `draw_indirect`, and the `index` slot's buffer is bound.
        unsafe {
            self.encoder.device().cmd_draw_indexed_indirect(
                self.encoder.buffer(),
                resolved.buffer,
                resolved.offset,
                count,
                size_of::<T>() as u32,
            );
        }
    }

    /// Limits drawing to a rectangle in pixels.
    pub fn scissor(&mut self, x: i32, y: i32, width: u32, height: u32) {
        let area = vk::Rect2D { offset: vk::Offset2D { x, y }, extent: vk::Extent2D { width, height } };
        // SAFETY: the pipeline declares the scissor dynamic.
        unsafe { self.encoder.device().cmd_set_scissor(self.encoder.buffer(), 0, &[area]) };
    }
}

/// Binds the buffers of `vertex` slots, in order, and of the `index` slot.
fn bind_buffers(encoder: &Encoder<'_>, declaration: &NodeDeclaration, resolver: Resolver<'_>) {
    let mut binding = 0;
    for (index, slot) in (0u32..).zip(declaration.slots) {
        match slot.kind {
            SlotKind::Vertex => {
                for resolved in resolver.all(index) {
                    // SAFETY: a `vertex` slot gave the buffer vertex usage.
                    unsafe {
                        encoder.device().cmd_bind_vertex_buffers(
                            encoder.buffer(),
                            binding,
                            &[resolved.buffer],
                            &[resolved.offset],
                        );
                    }
                    binding += 1;
                }
            }
            SlotKind::Index => {
                for resolved in resolver.all(index) {
                    let kind = if resolved.stride == 2 { vk::IndexType::UINT16 } else { vk::IndexType::UINT32 };
                    // SAFETY: an `index` slot gave the buffer index usage.
                    unsafe {
                        encoder.device().cmd_bind_index_buffer(encoder.buffer(), resolved.buffer, resolved.offset, kind);
                    }
                }
            }
            _ => {}
        }
    }
}
