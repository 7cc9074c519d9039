//! Graphs of a device share what they are made of: one object for each description, whoever asks first.

use vixen::frame::{SharedObjects, Sharing};
use vixen::{Buffer, CompiledGraph, Device, Graph, Readback};

use crate::common::nodes::{Add, AddDynamic, Amount, Ramp};
use crate::common::{on_device, step, words};

/// Two nodes of the same shader and one of another, with a constant of its own.
fn compile(device: &Device, factor: u32) -> (CompiledGraph, Readback<Buffer<[u32]>>) {
    let graph = Graph::without_output();
    let values = graph.add(Ramp { factor, offset: 0.0, values: graph.buffer(8) }).values;
    let values = graph.add(Add { values, params: Amount { amount: 1 } }).values;
    let values = graph.add(AddDynamic { values, params: Amount { amount: 1 } }).values;
    let read = graph.read_back(&values);
    (graph.compile(device).unwrap_or_else(|error| panic!("{error}")), read)
}

fn result((graph, read): &mut (CompiledGraph, Readback<Buffer<[u32]>>)) -> Vec<u32> {
    step(graph);
    words(graph, *read)
}

/// Hits, misses and entries of set layouts, pipeline layouts, shader modules and pipelines.
fn counts(device: &Device) -> [[u64; 3]; 4] {
    let SharedObjects { set_layouts, pipeline_layouts, shader_modules, pipelines, .. } = device.shared_objects();
    let count = |Sharing { hits, misses, entries, .. }: Sharing| [hits, misses, entries];
    [set_layouts, pipeline_layouts, shader_modules, pipelines].map(count)
}

#[test]
fn equal_descriptions_are_one_object() {
    on_device(|device| {
        assert_eq!(counts(device), [[0; 3]; 4]);
        let mut first = compile(device, 3);
        // One with push constants and one without, of the same set; the second node of the shader finds all that the first made.
        assert_eq!(counts(device), [[1, 1, 1], [1, 2, 2], [0, 2, 2], [1, 2, 2]]);
        assert!(device.shared_objects().pipelines.build_time.as_nanos() > 0);

        // Threads that compile the same at the same time make nothing.
        let mut others = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| compile(device, 3))).collect();
            threads.into_iter().map(|thread| thread.join().expect("it compiles")).collect::<Vec<_>>()
        });
        assert_eq!(counts(device), [[1, 1, 1], [13, 2, 2], [0, 2, 2], [13, 2, 2]]);

        // Another constant is another pipeline of the same module and layout.
        let mut other = compile(device, 5);
        assert_eq!(counts(device), [[1, 1, 1], [16, 2, 2], [1, 2, 2], [15, 3, 3]]);
        let ramp = |factor: u32| (0..8).map(|index| index * factor + 2).collect::<Vec<_>>();
        others.iter_mut().chain([&mut first]).for_each(|graph| assert_eq!(result(graph), ramp(3)));
        assert_eq!(result(&mut other), ramp(5));

        // What a graph still uses stays, and what nobody uses leaves when it is told to.
        drop((first, others));
        // A pipeline, and modules, which are of use only while pipelines are made.
        assert_eq!(device.forget_unused_objects(), 1 + 2);
        assert_eq!(counts(device).map(|[.., entries]| entries), [1, 2, 0, 2]);
        assert_eq!(result(&mut other), ramp(5));
        drop(other);
        assert_eq!(device.forget_unused_objects(), 2 + 2 + 1);
        assert_eq!(counts(device).map(|[.., entries]| entries), [0; 4]);
        assert_eq!(result(&mut compile(device, 7)), ramp(7));
    });
}
