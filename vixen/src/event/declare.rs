//! What a node says about events. `#[node]` implements these from `emits(..)` and `receives(..)`.

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
