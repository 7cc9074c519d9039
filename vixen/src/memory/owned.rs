//! Buffers, images and shared memory that free themselves.

use std::fmt;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, PoisonError};

use ash::vk;

use super::category::Category;
use super::charge::Charge;
use super::copiers::Copiers;
use super::desc::{BufferDesc, ImageDesc, Location, MemoryDesc};
use super::error::MemoryError;
use super::raw::{RawBuffer, RawImage, RawMemory};
use crate::device::Device;

/// A buffer. Dropping it destroys it at once, so whoever shares it with frames in flight retires it first.
pub struct Buffer {
    raw: RawBuffer,
    size: u64,
    usage: vk::BufferUsageFlags,
    /// As it was asked for.
    pub(super) location: Location,
    generation: u64,
    /// Held while the host reads or writes the mapped bytes.
    host_access: Mutex<()>,
    // It ends when `raw` is destroyed, in `drop`; then the memory is given back.
    pub(super) charge: Charge,
    /// Where it shares its memory with others.
    memory: Option<Arc<Memory>>,
}

impl Buffer {
    /// Built where it is returned, from where the allocator wrote it: moving a buffer costs as much as counting it.
    #[inline(never)]
    pub(super) fn new(raw: &RawBuffer, desc: &BufferDesc<'_>, charge: Charge) -> Self {
        let BufferDesc { size, usage, location, .. } = *desc;
        Self { raw: *raw, size, usage, location, generation: 1, host_access: Mutex::new(()), charge, memory: None }
    }

    /// Keeps the memory that it lies in.
    pub(super) fn keep(&mut self, memory: &Arc<Memory>) {
        self.memory = Some(memory.clone());
    }

    /// The Vulkan buffer.
    pub fn raw(&self) -> vk::Buffer {
        self.raw.handle
    }

    /// What messages call it.
    pub fn name(&self) -> &str {
        self.charge.name()
    }

    /// Whether it lies in the memory of a device.
    pub(crate) fn is_on(&self, device: &Device) -> bool {
        self.charge.is_on(device)
    }

    /// The bytes that were asked for.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The bytes that it takes of the budget.
    pub fn bytes(&self) -> u64 {
        self.charge.bytes()
    }

    /// What it is for.
    pub fn usage(&self) -> vk::BufferUsageFlags {
        self.usage
    }

    /// Where it lies.
    pub fn location(&self) -> Location {
        self.location
    }

    /// What its memory counts as.
    pub fn category(&self) -> Category {
        self.charge.category()
    }

    /// 1 at first, and one more each time that the handle changes: see [`Self::resize`].
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Its device address, where its usage has `SHADER_DEVICE_ADDRESS`.
    pub fn device_address(&self) -> Option<vk::DeviceAddress> {
        (self.raw.address != 0).then_some(self.raw.address)
    }

    /// Its first byte, where the host reaches it: [`Self::size`] bytes that stay there for as long as the buffer lives. Whoever
    /// uses the pointer sees to it that nobody else, [`Self::write`] and [`Self::read`] among them, is at the same bytes.
    pub fn mapped(&self) -> Option<NonNull<u8>> {
        self.raw.mapped
    }

    /// Whether writes through [`Self::mapped`] need no [`Self::flush`] and reads no [`Self::invalidate`].
    pub fn is_coherent(&self) -> bool {
        self.raw.coherent
    }

