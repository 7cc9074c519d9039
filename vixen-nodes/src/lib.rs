//! Nodes for [Vixen](vixen): voxel scenes and the passes that draw them, a camera, and windows.
//!
//! A scene from a file to a picture, by nodes that fit together with any of your own:
//!
//! ```no_run
//! use std::path::Path;
//! use vixen::{Device, DeviceOptions, Extent, Graph, Output};
//! use vixen_nodes::voxel::{Scene, default_params, default_view};
//! use vixen_nodes::{Orbit, OrbitCamera, ToneMap, VoxelPipeline, VoxelScene, antialiased};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let device = Device::new(&DeviceOptions::new())?;
//! let scene = Scene::open(Path::new("castle.vox"), 512, &|_| ())?;
//! let voxels = VoxelScene::upload(&device, &scene.map)?;
//! let start = default_view(&scene);
//! let params = default_params(&scene, &start);
//!
//! let graph = Graph::new(Output::headless(1280, 720));
//! let wires = graph.add(&voxels);
//! let (orbit, orbit_wire) = graph.param(Orbit::default());
//! let camera = graph.add(OrbitCamera { orbit: &orbit_wire, start }).uniform;
//! let hdr = antialiased(&graph, &camera, |camera| VoxelPipeline::Compute.draw(&graph, camera, &wires, params));
//! let tone = graph.add(ToneMap { hdr: &hdr, ldr: graph.image(Extent::Output) });
//! let pixels = graph.read_back(&tone.ldr);
//!
//! let mut compiled = graph.compile(&device)?;
//! compiled.set(orbit, Orbit { yaw: 0.3, ..Orbit::default() });
//! compiled.frame()?;
//! # let _ = pixels;
//! # Ok(())
//! # }
//! ```
//!
//! | for | there is |
//! | --- | --- |
//! | scenes on the CPU: opened, made up, edited | [`voxel`] |
//! | scenes on the device | [`VoxelScene`]; [`StreamedScene`] where they do not fit; [`VoxelBuilder`] builds them there |
//! | drawing them | [`VoxelPipeline`], of whose nodes each can be had alone; [`StructuredScene`] for structures to compare with |
//! | meshes, textures, and what is loaded once for all graphs | `mesh`, `texture` (features `gltf`, `textures`), [`cacher`] |
//! | ray tracing | [`acceleration`] |
//! | the picture | [`antialiased`], [`ToneMap`], [`OrbitCamera`] |
//! | windows (feature `window`) | `window` |

pub mod acceleration;
mod antialias;
pub mod cacher;
mod camera;
mod file;
#[cfg(feature = "gltf")]
pub mod mesh;
mod ranges;
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
