//! Scenes that are made up: the same for the same name, size and seed, on every machine, and never as a dense grid.
//!
//! ```
//! use vixen_nodes::voxel::{Procedural, SceneSource};
//!
//! let caves: Procedural = "tunnels:128:7".parse()?;
//! let scene = SceneSource::procedural(caves).build(&|_| {})?;
//! assert_eq!(scene.map.size.x, 128);
//! # Ok::<(), vixen_nodes::voxel::SceneError>(())
//! ```

mod cityscape;
mod cornell;
mod lattice;
mod noise;
mod tunnels;

use std::fmt;
use std::str::FromStr;

use super::error::SceneError;
use super::layout::{MAX_EDGE, Material};
use super::scene::{SceneKind, SceneSource};
use super::source::{VoxelSource, full_palette};

/// Which made-up scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProceduralKind {
    /// The Cornell box: walls, a lamp, a tall and a short block. Mostly empty, flat surfaces.
    Cornell,
    /// Floating rocks: fractal noise above a threshold.
    Noise,
    /// Rock that winding caves run through.
    Tunnels,
    /// Streets and towers with lit windows.
    Cityscape,
}

/// A made-up scene: a cube of voxels. Written `NAME`, `NAME:SIZE` or `NAME:SIZE:SEED`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Procedural {
    /// Which.
    pub kind: ProceduralKind,
    /// Voxels along each edge, [`Procedural::MIN_SIZE`] to [`MAX_EDGE`].
    pub size: u32,
    /// What chance starts from.
    pub seed: u32,
}

impl ProceduralKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Cornell, Self::Noise, Self::Tunnels, Self::Cityscape];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cornell => "cornell",
            Self::Noise => "noise",
            Self::Tunnels => "tunnels",
            Self::Cityscape => "cityscape",
        }
    }
}

impl Procedural {
    /// The size where none is given.
    pub const DEFAULT_SIZE: u32 = 256;
    /// The least size: below it there is nothing to see.
    pub const MIN_SIZE: u32 = 16;

    /// A scene with the usual seed.
    pub fn new(kind: ProceduralKind, size: u32) -> Self {
        Self { kind, size: size.clamp(Self::MIN_SIZE, MAX_EDGE), seed: 1 }
    }

    /// Whether a text, as given for a scene, is the name of a made-up one rather than of a file: it has neither a folder nor an ending.
    pub fn is_named_by(text: &str) -> bool {
        let name = text.split(':').next().unwrap_or(text);
        !name.contains(['/', '\\', '.'])
    }
}

impl fmt::Display for Procedural {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.kind.name(), self.size, self.seed)
    }
}

impl FromStr for Procedural {
    type Err = SceneError;

    fn from_str(text: &str) -> Result<Self, SceneError> {
        let unknown = || SceneError::UnknownProcedural { text: text.to_owned() };
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let kind = ProceduralKind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(unknown)?;
        let number = |part: Option<&str>, default| part.map_or(Ok(default), |part| part.parse::<u32>());
        let size = number(parts.next(), Self::DEFAULT_SIZE).map_err(|_| unknown())?;
        let seed = number(parts.next(), 1).map_err(|_| unknown())?;
        let valid = parts.next().is_none() && (Self::MIN_SIZE..=MAX_EDGE).contains(&size);
        if valid { Ok(Self { kind, size, seed }) } else { Err(unknown()) }
    }
}

impl SceneSource {
    /// A made-up scene.
    pub fn procedural(scene: Procedural) -> Self {
        let Procedural { kind, size, seed } = scene;
        let (palette, voxels): (_, Box<dyn VoxelSource>) = match kind {
            ProceduralKind::Cornell => (cornell::palette(), Box::new(cornell::Cornell::new(size))),
            ProceduralKind::Noise => (noise::palette(), Box::new(noise::Noise::new(size, seed))),
            ProceduralKind::Tunnels => (tunnels::palette(), Box::new(tunnels::Tunnels::new(size, seed))),
            ProceduralKind::Cityscape => (cityscape::palette(), Box::new(cityscape::Cityscape::new(size, seed))),
        };
        let palette = full_palette(palette);
        let shows = if kind == ProceduralKind::Cornell { SceneKind::Room } else { SceneKind::Model };
        Self { name: kind.name().to_owned(), kind: shows, palette, voxels }
    }
}

/// A reflectance that sends out no light.
fn matt(red: f32, green: f32, blue: f32) -> Material {
    Material { color: [red, green, blue, 0.0] }
}

/// Shades from one colour to another.
fn shades(from: [f32; 3], to: [f32; 3], count: u8) -> impl Iterator<Item = Material> {
    let part = move |i: u8| f32::from(i) / f32::from(count.max(2) - 1);
    (0..count).map(move |i| {
        let [red, green, blue] = std::array::from_fn(|channel| from[channel] + (to[channel] - from[channel]) * part(i));
        matt(red, green, blue)
    })
}

