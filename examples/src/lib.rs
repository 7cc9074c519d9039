//! What the example programs share: their `main`, thread CPU time, statistics, writing pictures, saying what was done.

use std::error::Error;
use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub mod clock;
pub mod peak;
pub mod picture;
pub mod statistics;

/// Prints a line. A reader who has seen enough, as `head`, is no failure.
///
/// # Errors
/// When it cannot be written, as to a full disk, where `println!` would panic.
pub fn say(line: impl Display) -> io::Result<()> {
    match writeln!(io::stdout(), "{line}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(io::Error::new(error.kind(), format!("cannot print: {error}")))
        }
        _ => Ok(()),
    }
}

/// The `main` of a program that makes a picture of a file: `program [FILE [PICTURE]]`. Without arguments it takes one of `assets`, and
/// names its picture as it is told.
pub fn picture_of(asset: &str, picture: &str, draw: fn(&Path, &Path) -> Result<(), Box<dyn Error>>) -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let file = arguments.next().unwrap_or_else(|| assets(asset).into());
    let picture = arguments.next().unwrap_or_else(|| picture.into());
    match draw(Path::new(&file), Path::new(&picture)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Where a file of `assets` is.
pub fn assets(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(file)
}

/// The README's code, compiled as a test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
