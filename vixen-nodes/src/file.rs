//! Files that users name.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::voxel::{SceneError, memory};

/// The bytes of a file.
///
/// # Errors
/// When it cannot be read, or is none that ends: a folder, a pipe, a device.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, SceneError> {
    let regular = |path| {
        let about = std::fs::metadata(path)?;
        if !about.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
        }
        // With a byte to spare, so that its end is found without more room.
        let mut bytes = memory::with_capacity(usize::try_from(about.len()).map_or(0, |bytes| bytes + 1));
        File::open(path)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    regular(path).map_err(|source| SceneError::Io { path: path.into(), source })
}
