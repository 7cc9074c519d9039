//! Typed, fixed-size events between nodes.
//!
//! A node declares what it emits and receives (`#[node(.., emits(Resized = 4))]`), and only that compiles.

/// A node that declares to emit events of type `T`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not declare that it emits `{T}`",
    note = "add `emits({T} = capacity)` to its `#[node(..)]`"
)]
pub trait Emits<T> {
    /// How many events a frame has room for.
    const CAPACITY: u32;
}

/// A node that declares to receive events of type `T`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not declare that it receives `{T}`",
    note = "add `receives({T} = capacity)` to its `#[node(..)]`"
)]
pub trait Receives<T> {
    /// How many events a frame has room for.
    const CAPACITY: u32;
}
