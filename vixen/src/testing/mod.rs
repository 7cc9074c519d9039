//! Proof for the planner: random graphs, a happens-before oracle, the fewest barriers by brute force, broken plans.
//!
//! Behind the feature `testing`; the tests and `./x bench plan` use it. Apart from the data of `plan::model` no code is
//! shared with the planner. For programs: `loss` takes their device away.

pub mod broken;
pub mod campaign;
pub mod exact;
pub mod fewest;
pub mod graphs;
pub mod grid;
pub mod loss;
pub mod memory;
pub mod oracle;
pub mod random;
pub mod shapes;
pub mod timeline;
