//! A frame allocates nothing and creates nothing, from the first one on; whoever does is counted and named.

mod common;

use std::hint::black_box;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use common::device;
use common::nodes::{AddDynamic, Amount, Clock, Copy, Factor, Fill, Paint, Settings};
use vixen::ash::vk;
use vixen::testing::{
    CountingAllocator, FramesError, FramesReport, counted, created_without_callbacks, frames, is_counting, serial,
};
use vixen::{
    Buffer, CompileOptions, Compute, Device, DeviceOptions, Extent, FrameInfo, Graph, Host, Output, R32Uint, node,
};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// A device that counts, without the validation layer, whose work would count too.
fn watched() -> Device {
    serial();
    Device::new(&DeviceOptions::new().validation(false).watched()).expect("the tests need a Vulkan device")
}

#[test]
fn counting_works() {
    assert!(is_counting());
    assert_eq!(counted(|| drop(black_box(Box::new(7)))).1, 1);
    assert_eq!(counted(|| 7).1, 0);
}

/// Params, switches, static and dynamic nodes, host nodes, histories, readbacks and times, 200 frames.
fn frames_allocate_nothing(frames_in_flight: u32, gpu_times: bool) {
    let device = watched();
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
    let report = frames(&mut compiled, 200, |compiled, frame| {
        // What an application does between frames allocates nothing either.
        let ((), count) = counted(|| {
            if frame % 3 == 0 {
                compiled.set(settings, Settings { offset: frame as u32 });
            }
            compiled.switch(switches[0], frame % 5 < 2);
            compiled.switch(switches[1], frame % 7 < 3);
            for readback in readbacks {
                let _ = compiled.read(readback);
            }
            let _ = compiled.gpu_times().map(|(_, milliseconds)| milliseconds).sum::<f64>();
        });
        assert_eq!(count, 0, "before frame {frame} of {frames_in_flight} in flight something allocated");
    });
    let report = report.unwrap_or_else(|error| panic!("{error}"));
    report.assert_empty();
    assert_eq!((report.frames, report.recompiles), (200, 0));
    let (waited, count) = counted(|| compiled.wait());
    waited.expect("the device lives");
    assert_eq!(count, 0, "waiting allocated");
    assert_eq!(created_without_callbacks(), None);
}

#[test]
fn frames_allocate_nothing_with_any_number_in_flight() {
    for frames_in_flight in 1..=4 {
        frames_allocate_nothing(frames_in_flight, false);
    }
}

#[test]
fn frames_allocate_nothing_on_any_recording_thread() {
    let device = watched();
    for recording_threads in [1, 2, 4] {
        let graph = Graph::without_output();
        let mut values = graph.add(Clock { len: 64, offset: 0 }).values;
        values = graph.add(Copy { source: &values, target: graph.buffer(64), params: Amount { amount: 1 } }).target;
        for amount in 0..200 {
            values = graph.add(AddDynamic { values, params: Amount { amount } }).values;
        }
        graph.retain(values);
        let options = CompileOptions { recording_threads, ..CompileOptions::default() };
        let mut compiled = graph.compile_with(&device, &options).expect("the graph is valid");
        let report = frames(&mut compiled, 100, |_, _| {}).unwrap_or_else(|error| panic!("{error}"));
        report.assert_empty();
    }
}

#[test]
fn frames_allocate_nothing_while_they_are_timed() {
    frames_allocate_nothing(2, true);
}

/// Allocates on the heap whenever it is recorded.
#[node(compute, dynamic, shader = "tests/shaders/add.comp.spv")]
struct Hoarder {
    #[storage(read_write)]
    values: Buffer<[u32]>,
    #[push]
    params: Amount,
}

#[node]
impl Compute for Hoarder {
    fn record(view: &View, commands: &mut Commands) {
        drop(black_box(Vec::<u8>::with_capacity(64)));
        commands.dispatch_items(view.values.len());
    }
}

/// Makes a semaphore whenever it is recorded, on the device behind the graph's back.
#[node(compute, dynamic, shader = "tests/shaders/add.comp.spv")]
struct Maker {
    #[storage(read_write)]
    values: Buffer<[u32]>,
    #[push]
    params: Amount,
}

static DEVICE: OnceLock<Device> = OnceLock::new();

#[node]
impl Compute for Maker {
    fn record(view: &View, commands: &mut Commands) {
        if let Some(device) = DEVICE.get() {
            // SAFETY: the device is alive; the semaphore is used by nobody, and destroyed as it was made.
            unsafe {
                let made = device.raw().create_semaphore(&vk::SemaphoreCreateInfo::default(), device.callbacks());
                device.raw().destroy_semaphore(made.expect("there is memory"), device.callbacks());
            }
        }
        commands.dispatch_items(view.values.len());
    }
}

/// Allocates on the heap in every third frame.
#[node(host)]
struct Diary {
    #[create(len = 4)]
    values: Buffer<[u32]>,
}

#[node]
impl Host for Diary {
    fn run(view: &mut View, frame: &FrameInfo) {
        view.values.fill(0);
        if frame.number % 3 == 2 {
            drop(black_box(format!("dear diary, this is frame {}", frame.number)));
        }
    }
}

/// Compiles a graph of its own in frame 5.
#[node(host)]
struct Nested {
    #[create(len = 4)]
    values: Buffer<[u32]>,
    device: Device,
}

