//! The event bus from outside: order, cascades, policies, other threads, and not one allocation.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use vixen::event::{
    BuildError, Category, Channel, Counts, Event, EventBus, EventBusBuilder, KeyInput, Overflow, QueueLevel,
    QueuePressure, WindowResized,
};
use vixen::graph::OutputId;
use vixen::testing::{CountingAllocator, counted};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// How often the calling thread allocates in a call.
fn allocations(call: impl FnOnce()) -> u64 {
    counted(call).1
}

/// The links of a cascade.
#[derive(Clone, Copy, Debug, PartialEq)]
struct SwapchainMade(u32);
#[derive(Clone, Copy, Debug, PartialEq)]
struct ImagesMade(u32);
#[derive(Clone, Copy, Debug, PartialEq)]
struct DescriptorsWritten(u32);
#[derive(Clone, Copy, Debug, PartialEq)]
struct Numbered(u64);

impl Event for SwapchainMade {}
impl Event for ImagesMade {}
impl Event for DescriptorsWritten {}
impl Event for Numbered {}

const RESIZED: WindowResized = WindowResized { output: OutputId::FIRST, extent: [640, 480] };
const KEY: KeyInput = KeyInput { scancode: 30, pressed: true, repeat: false };

/// Who ran, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<&'static str>>>);

impl Log {
    fn note(&self, name: &'static str) {
        self.0.lock().expect("no test panics while it notes").push(name);
    }

    fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().expect("no test panics while it notes"))
    }
}

/// window resized → swapchain → images → descriptors → segments, declared back to front; segments and descriptors also
/// hear of what is further away.
fn cascade(log: &Log) -> (EventBus, Channel<WindowResized>) {
    let mut builder = EventBus::builder();
    let resized = builder.queue::<WindowResized>(8);
    let (swapchain, images) = (builder.queue::<SwapchainMade>(8), builder.queue::<ImagesMade>(8));
    let descriptors = builder.queue::<DescriptorsWritten>(8);
    let noted = log.clone();
    builder.subscribe("segments").reads(swapchain).reads(images).reads(descriptors).run(move |batch| {
        assert_eq!(batch.read(descriptors).len(), 1);
        assert_eq!(batch.read(swapchain).chain(batch.read(swapchain)).count(), 2 * batch.read(images).len());
        noted.note("segments");
    });
    let noted = log.clone();
    builder.subscribe("descriptors").reads(images).reads(resized).emits(descriptors).run(move |batch| {
        batch.emit(descriptors, DescriptorsWritten(batch.read(images).len() as u32)).expect("there is room");
        noted.note("descriptors");
    });
    let noted = log.clone();
    builder.subscribe("images").reads(swapchain).emits(images).run(move |batch| {
        for SwapchainMade(extent) in batch.read(swapchain) {
            batch.emit(images, ImagesMade(extent)).expect("there is room");
        }
        noted.note("images");
    });
    let noted = log.clone();
    builder.subscribe("swapchain").reads(resized).emits(swapchain).run(move |batch| {
        for event in batch.read(resized) {
            batch.emit(swapchain, SwapchainMade(event.extent[0])).expect("there is room");
        }
        noted.note("swapchain");
    });
    (builder.build().expect("there is no ring"), resized)
}

#[test]
fn a_cascade_is_one_batch_and_touches_everyone_once() {
    let log = Log::default();
    let (mut bus, resized) = cascade(&log);
    for _ in 0..3 {
        bus.emit(resized, RESIZED).expect("there is room");
    }
    bus.dispatch();
    assert_eq!(log.take(), ["swapchain", "images", "descriptors", "segments"]);
    bus.dispatch();
    assert_eq!(log.take(), Vec::<&str>::new(), "nothing happened, so nobody runs");
    bus.deliver(resized, RESIZED).expect("there is room");
    assert_eq!(log.take(), ["swapchain", "images", "descriptors", "segments"], "at once");
    assert!(bus.subscribers().all(|(_, runs)| runs == 2));
}

