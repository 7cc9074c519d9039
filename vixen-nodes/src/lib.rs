//! vixen-nodes

pub mod voxel;
