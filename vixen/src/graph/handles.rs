//! Small `Copy` handles that outlive compile and are used from outside.

use std::marker::PhantomData;

use crate::graph::resource::Resource;
use crate::plan::{ResourceId, SwitchId};

/// A value that nodes read and the application sets between frames.
#[derive(Debug)]
pub struct Param<T> {
    pub(crate) graph: u64,
    pub(crate) resource: ResourceId,
    pub(crate) kind: PhantomData<fn() -> T>,
}

/// A part of a graph, on or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Switch {
    pub(crate) graph: u64,
    pub(crate) switch: SwitchId,
}

/// A copy of a wire's contents that the CPU can read once the frame that made it has finished.
#[derive(Debug)]
pub struct Readback<R> {
    pub(crate) graph: u64,
    pub(crate) resource: ResourceId,
    pub(crate) kind: PhantomData<fn() -> R>,
}

/// A resource that the application owns and a graph uses.
#[derive(Debug)]
pub struct Import<R> {
    pub(crate) graph: u64,
    pub(crate) resource: ResourceId,
    pub(crate) kind: PhantomData<fn() -> R>,
}

/// A resource that the graph keeps after the frame, for the application to look at.
#[derive(Debug)]
pub struct Retained<R> {
    pub(crate) graph: u64,
    /// Index in the list of what is retained.
    pub(crate) index: u32,
    pub(crate) kind: PhantomData<fn() -> R>,
}

macro_rules! copy {
    ($($name:ident),*) => {$(
        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }
        impl<T> Copy for $name<T> {}
    )*};
}

copy!(Param, Readback, Import, Retained);

/// A resource of which earlier frames can be read: `DEPTH` frames back at most.
///
/// Each frame defines the contents of age 0 through the target that [`Graph::history`](crate::Graph::history) returned
/// with this; [`History::ago`] reads what frames before made. Before a frame has made them, contents are zero.
pub struct History<R: Resource, const DEPTH: u32> {
    pub(crate) past: Vec<crate::graph::wire::Shared<R>>,
}

impl<R: Resource, const DEPTH: u32> History<R, DEPTH> {
    /// The contents of `AGE` frames ago; `AGE` from 1 to `DEPTH`, which is 32 at most.
    pub fn ago<const AGE: u32>(&self) -> &crate::graph::wire::Wire<R>
    where
        Depth<DEPTH>: Reaches<AGE>,
    {
        &self.past[AGE as usize - 1]
    }
}

/// The depth of a [`History`], as a type.
#[derive(Debug)]
pub struct Depth<const DEPTH: u32>;

/// Holds where a history is deep enough. A trait rather than an assertion, since `cargo check` does not evaluate the constants of functions.
#[diagnostic::on_unimplemented(
    message = "a history of `{Self}` has no frame `{AGE}` ago",
    label = "ages are 1 to the history's depth",
    note = "declare it with a larger DEPTH, `graph.history::<_, _, DEPTH>(..)`, of 32 at most",
    note = "age 0 is the frame's own version: read the wire that the writing node returns"
)]
pub trait Reaches<const AGE: u32> {}

/// Every depth reaches back to every age up to its own.
macro_rules! reaches {
    ([$($age:literal)*]) => {};
    ([$($age:literal)*] $depth:literal $($deeper:literal)*) => {
        $(
            #[diagnostic::do_not_recommend]
            impl Reaches<$age> for Depth<$depth> {}
        )*
        #[diagnostic::do_not_recommend]
        impl Reaches<$depth> for Depth<$depth> {}
        reaches!([$($age)* $depth] $($deeper)*);
    };
}

reaches!([] 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32);