#[test]
fn subscribers_that_wait_for_each_other_are_named() {
    let mut builder = EventBus::builder();
    let (a, b) = (builder.queue::<SwapchainMade>(1), builder.queue::<ImagesMade>(1));
    builder.subscribe("first").reads(a).emits(b).run(|_| {});
    builder.subscribe("second").reads(b).emits(a).run(|_| {});
    let error = builder.build().err().expect("it is a ring");
    assert_eq!(error, BuildError::Ring { subscribers: vec!["first".to_owned(), "second".to_owned()] });
    assert_eq!(
        error.to_string(),
        "the subscribers `first`, `second` wait for each other's events in a ring; let one of them emit with `emits_later`"
    );
}

#[test]
fn a_ring_through_the_next_dispatch_is_none() {
    let mut builder = EventBus::builder();
    let (a, b) = (builder.queue::<SwapchainMade>(1), builder.queue::<ImagesMade>(1));
    builder.subscribe("there").reads(a).emits(b).run(move |batch| batch.emit(b, ImagesMade(1)).expect("there is room"));
    builder.subscribe("back").reads(b).emits_later(a).run(move |batch| {
        batch.emit_later(a, SwapchainMade(2)).expect("there is room");
    });
    let mut bus = builder.build().expect("the next dispatch is no ring");
    bus.emit(a, SwapchainMade(0)).expect("there is room");
    bus.dispatch();
    assert_eq!(bus.read(a).collect::<Vec<_>>(), [SwapchainMade(0)]);
    bus.dispatch();
    assert_eq!(bus.read(a).collect::<Vec<_>>(), [SwapchainMade(2)]);
    assert_eq!(bus.counts(a), Counts { emitted: 3, delivered: 2, pending: 1, warnings: 3, ..Counts::default() });
}

#[test]
#[should_panic(expected = "the subscriber `images` did not declare `emits` for `events::ImagesMade`")]
fn a_subscriber_emits_only_what_it_declares() {
    let mut builder = EventBus::builder();
    let (swapchain, images) = (builder.queue::<SwapchainMade>(1), builder.queue::<ImagesMade>(1));
    builder.subscribe("images").reads(swapchain).run(move |batch| {
        batch.emit(images, ImagesMade(1)).expect("it does not come to this");
    });
    let mut bus = builder.build().expect("there is no ring");
    bus.deliver(swapchain, SwapchainMade(1)).expect("it does not come back");
}

#[test]
fn a_category_hears_all_of_its_types_and_nothing_else() {
    let (sender, heard) = channel();
    let mut builder = EventBus::builder();
    builder.on_category(Category::Input, "input", move |event| {
        let key = event.get::<KeyInput>().map(|key| key.scancode);
        sender.send((event.category(), key)).expect("the test waits");
    });
    // Declared after the subscription, which hears of it all the same.
    let (key, resized) = (builder.queue::<KeyInput>(2), builder.queue::<WindowResized>(2));
    let mut bus = builder.build().expect("there is no ring");
    bus.emit(resized, RESIZED).expect("there is room");
    bus.emit(key, KEY).expect("there is room");
    bus.dispatch();
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), [(Category::Input, Some(30))]);
}

/// A bus with one queue, and what its subscriber hears.
fn numbers(capacity: u32, overflow: Overflow) -> (EventBus, Channel<Numbered>, Receiver<u64>, Receiver<QueuePressure>) {
    let mut builder: EventBusBuilder = EventBus::builder();
    let queue = builder.queue::<Numbered>(capacity);
    builder.overflow(queue, overflow);
    let (sender, heard) = channel();
    builder.on(queue, "numbers", move |&Numbered(number)| sender.send(number).expect("the test waits"));
    let (sender, warned) = channel();
    let pressure = builder.queue::<QueuePressure>(0);
    builder.on(pressure, "pressure", move |&event| sender.send(event).expect("the test waits"));
    (builder.build().expect("there is no ring"), queue, heard, warned)
}

