//! What an allocator is: a stateless service that creates and destroys, and owns nothing.

use std::ptr::NonNull;

use ash::vk;

use super::error::MemoryError;
use super::texel::TexelBlock;

/// Where a buffer's memory lies and who reaches it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Location {
    /// In the device's own memory; the host does not reach it.
    #[default]
    Device,
    /// In the device's own memory too, and mapped for the host to write in sequence where the device has such memory: with a
    /// resizable BAR, and where host and device share their memory. Elsewhere the same as [`Self::Device`]. Reading it on the
    /// host is slow.
    DeviceMapped,
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
        Self { name, size, usage, location: Location::Device }
    }

    /// The same elsewhere.
    #[must_use]
    pub const fn at(self, location: Location) -> Self {
        Self { location, ..self }
    }

    /// Refuses what no device could create.
    pub(super) fn check(&self) -> Result<(), MemoryError> {
        if self.size == 0 {
            return Err(self.invalid("has no size: a buffer needs at least one byte"));
        }
        if self.usage.is_empty() {
            return Err(self.invalid("has no usage: say what the buffer is for"));
        }
        Ok(())
    }

    fn invalid(&self, problem: &str) -> MemoryError {
        MemoryError::invalid_parameters(self.name, self.size, self.usage, problem)
    }

    /// The same for Vulkan.
    pub fn create_info(&self) -> vk::BufferCreateInfo<'static> {
        vk::BufferCreateInfo::default().size(self.size).usage(self.usage).sharing_mode(vk::SharingMode::EXCLUSIVE)
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
    pub const fn new(name: &'a str, format: vk::Format, [width, height]: [u32; 2], usage: vk::ImageUsageFlags) -> Self {
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
        let invalid = |problem: String| Err(MemoryError::invalid_parameters(self.name, 0, self.usage, problem));
        if self.extent.contains(&0) {
            let [width, height, depth] = self.extent;
            return invalid(format!("has no size: {width}×{height}×{depth} texels; every side needs at least one"));
        }
        let most_mips = u32::BITS - self.extent.into_iter().max().unwrap_or(1).leading_zeros();
        if self.mips == 0 || self.mips > most_mips {
            return invalid(format!("has {} mip levels: its extent allows 1 to {most_mips}", self.mips));
        }
        if self.layers == 0 {
            return invalid("has no layers: an image needs at least one".to_owned());
        }
        if self.usage.is_empty() {
            return invalid("has no usage: say what the image is for".to_owned());
        }
        Ok(())
    }

    /// The bytes of its texels, which it takes at least; 0 for formats whose bytes are unknown.
    pub(super) fn texel_bytes(&self) -> u64 {
        let Some(block) = TexelBlock::of(self.format) else { return 0 };
        // What counting an image costs is a good part this: no division but for blocks, and products of two sides cannot overflow.
        let level = |mip: u32| {
            let [mut width, mut height, depth] = self.extent.map(|side| (side >> mip).max(1));
            if block.extent != [1, 1] {
                [width, height] = [width.div_ceil(block.extent[0]), height.div_ceil(block.extent[1])];
            }
            let blocks = u64::from(width) * u64::from(height);
            blocks.saturating_mul(u64::from(depth) * u64::from(block.bytes))
        };
        let texels = (1..self.mips).fold(level(0), |bytes, mip| bytes.saturating_add(level(mip)));
        texels.saturating_mul(u64::from(self.layers) * u64::from(self.samples.as_raw()))
    }

    /// The same for Vulkan.
    pub fn create_info(&self) -> vk::ImageCreateInfo<'static> {
        let [width, height, depth] = self.extent;
        vk::ImageCreateInfo::default()
            .flags(self.flags)
            .image_type(self.image_type)
            .format(self.format)
            .extent(vk::Extent3D { width, height, depth })
            .mip_levels(self.mips)
            .array_layers(self.layers)
            .samples(self.samples)
            .tiling(vk::ImageTiling::OPTIMAL)
            .usage(self.usage)
            .sharing_mode(vk::SharingMode::EXCLUSIVE)
            .initial_layout(vk::ImageLayout::UNDEFINED)
    }
}

