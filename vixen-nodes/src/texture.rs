//! Textures, from PNG files to the device.

use std::io::Cursor;
use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;

use image::{ImageFormat, ImageReader, Limits};
use vixen::ash::vk;
use vixen::device::DeviceError;
use vixen::graph::format::Format;
use vixen::memory::{Category, Image as DeviceImage, ImageDesc, ImageRegion, upload_image};
use vixen::{Device, Graph, Image, Shared, Source};

use crate::file;
use crate::voxel::SceneError;

/// What the numbers of a picture mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextureKind {
    /// Colours, stored as sRGB: `Image<Rgba8Srgb>`.
    Color,
    /// Numbers from 0 to 1, stored as they are: `Image<Rgba8Unorm>`.
    Data,
}

/// The texels of a picture and of its mip levels, each half as large as the one before.
#[derive(Clone, Debug)]
pub struct Picture {
    kind: TextureKind,
    /// Width and height.
    size: [u32; 2],
    /// RGBA, the largest level first.
    levels: Vec<Vec<[u8; 4]>>,
}

impl Picture {
    /// Reads a PNG file.
    ///
    /// # Errors
    /// When the file cannot be read, is no PNG, or is damaged.
    pub fn open(path: &Path, kind: TextureKind) -> Result<Self, SceneError> {
        Self::from_bytes(path, &file::read(path)?, kind)
    }

    /// The same of a file's contents. The path is for messages.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_bytes(path: &Path, bytes: &[u8], kind: TextureKind) -> Result<Self, SceneError> {
        let mut reader = ImageReader::with_format(Cursor::new(bytes), ImageFormat::Png);
        reader.limits(Limits::default());
        let damaged = |problem: String| SceneError::Damaged { path: path.into(), problem };
        let texels = reader.decode().map_err(|error| damaged(error.to_string()))?.into_rgba8();
        let size = [texels.width(), texels.height()];
        let mut levels = vec![texels.into_raw().as_chunks().0.to_vec()];
        let mut extent = size;
        while extent != [1, 1] {
            let below = extent.map(|edge| (edge / 2).max(1));
            levels.push(halved(kind, &levels[levels.len() - 1], extent, below));
            extent = below;
        }
        Ok(Self { kind, size, levels })
    }
}

/// A level from the one above it: the mean of each two by two texels, of the light where they are colours.
fn halved(kind: TextureKind, above: &[[u8; 4]], from: [u32; 2], to: [u32; 2]) -> Vec<[u8; 4]> {
    let texel = |x: u32, y: u32| above[(y.min(from[1] - 1) * from[0] + x.min(from[0] - 1)) as usize];
    let places = (0..to[1]).flat_map(|y| (0..to[0]).map(move |x| (2 * x, 2 * y)));
    let mean = |(x, y): (u32, u32)| {
        let four = [texel(x, y), texel(x + 1, y), texel(x, y + 1), texel(x + 1, y + 1)];
        std::array::from_fn(|channel| {
            let values = four.map(|texel| f32::from(texel[channel]) / 255.0);
            // Alpha is no colour.
            let mean = if kind == TextureKind::Color && channel < 3 {
                to_srgb(values.map(to_linear).iter().sum::<f32>() / 4.0)
            } else {
                values.iter().sum::<f32>() / 4.0
            };
            (mean * 255.0).round() as u8
        })
    };
    places.map(mean).collect()
}

/// IEC 61966-2-1.
fn to_linear(value: f32) -> f32 {
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

fn to_srgb(light: f32) -> f32 {
    if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

/// A picture with its mip levels in the device's memory, for `#[sampled]` slots. Graphs share it.
#[derive(Clone, Debug)]
pub struct Texture {
    image: Arc<DeviceImage>,
}

impl Texture {
    /// Copies a picture to the device and waits until it is there.
    ///
    /// # Errors
    /// When the picture is larger than the device takes, or its memory or budget does not suffice.
    pub fn upload(device: &Device, picture: &Picture) -> Result<Self, DeviceError> {
        let format = match picture.kind {
            TextureKind::Color => vk::Format::R8G8B8A8_SRGB,
            TextureKind::Data => vk::Format::R8G8B8A8_UNORM,
        };
        let usage = vk::ImageUsageFlags::SAMPLED | vk::ImageUsageFlags::TRANSFER_DST;
        let mips = picture.levels.len() as u32;
        let desc = ImageDesc { mips, ..ImageDesc::new("texture", format, picture.size, usage) };
        let image = device.budget().image(&desc, Category::Cacher)?;
        for (mip, texels) in (0..).zip(&picture.levels) {
            let region = ImageRegion { mip, layer: 0 };
            upload_image(device, &image, region, texels.as_flattened(), Graph::SHARED_LAYOUT)?;
        }
        Ok(Self { image: Arc::new(image) })
    }

    /// The texture in a graph. Another format than that of its [kind](TextureKind) is an error that `compile` reports.
    #[track_caller]
    pub fn wire<F: Format>(&self, graph: &Graph) -> Shared<Image<F>> {
        graph.share_image(&self.image)
    }

    /// The texture as a [`Source`] of this format, for `graph.add(&texture.as_format::<Rgba8Srgb>())`. Another format than that of its
    /// [kind](TextureKind) is an error that `compile` reports.
    pub fn as_format<F: Format>(&self) -> TextureOf<F> {
        TextureOf { texture: self.clone(), format: PhantomData }
    }

    /// Bytes of device memory.
    pub fn bytes(&self) -> u64 {
        self.image.bytes()
    }

    /// Whether a graph, or a clone of this, has its image too.
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.image) > 1
    }
}

/// A texture and the format of its texels.
#[derive(Clone, Debug)]
pub struct TextureOf<F> {
    texture: Texture,
    format: PhantomData<fn() -> F>,
}

impl<F: Format> Source for TextureOf<F> {
    const NAME: &'static str = "Texture";
    type Wires = Shared<Image<F>>;

    fn share(&self, graph: &Graph) -> Shared<Image<F>> {
        self.texture.wire(graph)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_means_of_light_for_colours_and_of_numbers_for_data() {
        let above = [[0, 0, 0, 0], [255, 255, 255, 255], [0, 0, 0, 0], [255, 255, 255, 255]];
        assert_eq!(halved(TextureKind::Data, &above, [2, 2], [1, 1]), [[128; 4]]);
        // Half of the light is 188 of 255.
        assert_eq!(halved(TextureKind::Color, &above, [2, 2], [1, 1]), [[188, 188, 188, 128]]);
        // Odd edges: the last texel stands for its missing neighbour.
        assert_eq!(halved(TextureKind::Data, &above[..3], [3, 1], [1, 1]), [[128; 4]]);
    }
}
