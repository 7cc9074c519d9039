//! The resources behind a plan: made at compile (by `make`), a part of them again when an output changes its size.

use std::sync::Arc;

use ash::vk::{self, Handle as _};

use crate::device::{Device, DeviceError};
use crate::frame::moment::{self, Moment};
use crate::frame::provision::make::{max_buffer_size, owners};
use crate::frame::provision::usages::Usages;
use crate::frame::provision::view::{ViewCache, subresources};
use crate::graph::tables::{Declared, Part, Placement, Shape};
use crate::graph::view::{Mapped, Resolved};
use crate::graph::{CompileError, Dimension, OutputId};
use crate::memory;
use crate::plan::{Residency, ResourceId};

/// All copies of one resource.
pub(crate) struct Physical {
    pub(in crate::frame) copies: Vec<Copy>,
    pub residency: Residency,
    pub(in crate::frame) shape: Shape,
    /// Elements of a buffer.
    pub(in crate::frame) length: u64,
    /// The output that lends a swapchain image.
    pub(in crate::frame) output: u32,
    /// The number of the frame before which it was made.
    pub made: u64,
    /// How often it was made.
    pub generation: u64,
}

/// One copy of a resource.
pub(in crate::frame) enum Copy {
    Buffer { buffer: BufferCopy },
    Image { image: ImageCopy, extent: [u32; 3] },
    AccelerationStructure(vk::AccelerationStructureKHR),
}

pub(in crate::frame) enum BufferCopy {
    Owned(Arc<memory::Buffer>),
    Raw(vk::Buffer),
}

pub(in crate::frame) enum ImageCopy {
    Owned(Arc<memory::Image>),
    Raw(vk::Image),
}

/// All resources of a graph.
pub(crate) struct Resources {
    pub(in crate::frame) device: Device,
    pub(in crate::frame) frame_slots: u32,
    pub(in crate::frame) max_buffer_size: u64,
    items: Vec<Option<Physical>>,
    /// The node that each is made for: the first that writes it, or else the first that touches it.
    pub(in crate::frame) owners: Vec<Option<Arc<str>>>,
    views: ViewCache,
}

impl Resources {
    /// Makes every resource that is used. Swapchain images come later, with [`Resources::lend`].
    pub fn new(
        device: &Device,
        declared: &Declared,
        usages: &[Usages],
        outputs: &[[u32; 2]],
        frame_slots: u32,
    ) -> Result<Self, CompileError> {
        let views = ViewCache::new(device);
        let max_buffer_size = max_buffer_size(device);
        let (items, owners) = (Vec::new(), owners(declared));
        let mut resources = Self { device: device.clone(), frame_slots, max_buffer_size, items, owners, views };
        resources.items.resize_with(declared.resources.len(), || None);
        for (index, usage) in usages.iter().enumerate().filter(|(_, usage)| usage.used) {
            let item = resources.make(declared, index, usage, outputs, 0)?;
            resources.put(index, item);
        }
        Ok(resources)
    }

    /// Makes the resources again that follow one of certain outputs. The GPU must be done with the old ones.
    ///
    /// Returns which were made anew. When this fails nothing has changed.
    pub fn resize(
        &mut self,
        declared: &Declared,
        usages: &[Usages],
        outputs: &[[u32; 2]],
        output: impl Fn(OutputId) -> bool,
        frame: u64,
    ) -> Result<Vec<ResourceId>, CompileError> {
        let mut made = Vec::new();
        for (index, (resource, usage)) in declared.resources.iter().zip(usages).enumerate() {
            let lent = matches!(resource.placement, Placement::Swapchain { .. });
            if usage.used && !lent && follows(&resource.shape).is_some_and(&output) {
                made.push((index, self.make(declared, index, usage, outputs, frame)?));
            }
        }
        let resources = made.iter().map(|(index, _)| ResourceId(*index as u32)).collect();
        made.into_iter().for_each(|(index, item)| self.put(index, item));
        Ok(resources)
    }

    /// Makes one resource again, from what it is declared as now; false when nobody uses it.
    pub fn remake(
        &mut self,
        declared: &Declared,
        usages: &[Usages],
        outputs: &[[u32; 2]],
        resource: ResourceId,
        frame: u64,
    ) -> Result<bool, CompileError> {
        let index = resource.0 as usize;
        if !usages[index].used {
            return Ok(false);
        }
        let made = self.make(declared, index, &usages[index], outputs, frame)?;
        self.put(index, made);
        Ok(true)
    }

