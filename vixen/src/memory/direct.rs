//! The plain allocator: one device allocation a resource.

use std::ptr::NonNull;
use std::sync::Arc;

use ash::vk;

use super::allocator::{
    Allocation, AllocationKind, Allocator, BufferDesc, ImageDesc, Location, RawBuffer, RawImage,
};
use super::error::MemoryError;
use crate::device::{Device, DeviceCore};

/// An [`Allocator`] that gives each resource a device allocation of its own: for comparison, and for devices that
/// [`VmaAllocator`](super::VmaAllocator) cannot serve. Devices allow few thousand allocations.
pub struct DirectAllocator {
    core: Arc<DeviceCore>,
    memory: vk::PhysicalDeviceMemoryProperties,
}

impl DirectAllocator {
    /// An allocator for a device.
    pub fn new(device: &Device) -> Self {
        Self {
            core: device.core().clone(),
            memory: device.capabilities().memory,
        }
    }

    /// Allocates memory that suits a resource, mapped if the host is to reach it.
    fn allocate(&self, request: &Request<'_>) -> Result<Memory<'_>, MemoryError> {
        let Request {
            name,
            requirements,
            location,
            ..
        } = request;
        let Some(kind) = self.memory_type(requirements.memory_type_bits, *location) else {
            let problem =
                format!("has no memory of the device that serves the location {location:?}");
            return Err(MemoryError::invalid(name, problem));
        };
        let mut flags =
            vk::MemoryAllocateFlagsInfo::default().flags(vk::MemoryAllocateFlags::DEVICE_ADDRESS);
        let mut info = vk::MemoryAllocateInfo::default()
            .allocation_size(requirements.size)
            .memory_type_index(kind as u32);
        if request.address {
            info = info.push_next(&mut flags);
        }
        // SAFETY: the device is alive, and the type is one of its own.
        let raw = unsafe { self.core.raw.allocate_memory(&info, self.core.callbacks()) }
            .map_err(|result| request.error(result, "vkAllocateMemory"))?;
        let mut memory = Memory {
            core: &self.core,
            raw,
            mapped: None,
            kind,
        };
        if *location != Location::Device {
            // SAFETY: the memory is new, host-visible, and mapped only here.
            let first = unsafe {
                self.core
                    .raw
                    .map_memory(raw, 0, vk::WHOLE_SIZE, vk::MemoryMapFlags::empty())
            }
            .map_err(|result| request.error(result, "vkMapMemory"))?;
            memory.mapped = NonNull::new(first.cast());
        }
        Ok(memory)
    }

    /// The first type with the properties that the location needs, or failing that, wants least.
    fn memory_type(&self, allowed: u32, location: Location) -> Option<usize> {
        use vk::MemoryPropertyFlags as Property;
        let wishes = match location {
            Location::Device => [Property::DEVICE_LOCAL, Property::empty()],
            Location::Upload => [Property::HOST_VISIBLE | Property::HOST_COHERENT; 2],
            Location::Readback => [
                Property::HOST_VISIBLE | Property::HOST_CACHED,
                Property::HOST_VISIBLE,
            ],
        };
        let types = self.memory.memory_types_as_slice();
        wishes.into_iter().find_map(|wish| {
            (0..types.len()).find(|&index| {
                allowed >> index & 1 == 1 && types[index].property_flags.contains(wish)
            })
        })
    }
}

impl Allocator for DirectAllocator {
    fn buffer_bytes(&self, desc: &BufferDesc<'_>) -> Result<u64, MemoryError> {
        self.core.buffer_bytes(desc)
    }

    fn image_bytes(&self, desc: &ImageDesc<'_>) -> Result<u64, MemoryError> {
        self.core.image_bytes(desc)
    }

    fn create_buffer(&self, desc: &BufferDesc<'_>) -> Result<RawBuffer, MemoryError> {
        desc.check()?;
        let raw = &self.core.raw;
        // SAFETY: the device is alive and the description was checked.
        let handle = unsafe { raw.create_buffer(&desc.create_info(), self.core.callbacks()) }
            .map_err(|result| {
                MemoryError::from_result(result, "vkCreateBuffer", desc.name, desc.size, desc.usage)
            })?;
        let address = desc
            .usage
            .contains(vk::BufferUsageFlags::SHADER_DEVICE_ADDRESS);
        let bind = || {
            let request = Request {
                name: desc.name,
                // SAFETY: the buffer was made above.
                requirements: unsafe { raw.get_buffer_memory_requirements(handle) },
                location: desc.location,
                usage: &desc.usage,
                address,
            };
            let memory = self.allocate(&request)?;
            // SAFETY: buffer and memory are new, and the memory meets the buffer's requirements.
            unsafe { raw.bind_buffer_memory(handle, memory.raw, 0) }
                .map_err(|result| request.error(result, "vkBindBufferMemory"))?;
            Ok((memory.keep(), request.requirements.size))
        };
        let (memory, bytes) = bind().inspect_err(|_| {
            // SAFETY: the buffer was made above with these callbacks, and nobody else knows it.
            unsafe { raw.destroy_buffer(handle, self.core.callbacks()) };
        })?;
        self.core.set_name(handle, desc.name);
        let coherent = vk::MemoryPropertyFlags::HOST_COHERENT;
        Ok(RawBuffer {
            handle,
            allocation: memory.allocation,
            bytes,
            mapped: memory.mapped,
            coherent: self.memory.memory_types[memory.kind]
                .property_flags
                .contains(coherent),
            address: if address {
                self.core.buffer_address(handle)
            } else {
                0
            },
        })
    }

