//! What an allocator is: a stateless service that creates and destroys, and owns nothing.

use std::ptr::NonNull;

use ash::vk;

use super::error::MemoryError;

/// Where a buffer's memory lies and who reaches it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Location {
    /// In the device's own memory; the host does not reach it.
    #[default]
    Device,
    /// Where the host writes in sequence and the device reads: mapped and host-coherent. Reading it on the host is slow.
    Upload,
    /// Where the device writes and the host reads: mapped and host-cached.
    Readback,
}

/// A buffer to create.
#[derive(Clone, Copy, Debug)]
pub struct BufferDesc<'a> {
    /// What messages and debuggers call it.
    pub name: &'a str,
    /// Its bytes.
    pub size: u64,
    /// What it is for. `SHADER_DEVICE_ADDRESS` gives it memory with an address.
    pub usage: vk::BufferUsageFlags,
    /// Where it lies.
    pub location: Location,
}

impl<'a> BufferDesc<'a> {
    /// A buffer in the device's memory.
    pub const fn new(name: &'a str, size: u64, usage: vk::BufferUsageFlags) -> Self {
        Self {
            name,
            size,
            usage,
            location: Location::Device,
        }
    }

    /// The same elsewhere.
    #[must_use]
    pub const fn at(self, location: Location) -> Self {
        Self { location, ..self }
    }

    /// Refuses what no device could create.
    pub(super) fn check(&self) -> Result<(), MemoryError> {
        if self.size == 0 {
            return Err(MemoryError::invalid(
                self.name,
                "has no size: a buffer needs at least one byte",
            ));
        }
        if self.usage.is_empty() {
            return Err(MemoryError::invalid(
                self.name,
                "has no usage: say what the buffer is for",
            ));
        }
        Ok(())
    }

    /// The same for Vulkan.
    pub fn create_info(&self) -> vk::BufferCreateInfo<'static> {
        vk::BufferCreateInfo::default()
            .size(self.size)
            .usage(self.usage)
            .sharing_mode(vk::SharingMode::EXCLUSIVE)
    }
}

/// An image to create, in the device's memory, with optimal tiling and undefined contents.
#[derive(Clone, Copy, Debug)]
pub struct ImageDesc<'a> {
    /// What messages and debuggers call it.
    pub name: &'a str,
    /// Whether it is a line, a plane or a volume.
    pub image_type: vk::ImageType,
    /// The format of its texels.
    pub format: vk::Format,
    /// Width, height and depth.
    pub extent: [u32; 3],
    /// How many mip levels.
    pub mips: u32,
    /// How many array layers.
    pub layers: u32,
    /// Samples a texel.
    pub samples: vk::SampleCountFlags,
    /// What it is for.
    pub usage: vk::ImageUsageFlags,
    /// Whether it can be seen as a cube, as another format and so on.
    pub flags: vk::ImageCreateFlags,
}

impl<'a> ImageDesc<'a> {
    /// A plane of one level, one layer and one sample.
    pub const fn new(
        name: &'a str,
        format: vk::Format,
        [width, height]: [u32; 2],
        usage: vk::ImageUsageFlags,
    ) -> Self {
        Self {
            name,
            image_type: vk::ImageType::TYPE_2D,
            format,
            extent: [width, height, 1],
            mips: 1,
            layers: 1,
            samples: vk::SampleCountFlags::TYPE_1,
            usage,
            flags: vk::ImageCreateFlags::empty(),
        }
    }

    /// Refuses what no device could create.
    pub(super) fn check(&self) -> Result<(), MemoryError> {
        let invalid = |problem: String| Err(MemoryError::invalid(self.name, problem));
        if self.extent.contains(&0) {
            let [width, height, depth] = self.extent;
            return invalid(format!(
                "has no size: {width}×{height}×{depth} texels; every side needs at least one"
            ));
        }
        let most_mips = u32::BITS - self.extent.into_iter().max().unwrap_or(1).leading_zeros();
        if self.mips == 0 || self.mips > most_mips {
            return invalid(format!(
                "has {} mip levels: its extent allows 1 to {most_mips}",
                self.mips
            ));
        }
        if self.layers == 0 {
            return invalid("has no layers: an image needs at least one".to_owned());
        }
        if self.usage.is_empty() {
            return invalid("has no usage: say what the image is for".to_owned());
        }
        Ok(())
    }

    /// The same for Vulkan.
    pub fn create_info(&self) -> vk::ImageCreateInfo<'static> {
        let [width, height, depth] = self.extent;
        vk::ImageCreateInfo::default()
            .flags(self.flags)
            .image_type(self.image_type)
            .format(self.format)
            .extent(vk::Extent3D {
                width,
                height,
                depth,
            })
            .mip_levels(self.mips)
            .array_layers(self.layers)
            .samples(self.samples)
            .tiling(vk::ImageTiling::OPTIMAL)
            .usage(self.usage)
            .sharing_mode(vk::SharingMode::EXCLUSIVE)
            .initial_layout(vk::ImageLayout::UNDEFINED)
    }
}

