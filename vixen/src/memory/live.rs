//! What is alive.

use std::sync::Arc;

use super::category::Category;
use super::scope::Phase;

/// What a piece of memory is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LiveKind {
    /// A buffer.
    Buffer,
    /// An image.
    Image,
    /// Memory that several resources share.
    Memory,
}

/// Something that is alive.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Live {
    /// What messages call it.
    pub name: String,
    /// What it is.
    pub kind: LiveKind,
    /// The bytes that it takes.
    pub bytes: u64,
    /// What they count as.
    pub category: Category,
    /// When it was allocated.
    pub phase: Phase,
    /// For which node, if for one.
    pub node: Option<Arc<str>>,
}
