//! The default allocator: AMD's Vulkan Memory Allocator.

use std::ptr::NonNull;
use std::sync::Arc;

use ash::vk;
use vk_mem::{
    Alloc as _, AllocationCreateFlags, AllocationCreateInfo, AllocatorCreateFlags,
    AllocatorCreateInfo, MemoryUsage,
};

use super::allocator::{
    Allocation, AllocationKind, Allocator, BufferDesc, ImageDesc, Location, RawBuffer, RawImage,
};
use super::error::MemoryError;
use crate::device::{Capabilities, Device, DeviceCore, DeviceError, Feature, Version};

/// The default [`Allocator`]: many resources share few device allocations.
pub struct VmaAllocator {
    vma: vk_mem::Allocator,
    memory: vk::PhysicalDeviceMemoryProperties,
    // After the allocator, which has to be destroyed before the device.
    core: Arc<DeviceCore>,
}

impl VmaAllocator {
    /// An allocator for a device, beside the one that the device's budget has.
    pub fn of(device: &Device) -> Result<Self, DeviceError> {
        Self::new(device.core(), device.capabilities())
    }

    pub(crate) fn new(
        core: &Arc<DeviceCore>,
        capabilities: &Capabilities,
    ) -> Result<Self, DeviceError> {
        let mut info = AllocatorCreateInfo::new(core.instance(), &core.raw, core.physical);
        info.vulkan_api_version = Version::REQUIRED.0;
        info.allocation_callbacks = core.callbacks();
        if capabilities.has(Feature::BufferDeviceAddress) {
            info.flags |= AllocatorCreateFlags::BUFFER_DEVICE_ADDRESS;
        }
        if capabilities.has_extension(ash::ext::memory_budget::NAME) {
            info.flags |= AllocatorCreateFlags::EXT_MEMORY_BUDGET;
        }
        // SAFETY: instance, physical device and device are valid and belong together; `core`, which is dropped after the
        // allocator, keeps them so. VMA copies the callbacks. The flags are those of what is enabled.
        let vma = unsafe { vk_mem::Allocator::new(info) }
            .map_err(DeviceError::vulkan("vmaCreateAllocator"))?;
        Ok(Self {
            vma,
            memory: capabilities.memory,
            core: core.clone(),
        })
    }

    fn allocation(allocation: &Allocation) -> vk_mem::Allocation {
        match allocation.0 {
            AllocationKind::Vma(allocation) => allocation,
            _ => {
                panic!("an allocation was given to an allocator that did not make it")
            }
        }
    }
}

impl Allocator for VmaAllocator {
    fn buffer_bytes(&self, desc: &BufferDesc<'_>) -> Result<u64, MemoryError> {
        self.core.buffer_bytes(desc)
    }

    fn image_bytes(&self, desc: &ImageDesc<'_>) -> Result<u64, MemoryError> {
        self.core.image_bytes(desc)
    }

    fn create_buffer(&self, desc: &BufferDesc<'_>) -> Result<RawBuffer, MemoryError> {
        desc.check()?;
        // SAFETY: the description was checked; VMA leaves nothing behind when it fails.
        let (handle, allocation) = unsafe {
            self.vma
                .create_buffer(&desc.create_info(), &placement(desc.location))
        }
        .map_err(|result| {
            MemoryError::from_result(result, "vmaCreateBuffer", desc.name, desc.size, desc.usage)
        })?;
        self.core.set_name(handle, desc.name);
        let info = self.vma.get_allocation_info(&allocation);
        let has_address = desc
            .usage
            .contains(vk::BufferUsageFlags::SHADER_DEVICE_ADDRESS);
        let properties = self.memory.memory_types[info.memory_type as usize].property_flags;
        Ok(RawBuffer {
            handle,
            allocation: Allocation(AllocationKind::Vma(allocation)),
            bytes: info.size,
            mapped: NonNull::new(info.mapped_data.cast()),
            coherent: properties.contains(vk::MemoryPropertyFlags::HOST_COHERENT),
            address: if has_address {
                self.core.buffer_address(handle)
            } else {
                0
            },
        })
    }

