//! Host memory callbacks that count what a driver allocates, and that it frees all of it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicI64, Ordering};

use ash::vk;

use super::watch::{What, note};

/// Allocations that have not been freed yet.
static LIVING: AtomicI64 = AtomicI64::new(0);

/// How many allocations of drivers with the counting callbacks have not been freed yet.
pub fn living_driver_allocations() -> i64 {
    LIVING.load(Ordering::Relaxed)
}

/// The counting callbacks.
pub(crate) fn callbacks() -> vk::AllocationCallbacks<'static> {
    vk::AllocationCallbacks {
        pfn_allocation: Some(allocate),
        pfn_reallocation: Some(reallocate),
        pfn_free: Some(free),
        ..Default::default()
    }
}

/// Stands in front of every allocation: what `free` and `reallocate` are not told.
#[derive(Clone, Copy)]
#[repr(C)]
struct Header {
    layout: Layout,
    /// From the start of the whole to what the driver got.
    offset: usize,
    size: usize,
}

unsafe extern "system" fn allocate(
    _user: *mut c_void,
    size: usize,
    alignment: usize,
    _scope: vk::SystemAllocationScope,
) -> *mut c_void {
    note(What::Driver(size));
    make(size, alignment)
}

unsafe extern "system" fn reallocate(
    user: *mut c_void,
    original: *mut c_void,
    size: usize,
    alignment: usize,
    _scope: vk::SystemAllocationScope,
) -> *mut c_void {
    note(What::Driver(size));
    // SAFETY: the original is null or came from these callbacks, as Vulkan demands.
    let Some(header) = (unsafe { header(original) }) else { return make(size, alignment) };
    if size == 0 {
        // SAFETY: as above, and the driver does not use it any more.
        unsafe { free(user, original) };
        return null_mut();
    }
    let new = make(size, alignment);
    if !new.is_null() {
        // SAFETY: both are at least as long as the shorter of the two, and apart; the original is not used any more.
        unsafe {
            original.cast::<u8>().copy_to_nonoverlapping(new.cast(), size.min(header.size));
            free(user, original);
        }
    }
    new
}

unsafe extern "system" fn free(_user: *mut c_void, memory: *mut c_void) {
    // SAFETY: the memory is null or came from these callbacks, as Vulkan demands.
    if let Some(header) = unsafe { header(memory) } {
        LIVING.fetch_sub(1, Ordering::Relaxed);
        // SAFETY: `make` allocated the whole with this layout and gave this offset into it.
        unsafe { System.dealloc(memory.cast::<u8>().sub(header.offset), header.layout) };
    }
}

/// Memory with a header in front; null where there is none.
fn make(size: usize, alignment: usize) -> *mut c_void {
    let alignment = alignment.max(align_of::<Header>());
    let offset = size_of::<Header>().next_multiple_of(alignment);
    let Ok(layout) = Layout::from_size_align(offset.saturating_add(size.max(1)), alignment) else { return null_mut() };
    // SAFETY: the layout has a size, and is asked of the system, not of an allocator that counts it as Rust's.
    let whole = unsafe { System.alloc(layout) };
    if whole.is_null() {
        return null_mut();
    }
    LIVING.fetch_add(1, Ordering::Relaxed);
    // SAFETY: the offset lies inside the layout, is a multiple of its alignment, and leaves room for a header before it.
    unsafe {
        let memory = whole.add(offset);
        memory.cast::<Header>().sub(1).write(Header { layout, offset, size });
        memory.cast()
    }
}

/// The header of what `make` gave.
///
/// # Safety
/// The memory is null, or came from `make` and was not freed.
unsafe fn header(memory: *mut c_void) -> Option<Header> {
    // SAFETY: `make` wrote a header there.
    (!memory.is_null()).then(|| unsafe { memory.cast::<Header>().sub(1).read() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_aligned_moved_and_freed() {
        let (user, scope) = (null_mut(), vk::SystemAllocationScope::OBJECT);
        // SAFETY: these are the driver's calls, in an order that Vulkan allows, and the bytes written are inside.
        unsafe {
            for alignment in [1, 8, 64, 4096] {
                let memory = allocate(user, 40, alignment, scope).cast::<u8>();
                assert!((memory as usize).is_multiple_of(alignment));
                memory.write_bytes(7, 40);
                let larger = reallocate(user, memory.cast(), 4000, alignment, scope).cast::<u8>();
                assert!((larger as usize).is_multiple_of(alignment));
                assert_eq!(std::slice::from_raw_parts(larger, 40), [7; 40]);
                let smaller = reallocate(user, larger.cast(), 1, alignment, scope);
                assert!(reallocate(user, smaller, 0, alignment, scope).is_null());
                free(user, reallocate(user, null_mut(), 8, alignment, scope));
            }
            free(user, null_mut());
        }
    }
}
