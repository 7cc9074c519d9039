//! Nodes for [Vixen](vixen): voxel scenes and the passes that draw them, a camera, and windows.

pub mod acceleration;
mod antialias;
pub mod cacher;
mod camera;
mod file;
#[cfg(feature = "gltf")]
pub mod mesh;
mod scene_news;
#[cfg(feature = "textures")]
pub mod texture;
mod tone_map;
pub mod voxel;
mod voxel_build;
mod voxel_fragment;
mod voxel_hybrid;
mod voxel_march;
mod voxel_pipeline;
mod voxel_ray_trace;
mod voxel_rays;
mod voxel_scene;
mod voxel_stream;
mod voxel_structure;
mod voxel_tree;
#[cfg(feature = "window")]
pub mod window;

pub use antialias::{
    Antialias, AntialiasOutputs, AntialiasView, Jitter, JitterOutputs, JitterView, Views, antialiased,
};
pub use camera::{Orbit, OrbitCamera, OrbitCameraOutputs, OrbitCameraView, orbited};
pub use tone_map::{ToneMap, ToneMapOutputs, ToneMapView};
pub use voxel_build::{BuildError, BuildRoom, BuildSums, BuildTotals, BuiltWires, VoxelBuilder};
pub use voxel_fragment::{
    ScreenParams, VoxelFragment, VoxelFragmentHits, VoxelFragmentHitsOutputs, VoxelFragmentHitsView,
    VoxelFragmentOutputs, VoxelFragmentView,
};
pub use voxel_hybrid::{
    VoxelFind, VoxelFindOutputs, VoxelFindView, VoxelResume, VoxelResumeHits, VoxelResumeHitsOutputs,
    VoxelResumeHitsView, VoxelResumeOutputs, VoxelResumeView,
};
pub use voxel_march::{VoxelHits, VoxelHitsOutputs, VoxelHitsView, VoxelMarch, VoxelMarchOutputs, VoxelMarchView};
pub use voxel_pipeline::{VoxelPipeline, require_ray_tracing, traces_rays_in_hardware};
pub use voxel_ray_trace::{
    VoxelCubeHits, VoxelCubeHitsOutputs, VoxelCubeHitsView, VoxelRayHits, VoxelRayHitsOutputs, VoxelRayHitsView,
    VoxelRayTrace, VoxelRayTraceOutputs, VoxelRayTraceView,
};
pub use voxel_rays::{
    EsvoRays, EsvoRaysOutputs, EsvoRaysView, RayKind, Tree64Rays, Tree64RaysOutputs, Tree64RaysView, VoxelRays,
    VoxelRaysOutputs, VoxelRaysView,
};
pub use voxel_scene::{Updated, VoxelScene, VoxelSceneWires};
pub use voxel_stream::{
    StreamClear, StreamClearOutputs, StreamClearView, StreamError, StreamHits, StreamHitsOutputs, StreamHitsView,
    StreamMarch, StreamMarchOutputs, StreamMarchView, StreamOptions, StreamRays, StreamRaysOutputs, StreamRaysView,
    StreamStatistics, StreamWires, StreamedScene, Uses,
};
pub use voxel_structure::{Structure, StructureError, StructureWires, StructuredScene};
pub use voxel_tree::{
    EsvoHits, EsvoHitsOutputs, EsvoHitsView, EsvoMarch, EsvoMarchOutputs, EsvoMarchView, Tree64Hits, Tree64HitsOutputs,
    Tree64HitsView, Tree64March, Tree64MarchOutputs, Tree64MarchView, TreeScene, TreeWires,
};
