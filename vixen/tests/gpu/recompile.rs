//! Recompiles touch what changed, once, and nothing else; the result is that of a graph compiled from scratch.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use vixen::ash::vk;
use vixen::event::{RecompileCause, RecompileDone, RecompileRequested, WindowResized};
use vixen::graph::OutputId;
use vixen::memory::{BufferDesc, Category, ManagedBuffer, Strategy};
use vixen::{Buffer, CompiledGraph, Compute, Device, Extent, Graph, Length, Output, Readback, node};

use crate::common::nodes::{AddDynamic, Amount, Copy, Paint, Ramp, ramp};
use crate::common::{on_device, step, words};

/// Copies, adds to every element, and counts how often it is recorded.
#[node(compute, shader = "tests/shaders/copy.comp.spv")]
struct Counted {
    #[storage]
    source: Buffer<[u32]>,
    #[storage(write)]
    target: Buffer<[u32]>,
    #[push]
    params: Amount,
    recordings: Arc<AtomicU32>,
}

#[node]
impl Compute for Counted {
    fn record(view: &View, commands: &mut Commands) {
        view.recordings.fetch_add(1, Ordering::Relaxed);
        commands.dispatch_items(view.target.len());
    }
}

struct TwoOutputs {
    compiled: CompiledGraph,
    second: OutputId,
    both: Readback<Buffer<[u32]>>,
    neither: Readback<Buffer<[u32]>>,
    recordings: [Arc<AtomicU32>; 2],
}

impl TwoOutputs {
    /// A node that follows both outputs, and one that follows none, in a segment of its own between dynamic nodes.
    fn new(device: &Device, sizes: [[u32; 2]; 2]) -> Self {
        let graph = Graph::new(Output::headless(sizes[0][0], sizes[0][1]));
        let second = graph.add_output(Output::headless(sizes[1][0], sizes[1][1]));
        let texels = |extent| Length::PerTexel { extent, elements: 1 };
        let recordings = [(); 2].map(|()| Arc::new(AtomicU32::new(0)));
        let counted = |source: &_, target, index: usize| {
            let (params, recordings) = (Amount { amount: 1 }, recordings[index].clone());
            graph.add(Counted { source, target, params, recordings }).target
        };
        let ramp = |factor, target| graph.add(Ramp { factor, offset: 0.0, values: target }).values;
        let add = |values, amount| graph.add(AddDynamic { values, params: Amount { amount } }).values;
        let first = ramp(3, graph.buffer(texels(Extent::Output)));
        let both = counted(&first, graph.buffer(texels(Extent::of(second))), 0);
        // So late that no barrier of its segment is for the others too.
        let fixed = add(add(add(ramp(2, graph.buffer(16)), 2), 2), 1);
        let neither = add(counted(&fixed, graph.buffer(16), 1), 0);
        let (both, neither) = (graph.read_back(&both), graph.read_back(&neither));
        let compiled = graph.compile(device).unwrap_or_else(|error| panic!("{error}"));
        Self { compiled, second, both, neither, recordings }
    }

    fn recordings(&self) -> [u32; 2] {
        self.recordings.each_ref().map(|count| count.load(Ordering::Relaxed))
    }

    fn contents(&mut self) -> [Vec<u32>; 2] {
        step(&mut self.compiled);
        [self.both, self.neither].map(|one| words(&self.compiled, one))
    }
}

#[test]
fn outputs_that_change_together_touch_each_node_once() {
    on_device(|device| {
        let mut graph = TwoOutputs::new(device, [[8, 6], [4, 4]]);
        assert_eq!(graph.contents(), [ramp(16, 3, 1), ramp(16, 2, 6)]);
        let before = graph.recordings();
        // With a frame under way.
        graph.compiled.frame().expect("the frame runs");
        graph.compiled.resize_all(&[(OutputId::FIRST, [10, 9]), (graph.second, [6, 7])]).expect("the sizes are valid");
        assert_eq!(before, [1, 1]);
        assert_eq!(graph.recordings(), [2, 1], "what follows once more, what does not never");
        let last = *graph.compiled.last_recompile().expect("there was one");
        assert_eq!((graph.compiled.recompiles(), last.cause), (1, RecompileCause::Resize));
        // Each of two buffers and the readback's two copies; the nodes that are wired to one of them.
        assert_eq!((last.buffers, last.images, last.swapchains, last.pipelines), (4, 0, 0, 0));
        assert_eq!((last.nodes, last.descriptors), (3, 3));
        assert!((last.segments as usize) < graph.compiled.report().segments, "{last:?}");
        let fresh = TwoOutputs::new(device, [[10, 9], [6, 7]]).contents();
        assert_eq!(graph.contents(), fresh);
        assert_eq!(fresh[0], ramp(42, 3, 1));
    });
}

