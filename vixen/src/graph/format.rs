//! Image formats as types, so that a wrong format is a mismatched type.

use ash::vk;

/// What a format's texels hold, as a shader sees them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Texel {
    /// Floating point, normalised integers included.
    #[default]
    Float,
    /// Signed integers.
    Int,
    /// Unsigned integers.
    Uint,
    /// Depth, with or without stencil.
    Depth,
}

/// An image format. Implemented by the marker types of this module; implement it for a format that is missing here.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an image format",
    label = "not a format",
    note = "an image is `Image<Rgba16Float>`, or of another of the formats in the root of `vixen`; texels are not given by their type"
)]
pub trait Format: Copy + Send + Sync + 'static {
    /// The Vulkan format.
    const FORMAT: vk::Format;
    /// The spelling of a GLSL layout qualifier (`rgba16f`), empty where shaders cannot name it.
    const GLSL: &'static str;
    /// Bytes a texel.
    const BYTES: u32;
    /// What a shader reads.
    const TEXEL: Texel;
    /// The name that messages use.
    const NAME: &'static str;

    /// The parts of an image of this format that views and barriers cover.
    const ASPECT: vk::ImageAspectFlags = match Self::TEXEL {
        Texel::Depth => vk::ImageAspectFlags::DEPTH,
        _ => vk::ImageAspectFlags::COLOR,
    };
}

macro_rules! formats {
    ($($(#[$doc:meta])* $name:ident = $vk:ident, $glsl:literal, $bytes:literal, $texel:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name;

        impl Format for $name {
            const FORMAT: vk::Format = vk::Format::$vk;
            const GLSL: &'static str = $glsl;
            const BYTES: u32 = $bytes;
            const TEXEL: Texel = Texel::$texel;
            const NAME: &'static str = stringify!($name);
        }
    )*};
}

formats! {
    /// One 8-bit channel in 0..=1.
    R8Unorm = R8_UNORM, "r8", 1, Float;
    /// Two 8-bit channels in 0..=1.
    Rg8Unorm = R8G8_UNORM, "rg8", 2, Float;
    /// Four 8-bit channels in 0..=1.
    Rgba8Unorm = R8G8B8A8_UNORM, "rgba8", 4, Float;
    /// Four 8-bit channels, sRGB encoded; cannot be a storage image.
    Rgba8Srgb = R8G8B8A8_SRGB, "", 4, Float;
    /// Four 8-bit channels in -1..=1.
    Rgba8Snorm = R8G8B8A8_SNORM, "rgba8_snorm", 4, Float;
    /// One unsigned byte.
    R8Uint = R8_UINT, "r8ui", 1, Uint;
    /// One 16-bit float.
    R16Float = R16_SFLOAT, "r16f", 2, Float;
    /// Two 16-bit floats.
    Rg16Float = R16G16_SFLOAT, "rg16f", 4, Float;
    /// Four 16-bit floats.
    Rgba16Float = R16G16B16A16_SFLOAT, "rgba16f", 8, Float;
    /// One 32-bit float.
    R32Float = R32_SFLOAT, "r32f", 4, Float;
    /// Two 32-bit floats.
    Rg32Float = R32G32_SFLOAT, "rg32f", 8, Float;
    /// Four 32-bit floats.
    Rgba32Float = R32G32B32A32_SFLOAT, "rgba32f", 16, Float;
    /// One 32-bit unsigned integer.
    R32Uint = R32_UINT, "r32ui", 4, Uint;
    /// Two 32-bit unsigned integers.
    Rg32Uint = R32G32_UINT, "rg32ui", 8, Uint;
    /// Four 32-bit unsigned integers.
    Rgba32Uint = R32G32B32A32_UINT, "rgba32ui", 16, Uint;
    /// One 32-bit signed integer.
    R32Int = R32_SINT, "r32i", 4, Int;
    /// Four 32-bit signed integers.
    Rgba32Int = R32G32B32A32_SINT, "rgba32i", 16, Int;
    /// Packed small floats without alpha.
    Rg11b10Float = B10G11R11_UFLOAT_PACK32, "r11f_g11f_b10f", 4, Float;
    /// 32-bit floating-point depth.
    Depth32Float = D32_SFLOAT, "", 4, Depth;
    /// 16-bit depth.
    Depth16Unorm = D16_UNORM, "", 2, Depth;
}
