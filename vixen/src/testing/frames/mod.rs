//! Proof that a graph's frames allocate nothing: who allocates or creates something in one is counted and named.

mod driver;
mod heap;
mod report;
mod table;
pub(crate) mod watch;

use std::sync::{Mutex, MutexGuard, PoisonError};

use self::report::{Offender, Seen};
use self::watch::Counts;
use crate::frame::{ByHand, CompiledGraph, FrameError, FrameOutcome};
use crate::memory::Phase;

pub use self::driver::living_driver_allocations;
pub use self::heap::{CountingAllocator, allocations, counted, is_counting, living_heap_bytes};
pub use self::report::FramesReport;
pub use self::table::created_without_callbacks;
pub(crate) use self::{driver::callbacks, table::watched};

/// Why frames cannot be watched, or ended early.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum FramesError {
    /// Rust's allocations cannot be counted.
    #[error(
        "the program's allocator does not count; add `#[global_allocator] static ALLOCATOR: CountingAllocator = \
         CountingAllocator;` with `vixen::testing::CountingAllocator`"
    )]
    NotCounting,
    /// The driver's allocations and the device's calls cannot be counted.
    #[error("the graph's device does not count; make it with `DeviceOptions::watched`")]
    NotWatched,
    /// A frame failed.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

crate::debug_as_display!(FramesError);

/// Runs this many frames, calls `prepare` with each one's number before it (which is not counted), and reports what was
/// allocated and created in them.
///
/// Three counters run at once, and only while a thread is inside [`CompiledGraph::frame`]:
///
/// - **heap**: allocations by Rust's global allocator, on every thread that runs the frame ([`CountingAllocator`]);
/// - **driver**: host memory that the driver asks for through `VkAllocationCallbacks`, which every create call gets, the
///   instance's and the device's too. Drivers allocate inside a submit or while commands are recorded, so what counts is what
///   the same commands do not cause by hand. To know that, some more frames are run afterwards, by bare Vulkan calls, in each
///   state of the switches that was seen. Commands that copy what the application uploads are its own and not counted;
/// - **create**: calls of the device table, extensions included, that create or allocate an object, whoever makes them: the
///   executor, VMA, or a node through the raw device.
///
/// A recompile inside a frame, such as the one that follows a window's new size, is counted apart and may allocate.
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: vixen::testing::CountingAllocator = vixen::testing::CountingAllocator;
///
/// # use vixen::{Device, DeviceOptions, Graph};
/// fn my_graph_allocates_nothing(graph: &Graph) -> Result<(), Box<dyn std::error::Error>> {
///     let device = Device::new(&DeviceOptions::new().watched())?;
///     let mut compiled = graph.compile(&device)?;
///     vixen::testing::frames(&mut compiled, 2000, |_graph, _frame| {})?.assert_empty();
///     Ok(())
/// }
/// ```
///
/// # Errors
/// When the program's allocator or the graph's device does not count, or when a frame fails.
pub fn frames(
    graph: &mut CompiledGraph,
    count: u64,
    mut prepare: impl FnMut(&mut CompiledGraph, u64),
) -> Result<FramesReport, FramesError> {
    let mut watch = FrameWatch::new(graph)?;
    for frame in 0..count {
        prepare(graph, frame);
        watch.frame(graph)?;
    }
    watch.finish(graph)
}

/// Counts frames that the caller runs one by one: what [`frames`] is made of.
pub struct FrameWatch {
    seen: Seen,
    before: Counts,
    /// One watch at a time: there is one global allocator.
    _alone: MutexGuard<'static, ()>,
}

impl FrameWatch {
    /// Begins to watch a graph. Waits until nobody else watches one.
    ///
    /// # Errors
    /// When the program's allocator or the graph's device does not count.
    pub fn new(graph: &CompiledGraph) -> Result<Self, FramesError> {
        static ALONE: Mutex<()> = Mutex::new(());
        if !is_counting() {
            return Err(FramesError::NotCounting);
        }
        if !graph.device().is_watched() {
            return Err(FramesError::NotWatched);
        }
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        watch::start(graph.number_of_graph());
        Ok(Self { seen: Seen::default(), before: Counts::default(), _alone: alone })
    }