#[test]
fn every_policy_means_what_it_says() {
    let (discard, fallback) = (Overflow::Discard, Overflow::Fallback { reserve: 2 });
    let all: Vec<u64> = (0..6).collect();
    let level = |level| Some((std::any::type_name::<Numbered>(), level));
    for (overflow, count, heard_of, expected, warning) in [
        (Overflow::Strict, 3, &all[..3], Counts::default(), None),
        (Overflow::Strict, 6, &all[..4], Counts { refused: 2, ..Counts::default() }, level(QueueLevel::Overflowed)),
        (discard, 4, &all[..4], Counts::default(), level(QueueLevel::NearlyFull)),
        (discard, 6, &all[2..], Counts { dropped: 2, ..Counts::default() }, level(QueueLevel::Overflowed)),
        (fallback, 6, &all[..], Counts { spilled: 2, ..Counts::default() }, level(QueueLevel::Overflowed)),
    ] {
        let (mut bus, queue, heard, warned) = numbers(4, overflow);
        for round in 1..=2 {
            let refused = (0..count).filter(|&number| bus.emit(queue, Numbered(number)).is_err()).count() as u64;
            assert_eq!(refused, expected.refused);
            bus.dispatch();
            assert_eq!(heard.try_iter().collect::<Vec<_>>(), heard_of);
            let found = warned.try_iter().map(|event| (event.event, event.level)).collect::<Vec<_>>();
            assert_eq!(found, warning.into_iter().collect::<Vec<_>>(), "{overflow:?} after {count}");
            let counts = bus.counts(queue);
            assert_eq!(counts.emitted, round * count);
            assert_eq!(counts.delivered, round * heard_of.len() as u64);
            assert_eq!(counts.dropped, round * expected.dropped);
            assert_eq!(counts.spilled, round * expected.spilled);
            assert_eq!((counts.pending, counts.allocations), (0, 0));
        }
    }
}

#[test]
fn past_the_reserve_an_allocation_is_counted_and_named() {
    let (mut bus, queue, heard, warned) = numbers(4, Overflow::Fallback { reserve: 2 });
    let made = allocations(|| (0..7).for_each(|number| bus.emit(queue, Numbered(number)).expect("nothing is refused")));
    assert_eq!((made, bus.counts(queue).allocations), (1, 1));
    bus.dispatch();
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), (0..7).collect::<Vec<_>>(), "nothing is lost");
    let warned = warned.try_iter().collect::<Vec<_>>();
    assert_eq!(warned, [QueuePressure { event: std::any::type_name::<Numbered>(), level: QueueLevel::Allocated }]);
}

#[test]
fn what_the_declarations_add_up_to_is_the_room_that_there_is() {
    let mut builder = EventBus::builder();
    let queue = builder.queue::<Numbered>(3);
    builder.queue::<Numbered>(2);
    let mut bus = builder.build().expect("there is no ring");
    (0..5).for_each(|number| bus.emit(queue, Numbered(number)).expect("there is room"));
    let full = bus.emit(queue, Numbered(5)).expect_err("it is full");
    assert_eq!(full.capacity, 5);
    assert!(full.to_string().contains("`events::Numbered` is full: it has room for 5"), "{full}");
}

#[test]
fn other_threads_emit_while_the_bus_dispatches_and_nothing_is_lost_uncounted() {
    const EACH: u64 = 100_000;
    for overflow in [Overflow::Strict, Overflow::Discard, Overflow::Fallback { reserve: 64 }] {
        let heard = Arc::new(AtomicU64::new(0));
        let mut builder = EventBus::builder();
        let queue = builder.queue::<Numbered>(256);
        builder.overflow(queue, overflow);
        let count = Arc::clone(&heard);
        builder.on(queue, "count", move |_| {
            count.fetch_add(1, Ordering::Relaxed);
        });
        let mut bus = builder.build().expect("there is no ring");
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let sender = bus.sender(queue);
                thread::spawn(move || (0..EACH).filter(|&number| sender.emit(Numbered(number)).is_err()).count() as u64)
            })
            .collect();
        while threads.iter().any(|thread| !thread.is_finished()) {
            bus.dispatch();
        }
        bus.dispatch();
        let refused: u64 = threads.into_iter().map(|thread| thread.join().expect("it does not panic")).sum();
        let counts = bus.counts(queue);
        assert_eq!((counts.emitted, counts.refused, counts.pending), (4 * EACH, refused, 0), "{overflow:?}");
        assert_eq!(heard.load(Ordering::Relaxed), counts.delivered);
        assert_eq!(counts.delivered + counts.dropped + counts.refused, 4 * EACH, "{overflow:?}");
    }
}

