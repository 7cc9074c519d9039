//! Voxel scenes on the CPU: where voxels come from, the sparse structure that goes to the GPU, and slow rays to judge fast ones by.
//!
//! ```no_run
//! use std::path::Path;
//! use vixen_nodes::voxel::{Scene, default_view};
//!
//! let scene = Scene::open(Path::new("castle.vox"), 1024, &|progress| eprintln!("{}", progress.stage))?;
//! println!("{} solid voxels, {:.2} bytes each", scene.map.solid_voxels, scene.map.bytes_per_voxel());
//! let camera = default_view(&scene).camera();
//! # Ok::<(), vixen_nodes::voxel::SceneError>(())
//! ```
//!
//! A file becomes a [`VoxelSource`], which yields voxels brick by brick and never as a dense grid; [`build`] puts them into a
//! [`BrickMap`], whose vectors are the buffers that [`layout`] describes.

pub(crate) mod brick_map;
mod build;
pub(crate) mod coarse;
mod edit;
mod error;
mod esvo;
mod kept;
pub mod layout;
mod looks;
pub(crate) mod memory;
pub mod normal;
mod octant;
pub(crate) mod packed;
#[cfg_attr(not(feature = "gltf"), expect(dead_code, reason = "builders of triangles use all of it"))]
pub(crate) mod parallel;
mod procedural;
pub mod reference;
mod scene;
mod source;
mod surface;
mod top_grid;
mod tree;
mod tree64;
mod validate;
mod view;
mod whole;

#[cfg(feature = "gltf")]
pub(crate) mod glb;
#[cfg(feature = "heightmap")]
mod heightmap;
pub(crate) mod morton;
#[cfg(feature = "vox")]
mod vox;
#[cfg(feature = "gltf")]
mod voxelise;

#[cfg(all(test, feature = "vox", feature = "gltf", feature = "heightmap"))]
mod tests;

pub use brick_map::{BrickMap, Voxel};
pub use build::{Progress, build};
pub use edit::{Changes, Edit, Editor, Shape};
pub use error::SceneError;
pub use esvo::OctreeNode;
pub use kept::{Origin, SceneKey};
pub use layout::{Brick, CameraUniform, HitRecord, MAX_EDGE, MarchParams, Material, Node};
pub use packed::BrickMask;
pub use procedural::{Procedural, ProceduralKind};
pub use scene::{DEFAULT_RESOLUTION, Scene, SceneKind, SceneSource};
pub use source::{BrickVoxels, Column, Content, Cube, FnSource, MaterialIndex, VoxelSource};
pub use surface::{Surface, SurfaceError, SurfaceTriangle, SurfaceVertex};
pub use top_grid::TopGrid;
pub use tree::VoxelTree;
pub use tree64::Node64;
pub use validate::Invalid;
pub use view::{View, default_params, default_view};
