//! What the example programs share: thread CPU time, statistics, writing pictures, saying what was done.

use std::fmt::Display;
use std::io::{self, Write};

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

/// The README's code, compiled as a test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
