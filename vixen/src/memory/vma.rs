//! The default allocator: AMD's Vulkan Memory Allocator.

use std::ptr::NonNull;
use std::sync::Arc;

use ash::vk;
use vk_mem::{
    Alloc as _, AllocationCreateFlags, AllocationCreateInfo, AllocatorCreateFlags, AllocatorCreateInfo, MemoryUsage,
};

use super::allocator::{Allocator, Backing};
use super::desc::{BufferDesc, ImageDesc, Location, MemoryDesc};
use super::error::MemoryError;
use super::heaps::HeapBudgets;
use super::raw::{Allocation, AllocationKind, NO_HEAP, RawBuffer, RawImage, RawMemory};
use crate::device::{Capabilities, Device, DeviceCore, DeviceError, Feature, Version};

/// The default [`Allocator`]: many resources share few device allocations.
pub struct VmaAllocator {
    /// Without locks of its own, which would be several a call: who calls an allocator sees to it that nobody else does.
    vma: vk_mem::Allocator,
    memory: vk::PhysicalDeviceMemoryProperties,
    budgets: HeapBudgets,
    // After the allocator, which has to be destroyed before the device.
    core: Arc<DeviceCore>,
}

impl VmaAllocator {
    /// An allocator for a device, beside the one that the device's budget has.
    pub fn of(device: &Device) -> Result<Self, DeviceError> {
        Self::new(device.core(), device.capabilities())
    }

    pub(crate) fn new(core: &Arc<DeviceCore>, capabilities: &Capabilities) -> Result<Self, DeviceError> {
        let mut info = AllocatorCreateInfo::new(core.instance(), &core.raw, core.physical);
        info.vulkan_api_version = Version::REQUIRED.0;
        info.allocation_callbacks = core.callbacks();
        info.flags |= AllocatorCreateFlags::EXTERNALLY_SYNCHRONIZED;
        if capabilities.has(Feature::BufferDeviceAddress) {
            info.flags |= AllocatorCreateFlags::BUFFER_DEVICE_ADDRESS;
        }
        // SAFETY: instance, physical device and device are valid and belong together; `core`, which is dropped after the
        // allocator, keeps them so. VMA copies the callbacks. The flags are those of what is enabled.
        let vma = unsafe { vk_mem::Allocator::new(info) }.map_err(DeviceError::vulkan("vmaCreateAllocator"))?;
        Ok(Self { vma, memory: capabilities.memory, budgets: HeapBudgets::of(capabilities), core: core.clone() })
    }

    /// A buffer in memory that others use too.
    ///
    /// # Safety
    /// As for `create_buffer`.
    #[inline(never)]
    unsafe fn aliased_buffer(
        &self,
        desc: &BufferDesc<'_>,
        memory: &RawMemory,
        offset: u64,
    ) -> Result<RawBuffer, MemoryError> {
        let allocation = Self::allocation(&memory.allocation);
        let handle = self.core.bare_buffer(desc, |handle| {
            // SAFETY: the buffer is new, and the caller promises that the memory is alive and has room for it.
            unsafe { self.vma.bind_buffer_memory2(&allocation, offset, handle, std::ptr::null()) }
        })?;
        Ok(RawBuffer {
            handle,
            allocation: Allocation::BORROWED,
            bytes: 0,
            heap: NO_HEAP,
            mapped: None,
            coherent: false,
            address: self.introduce_buffer(handle, desc),
        })
    }

    /// Names a new buffer, and asks for its address if it has one.
    #[inline]
    fn introduce_buffer(&self, handle: vk::Buffer, desc: &BufferDesc<'_>) -> vk::DeviceAddress {
        self.core.set_name(handle, desc.name);
        let has_address = desc.usage.contains(vk::BufferUsageFlags::SHADER_DEVICE_ADDRESS);
        if has_address { self.core.buffer_address(handle) } else { 0 }
    }

