//! One mip level of one layer of an image, how its texels are cut into copies, and the barriers before and after these.

use ash::vk;

use crate::memory::error::MemoryError;
use crate::memory::owned::Image;
use crate::memory::texel::TexelBlock;

/// Which part of an image an upload fills: one mip level of one layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImageRegion {
    /// The mip level.
    pub mip: u32,
    /// The array layer.
    pub layer: u32,
}

/// One mip level of one layer, and how it is cut into copies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
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
pub(super) struct Copy {
    pub bytes: u64,
    pub region: vk::BufferImageCopy,
}

impl Level {
    /// The level of an image, if there is one, uploads can reach it, and this many bytes fill it.
    pub fn of(image: &Image, region: ImageRegion, bytes: u64) -> Result<Self, MemoryError> {
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
            return invalid(format!("cannot be uploaded to: the bytes of {format:?} are unknown"));
        };
        let extent = image.extent().map(|side| (side >> mip).max(1));
        let level = Self::new(region, extent, block, aspect(format));
        let needed = level.bytes();
        if bytes != needed {
            let [width, height, depth] = extent;
            return invalid(format!("needs {needed} bytes for level {mip} ({width}×{height}×{depth}), not {bytes}"));
        }
        Ok(level)
    }

    fn new(region: ImageRegion, extent: [u32; 3], block: TexelBlock, aspect: vk::ImageAspectFlags) -> Self {
        let row = u64::from(extent[0].div_ceil(block.extent[0])) * u64::from(block.bytes);
        Self { region, extent, block, row, rows: extent[1].div_ceil(block.extent[1]), aspect }
    }

    /// The bytes of one texel block.
    pub fn block_bytes(&self) -> u64 {
        self.block.bytes.into()
    }

    /// Which level it is.
    pub fn region(&self) -> ImageRegion {
        self.region
    }

    /// What of the image it is.
    pub fn aspect(&self) -> vk::ImageAspectFlags {
        self.aspect
    }

    fn bytes(&self) -> u64 {
        self.row * u64::from(self.rows) * u64::from(self.extent[2])
    }

    /// How many slices and rows of them a chunk holds: whole slices if one fits, else rows of one.
    fn chunk(&self, most: u64) -> (u32, u32) {
        let slice = self.row * u64::from(self.rows);
        if slice <= most {
            ((most / slice).min(u64::from(self.extent[2])) as u32, self.rows)
        } else {
            (1, (most / self.row).max(1) as u32)
        }
    }

    pub fn chunk_bytes(&self, most: u64) -> u64 {
        let (slices, rows) = self.chunk(most);
        self.row * u64::from(rows) * u64::from(slices)
    }

    pub fn copies(&self, most: u64) -> impl Iterator<Item = Copy> {
        let [width, height, depth] = self.extent;
        let (most_slices, most_rows) = self.chunk(most);
        let corners = (0..depth)
            .step_by(most_slices as usize)
            .flat_map(move |z| (0..self.rows).step_by(most_rows as usize).map(move |row| (z, row)));
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
                .image_offset(vk::Offset3D { x: 0, y: y as i32, z: z as i32 })
                .image_extent(vk::Extent3D {
                    width,
                    height: (rows * self.block.extent[1]).min(height - y),
                    depth: slices,
                });
            Copy { bytes: self.row * u64::from(rows) * u64::from(slices), region }
        })
    }

    pub fn transition(
        &self,
        image: vk::Image,
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
            .image(image)
            .subresource_range(vk::ImageSubresourceRange {
                aspect_mask: self.aspect,
                base_mip_level: self.region.mip,
                level_count: 1,
                base_array_layer: self.region.layer,
                layer_count: 1,
            })
    }
}

/// The one aspect of a format that [`TexelBlock`] knows.
fn aspect(format: vk::Format) -> vk::ImageAspectFlags {
    match format {
        vk::Format::D16_UNORM | vk::Format::X8_D24_UNORM_PACK32 | vk::Format::D32_SFLOAT => vk::ImageAspectFlags::DEPTH,
        vk::Format::S8_UINT => vk::ImageAspectFlags::STENCIL,
        _ => vk::ImageAspectFlags::COLOR,
    }
}

/// Whatever was submitted before has done with the target.
pub(super) fn before_copy() -> vk::MemoryBarrier2<'static> {
    vk::MemoryBarrier2::default()
        .src_stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS)
        .src_access_mask(vk::AccessFlags2::MEMORY_WRITE)
        .dst_stage_mask(vk::PipelineStageFlags2::COPY)
        .dst_access_mask(vk::AccessFlags2::TRANSFER_WRITE)
}

/// Whatever is submitted later sees the copy.
pub(super) fn after_copy() -> vk::MemoryBarrier2<'static> {
    vk::MemoryBarrier2::default()
        .src_stage_mask(vk::PipelineStageFlags2::COPY)
        .src_access_mask(vk::AccessFlags2::TRANSFER_WRITE)
        .dst_stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS)
        .dst_access_mask(vk::AccessFlags2::MEMORY_READ | vk::AccessFlags2::MEMORY_WRITE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    pub fn copies_fill_every_block_once_and_in_order() {
        let formats = [vk::Format::R8G8B8A8_UNORM, vk::Format::R8_UNORM, vk::Format::BC1_RGB_UNORM_BLOCK];
        let extents = [[1, 1, 1], [16, 16, 1], [17, 9, 1], [8, 8, 8], [5, 7, 3], [64, 1, 1]];
        for (format, extent) in formats.into_iter().flat_map(|format| extents.map(|extent| (format, extent))) {
            let block = TexelBlock::of(format).expect("the three formats are known");
            let level = Level::new(ImageRegion::default(), extent, block, aspect(format));
            for most in [1, 60, 64, 100, 1024, u64::MAX] {
                let mut next = (0, 0);
                let mut bytes = 0;
                for Copy { bytes: copied, region } in level.copies(most) {
                    assert!(copied <= most.max(level.row), "{extent:?} in pieces of {most}: {copied}");
                    assert!(copied <= level.chunk_bytes(most));
                    assert_eq!((region.image_offset.z as u32, region.image_offset.y as u32), next);
                    assert_eq!((region.image_offset.x, region.image_extent.width), (0, extent[0]));
                    let (height, depth) = (region.image_extent.height, region.image_extent.depth);
                    let rows = height.div_ceil(block.extent[1]);
                    assert_eq!(copied, level.row * u64::from(rows * depth));
                    let y = next.1 + height;
                    assert!(y == extent[1] || depth == 1 && y % block.extent[1] == 0);
                    next = if y == extent[1] { (next.0 + depth, 0) } else { (next.0, y) };
                    bytes += copied;
                }
                assert_eq!((next, bytes), ((extent[2], 0), level.bytes()), "{format:?} {extent:?} {most}");
            }
        }
    }
}
