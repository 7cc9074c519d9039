//! Memory of graphs that run: managed buffers that graphs follow, descriptors that are left alone, what is retired, and who
//! allocated what.

mod common;

use std::sync::Arc;

use common::nodes::{Amount, Paint, Sum};
use common::{assert_clean, device, step, words};
use vixen::ash::vk;
use vixen::device::Device;
use vixen::memory::{BufferDesc, Category, Churn, ManagedBuffer, PerFrameUniform, Phase, Strategy};
use vixen::{CompileOptions, Extent, Graph, Output};

const LENGTH: u32 = 100;

fn numbers(start: u32, length: u32) -> Vec<u8> {
    (start..start + length).flat_map(u32::to_le_bytes).collect()
}

fn managed(device: &Device, name: &str, strategy: Strategy) -> Arc<ManagedBuffer> {
    let desc = BufferDesc::new(name, u64::from(LENGTH) * 4, vk::BufferUsageFlags::STORAGE_BUFFER);
    let buffer = ManagedBuffer::new(device, &desc, Category::Cacher, strategy).expect("there is memory");
    buffer.update(0, &numbers(0, LENGTH)).expect("it fits");
    buffer
}

#[test]
fn a_graph_follows_a_managed_buffer_and_rewrites_only_what_binds_it() {
    for strategy in [Strategy::DeviceLocal, Strategy::HostVisible, Strategy::HostCached] {
        let device = device();
        let (resized, fixed) = (managed(&device, "resized", strategy), managed(&device, "fixed", strategy));
        let graph = Graph::without_output();
        let (a, b) = (graph.share_managed::<[u32]>(&resized), graph.share_managed::<[u32]>(&fixed));
        let sum = graph.add(Sum { a: &a, b: &b, total: graph.buffer(LENGTH) });
        // A second node that binds the buffer twice, and a third that does not bind it.
        let twice = graph.add(Sum { a: &a, b: &a, total: graph.buffer(LENGTH) });
        let other = graph.add(Sum { a: &b, b: &b, total: graph.buffer(LENGTH) });
        let reads = [&sum.total, &twice.total, &other.total].map(|wire| graph.read_back(wire));
        let mut compiled = graph.compile(&device).expect("the graph is valid");
        let check = |compiled: &mut vixen::CompiledGraph, starts: [u32; 3]| {
            step(compiled);
            for (read, start) in reads.into_iter().zip(starts) {
                let expected: Vec<u32> = (0..LENGTH).map(|index| start + 2 * index).collect();
                assert_eq!(words(compiled, read), expected, "{strategy:?}");
            }
        };
        check(&mut compiled, [0, 0, 0]);
        let written = compiled.descriptors_written();
        assert_eq!((written, compiled.recompiles()), (9, 0));

        // New contents are no reason to rewrite anything.
        resized.update(0, &numbers(1000, LENGTH)).expect("it fits");
        assert_eq!(resized.generation(), 1);
        for _ in 0..5 {
            check(&mut compiled, [1000, 2000, 0]);
        }
        assert_eq!((compiled.descriptors_written(), compiled.recompiles()), (written, 0));

        // A new size is: three descriptors, once.
        let old = Arc::downgrade(&resized.resize(8 * u64::from(LENGTH)).expect("there is memory"));
        assert_eq!((resized.generation(), resized.size()), (2, 8 * u64::from(LENGTH)));
        assert!(old.strong_count() > 0, "the graph still holds the one that its frames use");
        resized.update(0, &numbers(5, 2 * LENGTH)).expect("it fits");
        check(&mut compiled, [5, 10, 0]);
        assert_eq!((compiled.descriptors_written(), compiled.recompiles()), (written + 3, 1));
        assert_eq!(old.strong_count(), 0, "nobody needs the old one any more");
        check(&mut compiled, [5, 10, 0]);
        assert_eq!((compiled.descriptors_written(), compiled.recompiles()), (written + 3, 1));

        // A size that no element fits is an error that names the buffer, in every frame until it is mended.
        resized.resize(2).expect("there is memory");
        for _ in 0..2 {
            let error = compiled.frame().expect_err("there is no element to bind");
            assert!(error.to_string().contains("shared"), "{error}");
        }
        resized.resize(4 * u64::from(LENGTH)).expect("there is memory");
        resized.update(0, &numbers(7, LENGTH)).expect("it fits");
        check(&mut compiled, [7, 14, 0]);
        drop(compiled);
        assert_clean(&device);
    }
}

