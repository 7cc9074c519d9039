//! Reflection of SPIR-V shaders: what a module binds, how its blocks are laid out, and which bindings it may store to.
//!
//! It never panics, whatever the bytes, and its result does not depend on the order in which a compiler emits things.
//! It is written on SPIR-V's own numbers instead of `spirq`, because that panics on an unknown opcode and on a short file,
//! and says nothing about stores.

mod access;
mod bindings;
mod constant;
mod error;
mod image_format;
mod interface;
mod layout;
mod module;
mod raw_type;
mod reflect;
mod types;
mod words;

pub use error::ReflectError;
pub use image_format::ImageFormat;
pub use types::*;

/// Reflects the only entry point of a module, or the one named `main` where there are several.
///
/// `bytes` are little-endian words.
pub fn reflect(bytes: &[u8]) -> Result<Shader, ReflectError> {
    reflect_entry(bytes, None)
}

/// Reflects the entry point `name`; without a name as [`reflect`].
pub fn reflect_entry(bytes: &[u8], name: Option<&str>) -> Result<Shader, ReflectError> {
    let words = words::words(bytes)?;
    reflect::shader(&module::Module::parse(&words)?, name)
}
