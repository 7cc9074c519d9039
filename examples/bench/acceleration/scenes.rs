//! The scenes that are measured.

use std::path::{Path, PathBuf};

use glam::{IVec3, UVec3, Vec3};
use vixen_nodes::voxel::Scene;

use crate::Failure;

/// A scene.
pub struct Sample {
    pub name: &'static str,
    pub scene: Scene,
    /// Solid land, of at least 512 voxels along the longest side.
    pub solid_terrain: bool,
}

/// The scenes, made one by one when asked for.
pub fn samples(small: bool) -> impl Iterator<Item = Result<Sample, Failure>> {
    let edge = if small { 96 } else { 512 };
    let sample = move |name, scene: Result<Scene, _>, solid_terrain| Ok(Sample { name, scene: scene?, solid_terrain });
    let terrain = move |name, resolution| {
        let file = asset("jacksboro-dem.png")?;
        Some(sample(name, Scene::open(&file, resolution, &|_| ()), !small))
    };
    let jacksboro = move || terrain("jacksboro", if small { 256 } else { 1024 });
    // Of more than 100 million voxels.
    let larger = move || if small { None } else { terrain("jacksboro 1536", 1536) };
    let hills = move || sample("hills", Scene::from_fn("hills", UVec3::splat(edge), hills(edge)), !small);
    let shells = move || sample("shells", Scene::from_fn("shells", UVec3::splat(edge), shells(edge)), false);
    // No part of the project: it is measured where it is.
    let dragon = move || {
        let file = asset("stanford-dragon-871k.glb")?;
        Some(sample("dragon", Scene::open(&file, edge, &|_| ()), false))
    };
    let made: [Box<dyn Fn() -> Option<Result<Sample, Failure>>>; 5] = [
        Box::new(jacksboro),
        Box::new(larger),
        Box::new(move || Some(hills())),
        Box::new(move || Some(shells())),
        Box::new(dragon),
    ];
    made.into_iter().filter_map(|make| make())
}

/// A file of the project or of what lies beside it; also where the program runs elsewhere than it was built.
pub fn asset(name: &str) -> Option<PathBuf> {
    const HERE: &str = env!("CARGO_MANIFEST_DIR");
    let folders = [
        &format!("{HERE}/assets"),
        &format!("{HERE}/../../shared/assets"),
        "examples/assets",
        "shared/assets",
        "../shared/assets",
    ];
    folders.into_iter().map(|folder| Path::new(folder).join(name)).find(|file| file.exists())
}

/// Rolling land, solid to the bottom, half as high as it is long.
fn hills(edge: u32) -> impl Fn(IVec3) -> Option<u8> {
    let waves = [(0.013, 0.4, 0.9, 0.5), (0.031, -0.8, 0.6, 0.25), (0.083, 0.7, -0.7, 0.15), (0.21, 1.0, 0.1, 0.1)];
    let scale = 512.0 / edge as f32;
    move |at| {
        let (x, z) = (at.x as f32 * scale, at.z as f32 * scale);
        let height: f32 =
            waves.iter().map(|(rate, along, across, size)| size * ((x * along + z * across) * rate).sin()).sum();
        let ground = edge as f32 * (0.5 + 0.25 * height);
        ((at.y as f32) < ground).then_some((ground / edge as f32 * 16.0) as u8)
    }
}

/// Thin curved walls around empty rooms.
fn shells(edge: u32) -> impl Fn(IVec3) -> Option<u8> {
    let radius = 0.5 * edge as f32;
    move |at| {
        let from_middle = (at.as_vec3() - Vec3::splat(radius)).length();
        let wall = (from_middle / radius * 5.0).fract() * radius / 5.0 < 1.5;
        (from_middle < radius && wall && at.x + at.z < (edge + edge / 8) as i32).then_some(7)
    }
}