/// Memory that several buffers and images share, each of which uses it while the others do not.
#[derive(Clone, Copy, Debug)]
pub struct MemoryDesc<'a> {
    /// What messages call it.
    pub name: &'a str,
    /// Its bytes.
    pub size: u64,
    /// What its start has to be a multiple of.
    pub alignment: u64,
    /// The memory types that it may be of, a bit each.
    pub type_bits: u32,
}

impl<'a> MemoryDesc<'a> {
    /// Memory in which any of some resources has room, one at a time. What each needs is what
    /// [`BudgetManager::buffer_requirements`](super::BudgetManager::buffer_requirements) and
    /// [`BudgetManager::image_requirements`](super::BudgetManager::image_requirements) say.
    pub fn for_any_of(name: &'a str, resources: &[vk::MemoryRequirements]) -> Self {
        let none = Self { name, size: 0, alignment: 1, type_bits: u32::MAX };
        resources.iter().fold(none, |sum, one| Self {
            size: sum.size.max(one.size),
            alignment: sum.alignment.max(one.alignment),
            type_bits: sum.type_bits & one.memory_type_bits,
            ..sum
        })
    }

    /// Refuses what no device could allocate.
    pub(super) fn check(&self) -> Result<(), MemoryError> {
        let invalid = |problem| Err(MemoryError::invalid_parameters(self.name, self.size, "shared memory", problem));
        if self.size == 0 {
            return invalid("has no size: name at least one resource that it is for");
        }
        if self.type_bits == 0 {
            return invalid("is for resources that no memory type of the device serves together");
        }
        Ok(())
    }
}

/// Where the memory of a buffer or an image comes from.
#[derive(Clone, Copy, Debug, Default)]
pub enum Backing<'m> {
    /// Wherever the allocator finds room.
    #[default]
    Pooled,
    /// A device allocation of its own: for what is large and comes and goes alone.
    Dedicated,
    /// From an offset on in memory that others use too.
    Aliased {
        /// The memory.
        memory: &'m RawMemory,
        /// Where the resource starts in it.
        offset: u64,
    },
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
    /// Of a resource in somebody else's memory.
    Borrowed,
    Opaque(u64),
}

impl Allocation {
    /// Of a resource with [`Backing::Aliased`]: there is nothing to free.
    pub const BORROWED: Self = Self(AllocationKind::Borrowed);

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

/// The heap of what has no memory of its own, and of what an allocator knows no heap of: it counts towards none.
pub const NO_HEAP: u32 = u32::MAX;

/// A buffer with its memory, owned by nobody yet.
#[derive(Clone, Copy, Debug)]
pub struct RawBuffer {
    /// The buffer.
    pub handle: vk::Buffer,
    /// Its memory.
    pub allocation: Allocation,
    /// The bytes that it takes, which may be more than were asked for; none with [`Backing::Aliased`].
    pub bytes: u64,
    /// The heap that they lie in, by its number; [`NO_HEAP`] with [`Backing::Aliased`].
    pub heap: u32,
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
    /// The bytes that it takes; none with [`Backing::Aliased`].
    pub bytes: u64,
    /// The heap that they lie in, by its number; [`NO_HEAP`] with [`Backing::Aliased`].
    pub heap: u32,
}

/// Memory without a resource, owned by nobody yet.
#[derive(Clone, Copy, Debug)]
pub struct RawMemory {
    /// The memory.
    pub allocation: Allocation,
    /// The bytes that it takes.
    pub bytes: u64,
    /// The heap that they lie in, by its number.
    pub heap: u32,
}

/// What an allocator made.
pub(super) trait Raw: Copy {
    /// The bytes that it takes.
    fn bytes(&self) -> u64;

    /// The heap that they lie in.
    fn heap(&self) -> u32;

    /// Destroys it.
    ///
    /// # Safety
    /// As of the allocator's own functions.
    unsafe fn destroy(self, allocator: &dyn Allocator);
}

impl Raw for RawBuffer {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn heap(&self) -> u32 {
        self.heap
    }

    unsafe fn destroy(self, allocator: &dyn Allocator) {
        // SAFETY: the caller answers for it.
        unsafe { allocator.destroy_buffer(self) };
    }
}

impl Raw for RawImage {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn heap(&self) -> u32 {
        self.heap
    }

    unsafe fn destroy(self, allocator: &dyn Allocator) {
        // SAFETY: the caller answers for it.
        unsafe { allocator.destroy_image(self) };
    }
}

impl Raw for RawMemory {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn heap(&self) -> u32 {
        self.heap
    }

