//! Uploads for setting up: through a temporary staging buffer, each waiting for its copies. Not for frames.

use ash::vk;

use super::allocator::{BufferDesc, Location};
use super::category::Category;
use super::error::MemoryError;
use super::owned::{Buffer, Image};
use super::texel::TexelBlock;
use crate::device::{Device, DeviceError};

/// The most bytes that are staged at a time.
const CHUNK: u64 = 64 << 20;

/// Which part of an image an upload fills: one mip level of one layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImageRegion {
    /// The mip level.
    pub mip: u32,
    /// The array layer.
    pub layer: u32,
}

/// Copies bytes to the start of a buffer and waits. The buffer needs the usage `TRANSFER_DST` unless the host reaches it. What
/// is submitted later sees the bytes.
pub fn upload_buffer(device: &Device, buffer: &Buffer, bytes: &[u8]) -> Result<(), DeviceError> {
    if buffer.mapped().is_some() {
        return Ok(buffer.write(0, bytes)?);
    }
    let len = bytes.len() as u64;
    if len > buffer.size() {
        let (name, size) = (buffer.name().to_owned(), buffer.size());
        return Err(MemoryError::OutOfRange {
            name,
            offset: 0,
            len,
            size,
        }
        .into());
    }
    if !buffer.usage().contains(vk::BufferUsageFlags::TRANSFER_DST) {
        return Err(MemoryError::invalid(
            buffer.name(),
            "cannot be uploaded to: add the usage TRANSFER_DST",
        )
        .into());
    }
    if bytes.is_empty() {
        return Ok(());
    }
    let staging = staging(device, buffer.name(), len.min(CHUNK))?;
    for (index, chunk) in bytes.chunks(CHUNK as usize).enumerate() {
        staging.write(0, chunk)?;
        let region = vk::BufferCopy {
            src_offset: 0,
            dst_offset: index as u64 * CHUNK,
            size: chunk.len() as u64,
        };
        device.submit_once(|commands| {
            barrier(
                device,
                commands,
                &vk::DependencyInfo::default().memory_barriers(&[before_copy()]),
            );
            // SAFETY: the commands are being recorded; both buffers are alive until the copy has been waited for, have the
            // usages that a copy needs, and hold the region.
            unsafe {
                device
                    .raw()
                    .cmd_copy_buffer(commands, staging.raw(), buffer.raw(), &[region])
            };
            barrier(
                device,
                commands,
                &vk::DependencyInfo::default().memory_barriers(&[after_copy()]),
            );
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
    let level = Level::of(image, region, texels.len() as u64)?;
    let staging = staging(device, image.name(), level.chunk_bytes(CHUNK))?;
    let mut layouts = (
        vk::ImageLayout::UNDEFINED,
        vk::ImageLayout::TRANSFER_DST_OPTIMAL,
    );
    let mut done = 0;
    for copy in level.copies(CHUNK) {
        let chunk = &texels[done..done + copy.bytes as usize];
        done += chunk.len();
        staging.write(0, chunk)?;
        let last = done == texels.len();
        device.submit_once(|commands| {
            let enter = [level.transition(image, before_copy(), layouts)];
            barrier(
                device,
                commands,
                &vk::DependencyInfo::default().image_memory_barriers(&enter),
            );
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
                let leave = [level.transition(image, after_copy(), leave)];
                barrier(
                    device,
                    commands,
                    &vk::DependencyInfo::default().image_memory_barriers(&leave),
                );
            }
        })?;
        layouts.0 = vk::ImageLayout::TRANSFER_DST_OPTIMAL;
    }
    Ok(())
}

/// One mip level of one layer, and how it is cut into copies.
struct Level {
    region: ImageRegion,
    extent: [u32; 3],
    block: TexelBlock,
    /// Bytes of a row of blocks.
    row: u64,
    /// Rows of blocks of a slice.
    rows: u32,
    aspect: vk::ImageAspectFlags,
}

/// One copy of a level: some slices, or some rows of one slice.
struct Copy {
    bytes: u64,
    region: vk::BufferImageCopy,
}

impl Level {
    /// The level of an image, if there is one, uploads can reach it, and so many bytes fill it.
    fn of(image: &Image, region: ImageRegion, bytes: u64) -> Result<Self, MemoryError> {
        let invalid = |problem: String| Err(MemoryError::invalid(image.name(), problem));
        let ImageRegion { mip, layer } = region;
        if mip >= image.mips() || layer >= image.layers() {
            let (mips, layers) = (image.mips(), image.layers());
            return invalid(format!(
                "has {mips} mip levels and {layers} layers: there is no level {mip} of layer {layer}"
            ));
        }
        if !image.usage().contains(vk::ImageUsageFlags::TRANSFER_DST) {
            return invalid("cannot be uploaded to: add the usage TRANSFER_DST".to_owned());
        }
        let format = image.format();
        let Some(block) = TexelBlock::of(format) else {
            return invalid(format!(
                "cannot be uploaded to: the bytes of {format:?} are unknown"
            ));
        };
        let extent = image.extent().map(|side| (side >> mip).max(1));
        let level = Self::new(region, extent, block, aspect(format));
        let needed = level.bytes();
        if bytes != needed {
            let [width, height, depth] = extent;
            return invalid(format!(
                "needs {needed} bytes for level {mip} ({width}×{height}×{depth}), not {bytes}"
            ));
        }
        Ok(level)
    }

    fn new(
        region: ImageRegion,
        extent: [u32; 3],
        block: TexelBlock,
        aspect: vk::ImageAspectFlags,
    ) -> Self {
        let row = u64::from(extent[0].div_ceil(block.extent[0])) * u64::from(block.bytes);
        Self {
            region,
            extent,
            block,
            row,
            rows: extent[1].div_ceil(block.extent[1]),
            aspect,
        }
    }

    fn bytes(&self) -> u64 {
        self.row * u64::from(self.rows) * u64::from(self.extent[2])
    }

    /// How many slices and rows of them a chunk holds: whole slices if one fits, else rows of one.
    fn chunk(&self, most: u64) -> (u32, u32) {
        let slice = self.row * u64::from(self.rows);
        if slice <= most {
            (
                (most / slice).min(u64::from(self.extent[2])) as u32,
                self.rows,
            )
        } else {
            (1, (most / self.row).max(1) as u32)
        }
    }

    fn chunk_bytes(&self, most: u64) -> u64 {
        let (slices, rows) = self.chunk(most);
        self.row * u64::from(rows) * u64::from(slices)
    }

    fn copies(&self, most: u64) -> impl Iterator<Item = Copy> {
        let [width, height, depth] = self.extent;
        let (most_slices, most_rows) = self.chunk(most);
        let corners = (0..depth).step_by(most_slices as usize).flat_map(move |z| {
            (0..self.rows)
                .step_by(most_rows as usize)
                .map(move |row| (z, row))
        });
        corners.map(move |(z, row)| {
            let slices = most_slices.min(depth - z);
            let rows = most_rows.min(self.rows - row);
            let y = row * self.block.extent[1];
            let region = vk::BufferImageCopy::default()
                .image_subresource(vk::ImageSubresourceLayers {
                    aspect_mask: self.aspect,
                    mip_level: self.region.mip,
                    base_array_layer: self.region.layer,
                    layer_count: 1,
                })
                .image_offset(vk::Offset3D {
                    x: 0,
                    y: y as i32,
                    z: z as i32,
                })
                .image_extent(vk::Extent3D {
                    width,
                    height: (rows * self.block.extent[1]).min(height - y),
                    depth: slices,
                });
            Copy {
                bytes: self.row * u64::from(rows) * u64::from(slices),
                region,
            }
        })
    }

    fn transition(
        &self,
        image: &Image,
        access: vk::MemoryBarrier2<'_>,
        (from, to): (vk::ImageLayout, vk::ImageLayout),
    ) -> vk::ImageMemoryBarrier2<'static> {
        vk::ImageMemoryBarrier2::default()
            .src_stage_mask(access.src_stage_mask)
            .src_access_mask(access.src_access_mask)
            .dst_stage_mask(access.dst_stage_mask)
            .dst_access_mask(access.dst_access_mask)
            .old_layout(from)
            .new_layout(to)
            .image(image.raw())
            .subresource_range(vk::ImageSubresourceRange {
                aspect_mask: self.aspect,
                base_mip_level: self.region.mip,
                level_count: 1,
                base_array_layer: self.region.layer,
                layer_count: 1,
            })
    }
}

fn staging(device: &Device, name: &str, bytes: u64) -> Result<Buffer, MemoryError> {
    let name = format!("staging for {name}");
    let desc =
        BufferDesc::new(&name, bytes, vk::BufferUsageFlags::TRANSFER_SRC).at(Location::Upload);
    device.budget().buffer(&desc, Category::Staging)
}

/// The one aspect of a format that [`TexelBlock`] knows.
fn aspect(format: vk::Format) -> vk::ImageAspectFlags {
    match format {
        vk::Format::D16_UNORM | vk::Format::X8_D24_UNORM_PACK32 | vk::Format::D32_SFLOAT => {
            vk::ImageAspectFlags::DEPTH
        }
        vk::Format::S8_UINT => vk::ImageAspectFlags::STENCIL,
        _ => vk::ImageAspectFlags::COLOR,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_fill_every_block_once_and_in_order() {
        let formats = [
            vk::Format::R8G8B8A8_UNORM,
            vk::Format::R8_UNORM,
            vk::Format::BC1_RGB_UNORM_BLOCK,
        ];
        let extents = [
            [1, 1, 1],
            [16, 16, 1],
            [17, 9, 1],
            [8, 8, 8],
            [5, 7, 3],
            [64, 1, 1],
        ];
        for (format, extent) in formats
            .into_iter()
            .flat_map(|format| extents.map(|extent| (format, extent)))
        {
            let block = TexelBlock::of(format).unwrap();
            let level = Level::new(ImageRegion::default(), extent, block, aspect(format));
            for most in [1, 60, 64, 100, 1024, u64::MAX] {
                let mut next = (0, 0);
                let mut bytes = 0;
                for Copy {
                    bytes: copied,
                    region,
                } in level.copies(most)
                {
                    assert!(
                        copied <= most.max(level.row),
                        "{extent:?} in pieces of {most}: {copied}"
                    );
                    assert!(copied <= level.chunk_bytes(most));
                    assert_eq!(
                        (region.image_offset.z as u32, region.image_offset.y as u32),
                        next
                    );
                    assert_eq!(
                        (region.image_offset.x, region.image_extent.width),
                        (0, extent[0])
                    );
                    let (height, depth) = (region.image_extent.height, region.image_extent.depth);
                    let rows = height.div_ceil(block.extent[1]);
                    assert_eq!(copied, level.row * u64::from(rows * depth));
                    let y = next.1 + height;
                    assert!(y == extent[1] || depth == 1 && y % block.extent[1] == 0);
                    next = if y == extent[1] {
                        (next.0 + depth, 0)
                    } else {
                        (next.0, y)
                    };
                    bytes += copied;
                }
                assert_eq!(
                    (next, bytes),
                    ((extent[2], 0), level.bytes()),
                    "{format:?} {extent:?} {most}"
                );
            }
        }
    }
}
