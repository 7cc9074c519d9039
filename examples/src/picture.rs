//! Writing pictures.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use image::{ColorType, ImageFormat};

/// Writes eight bits a channel of red, green, blue and alpha as a PNG file.
///
/// # Errors
/// Names the file when it cannot be written, to its last byte: `image::save_buffer` does not tell whether that arrived.
pub fn save(path: &Path, rgba: &[u8], [width, height]: [u32; 2]) -> Result<(), String> {
    let mut png = Cursor::new(Vec::new());
    image::write_buffer_with_format(&mut png, rgba, width, height, ColorType::Rgba8, ImageFormat::Png)
        .map_err(|error| error.to_string())
        .and_then(|()| fs::write(path, png.into_inner()).map_err(|error| error.to_string()))
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error() {
        let said = save(Path::new("/dev/full"), &[0; 16], [2, 2]).expect_err("there is no room");
        assert!(said.starts_with("cannot write /dev/full"), "{said}");
    }
}
