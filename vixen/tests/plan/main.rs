//! The planner: what each plan must say, that it never says too much, and that nothing goes wrong when it runs.

mod builder;
mod conditions;
mod errors;
mod proof;
mod rules;
mod segments;