    /// Takes over the images of an output's swapchain. Returns the resources that they are.
    pub fn lend(
        &mut self,
        declared: &Declared,
        output: u32,
        images: &[vk::Image],
        extent: [u32; 2],
    ) -> Vec<ResourceId> {
        let mut lent = Vec::new();
        for (index, resource) in declared.resources.iter().enumerate() {
            if !matches!(resource.placement, Placement::Swapchain { output: o } if o == output) {
                continue;
            }
            let extent = [extent[0], extent[1], 1];
            let copies = images.iter().map(|&image| Copy::Image { image: ImageCopy::Raw(image), extent }).collect();
            let residency = Residency::Swapchain;
            let shape = resource.shape;
            self.put(index, Physical { copies, residency, shape, length: 0, output, made: 0, generation: 0 });
            lent.push(ResourceId(index as u32));
        }
        lent
    }

    /// Destroys all of them. The GPU is idle.
    pub fn clear(&mut self) {
        self.views.clear();
        self.items.clear();
    }

    /// Takes a resource in, in place of what was there before.
    fn put(&mut self, index: usize, item: Physical) {
        self.forget_views(index);
        let generation = self.items[index].as_ref().map_or(0, |before| before.generation) + 1;
        self.items[index] = Some(Physical { generation, ..item });
    }

    /// A resource that some living node uses.
    pub fn get(&self, resource: ResourceId) -> Option<&Physical> {
        self.items[resource.0 as usize].as_ref()
    }

    /// What was made for a node: see `owners`.
    pub fn made_for<'r>(&'r self, node: &'r str) -> impl Iterator<Item = &'r Physical> {
        let owned = self.items.iter().zip(&self.owners).filter(move |(_, owner)| owner.as_deref() == Some(node));
        owned.filter_map(|(item, _)| item.as_ref())
    }

    /// What a part of a resource is at a moment, with an image view of `dimension` when `view` asks for one.
    pub fn resolve(
        &mut self,
        part: &Part,
        moment: &Moment,
        layout: vk::ImageLayout,
        view: bool,
    ) -> Result<Resolved, DeviceError> {
        // Neither is there for the image of a minimised window.
        let item = self.items[part.resource.0 as usize].as_ref();
        let copy = item.and_then(|item| Some((item, item.copies.get(item.index(part.age, moment))?)));
        let Some((item, copy)) = copy else { return Ok(Resolved::default()) };
        let generation = item.generation;
        match (copy, item.shape) {
            (Copy::Buffer { buffer }, Shape::Buffer { stride, .. }) => {
                let all = item.length * stride;
                let [offset, end] = part.region.major.map(|edge| edge.min(all));
                let mapped = match buffer {
                    BufferCopy::Owned(buffer) => buffer.mapped(),
                    BufferCopy::Raw(_) => None,
                };
                // SAFETY: the mapping is as long as the buffer, and `offset` is at most its size.
                let mapped = mapped.map(|start| Mapped(unsafe { start.add(offset as usize) }));
                Ok(Resolved {
                    buffer: buffer.raw(),
                    offset,
                    size: end - offset,
                    stride,
                    length: (end - offset) / stride.max(1),
                    mapped,
                    generation,
                    ..Resolved::default()
                })
            }
            (Copy::Image { image, extent }, Shape::Image { format, dimension, shape }) => {
                let raw = image.raw();
                let range = subresources(&part.region, format.aspect, (shape.mips, shape.layers));
                let mip = range.base_mip_level;
                let image_view = if view {
                    self.views.view(raw, part.region, range, format, dimension)?
                } else {
                    vk::ImageView::null()
                };
                let extent = extent.map(|size| size.checked_shr(mip).unwrap_or(0).max(1));
                let extent = if dimension == Dimension::D3 { extent } else { [extent[0], extent[1], 1] };
                Ok(Resolved {
                    image: raw,
                    image_view,
                    extent,
                    range,
                    layout,
                    texel: format.texel,
                    stride: format.bytes.into(),
                    generation,
                    ..Resolved::default()
                })
            }
            (Copy::AccelerationStructure(structure), _) => {
                Ok(Resolved { structure: *structure, generation, ..Resolved::default() })
            }
            // A copy is made after its shape, so no other pair exists.
            _ => Ok(Resolved::default()),
        }
    }