    /// Copies bytes into the buffer, for the device to see in what is submitted from now on. Whether the device reads them at
    /// the moment is the caller's business.
    pub fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), MemoryError> {
        self.write_pieces(&[(offset, bytes)], &Copiers::NONE)
    }

    /// The same for several places and their bytes, in turn, under one lock. Where a place is not in the buffer, nothing is
    /// written.
    pub(super) fn write_pieces(&self, pieces: &[(u64, &[u8])], copiers: &Copiers) -> Result<(), MemoryError> {
        let (mut start, mut end) = (u64::MAX, 0);
        for &(offset, bytes) in pieces {
            self.host_range(offset, bytes.len() as u64)?;
            (start, end) = (start.min(offset), end.max(offset + bytes.len() as u64));
        }
        if start >= end {
            return Ok(());
        }
        let target = self.host_range(0, 0)?;
        let _exclusive = self.host_access.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the range is within the mapped bytes, which live as long as the buffer; the pieces are Rust's memory and
        // cannot overlap them, unless they were made from `mapped`, whose users answer for that; and the lock keeps other
        // writes and reads out.
        unsafe { copiers.copy(target, start..end, pieces, |_, offset| offset) };
        self.flush(start, end - start)
    }

    /// Copies bytes out of the buffer. What the device wrote is there once the host has waited for it, and the device's last
    /// barrier made it visible to the host.
    pub fn read(&self, offset: u64, bytes: &mut [u8]) -> Result<(), MemoryError> {
        let source = self.host_range(offset, bytes.len() as u64)?;
        self.invalidate(offset, bytes.len() as u64)?;
        let _exclusive = self.host_access.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: as in `write`, the other way round.
        unsafe { source.copy_to_nonoverlapping(NonNull::from(&mut *bytes).cast(), bytes.len()) };
        Ok(())
    }

    /// Makes what was written through [`Self::mapped`] visible to the device.
    pub fn flush(&self, offset: u64, len: u64) -> Result<(), MemoryError> {
        self.host_range(offset, len)?;
        if self.raw.coherent {
            return Ok(());
        }
        let budget = self.charge.budget();
        let _one_at_a_time = budget.gate();
        // SAFETY: the allocation is alive and mapped, the range was checked, and the lock is held.
        unsafe { budget.allocator().flush(&self.raw.allocation, offset, len) }.map_err(|result| MemoryError::Vulkan {
            name: self.name().to_owned(),
            call: "vkFlushMappedMemoryRanges",
            result,
        })
    }

    /// Makes what the device wrote visible to readers of [`Self::mapped`].
    pub fn invalidate(&self, offset: u64, len: u64) -> Result<(), MemoryError> {
        self.host_range(offset, len)?;
        if self.raw.coherent {
            return Ok(());
        }
        let budget = self.charge.budget();
        let _one_at_a_time = budget.gate();
        // SAFETY: the allocation is alive and mapped, the range was checked, and the lock is held.
        unsafe { budget.allocator().invalidate(&self.raw.allocation, offset, len) }.map_err(|result| {
            MemoryError::Vulkan { name: self.name().to_owned(), call: "vkInvalidateMappedMemoryRanges", result }
        })
    }

    /// Replaces the buffer with one of another size, undefined contents and the next generation. The old one is returned, for
    /// the caller to retire; it is unchanged if this fails.
    pub fn resize(&mut self, size: u64) -> Result<Self, MemoryError> {
        let next = self.successor(size)?;
        Ok(std::mem::replace(self, next))
    }

    /// A buffer like this of another size and of the next generation.
    pub(super) fn successor(&self, size: u64) -> Result<Self, MemoryError> {
        let desc = BufferDesc { name: self.name(), size, usage: self.usage, location: self.location };
        let mut next = self.charge.share_budget().buffer(&desc, self.category())?;
        next.generation = self.generation + 1;
        Ok(next)
    }

    fn host_range(&self, offset: u64, len: u64) -> Result<NonNull<u8>, MemoryError> {
        let name = || self.name().to_owned();
        if offset.checked_add(len).is_none_or(|end| end > self.size) {
            return Err(MemoryError::OutOfRange { name: name(), offset, len, size: self.size });
        }
        let first = self.raw.mapped.ok_or_else(|| MemoryError::NotMapped { name: name(), location: self.location })?;
        // SAFETY: the offset is within the mapped bytes, which are of one mapping.
        Ok(unsafe { first.add(offset as usize) })
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: the buffer came from the charge's allocator and is destroyed only here, with the lock held; that the device
        // has done with it is what the type asks of its owners.
        self.charge.end(|allocator| unsafe { allocator.destroy_buffer(self.raw) });
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer")
            .field("name", &self.name())
            .field("size", &self.size)
            .field("location", &self.location)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

/// An image. Dropping it destroys it at once, so whoever shares it with frames in flight retires it first.
pub struct Image {
    raw: RawImage,
    shape: ImageDesc<'static>,
    // It ends when `raw` is destroyed, in `drop`; then the memory is given back.
    pub(super) charge: Charge,
    /// Where it shares its memory with others.
    memory: Option<Arc<Memory>>,
}

impl Image {
    /// As [`Buffer::new`].
    #[inline(never)]
    pub(super) fn new(raw: &RawImage, desc: &ImageDesc<'_>, charge: Charge) -> Self {
        Self { raw: *raw, shape: ImageDesc { name: "", ..*desc }, charge, memory: None }
    }

    /// Keeps the memory that it lies in.
    pub(super) fn keep(&mut self, memory: &Arc<Memory>) {
        self.memory = Some(memory.clone());
    }

    /// The Vulkan image.
    pub fn raw(&self) -> vk::Image {
        self.raw.handle
    }

    /// What messages call it.
    pub fn name(&self) -> &str {
        self.charge.name()
    }

    /// Whether it lies in the memory of a device.
    pub(crate) fn is_on(&self, device: &Device) -> bool {
        self.charge.is_on(device)
    }

    /// What it was created from.
    pub fn desc(&self) -> ImageDesc<'_> {
        ImageDesc { name: self.name(), ..self.shape }
    }

    /// The format of its texels.
    pub fn format(&self) -> vk::Format {
        self.shape.format
    }

    /// Width, height and depth.
    pub fn extent(&self) -> [u32; 3] {
        self.shape.extent
    }

    /// How many mip levels it has.
    pub fn mips(&self) -> u32 {
        self.shape.mips
    }

    /// How many array layers it has.
    pub fn layers(&self) -> u32 {
        self.shape.layers
    }

    /// What it is for.
    pub fn usage(&self) -> vk::ImageUsageFlags {
        self.shape.usage
    }

    /// What its memory counts as.
    pub fn category(&self) -> Category {
        self.charge.category()
    }

    /// The bytes that it takes of the budget.
    pub fn bytes(&self) -> u64 {
        self.charge.bytes()
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        // SAFETY: the image came from the charge's allocator and is destroyed only here, with the lock held; that the device
        // has done with it is what the type asks of its owners.
        self.charge.end(|allocator| unsafe { allocator.destroy_image(self.raw) });
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Image").field("desc", &self.desc()).finish_non_exhaustive()
    }
}

