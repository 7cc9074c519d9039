//! The contract between Rust and a shader: block layouts, what reflection found, and their comparison in const evaluation.

mod block;
pub(crate) mod check;
mod program;
#[cfg(feature = "hot-reload")]
pub mod reload;

pub use block::{Block, BlockType, Member, Scalar, Type, bytes_of};
#[doc(hidden)]
pub use block::{BlockMember, PushType};
#[doc(hidden)]
pub use check::*;
pub use program::{
    Blend, DescriptorType, HitGroup, Program, ProgramKind, ShaderStage, SpecConstant, VertexAttribute, Workgroup,
};
