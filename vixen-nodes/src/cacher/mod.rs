//! Cachers own expensive things that outlive a graph: the same key gives the same thing, and it is built once.
//!
//! ```no_run
//! use std::sync::Arc;
//! use vixen_nodes::cacher::{Cached, Cacher, Workers, evict_on_warning};
//! # let device = vixen::Device::new(&vixen::DeviceOptions::new())?;
//!
//! struct Table(Vec<u8>);
//! impl Cached for Table {
//!     fn bytes(&self) -> u64 {
//!         self.0.len() as u64
//!     }
//! }
//!
//! let tables = Arc::new(Cacher::<u32, Table>::new("tables"));
//! evict_on_warning(device.budget(), [tables.evictable()]);
//! // Now, or on a worker thread while frames go on.
//! let table = tables.get_or_build(&7, || Ok::<_, std::io::Error>(Table(vec![0; 7])))?;
//! let request = tables.request(&Workers::default(), 8, || Ok::<_, std::io::Error>(Table(vec![0; 8])));
//! let arrived = request.poll();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Assets`] are the cachers of what programs load: meshes, textures, voxel scenes, their boxes and acceleration structures. Each is added
//! to a graph like a node, for its wires. Shader modules, pipelines, layouts and samplers have none: graphs of a device share them by
//! themselves (`Device::shared_objects`).
//!
//! Things that took long to build are also kept between runs, in a [`DiskCache`]: voxel scenes, and what drivers remember of
//! pipelines ([`load_pipelines`] and [`keep_pipelines`]).

mod assets;
mod blocks;
mod disk;
mod eviction;
mod flight;
mod folder;
mod format;
mod pipelines;
mod request;
mod statistics;
mod table;
mod voxel_scenes;

#[cfg(feature = "gltf")]
pub use assets::CachedMesh;
pub use assets::{Assets, ContentKey};
pub use disk::{DiskCache, DiskKey, Stored};
pub use eviction::{Evictable, evict_on_warning};
pub use folder::cache_folder;
pub use format::Damage;
pub use pipelines::{PipelinesError, keep_pipelines, load_pipelines};
pub use request::{Request, Workers};
pub use statistics::Statistics;
pub use table::{Cached, Cacher};
pub use voxel_scenes::{CachedScene, OpenError, VoxelSceneCacher};