    fn forget_views(&mut self, item: usize) {
        let Some(item) = &self.items[item] else { return };
        let images: Vec<vk::Image> = item.copies.iter().filter_map(Copy::image).collect();
        self.views.forget(&images);
    }
}

impl Physical {
    /// The raw image of each copy.
    pub fn images(&self) -> impl Iterator<Item = vk::Image> {
        self.copies.iter().filter_map(Copy::image)
    }

    /// How many copies there are.
    pub fn copies(&self) -> usize {
        self.copies.len()
    }

    /// The bytes that its elements or texels take, if it has no past: without padding.
    pub fn transient_bytes(&self) -> u64 {
        let bytes = |copy: &Copy| match copy {
            Copy::Buffer { buffer: BufferCopy::Owned(buffer) } => buffer.size(),
            Copy::Image { image: ImageCopy::Owned(image), .. } => image.desc().texel_bytes(),
            _ => 0,
        };
        if self.residency == Residency::Transient { self.copies.iter().map(bytes).sum() } else { 0 }
    }

    /// The raw buffer of each copy, with its bytes.
    pub fn buffers(&self) -> impl Iterator<Item = (vk::Buffer, u64)> {
        let bytes = match self.shape {
            Shape::Buffer { stride, .. } => self.length * stride,
            _ => 0,
        };
        self.copies.iter().filter_map(move |copy| copy.buffer().map(|buffer| (buffer, bytes)))
    }

    /// The image or buffer of the copy that a moment means.
    pub fn copy_at(&self, age: u32, moment: &Moment) -> (Option<vk::Image>, Option<vk::Buffer>) {
        let copy = self.copies.get(self.index(age, moment));
        (copy.and_then(Copy::image), copy.and_then(Copy::buffer))
    }

    /// The raw handle of the copy that a moment means, of whichever kind it is.
    pub fn handle_at(&self, age: u32, moment: &Moment) -> Option<u64> {
        Some(match self.copies.get(self.index(age, moment))? {
            Copy::Buffer { buffer } => buffer.raw().as_raw(),
            Copy::Image { image, .. } => image.raw().as_raw(),
            Copy::AccelerationStructure(structure) => structure.as_raw(),
        })
    }

    fn index(&self, age: u32, moment: &Moment) -> usize {
        moment::copy_index(self.residency, self.output, age, moment)
    }

    /// The host-visible buffer of a frame slot.
    pub fn host_buffer(&self, slot: u32) -> Option<&Arc<memory::Buffer>> {
        match self.copies.get(slot as usize) {
            Some(Copy::Buffer { buffer: BufferCopy::Owned(buffer) }) => Some(buffer),
            _ => None,
        }
    }

    /// Whether it is an image.
    pub fn is_image(&self) -> bool {
        matches!(self.shape, Shape::Image { .. })
    }

    /// Whether it is a buffer.
    pub fn is_buffer(&self) -> bool {
        matches!(self.shape, Shape::Buffer { .. })
    }

    /// The aspect of an image.
    pub fn aspect(&self) -> vk::ImageAspectFlags {
        match self.shape {
            Shape::Image { format, .. } => format.aspect,
            _ => vk::ImageAspectFlags::empty(),
        }
    }

    /// Mip levels and array layers of an image.
    pub fn levels(&self) -> (u32, u32) {
        self.shape.levels()
    }
}

impl Copy {
    fn image(&self) -> Option<vk::Image> {
        match self {
            Self::Image { image, .. } => Some(image.raw()),
            _ => None,
        }
    }

    fn buffer(&self) -> Option<vk::Buffer> {
        match self {
            Self::Buffer { buffer } => Some(buffer.raw()),
            _ => None,
        }
    }
}

impl BufferCopy {
    fn raw(&self) -> vk::Buffer {
        match self {
            Self::Owned(buffer) => buffer.raw(),
            Self::Raw(buffer) => *buffer,
        }
    }
}

impl ImageCopy {
    fn raw(&self) -> vk::Image {
        match self {
            Self::Owned(image) => image.raw(),
            Self::Raw(image) => *image,
        }
    }
}

/// The output that a shape follows.
pub(crate) fn follows(shape: &Shape) -> Option<OutputId> {
    match shape {
        Shape::Buffer { length, .. } => length.output(),
        Shape::Image { shape, .. } => shape.extent.output(),
        Shape::AccelerationStructure => None,
    }
}