#[test]
fn updates_of_a_part_leave_the_rest_and_refuse_what_does_not_fit() {
    let device = device();
    for strategy in [Strategy::DeviceLocal, Strategy::HostVisible, Strategy::HostCached] {
        let buffer = managed(&device, "parts", strategy);
        buffer.update(40, &numbers(500, 10)).expect("it fits");
        buffer.update(400, &[]).expect("nothing always fits");
        let error = buffer.update(396, &[0; 8]).expect_err("it goes beyond the end");
        assert!(error.to_string().contains("'parts' has 400 bytes"), "{error}");
        let graph = Graph::without_output();
        let wire = graph.share_managed::<[u32]>(&buffer);
        let sum = graph.add(Sum { a: &wire, b: &wire, total: graph.buffer(LENGTH) });
        let read = graph.read_back(&sum.total);
        let mut compiled = graph.compile(&device).expect("the graph is valid");
        step(&mut compiled);
        let doubled = |index| 2 * if (10..20).contains(&index) { 490 + index } else { index };
        assert_eq!(words(&compiled, read), (0..LENGTH).map(doubled).collect::<Vec<_>>());
    }
    assert_clean(&device);
}

#[test]
fn frames_in_flight_keep_what_is_retired() {
    let device = device();
    let graph = Graph::without_output();
    let buffer = managed(&device, "summand", Strategy::DeviceLocal);
    let wire = graph.share_managed::<[u32]>(&buffer);
    let sum = graph.add(Sum { a: &wire, b: &wire, total: graph.buffer(LENGTH) });
    let _read = graph.read_back(&sum.total);
    let options = CompileOptions { frames_in_flight: 3, ..CompileOptions::default() };
    let mut compiled = graph.compile_with(&device, &options).expect("the graph is valid");
    let spare = |name| {
        let desc = BufferDesc::new(name, 64, vk::BufferUsageFlags::STORAGE_BUFFER);
        Arc::new(device.budget().buffer(&desc, Category::Other).expect("there is memory"))
    };
    let thing = spare("retired");
    compiled.frame().expect("the frame runs");
    compiled.retire(thing.clone()).expect("the device lives");
    assert_eq!((compiled.retired(), Arc::strong_count(&thing)), (1, 2));
    // Frames 1 and 2 may start while frame 0 runs; frame 3 needs its slot, so frame 0 has finished.
    for _ in 0..2 {
        compiled.frame().expect("the frame runs");
        assert_eq!(compiled.retired(), 1);
    }
    compiled.frame().expect("the frame runs");
    assert_eq!((compiled.retired(), Arc::strong_count(&thing)), (0, 1));

    // More than there is room for: it waits for the oldest and never grows.
    for _ in 0..1000 {
        compiled.retire(thing.clone()).expect("the device lives");
    }
    assert!(compiled.retired() <= 3 * 8, "{}", compiled.retired());
    drop(compiled);
    assert_eq!(Arc::strong_count(&thing), 1);
    assert_clean(&device);
}