    unsafe fn destroy(self, allocator: &dyn Allocator) {
        // SAFETY: the caller answers for it.
        unsafe { allocator.free(self) };
    }
}

/// Creates and destroys buffers and images together with their memory. It owns and counts nothing, serves any thread, and keeps
/// its device alive for as long as it lives. Only the [`BudgetManager`](super::BudgetManager) calls it.
///
/// A call that fails has left nothing behind.
///
/// # Safety
/// Every unsafe function asks its caller for this: no other of them runs on the same allocator at the same time. The budget has
/// a lock for its counts anyway, and one of the allocator's own would cost as much again.
pub trait Allocator: Send + Sync {
    /// The device that it allocates of, if it has one.
    fn device(&self) -> Option<vk::Device> {
        None
    }

    /// Reads how many bytes of each heap there are for this process at the moment, by their numbers, and says whether that can
    /// change: when other processes come and go. It allocates nothing. Without it, the budget goes by what it was made with.
    fn heap_bytes(&self, _bytes: &mut [u64; vk::MAX_MEMORY_HEAPS]) -> bool {
        false
    }

    /// What such a buffer needs of its memory.
    fn buffer_requirements(&self, desc: &BufferDesc<'_>) -> Result<vk::MemoryRequirements, MemoryError>;

    /// What such an image needs of its memory.
    fn image_requirements(&self, desc: &ImageDesc<'_>) -> Result<vk::MemoryRequirements, MemoryError>;

    /// Creates a buffer, bound to memory of its location; mapped unless that is [`Location::Device`] or the memory somebody
    /// else's, and for [`Location::DeviceMapped`] where the device can.
    ///
    /// # Safety
    /// Memory that is shared came from this allocator and is alive, and the buffer fits into it: its requirements were compared.
    unsafe fn create_buffer(&self, desc: &BufferDesc<'_>, backing: Backing<'_>) -> Result<RawBuffer, MemoryError>;

    /// Destroys a buffer and frees its memory.
    ///
    /// # Safety
    /// The buffer came from this allocator, was not destroyed before, and neither host nor device uses it any more.
    unsafe fn destroy_buffer(&self, buffer: RawBuffer);

    /// Creates an image, bound to device memory.
    ///
    /// # Safety
    /// As for [`create_buffer`](Allocator::create_buffer).
    unsafe fn create_image(&self, desc: &ImageDesc<'_>, backing: Backing<'_>) -> Result<RawImage, MemoryError>;

    /// Destroys an image and frees its memory.
    ///
    /// # Safety
    /// The image came from this allocator, was not destroyed before, and the device does not use it any more.
    unsafe fn destroy_image(&self, image: RawImage);

    /// Allocates device memory for resources that share it.
    ///
    /// # Safety
    /// As of all: one call at a time.
    unsafe fn allocate(&self, desc: &MemoryDesc<'_>) -> Result<RawMemory, MemoryError>;

    /// Frees memory.
    ///
    /// # Safety
    /// The memory came from [`allocate`](Allocator::allocate) of this allocator, was not freed before, and all that was created
    /// in it is destroyed.
    unsafe fn free(&self, memory: RawMemory);

    /// Maps memory that the host can see. Mappings nest, and the pointer is the same each time.
    ///
    /// # Safety
    /// The allocation came from this allocator, is alive, and not of [`Location::Device`].
    unsafe fn map(&self, allocation: &Allocation) -> Result<NonNull<u8>, vk::Result>;

    /// Undoes one [`Self::map`].
    ///
    /// # Safety
    /// The allocation came from this allocator, is alive and was mapped; the pointer is not used after the last unmap.
    unsafe fn unmap(&self, allocation: &Allocation);

    /// Makes the host's writes visible to the device. Does nothing where memory is coherent.
    ///
    /// # Safety
    /// The allocation came from this allocator, is alive and mapped, and holds the range.
    unsafe fn flush(&self, allocation: &Allocation, offset: u64, len: u64) -> Result<(), vk::Result>;

    /// Makes the device's writes visible to the host. Does nothing where memory is coherent.
    ///
    /// # Safety
    /// The allocation came from this allocator, is alive and mapped, and holds the range.
    unsafe fn invalidate(&self, allocation: &Allocation, offset: u64, len: u64) -> Result<(), vk::Result>;
}
