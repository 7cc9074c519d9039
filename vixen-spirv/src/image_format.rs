//! The texel formats that a shader can name.

macro_rules! image_formats {
    ($($name:ident = $number:literal, $glsl:literal;)*) => {
        /// The texel format of a storage image, as SPIR-V lists them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ImageFormat {
            $(
                #[doc = concat!("`", $glsl, "`")]
                $name,
            )*
        }

        impl ImageFormat {
            /// Every format, in SPIR-V's order.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The GLSL spelling, for instance `rgba16f`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $glsl,)*
                }
            }

            /// The format of a SPIR-V number. None for 0, which is `Unknown`, and for numbers that SPIR-V does not define.
            pub(crate) fn from_spirv(number: u32) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

image_formats! {
    Rgba32Float = 1, "rgba32f";
    Rgba16Float = 2, "rgba16f";
    R32Float = 3, "r32f";
    Rgba8Unorm = 4, "rgba8";
    Rgba8Snorm = 5, "rgba8_snorm";
    Rg32Float = 6, "rg32f";
    Rg16Float = 7, "rg16f";
    R11G11B10Float = 8, "r11f_g11f_b10f";
    R16Float = 9, "r16f";
    Rgba16Unorm = 10, "rgba16";
    Rgb10A2Unorm = 11, "rgb10_a2";
    Rg16Unorm = 12, "rg16";
    Rg8Unorm = 13, "rg8";
    R16Unorm = 14, "r16";
    R8Unorm = 15, "r8";
    Rgba16Snorm = 16, "rgba16_snorm";
    Rg16Snorm = 17, "rg16_snorm";
    Rg8Snorm = 18, "rg8_snorm";
    R16Snorm = 19, "r16_snorm";
    R8Snorm = 20, "r8_snorm";
    Rgba32Sint = 21, "rgba32i";
    Rgba16Sint = 22, "rgba16i";
    Rgba8Sint = 23, "rgba8i";
    R32Sint = 24, "r32i";
    Rg32Sint = 25, "rg32i";
    Rg16Sint = 26, "rg16i";
    Rg8Sint = 27, "rg8i";
    R16Sint = 28, "r16i";
    R8Sint = 29, "r8i";
    Rgba32Uint = 30, "rgba32ui";
    Rgba16Uint = 31, "rgba16ui";
    Rgba8Uint = 32, "rgba8ui";
    R32Uint = 33, "r32ui";
    Rgb10A2Uint = 34, "rgb10_a2ui";
    Rg32Uint = 35, "rg32ui";
    Rg16Uint = 36, "rg16ui";
    Rg8Uint = 37, "rg8ui";
    R16Uint = 38, "r16ui";
    R8Uint = 39, "r8ui";
    R64Uint = 40, "r64ui";
    R64Sint = 41, "r64i";
}
