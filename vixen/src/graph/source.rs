//! Things that are owned elsewhere and give a graph their wires: a scene, a mesh, a texture.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::frame::RecordContext;
use crate::graph::builder::Graph;
use crate::graph::node::{Node, NodeDeclaration, NodeKind};
use crate::graph::requirements::Requirements;
use crate::graph::tables::Placement;
use crate::graph::wiring::Wiring;
use crate::memory::ManagedBuffer;

/// Something that outlives graphs and that they share. A reference to it is a node without commands: `graph.add(&scene)` gives its wires,
/// and other nodes take these. [`Replaceable`] is the same for what its owner may replace while graphs run.
pub trait Source {
    /// What messages call it.
    const NAME: &'static str;
    /// Its parts as wires of one graph.
    type Wires;

    /// Shares its parts with a graph, the same ones in the same order each time. `graph.add` calls it.
    fn share(&self, graph: &Graph) -> Self::Wires;
}

impl<S: Source> Source for Arc<S> {
    const NAME: &'static str = S::NAME;
    type Wires = S::Wires;

    fn share(&self, graph: &Graph) -> S::Wires {
        (**self).share(graph)
    }
}

#[diagnostic::do_not_recommend]
// SAFETY: it has neither shaders nor slots, and records nothing.
unsafe impl<S: Source> Node for &S {
    type Outputs = S::Wires;
    type View<'v> = ();
    const DECLARATION: NodeDeclaration = NodeDeclaration {
        name: S::NAME,
        kind: NodeKind::Transfer,
        dynamic: false,
        slots: &[],
        programs: &[],
        push: None,
        spec_bytes: 0,
        samplers: &[],
        requirements: Requirements::NONE,
    };

    fn wire(self, wiring: &mut Wiring<'_>) -> S::Wires {
        self.share(&wiring.source())
    }

    fn record(_: &mut RecordContext<'_>) {}
}

/// A place for something that graphs share and that its owner replaces while they run: with a larger one, or with what a worker has
/// built meanwhile. `graph.add(&place)` gives the wires. Before its next frame a graph takes over what is in the place by then, all parts at
/// once, with a recompile of what binds them. A clone is a handle to the same place.
///
/// A replacement must have the same number and kinds of parts, and its images the same formats, mip levels and layers. Otherwise `frame`
/// returns an error until it is replaced again.
#[derive(Debug)]
pub struct Replaceable<S> {
    place: Arc<Contents<S>>,
}

#[derive(Debug)]
struct Contents<S> {
    /// Of `current`, to be compared without the lock.
    generation: AtomicU64,
    current: Mutex<Arc<S>>,
}

impl<S> Contents<S> {
    fn read(&self) -> (u64, Arc<S>) {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        (self.generation.load(Ordering::Relaxed), Arc::clone(&current))
    }
}

impl<S> Replaceable<S> {
    /// A place with this in it.
    pub fn new(first: S) -> Self {
        let (generation, current) = (AtomicU64::new(1), Mutex::new(Arc::new(first)));
        Self { place: Arc::new(Contents { generation, current }) }
    }

    /// What is there.
    pub fn current(&self) -> Arc<S> {
        self.place.read().1
    }

    /// Puts something else there, from whatever thread, and returns what was there. Graphs keep that until they have followed.
    pub fn replace(&self, next: S) -> Arc<S> {
        let next = Arc::new(next);
        let mut current = self.place.current.lock().unwrap_or_else(PoisonError::into_inner);
        self.place.generation.fetch_add(1, Ordering::Release);
        std::mem::replace(&mut *current, next)
    }
}

impl<S> Clone for Replaceable<S> {
    fn clone(&self) -> Self {
        Self { place: Arc::clone(&self.place) }
    }
}

impl<S: Source + Send + Sync + 'static> Source for Replaceable<S> {
    const NAME: &'static str = S::NAME;
    type Wires = S::Wires;

    fn share(&self, graph: &Graph) -> S::Wires {
        let (generation, current) = self.place.read();
        let first = graph.tables.declared.borrow().resources.len();
        let wires = current.share(graph);
        let mut declared = graph.tables.declared.borrow_mut();
        let parts = first..declared.resources.len();
        declared.placed.push(Placed { parts, generation, place: self.place.clone() });
        wires
    }
}

/// Resources of a graph that somebody else may replace.
#[derive(Clone)]
pub(crate) struct Placed {
    /// Their numbers.
    pub parts: Range<usize>,
    /// What the graph has of the place.
    pub generation: u64,
    pub place: Arc<dyn Place>,
}

/// Where what is shared comes from, when that can be replaced.
pub(crate) trait Place: Send + Sync {
    /// One more after each replacement. It takes no lock.
    fn generation(&self) -> u64;

    /// What is there: its generation, and where each part lies.
    fn parts(&self) -> (u64, Vec<Placement>);
}

impl<S: Source + Send + Sync> Place for Contents<S> {
    fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    fn parts(&self) -> (u64, Vec<Placement>) {
        let (generation, current) = self.read();
        // What it shares with a graph is told by one that nobody else knows.
        let graph = Graph::without_output();
        drop(current.share(&graph));
        let resources = std::mem::take(&mut graph.tables.declared.borrow_mut().resources);
        (generation, resources.into_iter().map(|resource| resource.placement).collect())
    }
}

impl Place for ManagedBuffer {
    fn generation(&self) -> u64 {
        self.generation()
    }

    fn parts(&self) -> (u64, Vec<Placement>) {
        let current = self.current();
        (current.generation(), vec![Placement::SharedBuffer(current)])
    }
}
