//! The planner: pure functions from declared nodes to order, barriers, layouts, lifetimes and segments.

mod model;

pub use model::*;
