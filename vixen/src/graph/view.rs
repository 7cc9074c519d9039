//! What a node's `record` sees of its slots: handles and sizes, resolved for the frame that is being recorded.

use std::marker::PhantomData;

use ash::vk;

use crate::graph::format::Texel;
use crate::graph::resource::Viewed;

/// A resolved part of a resource. The typed views below wrap it.
#[derive(Clone, Copy)]
pub struct RawView<'v> {
    pub(crate) inner: &'v Resolved,
}

/// What the executor resolved for one binding. What recording asks of a buffer lies in one cache line, and of an image in one.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub(crate) struct Resolved {
    pub buffer: vk::Buffer,
    /// Byte range of a buffer.
    pub offset: u64,
    pub size: u64,
    pub stride: u64,
    /// How many elements a buffer's range has.
    pub length: u64,
    /// Address of the first byte of the part, for host-visible buffers.
    pub mapped: Option<Mapped>,
    pub structure: vk::AccelerationStructureKHR,
    /// How often the resource was made, this time included: descriptors that point to an older one are rewritten.
    pub generation: u64,
    /// The slot writes it.
    pub written: bool,
    /// The slot is for arguments of indirect commands.
    pub indirect: bool,
    pub image: vk::Image,
    pub image_view: vk::ImageView,
    /// Extent of the first mip level in the view.
    pub extent: [u32; 3],
    pub range: vk::ImageSubresourceRange,
    pub layout: vk::ImageLayout,
    /// What an image's texels hold.
    pub texel: Texel,
}

/// A pointer into persistently mapped memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mapped(pub std::ptr::NonNull<u8>);

// SAFETY: the pointer is only dereferenced by the executor's frame, which holds the compiled graph exclusively; the memory
// is mapped for as long as the graph's resources live.
unsafe impl Send for Mapped {}
// SAFETY: as above; sharing the address alone reads nothing.
unsafe impl Sync for Mapped {}

/// A buffer, or a part of one.
pub struct BufferView<'v, T: ?Sized> {
    raw: RawView<'v>,
    element: PhantomData<fn() -> *const T>,
}

impl<T: ?Sized> Clone for BufferView<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for BufferView<'_, T> {}

impl<'v, T: ?Sized> BufferView<'v, T> {
    pub(crate) fn new(raw: RawView<'v>) -> Self {
        Self { raw, element: PhantomData }
    }

    /// Size in bytes.
    pub fn size(&self) -> u64 {
        self.raw.inner.size
    }

    /// The Vulkan buffer and the byte offset of this part in it.
    ///
    /// # Safety
    /// Using it in a way that the slot does not declare is a data race that the planner cannot see.
    pub unsafe fn raw(&self) -> (vk::Buffer, u64) {
        (self.raw.inner.buffer, self.raw.inner.offset)
    }

    pub(crate) fn resolved(&self) -> &'v Resolved {
        self.raw.inner
    }
}

impl<T> BufferView<'_, [T]> {
    /// Number of elements.
    #[inline]
    pub fn len(&self) -> u64 {
        self.raw.inner.length
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// An image, or some of its mip levels and layers.
pub struct ImageView<'v, F, D> {
    raw: RawView<'v>,
    kind: PhantomData<fn() -> (F, D)>,
}

impl<F, D> Clone for ImageView<'_, F, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F, D> Copy for ImageView<'_, F, D> {}

impl<'v, F, D> ImageView<'v, F, D> {
    pub(crate) fn new(raw: RawView<'v>) -> Self {
        Self { raw, kind: PhantomData }
    }

    /// Width, height and depth of the first mip level in the view, in texels.
    pub fn extent(&self) -> [u32; 3] {
        self.raw.inner.extent
    }

    /// Number of mip levels in the view.
    pub fn mips(&self) -> u32 {
        self.raw.inner.range.level_count
    }

    /// Number of array layers in the view.
    pub fn layers(&self) -> u32 {
        self.raw.inner.range.layer_count
    }

    /// The Vulkan image, its view and the layout that it is in while the node runs.
    ///
    /// # Safety
    /// Using it in a way that the slot does not declare is a data race that the planner cannot see.
    pub unsafe fn raw(&self) -> (vk::Image, vk::ImageView, vk::ImageLayout) {
        (self.raw.inner.image, self.raw.inner.image_view, self.raw.inner.layout)
    }

    pub(crate) fn resolved(&self) -> &'v Resolved {
        self.raw.inner
    }
}

/// A top-level acceleration structure.
#[derive(Clone, Copy)]
pub struct AccelerationStructureView<'v> {
    raw: RawView<'v>,
}

impl<'v> AccelerationStructureView<'v> {
    pub(crate) fn new(raw: RawView<'v>) -> Self {
        Self { raw }
    }

    /// The Vulkan acceleration structure.
    ///
    /// # Safety
    /// Using it in a way that the slot does not declare is a data race that the planner cannot see.
    pub unsafe fn raw(&self) -> vk::AccelerationStructureKHR {
        self.raw.inner.structure
    }
}

/// The elements of a run-time array slot.
pub struct Views<'v, R: Viewed> {
    resolved: &'v [Resolved],
    kind: PhantomData<fn() -> R>,
}

impl<'v, R: Viewed> Views<'v, R> {
    pub(crate) fn new(resolved: &'v [Resolved]) -> Self {
        Self { resolved, kind: PhantomData }
    }

    /// Number of wires in the slot.
    pub fn len(&self) -> usize {
        self.resolved.len()
    }

    /// Whether the slot is empty.
    pub fn is_empty(&self) -> bool {
        self.resolved.is_empty()
    }

    /// The views, in the order of the wires.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = R::View<'v>> + use<'v, R> {
        self.resolved.iter().map(|inner| R::view(RawView { inner }))
    }
}
