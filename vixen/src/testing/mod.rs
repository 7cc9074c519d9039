//! Proof for frames and for the planner, behind the feature `testing`.
//!
//! [`frames`](fn@frames) runs frames of any graph and reports what they allocate and create; [`loss`] takes a program's device
//! away; [`serial`] lets tests with a device run one after another; [`damage`](fn@damage) spoils files. The rest judges plans: random graphs, a happens-before oracle, the fewest barriers by brute force, broken plans; the
//! tests and `./x bench plan` use it. Apart from the data of `plan::model` these share no code with the planner.

pub mod broken;
pub mod campaign;
mod damage;
pub mod exact;
pub mod fewest;
pub(crate) mod frames;
pub mod graphs;
pub mod grid;
pub mod loss;
pub mod memory;
pub mod oracle;
pub mod random;
pub mod recordings;
mod serial;
pub mod shapes;
pub mod timeline;

pub use self::damage::damage;
pub use self::frames::{
    CountingAllocator, FrameWatch, FramesByHand, FramesError, FramesReport, allocations, counted,
    created_without_callbacks, frames, is_counting, living_driver_allocations, living_heap_bytes,
};
pub use self::serial::serial;
