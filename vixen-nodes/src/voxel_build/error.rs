//! Why a scene cannot be built on the GPU.

use vixen::device::DeviceError;

/// Why a scene cannot be built on the GPU.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Only land and surfaces of triangles are built there.
    #[error("{name} is neither land nor triangles: build it on the CPU, with `SceneSource::build`")]
    NoShape {
        /// The scene.
        name: String,
    },
    /// The tree would have one level.
    #[error("{name} has no side longer than 32 voxels: build it on the CPU, with `SceneSource::build`")]
    TooSmall {
        /// The scene.
        name: String,
    },
    /// There is not a single solid voxel.
    #[error("{name} holds no solid voxel; there is nothing to show")]
    NothingSolid {
        /// The scene.
        name: String,
    },
    /// What a source says of itself does not fit together.
    #[error("{name} cannot be built: {problem}")]
    BadShape {
        /// The scene.
        name: String,
        /// What does not fit, and what it should be.
        problem: String,
    },
    /// The device cannot.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

vixen::debug_as_display!(BuildError);
