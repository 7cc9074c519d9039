//! How many bytes the texels of a format take.

use ash::vk;

/// The smallest piece of an image that is stored by itself: one texel, or a block of a compressed format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TexelBlock {
    /// Its bytes.
    pub bytes: u32,
    /// Its width and height in texels.
    pub extent: [u32; 2],
}

impl TexelBlock {
    /// The block of a format of Vulkan 1.0 with one aspect; none for other formats.
    pub const fn of(format: vk::Format) -> Option<Self> {
        // The ranges of format numbers are those of the specification's list.
        let (bytes, extent) = match format.as_raw() {
            1 | 9..=15 | 127 => (1, [1, 1]),
            2..=8 | 16..=22 | 70..=76 | 124 => (2, [1, 1]),
            23..=36 => (3, [1, 1]),
            37..=69 | 77..=83 | 98..=100 | 122 | 123 | 125 | 126 => (4, [1, 1]),
            84..=90 => (6, [1, 1]),
            91..=97 | 101..=103 | 110..=112 => (8, [1, 1]),
            104..=106 => (12, [1, 1]),
            107..=109 | 113..=115 => (16, [1, 1]),
            116..=118 => (24, [1, 1]),
            119..=121 => (32, [1, 1]),
            // BC1, BC4, ETC2 without full alpha, EAC of one channel.
            131..=134 | 139 | 140 | 147..=150 | 153 | 154 => (8, [4, 4]),
            // BC2, BC3, BC5 to BC7, ETC2 with alpha, EAC of two channels.
            135..=138 | 141..=146 | 151 | 152 | 155 | 156 => (16, [4, 4]),
            // ASTC: a linear and an sRGB format for each block.
            raw @ 157..=184 => {
                const BLOCKS: [[u32; 2]; 14] = [
                    [4, 4],
                    [5, 4],
                    [5, 5],
                    [6, 5],
                    [6, 6],
                    [8, 5],
                    [8, 6],
                    [8, 8],
                    [10, 5],
                    [10, 6],
                    [10, 8],
                    [10, 10],
                    [12, 10],
                    [12, 12],
                ];
                (16, BLOCKS[(raw as usize - 157) / 2])
            }
            _ => return None,
        };
        Some(Self { bytes, extent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_have_the_bytes_that_their_formats_name() {
        for (format, bytes, extent) in [
            (vk::Format::R8_UNORM, 1, [1, 1]),
            (vk::Format::R5G6B5_UNORM_PACK16, 2, [1, 1]),
            (vk::Format::B8G8R8_SRGB, 3, [1, 1]),
            (vk::Format::R8G8B8A8_SRGB, 4, [1, 1]),
            (vk::Format::A2B10G10R10_SINT_PACK32, 4, [1, 1]),
            (vk::Format::R16_SFLOAT, 2, [1, 1]),
            (vk::Format::R16G16_SFLOAT, 4, [1, 1]),
            (vk::Format::R16G16B16_SFLOAT, 6, [1, 1]),
            (vk::Format::R16G16B16A16_SFLOAT, 8, [1, 1]),
            (vk::Format::R32_SFLOAT, 4, [1, 1]),
            (vk::Format::R32G32_SFLOAT, 8, [1, 1]),
            (vk::Format::R32G32B32_SFLOAT, 12, [1, 1]),
            (vk::Format::R32G32B32A32_SFLOAT, 16, [1, 1]),
            (vk::Format::R64_UINT, 8, [1, 1]),
            (vk::Format::R64G64B64A64_SFLOAT, 32, [1, 1]),
            (vk::Format::B10G11R11_UFLOAT_PACK32, 4, [1, 1]),
            (vk::Format::D16_UNORM, 2, [1, 1]),
            (vk::Format::D32_SFLOAT, 4, [1, 1]),
            (vk::Format::S8_UINT, 1, [1, 1]),
            (vk::Format::BC1_RGBA_SRGB_BLOCK, 8, [4, 4]),
            (vk::Format::BC4_SNORM_BLOCK, 8, [4, 4]),
            (vk::Format::BC7_SRGB_BLOCK, 16, [4, 4]),
            (vk::Format::ETC2_R8G8B8A1_SRGB_BLOCK, 8, [4, 4]),
            (vk::Format::EAC_R11G11_SNORM_BLOCK, 16, [4, 4]),
            (vk::Format::ASTC_4X4_UNORM_BLOCK, 16, [4, 4]),
            (vk::Format::ASTC_8X6_SRGB_BLOCK, 16, [8, 6]),
            (vk::Format::ASTC_12X12_SRGB_BLOCK, 16, [12, 12]),
        ] {
            assert_eq!(TexelBlock::of(format), Some(TexelBlock { bytes, extent }), "{format:?}");
        }
        assert_eq!(TexelBlock::of(vk::Format::D24_UNORM_S8_UINT), None);
        assert_eq!(TexelBlock::of(vk::Format::UNDEFINED), None);
    }
}
