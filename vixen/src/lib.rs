//! Vixen: a Vulkan render graph in which wiring errors are compile errors and a frame allocates nothing.

pub mod plan;
