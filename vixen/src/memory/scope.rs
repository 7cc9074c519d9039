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
        let who = WHO.get();
        WHO.set(Who { phase: self, ..who });
        PhaseScope { outer: who.phase, not_send: PhantomData }
    }

    /// The calling thread's phase.
    pub fn current() -> Self {
        WHO.get().phase
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What every allocation asks.
#[derive(Clone, Copy)]
struct Who {
    phase: Phase,
    /// Whether there is a node: cheaper to ask, since it needs no drop when the thread ends.
    has_node: bool,
}

thread_local! {
    static WHO: Cell<Who> = const { Cell::new(Who { phase: Phase::Setup, has_node: false }) };
    static NODE: RefCell<Option<Arc<str>>> = const { RefCell::new(None) };
}

fn set_has_node(has_node: bool) {
    WHO.set(Who { has_node, ..WHO.get() });
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
        WHO.set(Who { phase: self.outer, ..WHO.get() });
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
        set_has_node(true);
        Self { outer: NODE.replace(Some(node.into())), not_send: PhantomData }
    }
}

impl Drop for NodeScope {
    fn drop(&mut self) {
        set_has_node(self.outer.is_some());
        NODE.replace(self.outer.take());
    }
}

/// The calling thread's phase, and the node that it allocates for.
#[inline]
pub(super) fn current() -> (Phase, Option<Arc<str>>) {
    let Who { phase, has_node } = WHO.get();
    (phase, if has_node { current_node() } else { None })
}

#[cold]
fn current_node() -> Option<Arc<str>> {
    NODE.with_borrow(Clone::clone)
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
