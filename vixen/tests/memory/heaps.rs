//! What each heap has room for, over an allocator that needs no device.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use vixen::memory::{BudgetManager, BufferDesc, Category, Heap, Location, MemoryError};

use crate::numbers::{Numbers, budget_of};
use crate::{plane, storage};

/// A budget for 1000 bytes of the device and some other heap, in which everything lies that the host reaches.
fn with_other(other: Heap) -> (Arc<Numbers>, Arc<BudgetManager>) {
    let numbers = Arc::new(Numbers::default());
    numbers.apart.store(true, Relaxed);
    let budget = budget_of(&numbers, &[Heap::device(1000), other]);
    (numbers, budget)
}

fn at(location: Location, size: u64) -> BufferDesc<'static> {
    storage("there", size).at(location)
}

fn in_use(budget: &BudgetManager) -> Vec<u64> {
    budget.heaps().iter().map(|heap| heap.in_use).collect()
}

#[test]
fn a_heap_is_full_while_another_has_room() {
    let (numbers, budget) = with_other(Heap::host(100));
    assert_eq!(budget.usage().limit, 900, "the host's heap adds nothing to the device's memory");
    let limits: Vec<_> = budget.heaps().iter().map(|heap| (heap.limit, heap.device_local)).collect();
    assert_eq!(limits, [(900, true), (90, false)]);

    let first = budget.buffer(&at(Location::Upload, 80), Category::Staging).unwrap();
    let error = budget.buffer(&at(Location::Readback, 1), Category::Readback).unwrap_err();
    let (name, usage) = ("there".to_owned(), "STORAGE_BUFFER".to_owned());
    let expected =
        MemoryError::HeapFull { name, requested: 16, usage, heap: 1, device_local: false, in_use: 80, limit: 90 };
    assert_eq!(error, expected);
    assert!(error.is_over_budget());
    let said = error.to_string();
    assert!(said.contains("80 of the 90 that the budget allows of heap 1, memory of the host"), "{said}");
    assert_eq!((numbers.alive.load(Relaxed), budget.usage().resources, budget.usage().refusals), (1, 1, 1));

    let image = budget.image(&plane("image", 4, 4), Category::Transient).unwrap();
    assert_eq!((in_use(&budget), budget.usage().in_use), (vec![64, 80], 144));
    budget.set_heap_limit(1, 96);
    let second = budget.buffer(&at(Location::Readback, 1), Category::Readback).unwrap();
    assert_eq!(in_use(&budget), [64, 96]);
    drop((first, second, image));
    assert_eq!((in_use(&budget), numbers.alive.load(Relaxed)), (vec![0, 0], 0));
}

#[test]
fn mapped_device_memory_that_is_full_is_done_without() {
    let (numbers, budget) = with_other(Heap::device(100));
    let mapped = || budget.buffer(&at(Location::DeviceMapped, 64), Category::Cacher);
    let first = mapped().unwrap();
    assert_eq!(in_use(&budget), [0, 64]);
    let second = mapped().unwrap();
    assert_eq!(in_use(&budget), [64, 64]);
    // It would rather lie where it was asked for when it is made anew.
    assert_eq!(second.location(), Location::DeviceMapped);
    drop(first);
    let third = mapped().unwrap();
    assert_eq!(in_use(&budget), [64, 64]);
    drop((second, third));

    // The same where the allocator has no room.
    numbers.fails_at.store(numbers.made.load(Relaxed) + 1, Relaxed);
    let fourth = mapped().unwrap();
    assert_eq!(in_use(&budget), [64, 0]);
    drop(fourth);

    // Where neither has room the error is that of the second try.
    budget.set_heap_limit(0, 0);
    budget.set_heap_limit(1, 0);
    let error = mapped().unwrap_err();
    assert!(matches!(error, MemoryError::HeapFull { heap: 0, device_local: true, .. }), "{error}");
    assert_eq!((in_use(&budget), numbers.alive.load(Relaxed)), (vec![0, 0], 0));
}

#[test]
fn heaps_that_nobody_described_have_no_limit() {
    let numbers = Arc::new(Numbers::default());
    numbers.apart.store(true, Relaxed);
    let budget = budget_of(&numbers, &[Heap::device(1000)]);
    let _apart = budget.buffer(&at(Location::Upload, 800), Category::Staging).unwrap();
    assert_eq!((in_use(&budget), budget.usage().in_use), (vec![0], 800));
    let error = budget.buffer(&storage("too large", 112), Category::Other).unwrap_err();
    assert!(matches!(error, MemoryError::OverBudget { in_use: 800, limit: 900, .. }), "{error}");
}
