//! Descriptors: what the sets of a node point to, and which of them have to be written.

mod binder;
mod error;

pub use self::binder::{Binder, Bound, DescriptorSlot, SlotKey};
pub use self::error::BindError;
