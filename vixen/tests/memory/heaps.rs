//! What each heap has room for, over an allocator that needs no device.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};

use vixen::memory::{BudgetManager, BudgetWarning, BufferDesc, Category, Heap, Location, MemoryError};

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

#[test]
fn what_other_processes_take_lowers_the_limits() {
    let (numbers, budget) = with_other(Heap::host(1000));
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let given = warnings.clone();
    budget.on_warning(move |warning| given.lock().unwrap().push(warning));
    let limits = || (budget.usage().limit, budget.usage().warning, budget.heaps()[0].limit, budget.heaps()[1].limit);
    budget.refresh();
    assert_eq!(limits(), (900, 800, 900, 900), "this allocator does not know");

    let device = budget.buffer(&at(Location::Device, 320), Category::Other).unwrap();
    let host = budget.buffer(&at(Location::Upload, 80), Category::Staging).unwrap();
    numbers.tell_heaps(&[600, 200]);
    budget.refresh();
    assert_eq!(limits(), (540, 480, 540, 180));
    assert_eq!(*warnings.lock().unwrap(), [], "there is still room");
    let error = budget.buffer(&at(Location::Upload, 112), Category::Staging).unwrap_err();
    assert!(matches!(error, MemoryError::HeapFull { heap: 1, in_use: 80, limit: 180, .. }), "{error}");

    // Each mark that the use reaches warns once.
    numbers.tell_heaps(&[500, 100]);
    budget.refresh();
    budget.refresh();
    let all = BudgetWarning { heap: None, in_use: 400, warning: 400, limit: 450 };
    let of_host = BudgetWarning { heap: Some(1), in_use: 80, warning: 80, limit: 90 };
    assert_eq!(std::mem::take(&mut *warnings.lock().unwrap()), [all, of_host]);
    // Less than what is in use frees nothing and refuses everything.
    numbers.tell_heaps(&[100, 100]);
    budget.refresh();
    let error = budget.buffer(&at(Location::Device, 16), Category::Other).unwrap_err();
    assert!(matches!(error, MemoryError::OverBudget { in_use: 400, limit: 90, .. }), "{error}");
    let of_device = BudgetWarning { heap: Some(0), in_use: 320, warning: 80, limit: 90 };
    assert_eq!(std::mem::take(&mut *warnings.lock().unwrap()), [of_device]);
    // And what they give back is there again.
    numbers.tell_heaps(&[2000, 1000]);
    budget.refresh();
    assert_eq!(limits(), (1800, 1600, 1800, 900));

    // What was set stays.
    budget.set_limit(700);
    budget.set_warning(600);
    budget.set_heap_limit(1, 300);
    numbers.tell_heaps(&[1000, 1000]);
    budget.refresh();
    assert_eq!(limits(), (700, 600, 900, 300));
    drop((device, host));
    assert_eq!((in_use(&budget), numbers.alive.load(Relaxed)), (vec![0, 0], 0));
}

#[test]
fn who_allocates_hears_of_it_in_time() {
    let (numbers, budget) = with_other(Heap::host(1000));
    numbers.tell_heaps(&[1000, 1000]);
    budget.refresh();
    numbers.tell_heaps(&[500, 1000]);
    // At most once a second, so not at once: an allocation does not ask.
    drop(budget.buffer(&at(Location::Device, 16), Category::Other).unwrap());
    let follows = (0..1000).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        drop(budget.buffer(&at(Location::Device, 16), Category::Other).unwrap());
        budget.usage().limit == 450
    });
    assert!(follows, "{:?}", budget.usage());
}
