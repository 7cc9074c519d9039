//! Reloading shaders while a graph runs (feature `hot-reload`).
//!
//! With the feature, `#[node]` records where each SPIR-V file was.
//! [`CompiledGraph::watch_shaders`](crate::CompiledGraph::watch_shaders) looks after them on a thread of its own, and
//! [`CompiledGraph::reload_changed`](crate::CompiledGraph::reload_changed) takes over what has changed: it reflects the new
//! module, compares it with the one that `#[node]` checked, and makes the pipelines of its nodes anew, and the recordings that
//! bind them, in one recompile. A module that does not fit its nodes is refused, and everything goes on as before.
//!
//! ```no_run
//! # fn example(mut graph: vixen::CompiledGraph) -> Result<(), Box<dyn std::error::Error>> {
//! graph.watch_shaders(None)?;
//! loop {
//!     for reloaded in graph.reload_changed() {
//!         match reloaded {
//!             Ok(reloaded) => eprintln!("{reloaded}"),
//!             Err(error) => eprintln!("{error}"),
//!         }
//!     }
//!     graph.frame()?;
//! }
//! # }
//! ```

mod matching;
mod watcher;

use std::fmt;

use crate::graph::CompileError;

pub(crate) use matching::{Expected, mismatch};
pub(crate) use watcher::{Changed, Watched, Watcher};

/// A shader whose new module runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reloaded {
    /// Its file, as the nodes name it.
    pub shader: &'static str,
    /// How many nodes run it.
    pub nodes: u32,
    /// How many pipelines were made anew.
    pub pipelines: u32,
}

impl fmt::Display for Reloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "reloaded `{}` (pipelines: {}, nodes: {})", self.shader, self.pipelines, self.nodes)
    }
}

/// Why a shader was not reloaded. Its nodes go on with the module that they had, but for [`ReloadError::Recompile`].
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ReloadError {
    /// No living node was compiled with this file.
    #[error(
        "no node of the graph has a shader `{file}`; name the SPIR-V file that it was built with, by its whole path"
    )]
    NoSuchShader {
        /// The file that was asked for.
        file: String,
    },
    /// The file holds no module, or lacks the entry point.
    #[error("`{shader}` was not reloaded: {source}")]
    Unreadable {
        /// Its file, as the nodes name it.
        shader: &'static str,
        /// What is wrong with it.
        source: vixen_spirv::ReflectError,
    },
    /// The module does not fit the slots of a node.
    #[error("`{shader}` was not reloaded, for it no longer fits the node `{node}`: {problem}")]
    Mismatch {
        /// Its file, as the nodes name it.
        shader: &'static str,
        /// The type of the node.
        node: &'static str,
        /// Where they differ, and what to do about it.
        problem: String,
    },
    /// The driver made no pipeline of it.
    #[error("`{shader}` was not reloaded: {source}")]
    Pipeline {
        /// Its file, as the nodes name it.
        shader: &'static str,
        /// What went wrong.
        source: CompileError,
    },
    /// The new pipelines are there, but not everything could be recorded again: the next frame tries that once more.
    #[error("`{shader}` was reloaded, but recording failed: {source}")]
    Recompile {
        /// Its file, as the nodes name it.
        shader: &'static str,
        /// What went wrong.
        source: CompileError,
    },
}

crate::debug_as_display!(ReloadError);