    /// The heap that an allocation lies in.
    fn heap(&self, info: &vk_mem::AllocationInfo) -> u32 {
        self.memory.memory_types[info.memory_type as usize].heap_index
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
    fn device(&self) -> Option<vk::Device> {
        Some(self.core.raw.handle())
    }

    fn heap_bytes(&self, bytes: &mut [u64; vk::MAX_MEMORY_HEAPS]) -> bool {
        self.budgets.read(&self.core, bytes)
    }

    fn buffer_requirements(&self, desc: &BufferDesc<'_>) -> Result<vk::MemoryRequirements, MemoryError> {
        self.core.buffer_requirements(desc)
    }

    fn image_requirements(&self, desc: &ImageDesc<'_>) -> Result<vk::MemoryRequirements, MemoryError> {
        self.core.image_requirements(desc)
    }

    unsafe fn create_buffer(&self, desc: &BufferDesc<'_>, backing: Backing<'_>) -> Result<RawBuffer, MemoryError> {
        desc.check()?;
        if let Backing::Aliased { memory, offset } = backing {
            // SAFETY: the caller's promise.
            return unsafe { self.aliased_buffer(desc, memory, offset) };
        }
        let placement = placement(desc.location, backing);
        // SAFETY: the description was checked; VMA leaves nothing behind when it fails.
        let made = unsafe { self.vma.create_buffer(&desc.create_info(), &placement) };
        let (handle, allocation) = made
            .map_err(|result| MemoryError::from_result(result, "vmaCreateBuffer", desc.name, desc.size, desc.usage))?;
        let info = self.vma.get_allocation_info(&allocation);
        let kind = &self.memory.memory_types[info.memory_type as usize];
        Ok(RawBuffer {
            handle,
            allocation: Allocation(AllocationKind::Vma(allocation)),
            bytes: info.size,
            heap: kind.heap_index,
            mapped: NonNull::new(info.mapped_data.cast()),
            coherent: kind.property_flags.contains(vk::MemoryPropertyFlags::HOST_COHERENT),
            address: self.introduce_buffer(handle, desc),
        })
    }

    unsafe fn destroy_buffer(&self, buffer: RawBuffer) {
        if let AllocationKind::Borrowed = buffer.allocation.0 {
            // SAFETY: the caller promises that it came from here and is used no more.
            return unsafe { self.core.raw.destroy_buffer(buffer.handle, self.core.callbacks()) };
        }
        // SAFETY: the caller promises that both came from here and are used no more.
        unsafe { self.vma.destroy_buffer(buffer.handle, &mut Self::allocation(&buffer.allocation)) };
    }

    unsafe fn create_image(&self, desc: &ImageDesc<'_>, backing: Backing<'_>) -> Result<RawImage, MemoryError> {
        desc.check()?;
        if let Backing::Aliased { memory, offset } = backing {
            let bind = |handle| {
                let allocation = Self::allocation(&memory.allocation);
                // SAFETY: the image is new, and the caller promises that the memory is alive and has room for it.
                unsafe { self.vma.bind_image_memory2(&allocation, offset, handle, std::ptr::null()) }
            };
            let handle = self.core.bare_image(desc, bind)?;
            self.core.set_name(handle, desc.name);
            return Ok(RawImage { handle, allocation: Allocation::BORROWED, bytes: 0, heap: NO_HEAP });
        }
        let vma = &self.vma;
        // SAFETY: the description was checked; VMA leaves nothing behind when it fails.
        let made = unsafe { vma.create_image(&desc.create_info(), &placement(Location::Device, backing)) };
        let (handle, allocation) = made.map_err(|result| {
            let bytes = self.image_requirements(desc).map_or(0, |needs| needs.size);
            MemoryError::from_result(result, "vmaCreateImage", desc.name, bytes, desc.usage)
        })?;
        let info = vma.get_allocation_info(&allocation);
        self.core.set_name(handle, desc.name);
        let allocation = Allocation(AllocationKind::Vma(allocation));
        Ok(RawImage { handle, allocation, bytes: info.size, heap: self.heap(&info) })
    }

    unsafe fn destroy_image(&self, image: RawImage) {
        if let AllocationKind::Borrowed = image.allocation.0 {
            // SAFETY: the caller promises that it came from here and is used no more.
            return unsafe { self.core.raw.destroy_image(image.handle, self.core.callbacks()) };
        }
        // SAFETY: the caller promises that both came from here and are used no more.
        unsafe { self.vma.destroy_image(image.handle, &mut Self::allocation(&image.allocation)) };
    }

    unsafe fn allocate(&self, desc: &MemoryDesc<'_>) -> Result<RawMemory, MemoryError> {
        desc.check()?;
        let needs =
            vk::MemoryRequirements { size: desc.size, alignment: desc.alignment, memory_type_bits: desc.type_bits };
        // VMA knows no resource here, so it is told what memory to prefer.
        let info = AllocationCreateInfo {
            usage: MemoryUsage::Unknown,
            preferred_flags: vk::MemoryPropertyFlags::DEVICE_LOCAL,
            ..Default::default()
        };
        let vma = &self.vma;
        // SAFETY: the description was checked.
        let allocation = unsafe { vma.allocate_memory(&needs, &info) }.map_err(|result| {
            MemoryError::from_result(result, "vmaAllocateMemory", desc.name, desc.size, "shared memory")
        })?;
        let info = vma.get_allocation_info(&allocation);
        let allocation = Allocation(AllocationKind::Vma(allocation));
        Ok(RawMemory { allocation, bytes: info.size, heap: self.heap(&info) })
    }

    unsafe fn free(&self, memory: RawMemory) {
        // SAFETY: the caller promises that it came from here and that nothing lies in it any more.
        unsafe { self.vma.free_memory(&mut Self::allocation(&memory.allocation)) };
    }

    unsafe fn map(&self, allocation: &Allocation) -> Result<NonNull<u8>, vk::Result> {
        // SAFETY: the caller promises that the allocation came from here, is alive, and not of the device alone.
        let first = unsafe { self.vma.map_memory(&mut Self::allocation(allocation)) }?;
        NonNull::new(first).ok_or(vk::Result::ERROR_MEMORY_MAP_FAILED)
    }

    unsafe fn unmap(&self, allocation: &Allocation) {
        // SAFETY: the caller promises that the allocation came from here, is alive and was mapped.
        unsafe { self.vma.unmap_memory(&mut Self::allocation(allocation)) };
    }

    unsafe fn flush(&self, allocation: &Allocation, offset: u64, len: u64) -> Result<(), vk::Result> {
        self.vma.flush_allocation(&Self::allocation(allocation), offset, len)
    }

    unsafe fn invalidate(&self, allocation: &Allocation, offset: u64, len: u64) -> Result<(), vk::Result> {
        self.vma.invalidate_allocation(&Self::allocation(allocation), offset, len)
    }
}

/// What VMA is to know of a location and a backing.
fn placement(location: Location, backing: Backing<'_>) -> AllocationCreateInfo {
    use vk::MemoryPropertyFlags as Property;
    let (usage, mut flags, required_flags) = match location {
        Location::Device => (MemoryUsage::AutoPreferDevice, AllocationCreateFlags::empty(), Property::empty()),
        Location::DeviceMapped => (
            MemoryUsage::AutoPreferDevice,
            AllocationCreateFlags::MAPPED
                | AllocationCreateFlags::HOST_ACCESS_SEQUENTIAL_WRITE
                | AllocationCreateFlags::HOST_ACCESS_ALLOW_TRANSFER_INSTEAD,
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
    if let Backing::Dedicated = backing {
        flags |= AllocationCreateFlags::DEDICATED_MEMORY;
    }
    AllocationCreateInfo { usage, flags, required_flags, ..Default::default() }
}
