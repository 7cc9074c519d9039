//! What the tracker knows: phases, nodes, frames, names, time.

use std::sync::Arc;

use vixen::memory::{Category, Churn, LiveKind, MemoryDesc, NodeScope, Phase};

use crate::numbers::numbers;
use crate::{plane, storage};

fn churn(allocations: u64, bytes_allocated: u64, frees: u64, bytes_freed: u64) -> (u64, u64, u64, u64) {
    (allocations, bytes_allocated, frees, bytes_freed)
}

fn of(churn: Churn) -> (u64, u64, u64, u64) {
    (churn.allocations, churn.bytes_allocated, churn.frees, churn.bytes_freed)
}

#[test]
fn every_allocation_and_free_is_counted_where_it_belongs() {
    let (_numbers, budget) = numbers(&[10_000]);
    let early = budget.buffer(&storage("early", 16), Category::Cacher).unwrap();
    let (target, values) = {
        let _phase = Phase::Compile.enter();
        let _node = NodeScope::enter("march");
        let target = budget.image(&plane("target", 4, 4), Category::Transient).unwrap();
        let _node = NodeScope::enter("tone");
        (target, budget.buffer(&storage("values", 32), Category::Transient).unwrap())
    };
    {
        let _phase = Phase::Cleanup.enter();
        drop(target);
    }
    let refused = budget.buffer(&storage("refused", 20_000), Category::Other);
    assert!(refused.is_err());

    let report = budget.report();
    assert_eq!(of(report.phase(Phase::Setup)), churn(1, 16, 0, 0), "what was refused was no allocation");
    assert_eq!(of(report.phase(Phase::Compile)), churn(2, 96, 0, 0));
    assert_eq!(of(report.churn(Phase::Cleanup, Category::Transient)), churn(0, 0, 1, 64));
    assert_eq!(of(report.phase(Phase::Execute)), churn(0, 0, 0, 0));
    let nodes: Vec<_> = report.nodes().iter().map(|(name, churn)| (&**name, of(*churn))).collect();
    assert_eq!(nodes, [("march", churn(1, 64, 1, 64)), ("tone", churn(1, 32, 0, 0))]);

    let live = budget.live();
    let summary: Vec<_> = live.iter().map(|live| (live.name.as_str(), live.kind, live.bytes, live.phase)).collect();
    assert_eq!(
        summary,
        [("values", LiveKind::Buffer, 32, Phase::Compile), ("early", LiveKind::Buffer, 16, Phase::Setup)]
    );
    assert_eq!((live[0].node.as_deref(), live[1].node.as_deref()), (Some("tone"), None));
    drop((early, values));
    assert_eq!(budget.live(), []);
}

#[test]
fn a_frame_knows_what_came_and_went_in_it() {
    let (_numbers, budget) = numbers(&[10_000]);
    let first = budget.buffer(&storage("first", 160), Category::Other).unwrap();
    assert_eq!(of(budget.end_frame()), churn(1, 160, 0, 0));
    assert_eq!(of(budget.end_frame()), churn(0, 0, 0, 0));
    let second = budget.buffer(&storage("second", 16), Category::Other).unwrap();
    drop(first);
    let frame = budget.end_frame();
    assert_eq!((of(frame), frame.delta()), (churn(1, 16, 1, 160), -144));
    assert_eq!((budget.report().last_frame(), budget.report().frames()), (frame, 3));
    drop(second);
}

#[test]
fn the_use_over_time_has_its_peak_and_its_limits() {
    let (_numbers, budget) = numbers(&[1000]);
    budget.set_warning(700);
    let buffer = budget.buffer(&storage("buffer", 160), Category::Other).unwrap();
    budget.end_frame();
    budget.set_limit(800);
    drop(buffer);
    budget.end_frame();
    let series = budget.series();
    let levels: Vec<_> = series.iter().map(|sample| (sample.in_use, sample.warning, sample.limit)).collect();
    // A sample tells the most of its time, and the last one of now.
    let expected = [(0, 700, 900), (160, 700, 900), (160, 700, 800), (0, 700, 800), (0, 700, 800)];
    assert_eq!(levels, expected);
    assert!(series.windows(2).all(|pair| pair[0].seconds <= pair[1].seconds));
}

