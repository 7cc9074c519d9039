//! Commands of a graphics node. The rendering scope is open while the node records.

use arrayvec::ArrayVec;
use ash::vk;

use super::{Encoder, shared_commands};
use crate::frame::pipeline::PipelineIndex;
use crate::frame::record::context::Resolver;
use crate::graph::format::Texel;
use crate::graph::view::Resolved;
use crate::graph::{BufferView, NodeDeclaration, SlotDeclaration, SlotEffect, SlotKind};
use crate::shader::{Block, ProgramKind};

/// The most colour attachments and the most vertex buffers that a node can have.
pub(crate) const MAX_ATTACHMENTS: usize = 8;

/// Draws.
pub struct GraphicsCommands<'a> {
    pub(super) encoder: Encoder<'a>,
    declaration: &'static NodeDeclaration,
    resolver: Resolver<'a>,
    /// Of the bound pipeline; `None` if it reads a vertex slot without a wire.
    elements: Option<Elements>,
    /// How many indices the `index` slot has; none without one.
    indices: u64,
}

/// How many elements all vertex slots have that a pipeline reads.
#[derive(Clone, Copy)]
struct Elements {
    vertices: u64,
    instances: u64,
}

shared_commands!(GraphicsCommands, GRAPHICS);

impl<'a> GraphicsCommands<'a> {
    pub(crate) fn begin(encoder: Encoder<'a>, declaration: &'static NodeDeclaration, resolver: Resolver<'a>) -> Self {
        let mut colors = ArrayVec::<vk::RenderingAttachmentInfo<'_>, MAX_ATTACHMENTS>::new();
        let mut depth = None;
        let mut extent: Option<[u32; 3]> = None;
        for (index, slot) in (0u32..).zip(declaration.slots) {
            if !matches!(slot.kind, SlotKind::Color | SlotKind::Depth) {
                continue;
            }
            let attached = resolver.all(index);
            if attached.is_empty() && slot.kind == SlotKind::Color {
                // An optional one that is absent leaves its location free.
                colors.push(vk::RenderingAttachmentInfo::default());
            }
            for resolved in attached {
                let [width, height, _] = resolved.extent;
                let so_far = extent.unwrap_or([width, height, resolved.range.layer_count]);
                extent = Some([so_far[0].min(width), so_far[1].min(height), so_far[2].min(resolved.range.layer_count)]);
                match slot.kind {
                    SlotKind::Depth => depth = Some(attachment(slot, resolved)),
                    _ => colors.push(attachment(slot, resolved)),
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
        let viewport =
            vk::Viewport { width: width as f32, height: height as f32, max_depth: 1.0, ..Default::default() };
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
        let indices = (0u32..)
            .zip(declaration.slots)
            .filter(|(_, slot)| slot.kind == SlotKind::Index)
            .find_map(|(index, _)| resolver.all(index).first())
            .map_or(0, |resolved| resolved.length);
        let mut commands = Self { encoder, declaration, resolver, elements: None, indices };
        commands.bound(PipelineIndex(0));
        commands
    }

    /// Looks at the vertex slots that the pipeline reads.
    pub(super) fn bound(&mut self, pipeline: PipelineIndex) {
        let attributes = match self.encoder.pipelines().kind(pipeline) {
            ProgramKind::Graphics { attributes, .. } => attributes,
            _ => &[],
        };
        let all = Elements { vertices: u64::MAX, instances: u64::MAX };
        self.elements = attributes.iter().try_fold(all, |mut elements, attribute| {
            let length = self.resolver.all(attribute.slot).first()?.length;
            let per_instance = self.declaration.slots[attribute.slot as usize].per_instance;
            let least = if per_instance { &mut elements.instances } else { &mut elements.vertices };
            *least = length.min(*least);
            Some(elements)
        });
    }

    pub(crate) fn end(self) {
        // SAFETY: `begin` opened the rendering scope in this buffer.
        unsafe { self.encoder.device().cmd_end_rendering(self.encoder.buffer()) };
    }

    /// Draws `vertices` vertices of `instances` instances.
    pub fn draw(&mut self, vertices: u32, instances: u32) {
        if !self.check_elements(vertices, instances) {
            return;
        }
        // SAFETY: pipeline and sets are bound inside a rendering scope, and so are vertex buffers that are long enough.
        unsafe { self.encoder.device().cmd_draw(self.encoder.buffer(), vertices, instances, 0, 0) };
    }

    /// Draws `indices` indices, from `first` on, of `instances` instances, with the buffer of the `index` slot.
    pub fn draw_indexed(&mut self, first: u32, indices: u32, instances: u32) {
        let end = u64::from(first) + u64::from(indices);
        if !self.check_indexed()
            || !self.check_elements(0, instances)
            || !self.encoder.check(
                end <= self.indices,
                "draws more indices than its `#[index]` slot has; draw as many as `view` says",
            )
        {
            return;
        }
        // SAFETY: as for `draw`, and the `index` slot's buffer is bound and long enough.
        unsafe { self.encoder.device().cmd_draw_indexed(self.encoder.buffer(), indices, instances, first, 0, 0) };
    }

    /// Whether the vertex slots that the bound pipeline reads have an element for each of these many vertices and instances. What the
    /// GPU decides, by indices or indirect arguments, counts as none.
    fn check_elements(&self, vertices: u32, instances: u32) -> bool {
        let Some(there) = self.elements else {
            self.encoder.refuse(
                "draws with a pipeline that reads a `#[vertex]` slot without a wire; wire it, or bind another pipeline",
            );
            return false;
        };
        self.encoder.check(
            u64::from(vertices) <= there.vertices && u64::from(instances) <= there.instances,
            "draws more vertices or instances than a `#[vertex]` slot has; draw as many as `view` says",
        )
    }

    fn check_indexed(&mut self) -> bool {
        let message = "draws with indices and has no `#[index]` slot with a wire; add one, or draw without indices";
        self.encoder.check(self.indices > 0, message)
    }

    /// Draws what `count` argument structs in a buffer say, `stride` bytes apart.
    pub fn draw_indirect<T: Block>(&mut self, arguments: BufferView<'_, [T]>, count: u32) {
        let resolved = arguments.resolved();
        if !self.check_elements(0, 0)
            || !self.encoder.check_indirect(resolved, count, size_of::<T>(), size_of::<vk::DrawIndirectCommand>())
        {
            return;
        }
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
        if !self.check_indexed()
            || !self.check_elements(0, 0)
            || !self.encoder.check_indirect(
                resolved,
                count,
                size_of::<T>(),
                size_of::<vk::DrawIndexedIndirectCommand>(),
            )
        {
            return;
        }
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
        // Vulkan wants the corner, and the opposite one too, within what an `i32` counts from 0 on.
        let (x, y) = (x.max(0), y.max(0));
        let (width, height) = (width.min((i32::MAX - x) as u32), height.min((i32::MAX - y) as u32));
        let area = vk::Rect2D { offset: vk::Offset2D { x, y }, extent: vk::Extent2D { width, height } };
        // SAFETY: the pipeline declares the scissor dynamic.
        unsafe { self.encoder.device().cmd_set_scissor(self.encoder.buffer(), 0, &[area]) };
    }
}

/// How an attachment is loaded and stored.
fn attachment(slot: &SlotDeclaration, resolved: &Resolved) -> vk::RenderingAttachmentInfo<'static> {
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
        SlotKind::Depth => vk::ClearValue { depth_stencil: vk::ClearDepthStencilValue { depth: clear[0], stencil: 0 } },
        _ => vk::ClearValue { color: clear_color(resolved.texel, clear) },
    };
    vk::RenderingAttachmentInfo::default()
        .image_view(resolved.image_view)
        .image_layout(resolved.layout)
        .load_op(load)
        .store_op(store)
        .clear_value(clear_value)
}

/// A colour as the texels of an image hold it.
pub(super) fn clear_color(texel: Texel, color: [f32; 4]) -> vk::ClearColorValue {
    match texel {
        Texel::Float | Texel::Depth => vk::ClearColorValue { float32: color },
        Texel::Int => vk::ClearColorValue { int32: color.map(|channel| channel as i32) },
        Texel::Uint => vk::ClearColorValue { uint32: color.map(|channel| channel as u32) },
    }
}

/// Binds the buffers of `vertex` slots, in order, and of the `index` slot.
fn bind_buffers(encoder: &Encoder<'_>, declaration: &NodeDeclaration, resolver: Resolver<'_>) {
    let mut binding = 0;
    for (index, slot) in (0u32..).zip(declaration.slots) {
        match slot.kind {
            SlotKind::Vertex => {
                if let Some(resolved) = resolver.all(index).first() {
                    // SAFETY: a `vertex` slot gave the buffer vertex usage.
                    unsafe {
                        encoder.device().cmd_bind_vertex_buffers(
                            encoder.buffer(),
                            binding,
                            &[resolved.buffer],
                            &[resolved.offset],
                        );
                    }
                }
                binding += 1;
            }
            SlotKind::Index => {
                for resolved in resolver.all(index) {
                    let kind = if resolved.stride == 2 { vk::IndexType::UINT16 } else { vk::IndexType::UINT32 };
                    // SAFETY: an `index` slot gave the buffer index usage.
                    unsafe {
                        encoder.device().cmd_bind_index_buffer(
                            encoder.buffer(),
                            resolved.buffer,
                            resolved.offset,
                            kind,
                        );
                    }
                }
            }
            _ => {}
        }
    }
}
