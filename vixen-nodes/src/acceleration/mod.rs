//! Acceleration structures: boxes and triangles in [`Blas`]es, instances of them in a [`Tlas`], which graphs share.
//!
//! ```no_run
//! use vixen::{Device, DeviceOptions, Graph, Output};
//! use vixen_nodes::acceleration::{Aabb, Blas, BlasDesc, Geometry, Instance, Tlas};
//!
//! let device = Device::new(&DeviceOptions::new())?;
//! let unit = [Aabb { low: [0.0; 3], high: [1.0; 3] }];
//! let boxes = Blas::build(&device, &BlasDesc::new("box", Geometry::Aabbs(&unit)))?;
//! let scene = Tlas::build(&device, "scene", &[Instance::new(&boxes)])?;
//! let graph = Graph::new(Output::headless(640, 360));
//! let wire = graph.add(&scene); // for an `#[acceleration_structure]` slot
//! # drop(wire);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Everything here records, submits and waits: it belongs before the first frame, or between two. [`Blas::build_many`] builds any
//! number of structures with one build command, and [`build_scene`] adds the structure of their instances in the same submission.
//! Updates and rebuilds happen in place and in the queue's order, after the frames that were submitted before and ahead of those
//! that come after, so a graph that shares the structure goes on unchanged. What follows the edits of a voxel scene, an
//! [`EditableVoxelStructure`], is built anew within frames, and nothing waits.
//!
//! All memory comes through the device's budget: the structures, their input while it is read, and scratch memory, as much as the
//! device asks for. What fails in the middle frees what was made before.

mod batch;
mod blas;
mod commands;
mod compact;
mod edited_cells;
mod edited_structure;
mod error;
mod geometry;
mod memory;
mod scene;
mod tlas;
mod voxel_aabbs;
mod voxel_cells;
mod voxel_structure;

pub use blas::{Blas, BlasDesc, Prefer};
pub use edited_structure::EditableVoxelStructure;
pub use error::AccelerationError;
pub use geometry::{Aabb, Geometry, morton_order};
pub use scene::build_scene;
pub use tlas::{Instance, Tlas};
pub use voxel_aabbs::{VoxelAabbWires, VoxelAabbs};
pub use voxel_cells::{BOX_EDGE, Cell, VoxelBoxes, VoxelCells};
pub use voxel_structure::{VoxelStructure, VoxelStructureWires};
