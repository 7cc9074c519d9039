//! Compiles shaders/*.glsl to SPIR-V.
fn main() {}
