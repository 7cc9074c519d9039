//! A folder that goes when it is dropped.

use std::path::{Path, PathBuf};

/// The folder.
pub struct Folder(PathBuf);

impl Folder {
    /// A new one, of this process.
    pub fn new() -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("vixen-bench-peers-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind is a small file in the folder for temporary ones.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