#[node]
impl Host for Nested {
    fn run(view: &mut View, frame: &FrameInfo) {
        view.values.fill(0);
        if frame.number == 5 {
            let graph = Graph::without_output();
            graph.retain(values(&graph));
            drop(graph.compile(view.device).expect("the graph is valid"));
        }
    }
}

/// Allocates in frame 57, if a worker records it.
#[node(compute, dynamic, shader = "tests/shaders/add.comp.spv")]
struct Patient {
    #[storage(read_write)]
    values: Buffer<[u32]>,
    #[push]
    params: Amount,
    recorded: &'static AtomicU64,
}

#[node]
impl Compute for Patient {
    fn record(view: &View, commands: &mut Commands) {
        if view.recorded.fetch_add(1, Ordering::Relaxed) == 57
            && thread::current().name().is_some_and(|it| it.starts_with("vixen"))
        {
            drop(black_box(Vec::<u8>::with_capacity(57)));
        }
        commands.dispatch_items(view.values.len());
    }
}

fn report_of(device: &Device, add: impl FnOnce(&Graph)) -> FramesReport {
    let graph = Graph::without_output();
    add(&graph);
    let mut compiled = graph.compile(device).unwrap_or_else(|error| panic!("{error}"));
    frames(&mut compiled, 10, |_, _| {}).unwrap_or_else(|error| panic!("{error}"))
}

fn values(graph: &Graph) -> vixen::Wire<Buffer<[u32]>> {
    let (_, settings) = graph.param(Settings { offset: 0 });
    graph.add(Fill { settings: &settings, values: graph.buffer(64), params: Factor { factor: 2 } }).values
}

#[test]
fn a_node_that_allocates_while_it_is_recorded_is_named() {
    let report = report_of(&watched(), |graph| {
        let honest = graph.add(AddDynamic { values: values(graph), params: Amount { amount: 3 } }).values;
        let hoarder = Hoarder { values: honest, params: Amount { amount: 3 } };
        graph.retain(graph.add_named("the hoarder", hoarder).values);
    });
    assert_eq!((report.heap_max, report.create_max, report.driver_over_by_hand_max), (1, 0, 0), "{report}");
    let first = report.first_offender.as_deref();
    assert_eq!(first, Some("node `the hoarder`: heap allocation of 64 bytes in frame 0"));
    let said = std::panic::catch_unwind(|| report.assert_empty()).expect_err("something was allocated");
    assert!(said.downcast_ref::<String>().is_some_and(|said| said.contains("the hoarder")));
}

#[test]
fn a_node_that_creates_an_object_by_itself_is_named() {
    let device = DEVICE.get_or_init(watched);
    let report = report_of(device, |graph| {
        let maker = Maker { values: values(graph), params: Amount { amount: 3 } };
        graph.retain(graph.add_named("the maker", maker).values);
    });
    assert_eq!((report.heap_max, report.create_max, report.destroy_max), (0, 1, 1), "{report}");
    let first = report.first_offender.as_deref();
    assert_eq!(first, Some("node `the maker`: call of vkCreateSemaphore in frame 0"));
}

#[test]
fn a_host_node_that_allocates_is_named_with_the_frame() {
    let report = report_of(&watched(), |graph| {
        graph.retain(graph.add_named("the diary", Diary {}).values);
    });
    let first = report.first_offender.as_deref().unwrap_or_default();
    assert!(first.starts_with("node `the diary`: heap allocation") && first.ends_with("in frame 2"), "{first}");
}

#[test]
fn a_host_node_that_compiles_a_graph_is_named() {
    let device = watched();
    let report = report_of(&device, |graph| {
        graph.retain(graph.add_named("the nest", Nested { device: device.clone() }).values);
    });
    let first = report.first_offender.as_deref().unwrap_or_default();
    assert!(first.starts_with("node `the nest`: heap allocation") && first.ends_with("in frame 5"), "{first}");
    assert!(report.create_max > 0 && report.recompiles == 0, "{report}");
}

#[test]
fn one_frame_of_one_node_on_one_worker_is_enough() {
    static RECORDED: [AtomicU64; 4] = [const { AtomicU64::new(0) }; 4];
    let device = watched();
    let graph = Graph::without_output();
    // Of several segments, so that each thread has some.
    for (number, recorded) in (0..).zip(&RECORDED) {
        let node = Patient { values: values(&graph), params: Amount { amount: number }, recorded };
        let values = graph.add_named(&format!("patient {number}"), node).values;
        graph
            .retain(graph.add(Copy { source: &values, target: graph.buffer(64), params: Amount { amount: 1 } }).target);
    }
    let options = CompileOptions { recording_threads: 2, ..CompileOptions::default() };
    let mut compiled = graph.compile_with(&device, &options).expect("the graph is valid");
    let report = frames(&mut compiled, 100, |_, _| {}).unwrap_or_else(|error| panic!("{error}"));
    let first = report.first_offender.as_deref().unwrap_or_default();
    assert!(
        first.ends_with("heap allocation of 57 bytes in frame 57") && first.starts_with("node `patient"),
        "{report}"
    );
}

#[test]
fn a_device_that_does_not_count_is_no_proof() {
    let device = device();
    let graph = Graph::without_output();
    graph.retain(values(&graph));
    let mut compiled = graph.compile(&device).expect("the graph is valid");
    let refused = frames(&mut compiled, 10, |_, _| {});
    assert!(matches!(refused, Err(FramesError::NotWatched)));
}
