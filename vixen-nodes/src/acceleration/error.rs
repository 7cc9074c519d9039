//! Why an acceleration structure could not be built.

use vixen::device::DeviceError;
use vixen::memory::MemoryError;

/// Why an acceleration structure could not be built, updated or shared.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum AccelerationError {
    /// The device, its memory or its budget.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// There is nothing to put into it.
    #[error("'{name}' has no {what}: a structure needs at least one")]
    Empty {
        /// The structure.
        name: String,
        /// What it has none of.
        what: &'static str,
    },
    /// More than the device takes.
    #[error("'{name}' has {count} {what}, but the device takes {limit}: split it into several structures")]
    TooMany {
        /// The structure.
        name: String,
        /// What it has too many of.
        what: &'static str,
        /// How many it has.
        count: u64,
        /// How many the device takes.
        limit: u64,
    },
    /// A box or a corner that is not finite, or a box whose low corner is not below its high one.
    #[error("{what} {index} of '{name}' is not finite or inside out: leave it out")]
    Malformed {
        /// The structure.
        name: String,
        /// A box or a vertex.
        what: &'static str,
        /// Which.
        index: usize,
    },
    /// A transform that leaves an instance no volume.
    #[error("the transform of instance {index} of '{name}' is not finite or flattens it: leave it out")]
    Transform {
        /// The structure.
        name: String,
        /// Which instance.
        index: usize,
    },
    /// Indices that do not make triangles of the vertices.
    #[error("the indices of '{name}' do not make triangles of its {vertices} vertices: {problem}")]
    Indices {
        /// The structure.
        name: String,
        /// How many vertices there are.
        vertices: usize,
        /// What is wrong.
        problem: String,
    },
    /// An update of what was not built for it.
    #[error("'{name}' cannot be updated: {problem}")]
    NotUpdatable {
        /// The structure.
        name: String,
        /// What is in the way, and what to do.
        problem: String,
    },
}

vixen::debug_as_display!(AccelerationError);

impl From<MemoryError> for AccelerationError {
    fn from(error: MemoryError) -> Self {
        Self::Device(error.into())
    }
}
