//! Tells `vixen::testing` what a thread does in a frame. Without that feature it is nothing.

#[cfg(feature = "testing")]
pub(crate) use crate::testing::frames::watch::{any, frame, node, uploaded, uploads};

#[cfg(not(feature = "testing"))]
pub(crate) use self::unwatched::{any, frame, node, uploaded, uploads};

#[cfg(not(feature = "testing"))]
mod unwatched {
    /// Nobody looks.
    #[must_use]
    pub(crate) struct Unwatched;

    /// The calling thread runs this frame of a graph, until the guard is dropped.
    pub(crate) fn frame(_graph: u64, _number: u64) -> Unwatched {
        Unwatched
    }

    /// The calling thread records what was uploaded, until the guard is dropped.
    pub(crate) fn uploads() -> Unwatched {
        Unwatched
    }

    /// A batch of uploads goes along with the frame.
    pub(crate) fn uploaded() {}

    /// The calling thread records or runs this node, until the guard is dropped.
    pub(crate) fn node(_name: &std::ffi::CStr) -> Unwatched {
        Unwatched
    }

    /// Whether somebody looks.
    pub(crate) const fn any() -> bool {
        false
    }
}
