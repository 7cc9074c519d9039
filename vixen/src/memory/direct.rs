//! The plain allocator: one device allocation a resource.

use std::ptr::NonNull;
use std::sync::Arc;

use ash::vk;

use super::allocator::{Allocator, Backing};
use super::desc::{BufferDesc, ImageDesc, Location, MemoryDesc};
use super::error::MemoryError;
use super::heaps::HeapBudgets;
use super::raw::{Allocation, AllocationKind, NO_HEAP, RawBuffer, RawImage, RawMemory};
use crate::device::{Capabilities, Device, DeviceCore, Feature};

/// An [`Allocator`] that gives each resource a device allocation of its own: for comparison, and for devices that
/// [`VmaAllocator`](super::VmaAllocator) cannot serve. Devices allow few thousand allocations.
pub struct DirectAllocator {
    core: Arc<DeviceCore>,
    memory: vk::PhysicalDeviceMemoryProperties,
    budgets: HeapBudgets,
    /// Whether memory can have addresses.
    addresses: bool,
}

impl DirectAllocator {
    /// An allocator for a device, beside the one that the device's budget has.
    pub fn new(device: &Device) -> Self {
        Self::of(device.core(), device.capabilities())
    }

    pub(crate) fn of(core: &Arc<DeviceCore>, capabilities: &Capabilities) -> Self {
        let addresses = capabilities.has(Feature::BufferDeviceAddress);
        Self { core: core.clone(), memory: capabilities.memory, budgets: HeapBudgets::of(capabilities), addresses }
    }

    /// Allocates memory that suits a resource, mapped if the host is to reach it.
    fn allocate_for(&self, request: &Request<'_>) -> Result<Owned<'_>, MemoryError> {
        let Request { name, needs, location, usage, .. } = request;
        let Some(kind) = self.memory_type(needs.memory_type_bits, *location) else {
            let problem = format!("has no memory of the device that serves the location {location:?}");
            return Err(MemoryError::invalid_parameters(name, needs.size, usage, problem));
        };
        let mut flags = vk::MemoryAllocateFlagsInfo::default().flags(vk::MemoryAllocateFlags::DEVICE_ADDRESS);
        let mut dedicated = vk::MemoryDedicatedAllocateInfo::default().buffer(request.buffer).image(request.image);
        let mut info = vk::MemoryAllocateInfo::default().allocation_size(needs.size).memory_type_index(kind as u32);
        if request.address {
            info = info.push_next(&mut flags);
        }
        if request.buffer != vk::Buffer::null() || request.image != vk::Image::null() {
            info = info.push_next(&mut dedicated);
        }
        // SAFETY: the device is alive, the type is one of its own, and a resource that the memory is dedicated to is alive and
        // has these requirements.
        let raw = unsafe { self.core.raw.allocate_memory(&info, self.core.callbacks()) }
            .map_err(|result| request.error(result, "vkAllocateMemory"))?;
        let mut memory = Owned { core: &self.core, raw, mapped: None, kind };
        let visible = self.memory.memory_types[kind].property_flags.contains(vk::MemoryPropertyFlags::HOST_VISIBLE);
        if *location != Location::Device && visible {
            // SAFETY: the memory is new, host-visible, and mapped only here.
            let first = unsafe { self.core.raw.map_memory(raw, 0, vk::WHOLE_SIZE, vk::MemoryMapFlags::empty()) }
                .map_err(|result| request.error(result, "vkMapMemory"))?;
            memory.mapped = NonNull::new(first.cast());
        }
        Ok(memory)
    }

    /// The first type with the properties that the location needs, or failing that, wants least.
    fn memory_type(&self, allowed: u32, location: Location) -> Option<usize> {
        use vk::MemoryPropertyFlags as Property;
        let wishes: &[Property] = match location {
            Location::Device => &[Property::DEVICE_LOCAL, Property::empty()],
            Location::DeviceMapped => {
                &[Property::DEVICE_LOCAL | Property::HOST_VISIBLE, Property::DEVICE_LOCAL, Property::empty()]
            }
            Location::Upload => &[Property::HOST_VISIBLE | Property::HOST_COHERENT],
            Location::Readback => &[Property::HOST_VISIBLE | Property::HOST_CACHED, Property::HOST_VISIBLE],
        };
        let types = self.memory.memory_types_as_slice();
        wishes.iter().find_map(|&wish| {
            (0..types.len()).find(|&index| allowed >> index & 1 == 1 && types[index].property_flags.contains(wish))
        })
    }
}

impl Allocator for DirectAllocator {
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
        let raw = &self.core.raw;
        let has_address = desc.usage.contains(vk::BufferUsageFlags::SHADER_DEVICE_ADDRESS);
        let mut made = RawBuffer {
            handle: vk::Buffer::null(),
            allocation: Allocation::BORROWED,
            bytes: 0,
            heap: NO_HEAP,
            mapped: None,
            coherent: false,
            address: 0,
        };
        let mut problem = None;
        let bind = |handle| {
            if let Backing::Aliased { memory, offset } = backing {
                // SAFETY: the buffer is new, and the caller promises that the memory is alive and has room for it.
                return unsafe { raw.bind_buffer_memory(handle, direct(&memory.allocation).0, offset) };
            }
            let request = Request {
                name: desc.name,
                // SAFETY: the buffer was just made.
                needs: unsafe { raw.get_buffer_memory_requirements(handle) },
                location: desc.location,
                usage: &desc.usage,
                address: has_address,
                buffer: if let Backing::Dedicated = backing { handle } else { vk::Buffer::null() },
                image: vk::Image::null(),
            };
            made.bytes = request.needs.size;
            let memory = self.allocate_for(&request).map_err(|error| {
                problem = Some(error);
                vk::Result::ERROR_UNKNOWN
            })?;
            // SAFETY: buffer and memory are new, and the memory meets the buffer's requirements.
            unsafe { raw.bind_buffer_memory(handle, memory.raw, 0) }?;
            let kind = self.memory.memory_types[memory.kind];
            made.coherent = kind.property_flags.contains(vk::MemoryPropertyFlags::HOST_COHERENT);
            made.heap = kind.heap_index;
            made.mapped = memory.mapped;
            made.allocation = memory.keep();
            Ok(())
        };
        let created = self.core.bare_buffer(desc, bind);
        made.handle = created.map_err(|error| problem.take().unwrap_or(error))?;
        self.core.set_name(made.handle, desc.name);
        made.address = if has_address { self.core.buffer_address(made.handle) } else { 0 };
        Ok(made)
    }