#[test]
fn events_of_one_thread_keep_their_order() {
    let (mut bus, queue, heard, _warned) = numbers(64, Overflow::Strict);
    let sender = bus.sender(queue);
    thread::spawn(move || {
        for number in 0..10_000 {
            while sender.emit(Numbered(number)).is_err() {
                thread::yield_now();
            }
        }
    });
    for expected in 0..10_000 {
        let mut next = heard.try_recv();
        while next.is_err() {
            bus.dispatch();
            next = heard.try_recv();
        }
        assert_eq!(next, Ok(expected));
    }
}

#[test]
fn nothing_allocates_from_the_first_event_on() {
    let mut builder = EventBus::builder();
    let resized = builder.queue::<WindowResized>(4);
    let swapchain = builder.queue::<SwapchainMade>(4);
    let numbered = builder.queue::<Numbered>(8);
    builder.overflow(resized, Overflow::Discard);
    builder.overflow(numbered, Overflow::Fallback { reserve: 8 });
    builder.subscribe("swapchain").reads(resized).emits(swapchain).run(move |batch| {
        for event in batch.read(resized) {
            batch.emit(swapchain, SwapchainMade(event.extent[0])).expect("there is room");
        }
    });
    let sum = AtomicU64::new(0);
    builder.on(numbered, "sum", move |event| {
        sum.fetch_add(event.0, Ordering::Relaxed);
    });
    builder.on_category(Category::Budget, "warnings", |event| assert!(event.get::<QueuePressure>().is_some()));
    let mut bus = builder.build().expect("there is no ring");
    let sender = bus.sender(numbered);
    let made = allocations(|| {
        // A storm: every queue is filled, and its reserve, on every tenth round.
        for round in 0..1000 {
            let full = round % 10 == 0;
            for number in 0..if full { 16 } else { 2 } {
                bus.emit(resized, RESIZED).expect("it discards");
                bus.emit(numbered, Numbered(number)).expect("there is a reserve");
                sender.emit(Numbered(number)).expect("there is a reserve");
            }
            bus.dispatch();
            bus.deliver(resized, RESIZED).expect("there is room");
        }
    });
    assert_eq!(made, 0);
    let counts = bus.counts(numbered);
    assert_eq!((counts.allocations, counts.spilled), (0, 100 * 16));
    assert_eq!(counts.delivered, 2 * (100 * 16 + 900 * 2));
    // The counter itself works.
    assert_eq!(allocations(|| drop(Box::new(1))), 1);
}

#[test]
fn pressure_on_a_strict_queue_of_pressure_is_counted() {
    let mut builder = EventBus::builder();
    let numbered = builder.queue::<Numbered>(1);
    let pressure = builder.queue::<QueuePressure>(0);
    builder.overflow(pressure, Overflow::Strict);
    let mut bus = builder.build().expect("there is no ring");
    let refused = (0..9)
        .filter(|_| bus.emit(pressure, QueuePressure { event: "mine", level: QueueLevel::NearlyFull }).is_err())
        .count();
    bus.emit(numbered, Numbered(1)).expect("there is room");
    bus.dispatch();
    let counts = bus.counts(pressure);
    // That of both queues found no room.
    assert_eq!((counts.refused, counts.emitted), (refused as u64 + 2, 9 + 2));
    assert_eq!(bus.counts(numbered).delivered, 1);
}

#[test]
fn queues_beyond_all_memory_are_an_error() {
    #[derive(Clone, Copy)]
    struct Page(#[expect(dead_code, reason = "it takes room")] [u64; 1 << 17]);
    impl Event for Page {}
    let mut builder = EventBus::builder();
    let pages = builder.queue::<Page>(u32::MAX);
    builder.overflow(pages, Overflow::Fallback { reserve: u32::MAX });
    let error = builder.build().err().expect("nobody has four quintillions of bytes").to_string();
    assert!(error.contains("Page") && error.contains("smaller"), "{error}");
}

#[test]
fn the_bus_can_go_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<EventBus>();
    is_send::<vixen::event::Sender<Numbered>>();
}
