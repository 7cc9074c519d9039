//! Files that users name.

use std::io;
use std::path::Path;

use crate::voxel::SceneError;

/// The bytes of a file.
///
/// # Errors
/// When it cannot be read, or is none that ends: a folder, a pipe, a device.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, SceneError> {
    let regular = |path| match std::fs::metadata(path)?.is_file() {
        true => std::fs::read(path),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
    };
    regular(path).map_err(|source| SceneError::Io { path: path.into(), source })
}