    unsafe fn destroy_buffer(&self, buffer: RawBuffer) {
        // SAFETY: the caller promises that both came from here, and that they are used no more.
        unsafe { self.core.raw.destroy_buffer(buffer.handle, self.core.callbacks()) };
        self.free_own(&buffer.allocation);
    }

    unsafe fn create_image(&self, desc: &ImageDesc<'_>, backing: Backing<'_>) -> Result<RawImage, MemoryError> {
        desc.check()?;
        let raw = &self.core.raw;
        let mut made =
            RawImage { handle: vk::Image::null(), allocation: Allocation::BORROWED, bytes: 0, heap: NO_HEAP };
        let mut problem = None;
        let bind = |handle| {
            if let Backing::Aliased { memory, offset } = backing {
                // SAFETY: the image is new, and the caller promises that the memory is alive and has room for it.
                return unsafe { raw.bind_image_memory(handle, direct(&memory.allocation).0, offset) };
            }
            let request = Request {
                name: desc.name,
                // SAFETY: the image was just made.
                needs: unsafe { raw.get_image_memory_requirements(handle) },
                location: Location::Device,
                usage: &desc.usage,
                address: false,
                buffer: vk::Buffer::null(),
                image: if let Backing::Dedicated = backing { handle } else { vk::Image::null() },
            };
            made.bytes = request.needs.size;
            let memory = self.allocate_for(&request).map_err(|error| {
                problem = Some(error);
                vk::Result::ERROR_UNKNOWN
            })?;
            // SAFETY: image and memory are new, and the memory meets the image's requirements.
            unsafe { raw.bind_image_memory(handle, memory.raw, 0) }?;
            made.heap = self.memory.memory_types[memory.kind].heap_index;
            made.allocation = memory.keep();
            Ok(())
        };
        let created = self.core.bare_image(desc, bind);
        made.handle = created.map_err(|error| problem.take().unwrap_or(error))?;
        self.core.set_name(made.handle, desc.name);
        Ok(made)
    }

