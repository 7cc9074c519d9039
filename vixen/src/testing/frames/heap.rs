//! A global allocator that counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicI64, Ordering};

use super::watch::{What, note};

/// Bytes that have not been freed yet.
static LIVING: AtomicI64 = AtomicI64::new(0);

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, counting. To watch frames, make it the program's:
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: vixen::testing::CountingAllocator = vixen::testing::CountingAllocator;
/// ```
pub struct CountingAllocator;

/// How many heap allocations the calling thread has made; 0 where the program's allocator does not count.
pub fn allocations() -> u64 {
    ALLOCATIONS.get()
}

/// What a call returns, and how many heap allocations the calling thread made meanwhile.
pub fn counted<T>(call: impl FnOnce() -> T) -> (T, u64) {
    let before = allocations();
    let result = call();
    (result, allocations() - before)
}

/// How many bytes all threads have allocated and not freed yet; 0 where the program's allocator does not count.
pub fn living_heap_bytes() -> i64 {
    LIVING.load(Ordering::Relaxed)
}

/// Whether [`CountingAllocator`] is the program's allocator: it allocates something to find out.
pub fn is_counting() -> bool {
    counted(|| drop(std::hint::black_box(Box::new(0_u8)))).1 > 0
}

fn count(bytes: usize) {
    LIVING.fetch_add(bytes as i64, Ordering::Relaxed);
    // The variable needs no destructor, so it can be reached for as long as the thread runs.
    ALLOCATIONS.set(ALLOCATIONS.get() + 1);
    note(What::Heap(bytes));
}

// SAFETY: every call is the system allocator's, with the same arguments; counting touches no heap memory.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's contract is the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's contract is the system allocator's.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        LIVING.fetch_sub(layout.size() as i64, Ordering::Relaxed);
        // SAFETY: the caller's contract is the system allocator's.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVING.fetch_sub(layout.size() as i64, Ordering::Relaxed);
        // SAFETY: the caller's contract is the system allocator's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allocator_that_does_not_count_is_noticed() {
        // These tests run with the system's allocator.
        assert!(!is_counting());
    }
}
