//! A global allocator that knows the most bytes that were in use at once, on all threads.

use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering};

static WATCHING: AtomicBool = AtomicBool::new(false);
/// Bytes more than when watching began; fewer while what is older is freed.
static IN_USE: AtomicIsize = AtomicIsize::new(0);
static PEAK: AtomicIsize = AtomicIsize::new(0);

/// Another allocator, watched. Make it a program's `#[global_allocator]`.
pub struct PeakAllocator<A>(pub A);

/// Does something; says by how many bytes at most the heap grew meanwhile. Only one thread may ask at a time; all threads count.
pub fn peak_of<T>(action: impl FnOnce() -> T) -> (u64, T) {
    IN_USE.store(0, Ordering::Relaxed);
    PEAK.store(0, Ordering::Relaxed);
    WATCHING.store(true, Ordering::SeqCst);
    let result = action();
    WATCHING.store(false, Ordering::SeqCst);
    (PEAK.load(Ordering::Relaxed).max(0) as u64, result)
}

fn changed(by: isize) {
    if WATCHING.load(Ordering::Relaxed) {
        let now = IN_USE.fetch_add(by, Ordering::Relaxed) + by;
        if by > 0 {
            PEAK.fetch_max(now, Ordering::Relaxed);
        }
    }
}

// SAFETY: every call is the other allocator's, with the same arguments; counting touches no heap memory.
unsafe impl<A: GlobalAlloc> GlobalAlloc for PeakAllocator<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        changed(layout.size() as isize);
        // SAFETY: the caller's contract is the other allocator's.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        changed(layout.size() as isize);
        // SAFETY: the caller's contract is the other allocator's.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // While it moves, both may be there.
        changed(size as isize);
        // SAFETY: the caller's contract is the other allocator's.
        let moved = unsafe { self.0.realloc(pointer, layout, size) };
        changed(-(layout.size() as isize));
        moved
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        changed(-(layout.size() as isize));
        // SAFETY: the caller's contract is the other allocator's.
        unsafe { self.0.dealloc(pointer, layout) }
    }
}
