//! A frame allocates nothing, from the first one on: counted by the global allocator, on the thread that runs frames.

mod common;
#[path = "gpu/nodes.rs"]
mod nodes;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use common::device;
use nodes::{AddDynamic, Amount, Clock, Copy, Factor, Fill, Paint, Settings};
use vixen::{CompileOptions, Extent, Graph, Output, R32Uint};

thread_local! {
    /// Allocations of this thread, while they are counted.
    static COUNTED: Cell<Option<u64>> = const { Cell::new(None) };
}

struct Counting;

// SAFETY: everything is the system's allocator; counting touches a thread-local without a destructor and allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNTED.set(COUNTED.get().map(|count| count + 1));
        // SAFETY: the caller's contract is this call's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNTED.set(COUNTED.get().map(|count| count + 1));
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often `work` allocated on this thread.
fn allocations<T>(work: impl FnOnce() -> T) -> (T, u64) {
    COUNTED.set(Some(0));
    let result = work();
    let count = COUNTED.take().expect("counting was on");
    (result, count)
}

#[test]
fn counting_works() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(7)))).1, 1);
    assert_eq!(allocations(|| 7).1, 0);
}

/// Params, switches, static and dynamic nodes, host nodes, histories, readbacks and times, 200 frames.
fn frames_allocate_nothing(frames_in_flight: u32, gpu_times: bool) {
    // Without the validation layer, whose work on this thread would count too.
    let device = vixen::Device::new(&vixen::DeviceOptions::new().validation(false)).unwrap_or_else(|_| device());
    let graph = Graph::new(Output::headless(16, 16));
    let (settings, wire) = graph.param(Settings { offset: 0 });
    let switches = [graph.switch(true), graph.switch(false)];
    let clock = graph.add(Clock { len: 64, offset: 0 }).values;
    let fill = graph.add(Fill { settings: &wire, values: graph.buffer(64), params: Factor { factor: 2 } }).values;
    let copy = |amount| graph.add(Copy { source: &clock, target: graph.buffer(64), params: Amount { amount } }).target;
    let selected = graph.select(switches[0], copy(1), copy(2));
    let changed = graph.add(AddDynamic { values: selected, params: Amount { amount: 3 } }).values;
    let changed = graph.select(switches[1], changed, fill);
    let (history, now) = graph.history_buffer::<[u32], 2>(64);
    let now = graph.add(Copy { source: &changed, target: now, params: Amount { amount: 1 } }).target;
    let old = graph.add(Copy { source: history.ago::<2>(), target: graph.buffer(64), params: Amount { amount: 1 } });
    let readbacks = [graph.read_back(&now), graph.read_back(&old.target)];
    let color = graph.image::<R32Uint, _>(Extent::Output);
    graph.present(graph.add(Paint { color, params: Amount { amount: 0 } }).color);
    let options = CompileOptions { frames_in_flight, gpu_times, ..CompileOptions::default() };
    let mut compiled = graph.compile_with(&device, &options).expect("the graph is valid");
    for frame in 0..200_u32 {
        let (result, count) = allocations(|| {
            if frame % 3 == 0 {
                compiled.set(settings, Settings { offset: frame });
            }
            compiled.switch(switches[0], frame % 5 < 2);
            compiled.switch(switches[1], frame % 7 < 3);
            let result = compiled.frame();
            for readback in readbacks {
                let _ = compiled.read(readback);
            }
            let _ = compiled.gpu_times().map(|(_, milliseconds)| milliseconds).sum::<f64>();
            result
        });
        result.expect("the frame runs");
        assert_eq!(count, 0, "frame {frame} of {frames_in_flight} in flight allocated");
    }
    let (waited, count) = allocations(|| compiled.wait());
    waited.expect("the device lives");
    assert_eq!(count, 0, "waiting allocated");
    assert_eq!(compiled.recompiles(), 0);
}

#[test]
fn frames_allocate_nothing_with_any_number_in_flight() {
    for frames_in_flight in 1..=4 {
        frames_allocate_nothing(frames_in_flight, false);
    }
}

#[test]
fn frames_allocate_nothing_while_they_are_timed() {
    frames_allocate_nothing(2, true);
}
