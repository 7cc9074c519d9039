//! `bench events`: an event through the bus beside a bare array and a static call, and a storm from four threads.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use vixen::event::{Channel, Event, EventBus, Overflow};

use crate::clock::Clock;
use crate::report::{Goal, Report, Row};
use crate::statistics::median;
use crate::{Arguments, Failure};

/// Events that are queued before they are dispatched: as many as a busy frame has.
const BATCH: usize = 256;
/// Batches that one reading of the clock covers.
const BATCHES: usize = 400;
/// Threads that emit in the storm.
const THREADS: u64 = 4;

/// An event of 32 bytes.
#[derive(Clone, Copy)]
struct Sample([u64; 4]);

const _: () = assert!(size_of::<Sample>() == 32);

impl Event for Sample {}

/// Measures both; no device is needed.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let mut report = Report::new("none: events stay on the CPU");
    push(&mut report, if arguments.quick { 20 } else { 400 })?;
    storm(&mut report, if arguments.quick { 100_000 } else { 10_000_000 })?;
    Ok(report)
}

/// What hears of an event, on both sides: a call that the compiler can neither inline nor leave out.
#[inline(never)]
fn hear(event: &Sample) {
    black_box(event.0[0]);
}

/// The bare side: an array, how much of it is used, and no way to be full but a bounds check.
struct Bare {
    items: [Sample; BATCH],
    len: usize,
}

impl Bare {
    fn push(&mut self, event: Sample) {
        self.items[self.len] = event;
        self.len += 1;
    }

    fn dispatch(&mut self) {
        self.items[..self.len].iter().for_each(hear);
        self.len = 0;
    }
}

/// Nanoseconds to queue and dispatch one event, ours and bare, in turns.
fn push(report: &mut Report, rounds: usize) -> Result<(), Failure> {
    let mut builder = EventBus::builder();
    let samples = builder.queue::<Sample>(BATCH as u32 * 5 / 4 + 1);
    builder.on(samples, "hear", hear);
    let mut bus = builder.build()?;
    let mut bare = Bare { items: [Sample([0; 4]); BATCH], len: 0 };
    let clock = Clock::new();
    let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        // Who comes first takes turns too.
        let (mine, other) = if round % 2 == 0 {
            let mine = clock.measure(|| through_bus(&mut bus, samples)).0;
            (mine, clock.measure(|| through_array(&mut bare)).0)
        } else {
            let other = clock.measure(|| through_array(&mut bare)).0;
            (clock.measure(|| through_bus(&mut bus, samples)).0, other)
        };
        let events = (BATCH * BATCHES) as f64;
        ours.push(mine / events);
        theirs.push(other / events);
        ratios.push(mine / other);
    }
    let counts = bus.counts(samples);
    if counts.delivered != (rounds * BATCHES * BATCH) as u64 {
        return Err(format!("the bus delivered {} events instead of all", counts.delivered).into());
    }
    report.add(Row::new("event_over_push", median(&mut ratios), "ratio").goal(Goal::AtMost(1.3)));
    report.add(Row::new("event_ns", median(&mut ours), "ns"));
    report.add(Row::new("push_ns", median(&mut theirs), "ns"));
    report.note(format!("one event of 32 bytes, {BATCH} to a dispatch, by {}", clock.name()));
    Ok(())
}

#[inline(never)]
fn through_bus(bus: &mut EventBus, samples: Channel<Sample>) {
    for _ in 0..BATCHES {
        for number in 0..BATCH as u64 {
            bus.emit(samples, Sample([black_box(number); 4])).expect("the queue has room for a batch");
        }
        bus.dispatch();
    }
}

#[inline(never)]
fn through_array(bare: &mut Bare) {
    for _ in 0..BATCHES {
        for number in 0..BATCH as u64 {
            bare.push(Sample([black_box(number); 4]));
        }
        bare.dispatch();
    }
}

/// What four threads emit while the bus dispatches: each event is delivered, or counted as refused or dropped.
fn storm(report: &mut Report, events: u64) -> Result<(), Failure> {
    let policies = [
        ("strict", Overflow::Strict),
        ("discard", Overflow::Discard),
        ("fallback", Overflow::Fallback { reserve: 4096 }),
    ];
    let mut uncounted = 0;
    for (policy, overflow) in policies {
        let heard = Arc::new(AtomicU64::new(0));
        let mut builder = EventBus::builder();
        let samples = builder.queue::<Sample>(4096);
        builder.overflow(samples, overflow);
        let count = Arc::clone(&heard);
        builder.on(samples, "count", move |_| {
            // Only the dispatching thread adds.
            count.store(count.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        });
        let mut bus = builder.build()?;
        let running = Arc::new(AtomicBool::new(true));
        let senders: Vec<_> = (0..THREADS)
            .map(|thread| {
                let sender = bus.sender(samples);
                thread::spawn(move || {
                    let refused = |&number: &u64| sender.emit(Sample([thread, number, 0, 0])).is_err();
                    (0..events / THREADS).filter(refused).count() as u64
                })
            })
            .collect();
        let waiter = Arc::clone(&running);
        let waiting = thread::spawn(move || {
            let refused =
                senders.into_iter().map(|thread| thread.join().expect("a sender does not panic")).sum::<u64>();
            waiter.store(false, Ordering::Release);
            refused
        });
        while running.load(Ordering::Acquire) {
            bus.dispatch();
        }
        bus.dispatch();
        let refused = waiting.join().map_err(|_| "a sender panicked")?;
        let (heard, counts) = (heard.load(Ordering::Relaxed), bus.counts(samples));
        // What the threads did and what was heard of it, against what the bus counts.
        let sent = events / THREADS * THREADS;
        uncounted += sent.abs_diff(heard + refused + counts.dropped) + sent.abs_diff(counts.emitted);
        uncounted += counts.delivered.abs_diff(heard) + counts.refused.abs_diff(refused);
        let lost = (counts.refused + counts.dropped) as f64;
        report.add(Row::new("events_lost_counted", lost, "events").key("policy", policy));
        report.add(Row::new("events_spilled", counts.spilled as f64, "events").key("policy", policy));
        report.add(Row::new("queue_allocations", counts.allocations as f64, "allocations").key("policy", policy));
    }
    report.add(Row::new("events_lost_uncounted", uncounted as f64, "events").goal(Goal::AtMost(0.0)));
    report.note(format!("the storm: {events} events from {THREADS} threads for each policy, queues of 4096"));
    Ok(())
}
