//! What an allocator is asked for.

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
    pub(crate) fn texel_bytes(&self) -> u64 {
        let Some(block) = TexelBlock::of(self.format) else { return 0 };
        // This is a good part of the cost of counting an image, so only blocks divide. Products of two sides cannot overflow.
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