#[test]
fn a_reset_reaches_every_count_and_nothing_that_is_alive() {
    let (_numbers, budget) = numbers(&[1000]);
    budget.set_warning(100);
    let _node = NodeScope::enter("node");
    let buffer = budget.buffer(&storage("stays", 160), Category::Other).unwrap();
    drop(budget.buffer(&storage("goes", 320), Category::Other).unwrap());
    budget.buffer(&storage("refused", 2000), Category::Other).unwrap_err();
    drop(budget.staging("test", 50, vixen::memory::Wait::Fail).unwrap());
    budget.end_frame();
    let before = budget.report();
    let usage = before.usage();
    assert_eq!((usage.peak, usage.warnings, usage.refusals, before.staging().peak), (480, 1, 1, 50));
    assert!(before.frames() == 1 && !before.nodes().is_empty());

    budget.reset_statistics();
    let after = budget.report();
    let usage = after.usage();
    assert_eq!((usage.in_use, usage.peak, usage.warnings, usage.refusals, usage.resources), (160, 160, 0, 0, 1));
    assert_eq!((usage.warning, usage.limit, after.staging().peak), (100, 900, 0));
    assert!(Phase::ALL.into_iter().all(|phase| after.phase(phase) == Churn::default()));
    assert!(after.frames() == 0 && after.nodes().is_empty() && budget.series().len() == 1);
    assert_eq!(budget.live().len(), 1);
    drop(buffer);
    assert_eq!((budget.usage().in_use, budget.live().len()), (0, 0));
    assert_eq!(of(budget.report().phase(Phase::Setup)), churn(0, 0, 1, 160));
}

#[test]
fn shared_memory_counts_once() {
    let (numbers, budget) = numbers(&[1000]);
    let needs = [
        budget.buffer_requirements(&storage("a", 100)).unwrap(),
        budget.image_requirements(&plane("b", 8, 8)).unwrap(),
    ];
    let desc = MemoryDesc::for_any_of("shared", &needs);
    assert_eq!((desc.size, desc.alignment, desc.type_bits), (256, 16, 1));
    let memory = budget.memory(&desc, Category::Transient).unwrap();
    let a = budget.aliased_buffer(&memory, 16, &storage("a", 100)).unwrap();
    let b = budget.aliased_image(&memory, 0, &plane("b", 8, 8)).unwrap();
    assert_eq!((memory.bytes(), a.bytes(), b.bytes(), budget.usage().in_use), (256, 0, 0, 256));
    assert_eq!((budget.usage().of(Category::Transient), budget.usage().resources), (256, 3));
    let kinds: Vec<_> = budget.live().iter().map(|live| live.kind).collect();
    assert_eq!(kinds, [LiveKind::Memory, LiveKind::Buffer, LiveKind::Image]);
    // What lies in it keeps it.
    drop((memory, a));
    assert_eq!(budget.usage().in_use, 256);
    drop(b);
    assert_eq!((budget.usage().in_use, numbers.alive.load(std::sync::atomic::Ordering::Relaxed)), (0, 0));
}

#[test]
fn what_does_not_fit_shared_memory_is_refused() {
    let (_numbers, budget) = numbers(&[1000]);
    let (_others, other) = numbers(&[1000]);
    let needs = budget.buffer_requirements(&storage("a", 100)).unwrap();
    let memory = budget.memory(&MemoryDesc::for_any_of("shared", &[needs]), Category::Transient).unwrap();
    let refuse = |budget: &Arc<vixen::memory::BudgetManager>, offset, size, problem: &str| {
        let error = budget.aliased_buffer(&memory, offset, &storage("late", size)).unwrap_err().to_string();
        assert!(error.contains("'late'") && error.contains(problem), "{error}");
    };
    refuse(&budget, 8, 16, "starts at byte 8");
    refuse(&budget, 16, 112, "needs 112 bytes from byte 16 on, and the shared memory has 112");
    refuse(&budget, u64::MAX - 15, 16, "and the shared memory has 112");
    refuse(&other, 0, 16, "of another budget");
    let error = budget.memory(&MemoryDesc::for_any_of("nothing", &[]), Category::Other).unwrap_err().to_string();
    assert!(error.contains("'nothing' has no size"), "{error}");
    let apart = MemoryDesc { type_bits: 0, ..MemoryDesc::for_any_of("apart", &[needs]) };
    let error = budget.memory(&apart, Category::Other).unwrap_err().to_string();
    assert!(error.contains("no memory type"), "{error}");
    assert_eq!(budget.usage().resources, 1);
}

#[test]
fn eight_threads_are_all_counted() {
    let (_numbers, budget) = numbers(&[1_000_000]);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let budget = &budget;
            scope.spawn(move || {
                let _phase = Phase::ALL[thread % 4].enter();
                let _node = NodeScope::enter(format!("node {thread}"));
                for round in 0..500 {
                    let buffer = budget.buffer(&storage("one", 16), Category::ALL[thread]).unwrap();
                    if round % 5 == 0 {
                        drop(buffer);
                        budget.end_frame();
                    } else {
                        std::mem::forget(buffer);
                    }
                }
            });
        }
    });
    let report = budget.report();
    for thread in 0..8 {
        let counted = report.churn(Phase::ALL[thread % 4], Category::ALL[thread]);
        assert_eq!(of(counted), churn(500, 8000, 100, 1600), "thread {thread}");
    }
    assert_eq!(report.nodes().len(), 8);
    assert!(report.nodes().iter().all(|(_, node)| of(*node) == churn(500, 8000, 100, 1600)));
    assert_eq!((budget.live().len(), report.usage().in_use, report.frames()), (3200, 51_200, 800));
}
