//! Uploads for setting up: through a temporary staging buffer, each waiting for its copies. Not for frames.

use ash::vk;

use super::level::{ImageRegion, Level};
use crate::device::{Device, DeviceError};
use crate::memory::allocator::{BufferDesc, Location};
use crate::memory::category::Category;
use crate::memory::error::MemoryError;
use crate::memory::owned::{Buffer, Image};

/// The most bytes that are staged at a time.
const CHUNK: u64 = 64 << 20;

/// Copies bytes to the start of a buffer and waits. The buffer needs the usage `TRANSFER_DST` unless the host reaches it. What
/// is submitted later sees the bytes.
pub fn upload_buffer(device: &Device, buffer: &Buffer, bytes: &[u8]) -> Result<(), DeviceError> {
    upload_buffer_at(device, buffer, 0, bytes)
}

/// The same from a place on.
pub fn upload_buffer_at(device: &Device, buffer: &Buffer, offset: u64, bytes: &[u8]) -> Result<(), DeviceError> {
    buffer.charge.check_device(device)?;
    if buffer.mapped().is_some() {
        return Ok(buffer.write(offset, bytes)?);
    }
    let (len, size) = (bytes.len() as u64, buffer.size());
    if offset.checked_add(len).is_none_or(|end| end > size) {
        return Err(MemoryError::OutOfRange { name: buffer.name().to_owned(), offset, len, size }.into());
    }
    if !buffer.usage().contains(vk::BufferUsageFlags::TRANSFER_DST) {
        return Err(MemoryError::invalid(buffer.name(), "cannot be uploaded to: add the usage TRANSFER_DST").into());
    }
    if bytes.is_empty() {
        return Ok(());
    }
    let staging = staging(device, buffer.name(), len.min(CHUNK))?;
    for (index, chunk) in bytes.chunks(CHUNK as usize).enumerate() {
        staging.write(0, chunk)?;
        let dst_offset = offset + index as u64 * CHUNK;
        let region = vk::BufferCopy { src_offset: 0, dst_offset, size: chunk.len() as u64 };
        device.submit_once(|commands| {
            barrier(device, commands, &vk::DependencyInfo::default().memory_barriers(&[before_copy()]));
            // SAFETY: the commands are being recorded; both buffers are alive until the copy has been waited for, have the
            // usages that a copy needs, and hold the region.
            unsafe { device.raw().cmd_copy_buffer(commands, staging.raw(), buffer.raw(), &[region]) };
            barrier(device, commands, &vk::DependencyInfo::default().memory_barriers(&[after_copy()]));
        })?;
    }
    Ok(())
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
    let staging = staging(device, image.name(), level.chunk_bytes(CHUNK))?;
    let mut layouts = (vk::ImageLayout::UNDEFINED, vk::ImageLayout::TRANSFER_DST_OPTIMAL);
    let mut done = 0;
    for copy in level.copies(CHUNK) {
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

fn staging(device: &Device, name: &str, bytes: u64) -> Result<Buffer, MemoryError> {
    let name = format!("staging for {name}");
    let desc = BufferDesc::new(&name, bytes, vk::BufferUsageFlags::TRANSFER_SRC).at(Location::Upload);
    device.budget().buffer(&desc, Category::Staging)
}

/// Whatever was submitted before has done with the target.
fn before_copy() -> vk::MemoryBarrier2<'static> {
    vk::MemoryBarrier2::default()
        .src_stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS)
        .src_access_mask(vk::AccessFlags2::MEMORY_WRITE)
        .dst_stage_mask(vk::PipelineStageFlags2::COPY)
        .dst_access_mask(vk::AccessFlags2::TRANSFER_WRITE)
}

/// Whatever is submitted later sees the copy.
fn after_copy() -> vk::MemoryBarrier2<'static> {
    vk::MemoryBarrier2::default()
        .src_stage_mask(vk::PipelineStageFlags2::COPY)
        .src_access_mask(vk::AccessFlags2::TRANSFER_WRITE)
        .dst_stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS)
        .dst_access_mask(vk::AccessFlags2::MEMORY_READ | vk::AccessFlags2::MEMORY_WRITE)
}

fn barrier(device: &Device, commands: vk::CommandBuffer, dependencies: &vk::DependencyInfo<'_>) {
    // SAFETY: the commands are being recorded outside a render pass, and synchronization2 is enabled on every device.
    unsafe { device.raw().cmd_pipeline_barrier2(commands, dependencies) };
}
