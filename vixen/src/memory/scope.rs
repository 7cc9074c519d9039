//! On whose behalf the calling thread allocates: the phase of a graph's life, and the node that memory is provisioned for.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// What a thread is doing while it allocates or frees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Anything outside the life of a compiled graph: loading, for one.
    #[default]
    Setup,
    /// Compiling a graph, or a part of it anew.
    Compile,
    /// Running a frame.
    Execute,
    /// Dropping a compiled graph.
    Cleanup,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Self; 4] = [Self::Setup, Self::Compile, Self::Execute, Self::Cleanup];

    /// What tables call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Compile => "compile",
            Self::Execute => "execute",
            Self::Cleanup => "cleanup",
        }
    }

    /// Makes this the calling thread's phase until the scope is dropped. It allocates nothing.
    #[must_use = "the phase ends when the scope is dropped"]
    pub fn enter(self) -> PhaseScope {
        PhaseScope { outer: PHASE.replace(self), not_send: PhantomData }
    }

    /// The calling thread's phase.
    pub fn current() -> Self {
        PHASE.get()
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

thread_local! {
    static PHASE: Cell<Phase> = const { Cell::new(Phase::Setup) };
    static NODE: RefCell<Option<Arc<str>>> = const { RefCell::new(None) };
    /// Whether there is one: cheaper to ask, since it needs no drop when the thread ends.
    static HAS_NODE: Cell<bool> = const { Cell::new(false) };
}

/// While it lives, the thread that made it is in a phase.
#[derive(Debug)]
pub struct PhaseScope {
    outer: Phase,
    /// It speaks of the thread that made it.
    not_send: PhantomData<*const ()>,
}

impl Drop for PhaseScope {
    fn drop(&mut self) {
        PHASE.set(self.outer);
    }
}

/// While it lives, what the thread that made it allocates is a node's.
#[derive(Debug)]
pub struct NodeScope {
    outer: Option<Arc<str>>,
    /// It speaks of the thread that made it.
    not_send: PhantomData<*const ()>,
}

impl NodeScope {
    /// Makes a node the one that the calling thread allocates for, until the scope is dropped.
    #[must_use = "the node's part ends when the scope is dropped"]
    pub fn enter(node: impl Into<Arc<str>>) -> Self {
        HAS_NODE.set(true);
        Self { outer: NODE.replace(Some(node.into())), not_send: PhantomData }
    }
}

impl Drop for NodeScope {
    fn drop(&mut self) {
        HAS_NODE.set(self.outer.is_some());
        NODE.replace(self.outer.take());
    }
}

/// The node that the calling thread allocates for.
#[inline]
pub(super) fn current_node() -> Option<Arc<str>> {
    if HAS_NODE.get() { NODE.with_borrow(Clone::clone) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_nest_and_end_with_their_guards() {
        let outer = Phase::Compile.enter();
        {
            let _inner = Phase::Execute.enter();
            let _march = NodeScope::enter("march");
            let _tone = NodeScope::enter("tone");
            assert_eq!((Phase::current(), current_node().as_deref()), (Phase::Execute, Some("tone")));
        }
        assert_eq!((Phase::current(), current_node()), (Phase::Compile, None));
        std::thread::spawn(|| assert_eq!(Phase::current(), Phase::Setup))
            .join()
            .expect("the thread finds its own phase");
        drop(outer);
        assert_eq!(Phase::current(), Phase::Setup);
    }
}