    unsafe fn destroy_image(&self, image: RawImage) {
        // SAFETY: the caller promises that both came from here, and that they are used no more.
        unsafe { self.core.raw.destroy_image(image.handle, self.core.callbacks()) };
        self.free_own(&image.allocation);
    }

    unsafe fn allocate(&self, desc: &MemoryDesc<'_>) -> Result<RawMemory, MemoryError> {
        desc.check()?;
        let request = Request {
            name: desc.name,
            needs: vk::MemoryRequirements {
                size: desc.size,
                alignment: desc.alignment,
                memory_type_bits: desc.type_bits,
            },
            location: Location::Device,
            usage: &"shared memory",
            address: self.addresses,
            buffer: vk::Buffer::null(),
            image: vk::Image::null(),
        };
        let memory = self.allocate_for(&request)?;
        let heap = self.memory.memory_types[memory.kind].heap_index;
        Ok(RawMemory { allocation: memory.keep(), bytes: desc.size, heap })
    }

    unsafe fn free(&self, memory: RawMemory) {
        self.free_own(&memory.allocation);
    }

    unsafe fn map(&self, allocation: &Allocation) -> Result<NonNull<u8>, vk::Result> {
        // What the host may reach is mapped from the start.
        NonNull::new(direct(allocation).1 as *mut u8).ok_or(vk::Result::ERROR_MEMORY_MAP_FAILED)
    }

    unsafe fn unmap(&self, _allocation: &Allocation) {}

    unsafe fn flush(&self, allocation: &Allocation, _offset: u64, _len: u64) -> Result<(), vk::Result> {
        // SAFETY: the caller promises that the memory is alive and mapped.
        unsafe { self.core.raw.flush_mapped_memory_ranges(&[whole(allocation)]) }
    }

    unsafe fn invalidate(&self, allocation: &Allocation, _offset: u64, _len: u64) -> Result<(), vk::Result> {
        // SAFETY: the caller promises that the memory is alive and mapped.
        unsafe { self.core.raw.invalidate_mapped_memory_ranges(&[whole(allocation)]) }
    }
}

impl DirectAllocator {
    /// Frees what was allocated here, which its last user has just given up; nothing of what is somebody else's.
    fn free_own(&self, allocation: &Allocation) {
        if let AllocationKind::Borrowed = allocation.0 {
            return;
        }
        // SAFETY: the callers destroyed what lay in the memory; it was allocated with these callbacks, and freeing unmaps it.
        unsafe { self.core.raw.free_memory(direct(allocation).0, self.core.callbacks()) };
    }
}

/// Who needs memory, and which.
struct Request<'a> {
    name: &'a str,
    needs: vk::MemoryRequirements,
    location: Location,
    usage: &'a dyn std::fmt::Debug,
    address: bool,
    /// The resource that the memory is for alone, if it is to know.
    buffer: vk::Buffer,
    image: vk::Image,
}

impl Request<'_> {
    fn error(&self, result: vk::Result, call: &'static str) -> MemoryError {
        MemoryError::from_result(result, call, self.name, self.needs.size, self.usage)
    }
}

/// A device allocation that is freed unless it is kept.
struct Owned<'c> {
    core: &'c DeviceCore,
    raw: vk::DeviceMemory,
    mapped: Option<NonNull<u8>>,
    kind: usize,
}

impl Owned<'_> {
    fn keep(self) -> Allocation {
        let mapped = self.mapped.map_or(0, |first| first.as_ptr() as usize);
        let kept = Allocation(AllocationKind::Direct { memory: self.raw, mapped });
        std::mem::forget(self);
        kept
    }
}

impl Drop for Owned<'_> {
    fn drop(&mut self) {
        // SAFETY: the memory was allocated with these callbacks, nothing lives in it, and freeing unmaps it.
        unsafe { self.core.raw.free_memory(self.raw, self.core.callbacks()) };
    }
}

fn direct(allocation: &Allocation) -> (vk::DeviceMemory, usize) {
    match allocation.0 {
        AllocationKind::Direct { memory, mapped } => (memory, mapped),
        _ => panic!("an allocation was given to an allocator that did not make it"),
    }
}

/// All of an allocation: finer ranges would have to be rounded to what the device can flush.
fn whole(allocation: &Allocation) -> vk::MappedMemoryRange<'static> {
    vk::MappedMemoryRange::default().memory(direct(allocation).0).size(vk::WHOLE_SIZE)
}
