//! Uploads for setting up: through a temporary staging buffer within the staging quota, each waiting for its copies. Not for
//! frames.

use ash::vk;

use super::level::{ImageRegion, Level, after_copy, before_copy};
use crate::device::{Device, DeviceError};
use crate::memory::category::Category;
use crate::memory::desc::{BufferDesc, Location};
use crate::memory::error::MemoryError;
use crate::memory::owned::{Buffer, Image};
use crate::memory::quota::StagingReservation;

/// The most bytes that are staged at a time; fewer where the quota has no room for as many.
const CHUNK: u64 = 64 << 20;
/// With less than this it is better to wait for more.
const LEAST: u64 = 64 << 10;

/// Copies bytes to the start of a buffer and waits. The buffer needs the usage `TRANSFER_DST` unless the host reaches it. What
/// is submitted later sees the bytes. Where the staging quota is used up, it waits for room first.
pub fn upload_buffer(device: &Device, buffer: &Buffer, bytes: &[u8]) -> Result<(), DeviceError> {
    upload_buffers(device, &[(buffer, bytes)])
}

/// The same for several buffers, one after another, which wait together: once for every 64 MiB, or for as much as the staging
/// quota has room for.
pub fn upload_buffers(device: &Device, uploads: &[(&Buffer, &[u8])]) -> Result<(), DeviceError> {
    let mut staged = Vec::with_capacity(uploads.len());
    for &(buffer, bytes) in uploads {
        if !write_mapped(device, buffer, 0, bytes)? {
            staged.push((buffer, 0, bytes));
        }
    }
    copy_staged(device, &staged)
}

/// Copies bytes to a place in one buffer, and waits.
pub fn upload_buffer_at(device: &Device, buffer: &Buffer, offset: u64, bytes: &[u8]) -> Result<(), DeviceError> {
    if write_mapped(device, buffer, offset, bytes)? { Ok(()) } else { copy_staged(device, &[(buffer, offset, bytes)]) }
}

/// Writes into the buffer itself, if the host reaches it; otherwise makes sure that it can be copied to.
fn write_mapped(device: &Device, buffer: &Buffer, offset: u64, bytes: &[u8]) -> Result<bool, MemoryError> {
    buffer.charge.check_device(device)?;
    if buffer.mapped().is_some() {
        buffer.write(offset, bytes)?;
        return Ok(true);
    }
    let (len, size) = (bytes.len() as u64, buffer.size());
    if offset.checked_add(len).is_none_or(|end| end > size) {
        return Err(MemoryError::OutOfRange { name: buffer.name().to_owned(), offset, len, size });
    }
    if !buffer.usage().contains(vk::BufferUsageFlags::TRANSFER_DST) {
        return Err(MemoryError::invalid(buffer.name(), "cannot be uploaded to: add the usage TRANSFER_DST"));
    }
    Ok(false)
}

/// Copies bytes to their places in buffers, by way of one staging buffer, and waits each time that it is full.
fn copy_staged(device: &Device, uploads: &[(&Buffer, u64, &[u8])]) -> Result<(), DeviceError> {
    let total = uploads.iter().fold(0, |sum: u64, (_, _, bytes)| sum.saturating_add(bytes.len() as u64));
    let Some((first, ..)) = uploads.first().filter(|_| total > 0) else { return Ok(()) };
    let Staging { buffer: staging, .. } = &Staging::new(device, first.name(), (1, total.min(CHUNK)))?;
    let (mut copies, mut used) = (Vec::new(), 0);
    for &(buffer, offset, bytes) in uploads {
        // Copies that wait together have no order.
        if copies.iter().any(|&(known, _)| known == buffer.raw()) {
            copy(device, staging, &copies)?;
            copies.clear();
            used = 0;
        }
        let mut done = 0;
        while done < bytes.len() {
            let len = (bytes.len() - done).min((staging.size() - used) as usize);
            staging.write(used, &bytes[done..done + len])?;
            let (dst_offset, size) = (offset + done as u64, len as u64);
            copies.push((buffer.raw(), vk::BufferCopy { src_offset: used, dst_offset, size }));
            (done, used) = (done + len, used + size);
            if used == staging.size() {
                copy(device, staging, &copies)?;
                copies.clear();
                used = 0;
            }
        }
    }
    if copies.is_empty() { Ok(()) } else { copy(device, staging, &copies) }
}