#[test]
fn allocations_are_counted_by_phase_node_and_category() {
    let device = device();
    let budget = device.budget().clone();
    let shared = managed(&device, "scene", Strategy::HostVisible);
    let setup = budget.report().phase(Phase::Setup);
    assert_eq!((setup.allocations, setup.frees), (1, 0));

    let graph = Graph::new(Output::headless(64, 32));
    let wire = graph.share_managed::<[u32]>(&shared);
    let sum = graph.add_named("adds", Sum { a: &wire, b: &wire, total: graph.buffer(LENGTH) });
    let paint = graph.add_named("paints", Paint { color: graph.image(Extent::Output), params: Amount { amount: 1 } });
    let (_sum, _paint) = (graph.read_back(&sum.total), graph.read_back(&paint.color));
    let mut compiled = graph.compile(&device).expect("the graph is valid");
    let report = budget.report();
    let compile = report.phase(Phase::Compile);
    // Two transients, and two readbacks for each of two frames.
    assert_eq!((compile.allocations, compile.frees), (6, 0));
    assert_eq!(report.churn(Phase::Compile, Category::Transient).allocations, 2);
    assert_eq!(report.churn(Phase::Compile, Category::Readback).allocations, 4);
    let of = |name: &str| report.nodes().iter().find(|(node, _)| &**node == name).map(|(_, churn)| churn.allocations);
    assert_eq!((of("adds"), of("paints")), (Some(1), Some(1)), "{:?}", report.nodes());
    let live = budget.live();
    assert_eq!(live.len(), 7);
    let scene = live.iter().find(|live| live.name == "scene").expect("it is alive");
    assert_eq!(
        (scene.bytes, scene.category, scene.phase, scene.node.as_deref()),
        (shared.current().bytes(), Category::Cacher, Phase::Setup, None)
    );
    assert!(live.windows(2).all(|pair| pair[0].bytes >= pair[1].bytes));

    for _ in 0..10 {
        compiled.frame().expect("the frame runs");
    }
    let report = budget.report();
    assert_eq!(report.phase(Phase::Execute), Churn::default(), "a frame allocates and frees nothing");
    assert_eq!((report.frames(), report.last_frame()), (10, Churn::default()));

    let in_use = budget.usage().in_use;
    compiled.resize(vixen::graph::OutputId::FIRST, 128, 64).expect("there is memory");
    compiled.frame().expect("the frame runs");
    let report = budget.report();
    // The image and its two readbacks, in a recompile, between two frames.
    assert_eq!((report.last_frame().allocations, report.last_frame().frees), (3, 3));
    assert_eq!(report.last_frame().delta(), (budget.usage().in_use - in_use) as i64);
    assert_eq!(report.phase(Phase::Execute), Churn::default());

    drop(compiled);
    let cleanup = budget.report().phase(Phase::Cleanup);
    assert_eq!((cleanup.allocations, cleanup.frees), (0, 6));
    assert_eq!(budget.usage().in_use, shared.current().bytes());
    let table = budget.report().to_string();
    for word in ["limit", "in use", "cacher", "setup", "compile", "cleanup", "node adds", "node paints"] {
        assert!(table.contains(word), "{word} in\n{table}");
    }
    assert_clean(&device);
}

#[test]
fn a_uniform_has_a_place_for_each_frame() {
    let device = device();
    let uniform = PerFrameUniform::<[f32; 4]>::new(&device, "camera", 3);
    let uniform: PerFrameUniform<[f32; 4]> = uniform.expect("there is memory");
    let alignment = device.capabilities().limits.min_uniform_buffer_offset_alignment;
    let mut offsets = Vec::new();
    for frame in 0..6_u64 {
        uniform.write(frame, &[frame as f32; 4]).expect("it is mapped");
        let descriptor = uniform.descriptor(frame);
        assert!(descriptor.offset.is_multiple_of(alignment) && descriptor.range == 16);
        assert_eq!(descriptor.buffer, uniform.buffer().raw());
        offsets.push(descriptor.offset);
        let mut bytes = [0; 4];
        uniform.buffer().read(descriptor.offset, &mut bytes).expect("it is mapped");
        assert_eq!(f32::from_le_bytes(bytes), frame as f32);
    }
    assert_eq!(offsets[..3], offsets[3..]);
    assert!(offsets[0] != offsets[1] && offsets[1] != offsets[2] && offsets[0] != offsets[2]);
    assert_eq!((uniform.buffer().generation(), uniform.buffer().category()), (1, Category::Uniform));
    assert_clean(&device);
}