    /// Runs a frame and counts.
    ///
    /// # Errors
    /// As [`CompiledGraph::frame`].
    pub fn frame(&mut self, graph: &mut CompiledGraph) -> Result<FrameOutcome, FrameError> {
        let (number, recompiles) = (graph.frames(), graph.recompiles());
        let outcome = {
            // Unchanged frames enter no phase by themselves: nothing that they do is counted by phase but here.
            let _phase = Phase::Execute.enter();
            let _watched = watch::frame(graph.number_of_graph(), number);
            graph.frame()?
        };
        let counts = watch::counts();
        self.seen.recompiles += graph.recompiles() - recompiles;
        self.seen.add(number, graph.switches(), counts.since(self.before));
        self.before = counts;
        Ok(outcome)
    }

    /// Runs a frame that the caller has written by hand, with the same commands as the graph's last one, and counts what the driver
    /// allocates in it. It must create and allocate nothing itself. Returns what it does.
    pub fn by_hand<T>(&mut self, graph: &CompiledGraph, frame: impl FnOnce() -> T) -> T {
        let result = {
            let _phase = Phase::Execute.enter();
            let _watched = watch::frame(graph.number_of_graph(), graph.frames());
            frame()
        };
        let counts = watch::counts();
        self.seen.add_by_hand(graph.switches(), counts.since(self.before).driver);
        self.before = counts;
        result
    }

    /// Reports, by what was counted in frames [by hand](Self::by_hand).
    pub fn finish_by_hand(self) -> FramesReport {
        let [heap, _, created, ..] = watch::first().map(|first| first.map(Offender::from));
        self.seen.report(heap, created)
    }

    /// Runs the same commands by hand, as they were recorded, and reports.
    ///
    /// # Errors
    /// When a frame fails.
    pub fn finish(mut self, graph: &mut CompiledGraph) -> Result<FramesReport, FramesError> {
        let first = watch::first();
        let switches = graph.switches();
        let mut before = watch::counts();
        for state in 0..self.seen.states.len() {
            graph.set_switches(self.seen.states[state].switches);
            let mut by_hand = graph.begin_by_hand().map_err(FrameError::from)?;
            // Enough for every frame slot to have recorded more than once.
            for _ in 0..4 * graph.frame_slots() {
                graph.frame_by_hand(&mut by_hand, self.seen.states[state].uploads)?;
                let counts = watch::counts();
                let by_hand = counts.since(before).driver;
                before = counts;
                let most = &mut self.seen.states[state].by_hand_max;
                *most = by_hand.max(*most);
            }
            graph.wait().map_err(FrameError::from)?;
        }
        graph.set_switches(switches);
        let [heap, _, created, ..] = first.map(|first| first.map(Offender::from));
        Ok(self.seen.report(heap, created))
    }
}

/// Runs a graph's frames by hand: to compare with.
pub struct FramesByHand(ByHand);

impl FramesByHand {
    /// Makes what such frames need. Waits for the graph's frames.
    ///
    /// # Errors
    /// When the device is lost.
    pub fn new(graph: &mut CompiledGraph) -> Result<Self, FrameError> {
        Ok(Self(graph.begin_by_hand()?))
    }

    /// Runs the next frame by hand: waits for its slot, records its dynamic segments, submits and presents, by bare Vulkan
    /// calls. Host nodes do not run, no event is delivered, nothing is uploaded, and what was set is not written.
    ///
    /// # Errors
    /// As [`CompiledGraph::frame`].
    pub fn frame(&mut self, graph: &mut CompiledGraph) -> Result<(), FrameError> {
        graph.frame_by_hand(&mut self.0, false)
    }
}

impl Drop for FrameWatch {
    fn drop(&mut self) {
        watch::stop();
    }
}