    unsafe fn destroy_buffer(&self, buffer: RawBuffer) {
        // SAFETY: the caller promises that both came from here and are used no more.
        unsafe {
            self.vma
                .destroy_buffer(buffer.handle, &mut Self::allocation(&buffer.allocation))
        };
    }

    fn create_image(&self, desc: &ImageDesc<'_>) -> Result<RawImage, MemoryError> {
        desc.check()?;
        // SAFETY: the description was checked; VMA leaves nothing behind when it fails.
        let (handle, allocation) = unsafe {
            self.vma
                .create_image(&desc.create_info(), &placement(Location::Device))
        }
        .map_err(|result| {
            let bytes = self.image_bytes(desc).unwrap_or_default();
            MemoryError::from_result(result, "vmaCreateImage", desc.name, bytes, desc.usage)
        })?;
        self.core.set_name(handle, desc.name);
        let bytes = self.vma.get_allocation_info(&allocation).size;
        Ok(RawImage {
            handle,
            allocation: Allocation(AllocationKind::Vma(allocation)),
            bytes,
        })
    }

    unsafe fn destroy_image(&self, image: RawImage) {
        // SAFETY: the caller promises that both came from here and are used no more.
        unsafe {
            self.vma
                .destroy_image(image.handle, &mut Self::allocation(&image.allocation))
        };
    }

    unsafe fn map(&self, allocation: &Allocation) -> Result<NonNull<u8>, MemoryError> {
        // SAFETY: the caller promises that the allocation came from here and is alive.
        let first = unsafe { self.vma.map_memory(&mut Self::allocation(allocation)) }
            .map_err(unnamed("vmaMapMemory"))?;
        NonNull::new(first)
            .ok_or_else(|| unnamed("vmaMapMemory")(vk::Result::ERROR_MEMORY_MAP_FAILED))
    }

    unsafe fn unmap(&self, allocation: &Allocation) {
        // SAFETY: the caller promises that the allocation came from here, is alive and was mapped.
        unsafe { self.vma.unmap_memory(&mut Self::allocation(allocation)) };
    }

    unsafe fn flush(
        &self,
        allocation: &Allocation,
        offset: u64,
        len: u64,
    ) -> Result<(), MemoryError> {
        self.vma
            .flush_allocation(&Self::allocation(allocation), offset, len)
            .map_err(unnamed("vmaFlushAllocation"))
    }

    unsafe fn invalidate(
        &self,
        allocation: &Allocation,
        offset: u64,
        len: u64,
    ) -> Result<(), MemoryError> {
        self.vma
            .invalidate_allocation(&Self::allocation(allocation), offset, len)
            .map_err(unnamed("vmaInvalidateAllocation"))
    }
}

/// What VMA is to know of a location.
fn placement(location: Location) -> AllocationCreateInfo {
    use vk::MemoryPropertyFlags as Property;
    let (usage, flags, required_flags) = match location {
        Location::Device => (
            MemoryUsage::AutoPreferDevice,
            AllocationCreateFlags::empty(),
            Property::empty(),
        ),
        Location::Upload => (
            MemoryUsage::Auto,
            AllocationCreateFlags::MAPPED | AllocationCreateFlags::HOST_ACCESS_SEQUENTIAL_WRITE,
            Property::HOST_VISIBLE | Property::HOST_COHERENT,
        ),
        Location::Readback => (
            MemoryUsage::Auto,
            AllocationCreateFlags::MAPPED | AllocationCreateFlags::HOST_ACCESS_RANDOM,
            Property::HOST_VISIBLE,
        ),
    };
    AllocationCreateInfo {
        usage,
        flags,
        required_flags,
        ..Default::default()
    }
}

/// An error of a call that knows an allocation but not whose it is.
fn unnamed(call: &'static str) -> impl FnOnce(vk::Result) -> MemoryError {
    move |result| MemoryError::Vulkan {
        name: "an allocation".to_owned(),
        call,
        result,
    }
}
