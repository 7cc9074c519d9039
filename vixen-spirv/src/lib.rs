//! vixen-spirv
