//! What the example programs share: thread CPU time, statistics, writing pictures, saying what was done.

use std::fmt::Display;
use std::io::Write;

pub mod clock;
pub mod peak;
pub mod picture;
pub mod statistics;

/// Prints a line. A reader who has seen enough, as `head`, is no failure, where `println!` would panic.
pub fn say(line: impl Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// The README's code, compiled as a test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
