//! Nodes for [Vixen](vixen): voxel scenes and the passes that draw them, a camera, and windows.

mod camera;
mod tone_map;
pub mod voxel;
mod voxel_march;
mod voxel_scene;
#[cfg(feature = "window")]
pub mod window;

pub use camera::{Orbit, OrbitCamera, OrbitCameraOutputs, OrbitCameraView, orbited};
pub use tone_map::{ToneMap, ToneMapOutputs, ToneMapView};
pub use voxel_march::{VoxelHits, VoxelHitsOutputs, VoxelHitsView, VoxelMarch, VoxelMarchOutputs, VoxelMarchView};
pub use voxel_scene::{VoxelScene, VoxelSceneWires};