    unsafe fn destroy_buffer(&self, buffer: RawBuffer) {
        let (memory, _) = direct(&buffer.allocation);
        // SAFETY: the caller promises that both came from here, and that they are used no more.
        unsafe {
            self.core
                .raw
                .destroy_buffer(buffer.handle, self.core.callbacks());
            self.core.raw.free_memory(memory, self.core.callbacks());
        }
    }

    fn create_image(&self, desc: &ImageDesc<'_>) -> Result<RawImage, MemoryError> {
        desc.check()?;
        let raw = &self.core.raw;
        // SAFETY: the device is alive and the description was checked.
        let handle = unsafe { raw.create_image(&desc.create_info(), self.core.callbacks()) }
            .map_err(|result| {
                MemoryError::from_result(result, "vkCreateImage", desc.name, 0, desc.usage)
            })?;
        let bind = || {
            let request = Request {
                name: desc.name,
                // SAFETY: the image was made above.
                requirements: unsafe { raw.get_image_memory_requirements(handle) },
                location: Location::Device,
                usage: &desc.usage,
                address: false,
            };
            let memory = self.allocate(&request)?;
            // SAFETY: image and memory are new, and the memory meets the image's requirements.
            unsafe { raw.bind_image_memory(handle, memory.raw, 0) }
                .map_err(|result| request.error(result, "vkBindImageMemory"))?;
            Ok((memory.keep(), request.requirements.size))
        };
        let (memory, bytes) = bind().inspect_err(|_| {
            // SAFETY: the image was made above with these callbacks, and nobody else knows it.
            unsafe { raw.destroy_image(handle, self.core.callbacks()) };
        })?;
        self.core.set_name(handle, desc.name);
        Ok(RawImage {
            handle,
            allocation: memory.allocation,
            bytes,
        })
    }

    unsafe fn destroy_image(&self, image: RawImage) {
        let (memory, _) = direct(&image.allocation);
        // SAFETY: the caller promises that both came from here, and that they are used no more.
        unsafe {
            self.core
                .raw
                .destroy_image(image.handle, self.core.callbacks());
            self.core.raw.free_memory(memory, self.core.callbacks());
        }
    }

    unsafe fn map(&self, allocation: &Allocation) -> Result<NonNull<u8>, MemoryError> {
        // What the host may reach is mapped from the start.
        let unmapped = || MemoryError::Vulkan {
            name: "an allocation".to_owned(),
            call: "vkMapMemory",
            result: vk::Result::ERROR_MEMORY_MAP_FAILED,
        };
        NonNull::new(direct(allocation).1 as *mut u8).ok_or_else(unmapped)
    }

    unsafe fn unmap(&self, _allocation: &Allocation) {}

    unsafe fn flush(
        &self,
        allocation: &Allocation,
        _offset: u64,
        _len: u64,
    ) -> Result<(), MemoryError> {
        let range = [whole(allocation)];
        // SAFETY: the caller promises that the memory is alive and mapped.
        unsafe { self.core.raw.flush_mapped_memory_ranges(&range) }.map_err(|result| {
            MemoryError::Vulkan {
                name: "an allocation".to_owned(),
                call: "vkFlushMappedMemoryRanges",
                result,
            }
        })
    }

    unsafe fn invalidate(
        &self,
        allocation: &Allocation,
        _offset: u64,
        _len: u64,
    ) -> Result<(), MemoryError> {
        let range = [whole(allocation)];
        // SAFETY: the caller promises that the memory is alive and mapped.
        unsafe { self.core.raw.invalidate_mapped_memory_ranges(&range) }.map_err(|result| {
            MemoryError::Vulkan {
                name: "an allocation".to_owned(),
                call: "vkInvalidateMappedMemoryRanges",
                result,
            }
        })
    }
}

/// Who needs memory, and which.
struct Request<'a> {
    name: &'a str,
    requirements: vk::MemoryRequirements,
    location: Location,
    usage: &'a dyn std::fmt::Debug,
    address: bool,
}

impl Request<'_> {
    fn error(&self, result: vk::Result, call: &'static str) -> MemoryError {
        MemoryError::from_result(result, call, self.name, self.requirements.size, self.usage)
    }
}

/// A device allocation that is freed unless it is kept.
struct Memory<'c> {
    core: &'c DeviceCore,
    raw: vk::DeviceMemory,
    mapped: Option<NonNull<u8>>,
    kind: usize,
}

struct Kept {
    allocation: Allocation,
    mapped: Option<NonNull<u8>>,
    kind: usize,
}

impl Memory<'_> {
    fn keep(self) -> Kept {
        let (memory, mapped, kind) = (self.raw, self.mapped, self.kind);
        std::mem::forget(self);
        let address = mapped.map_or(0, |first| first.as_ptr() as usize);
        Kept {
            allocation: Allocation(AllocationKind::Direct {
                memory,
                mapped: address,
            }),
            mapped,
            kind,
        }
    }
}

impl Drop for Memory<'_> {
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
    vk::MappedMemoryRange::default()
        .memory(direct(allocation).0)
        .size(vk::WHOLE_SIZE)
}