/// Device memory that several buffers and images share, each of which uses it while the others do not. Dropping the last handle
/// frees it; what lies in it keeps one.
pub struct Memory {
    raw: RawMemory,
    size: u64,
    type_bits: u32,
    // It ends when `raw` is freed, in `drop`.
    pub(super) charge: Charge,
}

impl Memory {
    pub(super) fn new(raw: RawMemory, desc: &MemoryDesc<'_>, charge: Charge) -> Self {
        Self { raw, size: desc.size, type_bits: desc.type_bits, charge }
    }

    pub(super) fn raw(&self) -> RawMemory {
        self.raw
    }

    /// The memory types that it may be of.
    pub(super) fn type_bits(&self) -> u32 {
        self.type_bits
    }

    /// What messages call it.
    pub fn name(&self) -> &str {
        self.charge.name()
    }

    /// The bytes that resources have room in.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The bytes that it takes of the budget.
    pub fn bytes(&self) -> u64 {
        self.charge.bytes()
    }

    /// What it counts as.
    pub fn category(&self) -> Category {
        self.charge.category()
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: the memory came from the charge's allocator and is freed only here, with the lock held; what was created in it
        // holds it, so all of that is destroyed.
        self.charge.end(|allocator| unsafe { allocator.free(self.raw) });
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("name", &self.name()).field("size", &self.size).finish_non_exhaustive()
    }
}