/// A number without pattern for a place in space (a multiply and xorshift mix of its coordinates).
fn hash(seed: u32, x: u32, y: u32, z: u32) -> u32 {
    let mut bits = seed.wrapping_mul(0x9E37_79B9);
    for value in [x, y, z] {
        bits = (bits ^ value).wrapping_mul(0x85EB_CA6B);
        bits ^= bits >> 15;
        bits = bits.wrapping_mul(0xC2B2_AE35);
        bits ^= bits >> 13;
    }
    bits
}

/// The same as a number from 0 to 1.
fn chance(seed: u32, x: u32, y: u32, z: u32) -> f32 {
    (hash(seed, x, y, z) >> 8) as f32 * (1.0 / (1 << 24) as f32)
}

#[cfg(test)]
mod tests {
    use glam::UVec3;

    use super::super::layout::unmorton3;
    use super::super::source::{BrickVoxels, Content, Cube};
    use super::*;

    fn filled(source: &dyn VoxelSource, origin: UVec3) -> BrickVoxels {
        let mut brick = BrickVoxels::default();
        source.fill(origin, &mut brick);
        brick
    }

    #[test]
    fn texts_name_scenes() {
        let parsed = |text: &str| text.parse::<Procedural>().ok();
        let noise = |size, seed| Some(Procedural { kind: ProceduralKind::Noise, size, seed });
        assert_eq!(parsed("noise"), noise(256, 1));
        assert_eq!(parsed("noise:64"), noise(64, 1));
        assert_eq!(parsed("noise:64:9"), noise(64, 9));
        for bad in ["", "nois", "noise:", "noise:1", "noise:8193", "noise:64:", "noise:64:1:1", "noise:-64"] {
            assert_eq!(parsed(bad), None, "{bad}");
        }
        assert!(Procedural::is_named_by("noise:x") && Procedural::is_named_by("nois"));
        assert!(!Procedural::is_named_by("noise.vox") && !Procedural::is_named_by("./noise:64"));
        let scene = Procedural::new(ProceduralKind::Tunnels, 100);
        assert_eq!(scene.to_string().parse::<Procedural>().ok(), Some(scene));
    }

    #[test]
    fn what_is_said_of_a_cube_holds_for_its_voxels() {
        for (kind, size) in ProceduralKind::ALL.into_iter().flat_map(|kind| [(kind, 64), (kind, 136)]) {
            let source = SceneSource::procedural(Procedural { kind, size, seed: 3 });
            let voxels = &*source.voxels;
            let (mut told, mut bricks) = (0, 0);
            for origin in (0..(size / 8).pow(3)).map(|i| UVec3::new(i, i / (size / 8), i / (size / 8).pow(2))) {
                let origin = origin % (size / 8) * 8;
                let brick = filled(voxels, origin);
                let all = |material| {
                    let mut solid = super::super::source::SolidVoxels::default();
                    brick.solid(&mut solid);
                    solid.materials().len() == 512 && solid.materials().iter().all(|m| *m == material)
                };
                for edge in [8, 32, 128] {
                    let cube = Cube { origin: origin / edge * edge, edge };
                    let content = voxels.content(cube);
                    match content {
                        Content::Empty => assert_eq!(brick.mask().count(), 0, "{kind:?} {size} {origin} {edge}"),
                        Content::Solid(material) => assert!(all(material), "{kind:?} {size} {origin} {edge}"),
                        Content::Mixed => {}
                    }
                    told += u32::from(edge == 8 && content != Content::Mixed);
                }
                bricks += 1;
            }
            assert!(size < 100 || 3 * told > bricks, "{kind:?} {size}: {told} of {bricks} bricks need no look");
        }
    }

    #[test]
    fn scenes_lie_in_their_size_and_follow_their_seed() {
        for kind in ProceduralKind::ALL {
            let scene = |seed| SceneSource::procedural(Procedural { kind, size: 67, seed });
            let map = |seed| scene(seed).build(&|_| {}).expect("it has voxels").map;
            let (first, again, other) = (map(1), map(1), map(2));
            assert_eq!(first.masks, again.masks);
            let part = first.solid_voxels as f64 / 67f64.powi(3);
            assert!((0.01..0.95).contains(&part), "{kind:?}: {part} is solid");
            assert_eq!(first.masks == other.masks, kind == ProceduralKind::Cornell, "{kind:?}");
            let brick = filled(&*scene(1).voxels, UVec3::splat(64));
            let outside = |number: &usize| unmorton3(*number as u32).iter().any(|at| *at >= 3);
            assert_eq!(brick.mask().solid().find(outside), None, "{kind:?}");
        }
    }
}
