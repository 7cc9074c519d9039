//! Sizes that are known only when an output is: extents of images and lengths of buffers.

use std::fmt;
use std::num::NonZero;

/// Which output of a graph, in the order in which they were added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct OutputId(pub(crate) u32);

impl OutputId {
    /// The graph's first output.
    pub const FIRST: Self = Self(0);
}

/// The extent of an image, in texels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Extent {
    /// Width, height and depth, the same in every frame.
    Fixed([u32; 3]),
    /// As large as the graph's first output.
    Output,
    /// A fraction of an output, at least one texel, rounded up.
    Scaled {
        /// The output.
        output: OutputId,
        /// Numerator of the fraction.
        numerator: u32,
        /// Denominator of the fraction.
        denominator: NonZero<u32>,
    },
}

impl Extent {
    /// A fixed width and height.
    pub const fn fixed(width: u32, height: u32) -> Self {
        Self::Fixed([width, height, 1])
    }

    /// As large as `output`.
    pub const fn of(output: OutputId) -> Self {
        Self::Scaled { output, numerator: 1, denominator: NonZero::<u32>::MIN }
    }

    /// This extent times `numerator / denominator`.
    ///
    /// # Panics
    /// When `denominator` is 0.
    pub const fn scaled(self, numerator: u32, denominator: u32) -> Self {
        let Some(denominator) = NonZero::new(denominator) else { panic!("an extent cannot be divided by 0") };
        match self {
            Self::Fixed([width, height, depth]) => {
                Self::Fixed([scale(width, numerator, denominator), scale(height, numerator, denominator), depth])
            }
            Self::Output => Self::Scaled { output: OutputId(0), numerator, denominator },
            Self::Scaled { output, numerator: n, denominator: d } => {
                let (numerator, denominator) =
                    reduced(n as u64 * numerator as u64, d.get() as u64 * denominator.get() as u64);
                Self::Scaled { output, numerator, denominator }
            }
        }
    }

    /// This extent with `mips` mip levels.
    pub const fn mips(self, mips: u32) -> ImageShape {
        ImageShape { extent: self, mips, layers: 1 }
    }

    /// This extent with `layers` array layers.
    pub const fn layers(self, layers: u32) -> ImageShape {
        ImageShape { extent: self, mips: 1, layers }
    }

    /// The output that it follows, if any.
    pub(crate) const fn output(self) -> Option<OutputId> {
        match self {
            Self::Fixed(_) => None,
            Self::Output => Some(OutputId(0)),
            Self::Scaled { output, .. } => Some(output),
        }
    }

    /// Its size when the outputs have these sizes; `None` when it follows one that is not there.
    pub(crate) fn resolve(self, outputs: &[[u32; 2]]) -> Option<[u32; 3]> {
        match self {
            Self::Fixed(extent) => Some(extent),
            Self::Output => outputs.first().map(|&[width, height]| [width, height, 1]),
            Self::Scaled { output, numerator, denominator } => {
                outputs.get(output.0 as usize).map(|&[width, height]| {
                    [scale(width, numerator, denominator), scale(height, numerator, denominator), 1]
                })
            }
        }
    }
}

const fn scale(size: u32, numerator: u32, denominator: NonZero<u32>) -> u32 {
    let scaled = (size as u64 * numerator as u64).div_ceil(denominator.get() as u64);
    if scaled == 0 { 1 } else { saturated(scaled) }
}

/// A fraction in lowest terms. The denominator is not 0.
const fn reduced(numerator: u64, denominator: u64) -> (u32, NonZero<u32>) {
    let (mut divisor, mut rest) = (denominator, numerator);
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    let denominator =
        NonZero::new(saturated(denominator / divisor)).expect("a divisor is not larger than what it divides");
    (saturated(numerator / divisor), denominator)
}

const fn saturated(value: u64) -> u32 {
    if value > u32::MAX as u64 { u32::MAX } else { value as u32 }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Fixed([width, height, 1]) => write!(f, "{width}×{height}"),
            Self::Fixed([width, height, depth]) => write!(f, "{width}×{height}×{depth}"),
            Self::Output => f.write_str("output 0"),
            Self::Scaled { output, numerator: 1, denominator: NonZero::<u32>::MIN } => write!(f, "output {}", output.0),
            Self::Scaled { output, numerator, denominator } => {
                write!(f, "{numerator}/{denominator} of output {}", output.0)
            }
        }
    }
}

