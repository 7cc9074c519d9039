//! What threads do in a watched frame: who allocates or creates something there is counted, and the first one is named.
//!
//! `frame()` says on which threads it runs, and for which node. Nothing here allocates, since the global allocator calls it.

use std::cell::Cell;
use std::ffi::CStr;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::memory::Phase;

/// The graph whose frames are watched; no graph has the number 0.
static WATCHED: AtomicU64 = AtomicU64::new(0);
static COUNTS: [AtomicU64; What::KINDS] = [const { AtomicU64::new(0) }; What::KINDS];
static FIRST: Mutex<[Option<Sighting>; What::KINDS]> = Mutex::new([None; What::KINDS]);

thread_local! {
    /// The watched frame that this thread runs.
    static FRAME: Cell<Option<u64>> = const { Cell::new(None) };
    /// Whether it records what the application uploaded.
    static UPLOADS: Cell<bool> = const { Cell::new(false) };
    /// The node that it records or runs.
    static NODE: Cell<Option<Running>> = const { Cell::new(None) };
}

/// A node that a thread records or runs.
#[derive(Clone, Copy)]
struct Running {
    name: NonNull<CStr>,
    /// The phase in which it began: what it does belongs to that one, even where it compiles a graph of its own.
    phase: Phase,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Rust's global allocator was asked for this many bytes.
    Heap(usize),
    /// The driver asked its allocation callbacks for this many bytes.
    Driver(usize),
    /// A call that creates or allocates an object of the device.
    Create(&'static CStr),
    /// A call that destroys or frees one.
    Destroy(&'static CStr),
    /// The commands of a batch of uploads.
    Uploads,
}

impl What {
    const KINDS: usize = 5;

    fn kind(self) -> usize {
        match self {
            Self::Heap(_) => 0,
            Self::Driver(_) => 1,
            Self::Create(_) => 2,
            Self::Destroy(_) => 3,
            Self::Uploads => 4,
        }
    }
}

/// Where something was seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sighting {
    pub what: What,
    pub frame: u64,
    name: [u8; 64],
    length: usize,
}

impl Sighting {
    /// The node that did it; none where the frame itself did.
    pub fn node(&self) -> Option<String> {
        (self.length > 0).then(|| String::from_utf8_lossy(&self.name[..self.length]).into_owned())
    }
}

/// How often each was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub heap: u64,
    pub driver: u64,
    pub created: u64,
    pub destroyed: u64,
    pub uploads: u64,
}

impl Counts {
    /// What came since then.
    pub fn since(self, before: Self) -> Self {
        Self {
            heap: self.heap - before.heap,
            driver: self.driver - before.driver,
            created: self.created - before.created,
            destroyed: self.destroyed - before.destroyed,
            uploads: self.uploads - before.uploads,
        }
    }
}

/// Watches a graph's frames from now on, and forgets what was seen before.
pub(crate) fn start(graph: u64) {
    COUNTS.iter().for_each(|count| count.store(0, Ordering::Relaxed));
    *FIRST.lock().unwrap_or_else(PoisonError::into_inner) = [None; What::KINDS];
    WATCHED.store(graph, Ordering::Relaxed);
}

/// Watches nothing any more.
pub(crate) fn stop() {
    WATCHED.store(0, Ordering::Relaxed);
}

/// What was counted so far.
pub(crate) fn counts() -> Counts {
    let [heap, driver, created, destroyed, uploads] = COUNTS.each_ref().map(|count| count.load(Ordering::Relaxed));
    Counts { heap, driver, created, destroyed, uploads }
}

/// The first of each kind.
pub(crate) fn first() -> [Option<Sighting>; What::KINDS] {
    *FIRST.lock().unwrap_or_else(PoisonError::into_inner)
}

/// While it lives, the thread that made it runs a frame.
#[must_use]
pub(crate) struct InFrame {
    /// What the thread ran before; none where nobody watches this graph.
    outer: Option<Option<u64>>,
}

/// The calling thread runs this frame of a graph, until the guard is dropped.
#[inline]
pub(crate) fn frame(graph: u64, number: u64) -> InFrame {
    let watched = WATCHED.load(Ordering::Relaxed) == graph;
    InFrame { outer: watched.then(|| FRAME.replace(Some(number))) }
}

impl Drop for InFrame {
    #[inline]
    fn drop(&mut self) {
        if let Some(outer) = self.outer {
            FRAME.set(outer);
        }
    }
}

/// While it lives, the thread that made it records what the application uploaded.
#[must_use]
pub(crate) struct InUploads;

/// The calling thread records what the application uploaded, until the guard is dropped: what the driver allocates for those
/// commands is not the frame's.
#[inline]
pub(crate) fn uploads() -> InUploads {
    UPLOADS.set(true);
    InUploads
}

/// A batch of uploads goes along with the frame.
pub(crate) fn uploaded() {
    note(What::Uploads);
}

impl Drop for InUploads {
    fn drop(&mut self) {
        UPLOADS.set(false);
    }
}

/// While it lives, what the thread that made it does is a node's.
#[must_use]
pub(crate) struct InNode {
    /// What the thread did before; none where nobody watches.
    outer: Option<Option<Running>>,
}

/// The calling thread records or runs this node, until the guard is dropped.
#[inline]
pub(crate) fn node(name: &CStr) -> InNode {
    InNode { outer: any().then(|| NODE.replace(Some(Running { name: NonNull::from(name), phase: phase() }))) }
}

/// Whether somebody looks.
#[inline]
pub(crate) fn any() -> bool {
    WATCHED.load(Ordering::Relaxed) != 0
}

impl Drop for InNode {
    #[inline]
    fn drop(&mut self) {
        if let Some(outer) = self.outer {
            NODE.set(outer);
        }
    }
}

/// The phase that what the thread does belongs to.
fn phase() -> Phase {
    NODE.get().map_or_else(Phase::current, |node| node.phase)
}

/// Counts something, if the calling thread runs a watched frame and is not busy with a recompile inside it.
#[inline]
pub(crate) fn note(what: What) {
    // A thread that ends may allocate when these are gone.
    if let Ok(Some(frame)) = FRAME.try_with(Cell::get)
        && phase() == Phase::Execute
        && !(matches!(what, What::Driver(_)) && UPLOADS.get())
    {
        count(what, frame);
    }
}

#[cold]
fn count(what: What, frame: u64) {
    COUNTS[what.kind()].fetch_add(1, Ordering::Relaxed);
    let mut first = FIRST.lock().unwrap_or_else(PoisonError::into_inner);
    first[what.kind()].get_or_insert_with(|| {
        let (mut name, mut length) = ([0; 64], 0);
        if let Some(node) = NODE.get() {
            // SAFETY: the guard that `node` returned lives. It is a local of one of the executor's functions, which hold the
            // graph exclusively from before to after, and change no name meanwhile.
            let node = unsafe { node.name.as_ref() }.to_bytes();
            length = node.len().min(name.len());
            name[..length].copy_from_slice(&node[..length]);
        }
        Sighting { what, frame, name, length }
    });
}
