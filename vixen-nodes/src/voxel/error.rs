//! What can be wrong with a scene.

use std::path::PathBuf;

use super::MAX_EDGE;

/// Why a scene could not be built. The message names the file, what is wrong and what to do.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum SceneError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}; check the path and its permissions", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The file has no bytes.
    #[error("{} is empty; give a .vox, .glb or greyscale .png file", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is none of the formats that can be read.
    #[error("{} is not a MagicaVoxel .vox, binary glTF .glb or .png file; {hint}", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
        /// What it looks like, and what to do.
        hint: &'static str,
    },
    /// No made-up scene is called so, or its size is impossible.
    #[error(
        "`{text}` names neither a scene nor a file; write NAME, NAME:SIZE or NAME:SIZE:SEED with cornell, noise, tunnels or \
         cityscape, and a size from 16 to {MAX_EDGE}"
    )]
    UnknownProcedural {
        /// What was given.
        text: String,
    },
    /// The format is known, but support for it was left out of this build.
    #[error("{} needs the cargo feature `{feature}` of vixen-nodes; build with it", path.display())]
    FeatureMissing {
        /// The file.
        path: PathBuf,
        /// The feature.
        feature: &'static str,
    },
    /// The file breaks its format's rules, or ends too early.
    #[error("{} is damaged: {problem}; export it again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        problem: String,
    },
    /// The file is well-formed but uses something that is not read here.
    #[error("{} cannot be used: {problem}", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What it uses, and what to do instead.
        problem: String,
    },
    /// The resolution is outside what a scene can have.
    #[error("a resolution of {resolution} is not possible; choose 1 to {MAX_EDGE} voxels for the longest side")]
    Resolution {
        /// What was asked for.
        resolution: u32,
    },
    /// The scene is larger than a scene can be.
    #[error("a scene of {}×{}×{} voxels is too large; no side may exceed {MAX_EDGE}", size[0], size[1], size[2])]
    TooLarge {
        /// Its size in voxels.
        size: [u64; 3],
    },
    /// There is not a single solid voxel.
    #[error("{name} holds no solid voxel; there is nothing to show")]
    NothingSolid {
        /// The file or source.
        name: String,
    },
    /// The scene needs more words than its buffers can address.
    #[error("{name} needs too much memory for {what}; choose a lower resolution")]
    TooMuchMemory {
        /// The file or source.
        name: String,
        /// Which buffer.
        what: &'static str,
    },
}

vixen::debug_as_display!(SceneError);
