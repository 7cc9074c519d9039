//! What the budget counts and refuses, over an allocator that needs no device.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};

use vixen::memory::{Buffer, Category, MemoryError};

use crate::numbers::numbers;
use crate::{plane, storage};

#[test]
fn the_limit_is_exact_to_the_byte() {
    let (numbers, budget) = numbers(&[1000]);
    assert_eq!((budget.usage().limit, budget.usage().warning), (900, 800));

    let first = budget.buffer(&storage("first", 640), Category::Cacher).unwrap();
    budget.set_limit(640 + 240);
    budget.buffer(&storage("second", 241), Category::Uniform).unwrap_err();
    assert_eq!((numbers.made.load(Relaxed), budget.usage().refusals), (1, 1), "nobody asked the allocator");
    // One byte less than the allocator rounds up to.
    budget.set_limit(640 + 255);
    let error = budget.buffer(&storage("second", 241), Category::Uniform).unwrap_err();
    let usage = "STORAGE_BUFFER".to_owned();
    let expected = MemoryError::OverBudget { name: "second".into(), requested: 256, usage, in_use: 640, limit: 895 };
    assert_eq!(error, expected);
    assert_eq!((numbers.alive.load(Relaxed), budget.usage().refusals, budget.usage().peak), (1, 2, 640));

    budget.set_limit(640 + 256);
    let second = budget.buffer(&storage("second", 241), Category::Uniform).unwrap();
    let usage = budget.usage();
    assert_eq!((usage.in_use, usage.peak, usage.resources), (896, 896, 2));
    assert_eq!((usage.of(Category::Cacher), usage.of(Category::Uniform), usage.of(Category::Other)), (640, 256, 0));
    assert_eq!((second.size(), second.bytes()), (241, 256));

    drop(first);
    assert_eq!((budget.usage().in_use, budget.usage().peak, budget.usage().of(Category::Cacher)), (256, 896, 0));
    let image = budget.image(&plane("third", 16, 10), Category::Transient).unwrap();
    assert_eq!((image.bytes(), budget.usage().of(Category::Transient)), (640, 640));
    drop((second, image));
    assert_eq!((budget.usage().in_use, budget.usage().resources, numbers.alive.load(Relaxed)), (0, 0, 0));
}

#[test]
fn what_the_allocator_really_took_is_what_counts() {
    let (numbers, budget) = numbers(&[1000]);
    numbers.extra.store(4, Relaxed);
    budget.set_limit(68);
    let buffer = budget.buffer(&storage("fits", 64), Category::Other).unwrap();
    assert_eq!((buffer.bytes(), budget.usage().in_use), (68, 68));
    drop(buffer);

    // Beyond the limit only when it is already there: it is freed again.
    budget.set_limit(67);
    let error = budget.buffer(&storage("too large", 64), Category::Other).unwrap_err();
    assert!(matches!(error, MemoryError::OverBudget { requested: 68, in_use: 0, limit: 67, .. }), "{error}");
    assert_eq!((budget.usage().in_use, budget.usage().resources, numbers.alive.load(Relaxed)), (0, 0, 0));
}

#[test]
fn the_warning_comes_once_each_time_the_mark_is_reached() {
    let (_numbers, budget) = numbers(&[1000]);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ears = heard.clone();
    budget.on_warning(move |warning| ears.lock().unwrap().push((warning.in_use, warning.warning, warning.limit)));

    let below = budget.buffer(&storage("below", 784), Category::Other).unwrap();
    assert_eq!(budget.usage().warnings, 0);
    budget.set_warning(800);
    let reaches = budget.buffer(&storage("reaches", 16), Category::Other).unwrap();
    let _beyond = budget.buffer(&storage("beyond", 16), Category::Other).unwrap();
    assert_eq!(*heard.lock().unwrap(), [(800, 800, 900)]);
    drop((below, reaches));
    let _again = budget.buffer(&storage("again", 800), Category::Other).unwrap();
    assert_eq!(*heard.lock().unwrap(), [(800, 800, 900), (816, 800, 900)]);
    assert_eq!(budget.usage().warnings, 2);
    // What is refused is no use of memory.
    budget.buffer(&storage("refused", 800), Category::Other).unwrap_err();
    assert_eq!(budget.usage().warnings, 2);
}

