//! Storms of events: frames allocate nothing whatever becomes of them, and none is lost uncounted.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use common::nodes::{Amount, Zero};
use common::step;
use vixen::event::{BudgetWarning, Category, Event, FrameBegin, FrameEnd, Overflow, QueueLevel, QueuePressure, Sender};
use vixen::memory::{BufferDesc, Category as Memory};
use vixen::testing::{CountingAllocator, FramesReport, frames, serial};
use vixen::{Buffer, CompiledGraph, Compute, Device, DeviceOptions, FrameInfo, Graph, Host, ash::vk, node};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// How many a node emits in a stormy frame, which is more than there is room for.
const STORM: u32 = 40;
const ROOM: u32 = 16;
/// The last one is calm: what is measured by hand after it records the same again.
const FRAMES: u64 = 295;
const STORMS: u64 = 29;

#[derive(Clone, Copy)]
struct Raindrop {
    number: u64,
    _more: [u64; 3],
}

impl Event for Raindrop {}

impl Raindrop {
    fn new(number: u64) -> Self {
        Self { number, _more: [0; 3] }
    }
}

/// Every tenth frame has a storm.
fn is_stormy(frame: u64) -> bool {
    frame % 10 == 9
}

/// Emits from the CPU.
#[node(host, emits(Raindrop = ROOM), receives(Raindrop = 1))]
struct Cloud {
    #[create]
    heard: Buffer<u32>,
}

#[node]
impl Host for Cloud {
    fn run(view: &mut View, frame: &FrameInfo) {
        *view.heard = frame.events::<Raindrop>().map(|drop| drop.number as u32).fold(0, u32::wrapping_add);
        for number in 0..if is_stormy(frame.number) { STORM } else { 1 } {
            // What is refused is counted.
            let _ = frame.emit(Raindrop::new(number.into()));
        }
    }
}

/// Emits while it is recorded.
#[node(compute, dynamic, shader = "tests/shaders/add.comp.spv", emits(Raindrop = ROOM), receives(Raindrop = 1, FrameBegin = 1))]
struct Rain {
    #[storage(read_write)]
    values: Buffer<[u32]>,
    #[push]
    params: Amount,
}

#[node]
impl Compute for Rain {
    fn record(view: &View, commands: &mut Commands) {
        let frame = commands.events::<FrameBegin>().next().map_or(0, |begin| begin.number);
        for number in 0..if is_stormy(frame) { STORM } else { 1 } {
            let _ = commands.emit(Raindrop::new(number.into()));
        }
        let amount = commands.events::<Raindrop>().len() as u32;
        commands.push(&Amount { amount });
        commands.dispatch_items(view.values.len());
    }
}

fn watched() -> Device {
    serial();
    Device::new(&DeviceOptions::new().validation(false).watched()).expect("the tests need a Vulkan device")
}

struct Storm {
    graph: CompiledGraph,
    heard: Arc<AtomicU64>,
    warnings: Arc<AtomicU64>,
    levels: Arc<AtomicU64>,
    others: Sender<Raindrop>,
}

impl Storm {
    fn new(device: &Device, overflow: Overflow) -> Self {
        let graph = Graph::without_output();
        graph.retain(graph.add(Cloud {}).heard);
        let zero = graph.add(Zero { values: graph.buffer(4) }).values;
        graph.retain(graph.add(Rain { values: zero, params: Amount { amount: 0 } }).values);
        let [heard, warnings, levels] = [(); 3].map(|()| Arc::new(AtomicU64::new(0)));
        let add = |to: &Arc<AtomicU64>| {
            let to = Arc::clone(to);
            move |count: u64| {
                to.fetch_add(count, Ordering::Relaxed);
            }
        };
        let (hear, warn, level) = (add(&heard), add(&warnings), add(&levels));
        let drops = graph.events(|events| {
            let drops = events.queue::<Raindrop>(0);
            events.overflow(drops, overflow);
            events.on(drops, "ground", move |_| hear(1));
            let (begin, end) = (events.queue::<FrameBegin>(1), events.queue::<FrameEnd>(1));
            events.subscribe("clock").reads(begin).reads(end).run(|_| {});
            let budget = events.queue::<BudgetWarning>(4);
            events.on(budget, "budget", move |_| warn(1));
            let pressure = events.queue::<QueuePressure>(0);
            events.on(pressure, "pressure", move |pressure| {
                level(u64::from(pressure.event.ends_with("Raindrop") && pressure.level == QueueLevel::Allocated));
            });
            events.on_category(Category::Budget, "all that fills up", |_| {});
            drops
        });
        let mut graph = graph.compile(device).expect("the graph is valid");
        let others = graph.events().sender(drops);
        Self { graph, heard, warnings, levels, others }
    }

