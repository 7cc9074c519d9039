//! What the example programs share: thread CPU time, statistics, writing pictures.

pub mod clock;
pub mod peak;
pub mod picture;
pub mod statistics;

/// The README's code, compiled as a test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