#[test]
fn a_failed_allocation_leaves_nothing_behind() {
    for fails_at in 1..=4 {
        let (numbers, budget) = numbers(&[10_000]);
        numbers.fails_at.store(fails_at, Relaxed);
        let several = || -> Result<_, MemoryError> {
            let a = budget.buffer(&storage("a", 16), Category::Other)?;
            let b = budget.image(&plane("b", 4, 4), Category::Transient)?;
            let c = budget.buffer(&storage("c", 16), Category::History)?;
            let d = budget.image(&plane("d", 4, 4), Category::Readback)?;
            Ok((a, b, c, d))
        };
        let error = several().unwrap_err();
        assert!(matches!(error, MemoryError::OutOfDeviceMemory { .. }), "{error}");
        let usage = budget.usage();
        assert_eq!((usage.in_use, usage.resources, numbers.alive.load(Relaxed)), (0, 0, 0), "call {fails_at}");
        assert!(Category::ALL.into_iter().all(|category| usage.of(category) == 0));
        let retried = several().unwrap();
        assert_eq!((budget.usage().resources, numbers.alive.load(Relaxed)), (4, 4));
        drop(retried);
    }
}

#[test]
fn odd_budgets_are_defined() {
    let (_numbers, budget) = numbers(&[]);
    let error = budget.buffer(&storage("any", 1), Category::Other).unwrap_err();
    assert!(matches!(error, MemoryError::OverBudget { requested: 16, in_use: 0, limit: 0, .. }), "{error}");

    budget.set_limit(32);
    let buffer = budget.buffer(&storage("any", 32), Category::Other).unwrap();
    // Below what is in use: nothing is freed, and nothing is given until there is room.
    budget.set_limit(16);
    budget.buffer(&storage("another", 1), Category::Other).unwrap_err();
    assert_eq!(budget.usage().in_use, 32);
    drop(buffer);
    budget.buffer(&storage("another", 1), Category::Other).unwrap();

    budget.set_limit(u64::MAX);
    let _large = budget.buffer(&storage("large", u64::MAX - 15), Category::Other).unwrap();
    let error = budget.buffer(&storage("one more", 16), Category::Other).unwrap_err();
    assert!(matches!(error, MemoryError::OverBudget { .. }), "{error}");

    let (_numbers, all) = numbers(&[u64::MAX, u64::MAX]);
    assert_eq!(all.usage().limit, u64::MAX / 10 * 9 + 4, "90% without overflow");
}

#[test]
fn resources_outlive_the_handle_of_their_budget() {
    let (numbers, budget) = numbers(&[1000]);
    let buffer = budget.buffer(&storage("last", 16), Category::Other).unwrap();
    drop(budget);
    assert_eq!(numbers.alive.load(Relaxed), 1);
    drop(buffer);
    assert_eq!((numbers.alive.load(Relaxed), Arc::strong_count(&numbers)), (0, 1));
}

#[test]
fn eight_threads_never_pass_the_limit() {
    let (numbers, budget) = numbers(&[10_000]);
    budget.set_limit(50 * 16);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let budget = &budget;
            scope.spawn(move || {
                let mut held: Vec<Buffer> = Vec::new();
                for round in 0..2000 {
                    match budget.buffer(&storage("shared", 16), Category::ALL[thread]) {
                        Ok(buffer) => held.push(buffer),
                        Err(_) => held.clear(),
                    }
                    if round % 7 == thread {
                        held.pop();
                    }
                }
            });
        }
    });
    let usage = budget.usage();
    assert!(usage.peak <= usage.limit && usage.refusals > 0, "{usage:?}");
    assert_eq!((usage.in_use, usage.resources, numbers.alive.load(Relaxed)), (0, 0, 0));
    assert!(Category::ALL.into_iter().all(|category| usage.of(category) == 0));
}