    /// Runs frames with storms from the CPU, from recording, from the application, from another thread and from the budget.
    fn run(&mut self, count: u64) -> FramesReport {
        let device = self.graph.device().clone();
        let others = self.others.clone();
        let report = frames(&mut self.graph, count, |graph, frame| {
            if !is_stormy(frame) {
                return;
            }
            let drops = graph.events().channel::<Raindrop>().expect("it was declared");
            // What is refused is counted.
            for number in 0..u64::from(STORM) {
                let _ = graph.events().emit(drops, Raindrop::new(number));
            }
            thread::scope(|scope| {
                scope.spawn(|| {
                    for number in 0..u64::from(STORM) {
                        let _ = others.emit(Raindrop::new(number));
                    }
                });
            });
            device.budget().set_warning(device.budget().usage().in_use + 1);
            let desc = BufferDesc::new("enough to warn", 1 << 16, vk::BufferUsageFlags::STORAGE_BUFFER);
            drop(device.budget().buffer(&desc, Memory::Other).expect("there is memory"));
        });
        report.unwrap_or_else(|error| panic!("{error}"))
    }

    /// What was heard is what was delivered, and nothing is missing.
    fn account(&mut self) -> vixen::event::Counts {
        step(&mut self.graph);
        let drops = self.graph.events().channel::<Raindrop>().expect("it was declared");
        let counts = self.graph.events().counts(drops);
        assert_eq!(counts.emitted, counts.delivered + counts.pending + counts.dropped + counts.refused, "{counts:?}");
        assert_eq!(self.heard.load(Ordering::Relaxed), counts.delivered);
        counts
    }
}

#[test]
fn a_storm_allocates_nothing_whatever_the_policy() {
    let device = watched();
    // In the application's queues there is a storm of its own beside what nodes emit.
    let reserve = 3 * STORM;
    for overflow in [Overflow::Strict, Overflow::Discard, Overflow::Fallback { reserve }] {
        let mut storm = Storm::new(&device, overflow);
        storm.run(FRAMES).assert_empty();
        let counts = storm.account();
        // And what the dynamic node emits while its frames are measured by hand.
        assert!(counts.emitted >= 2 * (FRAMES - STORMS) + STORMS * 4 * u64::from(STORM), "{overflow:?}: {counts:?}");
        match overflow {
            Overflow::Strict => assert!(counts.refused > 0 && counts.dropped + counts.spilled == 0, "{counts:?}"),
            Overflow::Discard => assert!(counts.dropped > 0 && counts.refused + counts.spilled == 0, "{counts:?}"),
            Overflow::Fallback { .. } => {
                assert!(counts.spilled > 0 && counts.refused + counts.dropped + counts.allocations == 0, "{counts:?}");
            }
        }
        assert_eq!(storm.warnings.load(Ordering::Relaxed), STORMS, "one warning of the budget a storm");
    }
}

#[test]
fn past_the_reserve_the_frame_that_allocates_is_counted_and_the_queue_named() {
    let device = watched();
    let mut storm = Storm::new(&device, Overflow::Fallback { reserve: 0 });
    let report = storm.run(12);
    assert!(report.heap_max > 0, "{report}");
    let first = report.first_offender.clone().expect("somebody allocated");
    assert!(first.contains("frame 9"), "{first}");
    let counts = storm.account();
    assert!(counts.allocations > 0 && counts.refused + counts.dropped == 0, "{counts:?}");
    assert!(storm.levels.load(Ordering::Relaxed) > 0, "the subscriber of pressure heard which queue it was");
    // What has grown stays: the same storm again allocates nothing.
    storm.run(10).assert_empty();
}