/// An allocator's own word for a piece of memory.
#[derive(Clone, Copy, Debug)]
pub struct Allocation(pub(super) AllocationKind);

#[derive(Clone, Copy, Debug)]
pub(super) enum AllocationKind {
    Vma(vk_mem::Allocation),
    Direct {
        memory: vk::DeviceMemory,
        /// The address of the first byte, 0 where it is not mapped.
        mapped: usize,
    },
    Opaque(u64),
}

impl Allocation {
    /// For allocators from outside: whatever identifies the memory to them.
    pub const fn opaque(token: u64) -> Self {
        Self(AllocationKind::Opaque(token))
    }

    /// What [`Self::opaque`] was given, if it was.
    pub const fn token(&self) -> Option<u64> {
        match self.0 {
            AllocationKind::Opaque(token) => Some(token),
            _ => None,
        }
    }
}

/// A buffer with its memory, owned by nobody yet.
#[derive(Clone, Copy, Debug)]
pub struct RawBuffer {
    /// The buffer.
    pub handle: vk::Buffer,
    /// Its memory.
    pub allocation: Allocation,
    /// The bytes that it takes, which may be more than were asked for.
    pub bytes: u64,
    /// Its first byte, where the host reaches it: for as long as the buffer lives.
    pub mapped: Option<NonNull<u8>>,
    /// Whether the host and the device see each other's writes without flush and invalidate.
    pub coherent: bool,
    /// Its device address, 0 without `SHADER_DEVICE_ADDRESS`.
    pub address: vk::DeviceAddress,
}

// SAFETY: the pointer is only a number here; `Buffer`, which reads and writes through it, does so behind a lock.
unsafe impl Send for RawBuffer {}
// SAFETY: as above.
unsafe impl Sync for RawBuffer {}

/// An image with its memory, owned by nobody yet.
#[derive(Clone, Copy, Debug)]
pub struct RawImage {
    /// The image.
    pub handle: vk::Image,
    /// Its memory.
    pub allocation: Allocation,
    /// The bytes that it takes.
    pub bytes: u64,
}

/// Creates and destroys buffers and images together with their memory. It owns and counts nothing, serves any thread, and keeps
/// its device alive for as long as it lives. Only the [`BudgetManager`](super::BudgetManager) calls it.
///
/// A create call that fails has left nothing behind.
pub trait Allocator: Send + Sync {
    /// The bytes that such a buffer takes.
    fn buffer_bytes(&self, desc: &BufferDesc<'_>) -> Result<u64, MemoryError>;

    /// The bytes that such an image takes.
    fn image_bytes(&self, desc: &ImageDesc<'_>) -> Result<u64, MemoryError>;

    /// Creates a buffer, bound to memory of its location; mapped unless that is [`Location::Device`].
    fn create_buffer(&self, desc: &BufferDesc<'_>) -> Result<RawBuffer, MemoryError>;

    /// Destroys a buffer and frees its memory.
    ///
    /// # Safety
    /// The buffer came from this allocator, was not destroyed before, and neither host nor device uses it any more.
    unsafe fn destroy_buffer(&self, buffer: RawBuffer);

    /// Creates an image, bound to device memory.
    fn create_image(&self, desc: &ImageDesc<'_>) -> Result<RawImage, MemoryError>;

    /// Destroys an image and frees its memory.
    ///
    /// # Safety
    /// The image came from this allocator, was not destroyed before, and the device does not use it any more.
    unsafe fn destroy_image(&self, image: RawImage);

    /// Maps memory that the host can see. Mappings nest, and the pointer is the same each time.
    ///
    /// # Safety
    /// The allocation came from this allocator and is alive.
    unsafe fn map(&self, allocation: &Allocation) -> Result<NonNull<u8>, MemoryError>;

    /// Undoes one [`Self::map`].
    ///
    /// # Safety
    /// The allocation came from this allocator, is alive and was mapped; the pointer is not used after the last unmap.
    unsafe fn unmap(&self, allocation: &Allocation);

    /// Makes the host's writes visible to the device. Does nothing where memory is coherent.
    ///
    /// # Safety
    /// The allocation came from this allocator, is alive and mapped, and holds the range.
    unsafe fn flush(
        &self,
        allocation: &Allocation,
        offset: u64,
        len: u64,
    ) -> Result<(), MemoryError>;

    /// Makes the device's writes visible to the host. Does nothing where memory is coherent.
    ///
    /// # Safety
    /// The allocation came from this allocator, is alive and mapped, and holds the range.
    unsafe fn invalidate(
        &self,
        allocation: &Allocation,
        offset: u64,
        len: u64,
    ) -> Result<(), MemoryError>;
}