/// Extent, mip levels and array layers of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageShape {
    /// The extent of the first mip level.
    pub extent: Extent,
    /// Number of mip levels.
    pub mips: u32,
    /// Number of array layers; 6 for a cube.
    pub layers: u32,
}

impl ImageShape {
    /// The same with `mips` mip levels.
    pub const fn mips(self, mips: u32) -> Self {
        Self { mips, ..self }
    }

    /// The same with `layers` array layers.
    pub const fn layers(self, layers: u32) -> Self {
        Self { layers, ..self }
    }
}

impl From<Extent> for ImageShape {
    fn from(extent: Extent) -> Self {
        Self { extent, mips: 1, layers: 1 }
    }
}

impl From<[u32; 3]> for ImageShape {
    fn from(extent: [u32; 3]) -> Self {
        Extent::Fixed(extent).into()
    }
}

/// The number of elements of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Length {
    /// The same in every frame.
    Fixed(u64),
    /// A number of elements for each texel of an extent.
    PerTexel {
        /// The extent.
        extent: Extent,
        /// Elements a texel.
        elements: u64,
    },
    /// A number of elements for each texel of one mip level of an image.
    PerTexelOfLevel {
        /// The extent of the image's first level.
        extent: Extent,
        /// The level.
        level: u32,
        /// Elements a texel.
        elements: u64,
    },
}

impl Length {
    /// The output that it follows, if any.
    pub(crate) const fn output(self) -> Option<OutputId> {
        match self {
            Self::Fixed(_) => None,
            Self::PerTexel { extent, .. } | Self::PerTexelOfLevel { extent, .. } => extent.output(),
        }
    }

    /// The number of elements when the outputs have these sizes; `None` when it follows one that is not there.
    pub(crate) fn resolve(self, outputs: &[[u32; 2]]) -> Option<u64> {
        match self {
            Self::Fixed(length) => Some(length),
            Self::PerTexel { extent, elements } => Some(texels(extent.resolve(outputs)?).saturating_mul(elements)),
            Self::PerTexelOfLevel { extent, level, elements } => {
                let extent = extent.resolve(outputs)?.map(|size| size.checked_shr(level).unwrap_or(0).max(1));
                Some(texels(extent).saturating_mul(elements))
            }
        }
    }
}

fn texels(extent: [u32; 3]) -> u64 {
    extent.into_iter().fold(1, |texels, size| texels.saturating_mul(size.into()))
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(length) => write!(f, "{length} elements"),
            Self::PerTexel { extent, elements } => write!(f, "{elements} elements a texel of {extent}"),
            Self::PerTexelOfLevel { extent, level, elements } => {
                write!(f, "{elements} elements a texel of level {level} of {extent}")
            }
        }
    }
}

impl From<u64> for Length {
    fn from(length: u64) -> Self {
        Self::Fixed(length)
    }
}

impl From<u32> for Length {
    fn from(length: u32) -> Self {
        Self::Fixed(length.into())
    }
}

impl From<usize> for Length {
    fn from(length: usize) -> Self {
        Self::Fixed(length as u64)
    }
}

impl From<i32> for Length {
    /// For literals; a negative length is 0, which compile rejects.
    fn from(length: i32) -> Self {
        Self::Fixed(length.max(0) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scaled_extents_round_up_and_never_vanish() {
        let half = Extent::Output.scaled(1, 2);
        assert_eq!(half.resolve(&[[5, 1]]), Some([3, 1, 1]));
        assert_eq!(half.scaled(1, 2), Extent::Output.scaled(1, 4));
        assert_eq!(Extent::fixed(8, 8).scaled(1, 100), Extent::fixed(1, 1));
    }

    #[test]
    fn fractions_of_fractions_stay_in_range() {
        let mut extent = Extent::Output;
        for _ in 0..100 {
            extent = extent.scaled(3, 2).scaled(2, 3);
        }
        assert_eq!(extent, Extent::of(OutputId(0)));
        assert_eq!(extent.resolve(&[[640, 480]]), Some([640, 480, 1]));
    }

    #[test]
    fn a_mip_level_has_the_texels_that_vulkan_gives_it() {
        let level = |level| Length::PerTexelOfLevel { extent: Extent::fixed(5, 3), level, elements: 1 };
        assert_eq!([0, 1, 2, 40].map(|n| level(n).resolve(&[])), [15, 2, 1, 1].map(Some));
    }

    #[test]
    fn absurd_sizes_saturate() {
        let length = Length::PerTexel { extent: Extent::Fixed([u32::MAX; 3]), elements: u64::MAX };
        assert_eq!(length.resolve(&[]), Some(u64::MAX));
    }
}