#[test]
fn another_scene_rebuilds_what_reads_it_and_equals_a_fresh_graph() {
    let read = |device: &Device, buffer: &Arc<ManagedBuffer>, replace: &dyn Fn()| {
        let graph = Graph::new(Output::headless(8, 8));
        let scene = graph.share_managed::<[u32]>(buffer);
        let copied = graph.add(Copy { source: &scene, target: graph.buffer(16), params: Amount { amount: 1 } }).target;
        let color = graph.add(Paint { color: graph.image(Extent::Output), params: Amount { amount: 2 } }).color;
        let (read, painted) = (graph.read_back(&copied), graph.read_back(&color));
        let mut compiled = graph.compile(device).unwrap_or_else(|error| panic!("{error}"));
        step(&mut compiled);
        replace();
        step(&mut compiled);
        let last = compiled.last_recompile().copied();
        ((words(&compiled, read), words(&compiled, painted)), last)
    };
    on_device(|device| {
        let desc = BufferDesc::new("scene", 64, vk::BufferUsageFlags::STORAGE_BUFFER);
        let scene =
            ManagedBuffer::new(device, &desc, Category::Cacher, Strategy::DeviceLocal).expect("there is memory");
        let numbers = |start: u32| (start..start + 16).flat_map(u32::to_le_bytes).collect::<Vec<_>>();
        scene.update(0, &numbers(0)).expect("it fits");
        let (replaced, last) = read(device, &scene, &|| {
            scene.resize(4096).expect("there is memory");
            scene.update(0, &numbers(100)).expect("it fits");
        });
        let (fresh, none) = read(device, &scene, &|| {});
        assert_eq!((replaced, none), (fresh, None));
        let last = last.expect("there was one");
        assert_eq!(last.cause, RecompileCause::Replacement);
        assert_eq!((last.images, last.buffers, last.nodes, last.descriptors), (0, 1, 1, 1));
    });
}

#[test]
fn the_events_of_a_cascade_are_one_batch() {
    on_device(|device| {
        let graph = Graph::new(Output::headless(8, 8));
        let second = graph.add_output(Output::headless(4, 4));
        let paint = |extent| graph.add(Paint { color: graph.image(extent), params: Amount { amount: 0 } }).color;
        let sinks = (graph.retain(paint(Extent::Output)), graph.retain(paint(Extent::of(second))));
        let (sender, heard) = std::sync::mpsc::channel();
        graph.events(|events| {
            let requested = events.queue::<RecompileRequested>(2);
            let (resized, done) = (events.queue::<WindowResized>(2), events.queue::<RecompileDone>(2));
            events.subscribe("all").reads(requested).reads(resized).reads(done).run(move |batch| {
                let causes: Vec<_> = batch.read(requested).map(|event| event.cause).collect();
                let sizes: Vec<_> = batch.read(resized).map(|event| (event.output, event.extent)).collect();
                let done: Vec<_> = batch.read(done).map(|event| (event.cause, event.count)).collect();
                sender.send((causes, sizes, done)).expect("the test waits");
            });
        });
        let mut compiled = graph.compile(device).unwrap_or_else(|error| panic!("{error}"));
        step(&mut compiled);
        compiled.resize_all(&[(second, [5, 5]), (OutputId::FIRST, [3, 2])]).expect("the sizes are valid");
        step(&mut compiled);
        step(&mut compiled);
        let resize = RecompileCause::Resize;
        let heard: Vec<_> = heard.try_iter().collect();
        assert_eq!(heard, [(vec![resize], vec![(OutputId::FIRST, [3, 2]), (second, [5, 5])], vec![(resize, 1)])]);
        for sink in [sinks.0, sinks.1] {
            assert_ne!(compiled.retained(sink), vk::Image::null());
        }
    });
}