/// Submits copies from staging, and waits for them.
fn copy(device: &Device, staging: &Buffer, copies: &[(vk::Buffer, vk::BufferCopy)]) -> Result<(), DeviceError> {
    device.submit_once(|commands| {
        barrier(device, commands, &vk::DependencyInfo::default().memory_barriers(&[before_copy()]));
        for &(buffer, region) in copies {
            // SAFETY: the commands are being recorded; staging and the buffers are alive until the copies have been waited for,
            // have the usages that a copy needs, and hold the regions, which overlap nowhere.
            unsafe { device.raw().cmd_copy_buffer(commands, staging.raw(), buffer, &[region]) };
        }
        barrier(device, commands, &vk::DependencyInfo::default().memory_barriers(&[after_copy()]));
    })
}

/// Fills one mip level of one layer of an image with tightly packed texels, and waits. The contents that the level had are
/// lost; it ends in the layout `layout`. The image needs the usage `TRANSFER_DST`. What is submitted later sees the texels.
pub fn upload_image(
    device: &Device,
    image: &Image,
    region: ImageRegion,
    texels: &[u8],
    layout: vk::ImageLayout,
) -> Result<(), DeviceError> {
    image.charge.check_device(device)?;
    let level = Level::of(image, region, texels.len() as u64)?;
    let bounds = (level.chunk_bytes(0), level.chunk_bytes(CHUNK));
    let Staging { buffer: staging, .. } = &Staging::new(device, image.name(), bounds)?;
    let mut layouts = (vk::ImageLayout::UNDEFINED, vk::ImageLayout::TRANSFER_DST_OPTIMAL);
    let mut done = 0;
    for copy in level.copies(staging.size()) {
        let chunk = &texels[done..done + copy.bytes as usize];
        done += chunk.len();
        staging.write(0, chunk)?;
        let last = done == texels.len();
        device.submit_once(|commands| {
            let enter = [level.transition(image.raw(), before_copy(), layouts)];
            barrier(device, commands, &vk::DependencyInfo::default().image_memory_barriers(&enter));
            // SAFETY: the commands are being recorded; buffer and image are alive until the copy has been waited for, have
            // the usages that a copy needs, and hold the region; the barrier before it brought the level to this layout.
            unsafe {
                device.raw().cmd_copy_buffer_to_image(
                    commands,
                    staging.raw(),
                    image.raw(),
                    vk::ImageLayout::TRANSFER_DST_OPTIMAL,
                    &[copy.region],
                );
            }
            if last {
                let leave = (vk::ImageLayout::TRANSFER_DST_OPTIMAL, layout);
                let leave = [level.transition(image.raw(), after_copy(), leave)];
                barrier(device, commands, &vk::DependencyInfo::default().image_memory_barriers(&leave));
            }
        })?;
        layouts.0 = vk::ImageLayout::TRANSFER_DST_OPTIMAL;
    }
    Ok(())
}

/// Staging for one call.
struct Staging {
    buffer: Buffer,
    // After the buffer is gone, its bytes go back to the quota.
    _reservation: StagingReservation,
}

impl Staging {
    /// As many bytes as the quota has room for, between these bounds; waits for room.
    fn new(device: &Device, name: &str, (least, most): (u64, u64)) -> Result<Self, DeviceError> {
        let budget = device.budget();
        let least = least.max(LEAST.min(budget.staging_usage().limit)).min(most);
        let reservation = budget.some_staging(name, least, most)?;
        let name = format!("staging for {name}");
        let usage = vk::BufferUsageFlags::TRANSFER_SRC;
        let desc = BufferDesc::new(&name, reservation.bytes(), usage).at(Location::Upload);
        Ok(Self { buffer: budget.buffer(&desc, Category::Staging)?, _reservation: reservation })
    }
}

fn barrier(device: &Device, commands: vk::CommandBuffer, dependencies: &vk::DependencyInfo<'_>) {
    // SAFETY: the commands are being recorded outside a render pass, and synchronization2 is enabled on every device.
    unsafe { device.raw().cmd_pipeline_barrier2(commands, dependencies) };
}
