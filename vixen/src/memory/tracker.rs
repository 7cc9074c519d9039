//! Every allocation and every free: by phase, by node, by category, and over time.

use std::collections::HashMap;
use std::ops::AddAssign;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::category::Category;
use super::scope::{Phase, current_node};
use super::series::{Sample, Series};

/// How much was allocated and freed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Churn {
    /// How many allocations.
    pub allocations: u64,
    /// How many frees.
    pub frees: u64,
    /// Bytes allocated.
    pub bytes_allocated: u64,
    /// Bytes freed.
    pub bytes_freed: u64,
}

impl Churn {
    /// By how many bytes the use grew; negative when it shrank.
    pub const fn delta(&self) -> i64 {
        self.bytes_allocated.wrapping_sub(self.bytes_freed) as i64
    }

    const fn allocated(bytes: u64) -> Self {
        Self { allocations: 1, frees: 0, bytes_allocated: bytes, bytes_freed: 0 }
    }

    const fn freed(bytes: u64) -> Self {
        Self { allocations: 0, frees: 1, bytes_allocated: 0, bytes_freed: bytes }
    }
}

impl AddAssign for Churn {
    fn add_assign(&mut self, other: Self) {
        self.allocations += other.allocations;
        self.frees += other.frees;
        // An allocator may claim to have made what no machine has room for.
        self.bytes_allocated = self.bytes_allocated.saturating_add(other.bytes_allocated);
        self.bytes_freed = self.bytes_freed.saturating_add(other.bytes_freed);
    }
}

/// What a piece of memory is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LiveKind {
    /// A buffer.
    Buffer,
    /// An image.
    Image,
    /// Memory that several resources share.
    Memory,
}

/// Something that is alive.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Live {
    /// What messages call it.
    pub name: Arc<str>,
    /// What it is.
    pub kind: LiveKind,
    /// The bytes that it takes.
    pub bytes: u64,
    /// What they count as.
    pub category: Category,
    /// When it was allocated.
    pub phase: Phase,
    /// For which node, if for one.
    pub node: Option<Arc<str>>,
}

/// Where the tracker keeps an allocation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket(u32);

/// Counts allocations and frees. All that it does when memory moves is to add numbers up behind a lock; when a frame ends it
/// adds one sample, and allocates nothing.
#[derive(Debug)]
pub(super) struct AllocationTracker {
    start: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    live: Vec<Option<Live>>,
    vacant: Vec<u32>,
    by_phase: [[Churn; Category::ALL.len()]; Phase::ALL.len()],
    by_node: HashMap<Arc<str>, Churn>,
    /// Since the last frame ended.
    frame: Churn,
    last_frame: Churn,
    frames: u64,
    series: Series,
}

/// A snapshot of the tracker's counts.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    pub by_phase: [[Churn; Category::ALL.len()]; Phase::ALL.len()],
    pub by_node: Vec<(Arc<str>, Churn)>,
    pub last_frame: Churn,
    pub frames: u64,
}

impl AllocationTracker {
    pub(super) fn new() -> Self {
        let state = State {
            live: Vec::new(),
            vacant: Vec::new(),
            by_phase: Default::default(),
            by_node: HashMap::new(),
            frame: Churn::default(),
            last_frame: Churn::default(),
            frames: 0,
            series: Series::new(),
        };
        Self { start: Instant::now(), state: Mutex::new(state) }
    }

    /// Takes note of an allocation by the calling thread. `moment` is the use of memory with it.
    pub(super) fn allocated(
        &self,
        name: &Arc<str>,
        kind: LiveKind,
        bytes: u64,
        category: Category,
        moment: impl FnOnce(f64) -> Sample,
    ) -> Ticket {
        let (phase, node) = (Phase::current(), current_node());
        let sample = moment(self.seconds());
        let mut state = self.lock();
        state.count(phase, category, node.as_ref(), Churn::allocated(bytes));
        state.series.push(sample);
        let live = Some(Live { name: name.clone(), kind, bytes, category, phase, node });
        match state.vacant.pop() {
            Some(index) => {
                state.live[index as usize] = live;
                Ticket(index)
            }
            None => {
                state.live.push(live);
                Ticket(state.live.len() as u32 - 1)
            }
        }
    }

    /// Takes note that the calling thread frees something. `moment` is the use of memory without it.
    pub(super) fn freed(&self, ticket: Ticket, moment: impl FnOnce(f64) -> Sample) {
        let sample = moment(self.seconds());
        let mut state = self.lock();
        let live =
            state.live[ticket.0 as usize].take().expect("a ticket is redeemed once, by the drop of what it is for");
        state.vacant.push(ticket.0);
        state.count(Phase::current(), live.category, live.node.as_ref(), Churn::freed(live.bytes));
        state.series.push(sample);
    }

    /// Ends a frame, and says what moved since the last one ended.
    pub(super) fn end_frame(&self, moment: impl FnOnce(f64) -> Sample) -> Churn {
        let mut state = self.lock();
        state.frames += 1;
        state.last_frame = std::mem::take(&mut state.frame);
        let churn = state.last_frame;
        drop(state);
        // In a frame in which nothing moved, the use over time stands where its newest sample says; reading the clock would
        // be a good part of what such a frame costs.
        if churn != Churn::default() {
            let sample = moment(self.seconds());
            self.lock().series.push(sample);
        }
        churn
    }

    /// What is alive, the largest first.
    pub(super) fn live(&self) -> Vec<Live> {
        let mut live: Vec<Live> = self.lock().live.iter().flatten().cloned().collect();
        live.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
        live
    }

    pub(super) fn series(&self) -> Vec<Sample> {
        self.lock().series.samples()
    }

    pub(super) fn counts(&self) -> Counts {
        let state = self.lock();
        let mut by_node: Vec<_> = state.by_node.iter().map(|(name, &churn)| (name.clone(), churn)).collect();
        by_node.sort_by(|(a_name, a), (b_name, b)| {
            b.bytes_allocated.cmp(&a.bytes_allocated).then_with(|| a_name.cmp(b_name))
        });
        Counts { by_phase: state.by_phase, by_node, last_frame: state.last_frame, frames: state.frames }
    }

    /// Forgets what was; what is alive stays known.
    pub(super) fn reset(&self) {
        let mut state = self.lock();
        state.by_phase = Default::default();
        state.by_node.clear();
        (state.frame, state.last_frame, state.frames) = (Churn::default(), Churn::default(), 0);
        state.series = Series::new();
    }

    fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn count(&mut self, phase: Phase, category: Category, node: Option<&Arc<str>>, churn: Churn) {
        self.frame += churn;
        self.by_phase[phase as usize][category as usize] += churn;
        let Some(node) = node else { return };
        match self.by_node.get_mut(node) {
            Some(known) => *known += churn,
            None => {
                self.by_node.insert(node.clone(), churn);
            }
        }
    }
}
