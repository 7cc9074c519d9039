//! Vixen: a Vulkan render graph in which wiring errors are compile errors and a frame allocates nothing.

pub mod device;
pub mod memory;
pub mod plan;
