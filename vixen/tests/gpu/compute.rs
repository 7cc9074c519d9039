//! Compute nodes and every kind of slot that takes a buffer.

use vixen::{Buffer, Compute, Graph, node};

use crate::common::nodes::{Add, Amount, Factor, Fill, Ramp, Settings, Sum, ramp};
use crate::common::{in_every_order, on_device, step, words};

#[test]
fn values_go_through_a_graph_and_back() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let (settings, wire) = graph.param(Settings { offset: 5 });
        let a = graph.add(Fill { settings: &wire, values: graph.buffer(1000), params: Factor { factor: 3 } });
        let b = graph.add(Fill { settings: &wire, values: graph.buffer(1000), params: Factor { factor: 1 } });
        let b = graph.add(Add { values: b.values, params: Amount { amount: 100 } });
        let sum = graph.add(Sum { a: &a.values, b: &b.values, total: graph.buffer(1000) });
        let total = graph.read_back(&sum.total);
        let mut compiled = compile(&graph);
        for offset in [5, 5, 7, 9, 9] {
            compiled.set(settings, Settings { offset });
            step(&mut compiled);
            assert_eq!(words(&compiled, total), ramp(1000, 4, 2 * offset + 100));
        }
    });
}

#[node(compute, shader = "tests/shaders/optional.comp.spv")]
struct OptionalSum {
    #[storage]
    base: Buffer<[u32]>,
    #[storage]
    extra: Option<Buffer<[u32]>>,
    #[storage(write)]
    total: Buffer<[u32]>,
    #[push]
    params: Amount,
}

#[node]
impl Compute for OptionalSum {
    fn record(view: &View, commands: &mut Commands) {
        commands.push(&Amount { amount: view.extra.is_some().into() });
        commands.dispatch_items(view.total.len());
    }
}

#[test]
fn an_optional_slot_may_be_absent() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let base = graph.add(Ramp { factor: 2, offset: 1.0, values: graph.buffer(70) });
        let extra = graph.add(Ramp { factor: 10, offset: 0.0, values: graph.buffer(70) });
        let params = Amount { amount: 0 };
        let without = graph.add(OptionalSum { base: &base.values, extra: None, total: graph.buffer(70), params });
        let with =
            graph.add(OptionalSum { base: &base.values, extra: Some(&extra.values), total: graph.buffer(70), params });
        let [without, with] = [graph.read_back(&without.total), graph.read_back(&with.total)];
        let mut compiled = compile(&graph);
        step(&mut compiled);
        assert_eq!(words(&compiled, without), ramp(70, 2, 1));
        assert_eq!(words(&compiled, with), ramp(70, 12, 1));
    });
}

#[node(compute, shader = "tests/shaders/array.comp.spv")]
struct ArraySum {
    #[storage]
    parts: [Buffer<[u32]>; 3],
    #[storage(write)]
    total: Buffer<[u32]>,
}

#[node]
impl Compute for ArraySum {
    fn record(view: &View, commands: &mut Commands) {
        assert_eq!(view.parts.map(|part| part.len()), [view.total.len(); 3]);
        commands.dispatch_items(view.total.len());
    }
}

#[node(compute, shader = "tests/shaders/runtime_array.comp.spv")]
struct RuntimeSum {
    #[storage(max = 100)]
    parts: Vec<Buffer<[u32]>>,
    #[storage(write)]
    total: Buffer<[u32]>,
    #[push]
    params: Amount,
}

#[node]
impl Compute for RuntimeSum {
    fn record(view: &View, commands: &mut Commands) {
        commands.push(&Amount { amount: view.parts.len() as u32 });
        commands.dispatch_items(view.total.len());
    }
}

#[test]
fn arrays_take_several_wires_of_each_set() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let ramps: Vec<_> =
            (0..80).map(|factor| graph.add(Ramp { factor, offset: 1.0, values: graph.buffer(50) }).values).collect();
        let three = graph.add(ArraySum { parts: [&ramps[1], &ramps[2], &ramps[4]], total: graph.buffer(50) });
        let all = graph.add(RuntimeSum {
            parts: ramps.iter().collect(),
            total: graph.buffer(50),
            params: Amount { amount: 0 },
        });
        let none = graph.add(RuntimeSum { parts: Vec::new(), total: graph.buffer(50), params: Amount { amount: 0 } });
        let readbacks = [&three.total, &all.total, &none.total].map(|wire| graph.read_back(wire));
        let mut compiled = compile(&graph);
        step(&mut compiled);
        let [three, all, none] = readbacks.map(|readback| words(&compiled, readback));
        assert_eq!(three, ramp(50, 7, 3));
        assert_eq!(all, ramp(50, 79 * 80 / 2, 80));
        assert_eq!(none, ramp(50, 0, 0));
    });
}

#[node(
    compute,
    pipeline(name = "double", shader = "tests/shaders/double.comp.spv"),
    pipeline(name = "increment", shader = "tests/shaders/increment.comp.spv")
)]
struct Arithmetic {
    #[storage(read_write)]
    values: Buffer<[u32]>,
    rounds: u32,
}

#[node]
impl Compute for Arithmetic {
    fn record(view: &View, commands: &mut Commands) {
        for _ in 0..*view.rounds {
            commands.bind(Self::DOUBLE);
            commands.dispatch_items(view.values.len());
            commands.barrier();
            commands.bind(Self::INCREMENT);
            commands.dispatch_items(view.values.len());
            commands.barrier();
        }
    }
}

#[test]
fn a_node_can_have_several_pipelines() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let values = graph.add(Ramp { factor: 1, offset: 0.0, values: graph.buffer(200) }).values;
        let values = graph.add(Arithmetic { values, rounds: 3 }).values;
        let readback = graph.read_back(&values);
        let mut compiled = compile(&graph);
        step(&mut compiled);
        assert_eq!(words(&compiled, readback), ramp(200, 8, 7));
    });
}

#[node(compute, shader = "tests/shaders/arguments.comp.spv")]
struct Arguments {
    #[storage(write)]
    values: Buffer<[u32]>,
    #[push]
    params: Amount,
}

#[node]
impl Compute for Arguments {
    fn record(_view: &View, commands: &mut Commands) {
        commands.dispatch(1, 1, 1);
    }
}

#[node(compute, shader = "tests/shaders/increment.comp.spv")]
struct IncrementSome {
    #[indirect]
    arguments: Buffer<[u32]>,
    #[storage(read_write)]
    values: Buffer<[u32]>,
}

#[node]
impl Compute for IncrementSome {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_indirect(view.arguments);
    }
}

#[test]
fn the_gpu_can_say_how_much_to_dispatch() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let arguments = graph.add(Arguments { values: graph.buffer(5), params: Amount { amount: 2 } });
        let values = graph.add(Ramp { factor: 0, offset: 0.0, values: graph.buffer(192) }).values;
        let values = graph.add(IncrementSome { arguments: &arguments.values, values }).values;
        let readback = graph.read_back(&values);
        let mut compiled = compile(&graph);
        step(&mut compiled);
        let expected: Vec<u32> = (0..192).map(|index| u32::from(index < 128)).collect();
        assert_eq!(words(&compiled, readback), expected);
    });
}

#[node(compute, shader = "tests/shaders/spec.comp.spv")]
struct CreateRamp {
    #[spec]
    factor: u32,
    #[spec]
    offset: f32,
    #[storage(create, len = self.length)]
    values: Buffer<[u32]>,
    length: u32,
}

#[node]
impl Compute for CreateRamp {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_items(view.values.len());
    }
}

#[test]
fn a_create_slot_makes_its_resource_and_constants_specialise_the_shader() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let a = graph.add(CreateRamp { factor: 3, offset: 7.5, length: 100 }).values;
        let b = graph.add(CreateRamp { factor: 4, offset: 1.0, length: 40 }).values;
        let [a, b] = [graph.read_back(&a), graph.read_back(&b)];
        let mut compiled = compile(&graph);
        step(&mut compiled);
        assert_eq!(words(&compiled, a), ramp(100, 3, 7));
        assert_eq!(words(&compiled, b), ramp(40, 4, 1));
    });
}

#[node(compute, shader = "tests/shaders/workgroup.comp.spv")]
struct CountGroup {
    #[spec]
    group: u32,
    #[storage(write)]
    values: Buffer<[u32]>,
}

#[node]
impl Compute for CountGroup {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_items(view.values.len());
    }
}

#[test]
fn a_workgroup_is_as_large_as_its_constant_says() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        // Smaller and larger than the shader's own 64.
        let counted = [8, 128].map(|group| {
            let values = graph.add(CountGroup { group, values: graph.buffer(100) }).values;
            (group, graph.read_back(&values))
        });
        let mut compiled = compile(&graph);
        step(&mut compiled);
        for (group, values) in counted {
            assert_eq!(words(&compiled, values), [group; 100]);
        }
    });
}

#[test]
fn a_workgroup_of_nothing_is_refused() {
    on_device(|device| {
        let graph = Graph::without_output();
        let counted = graph.add(CountGroup { group: 0, values: graph.buffer(100) });
        let _ = graph.retain(counted.values);
        let error = graph.compile(device).err().expect("no workgroup is empty").to_string();
        assert!(error.contains("node `CountGroup`") && error.contains("1 or more"), "{error}");
    });
}

#[test]
fn parts_of_a_buffer_are_written_apart_and_read_whole() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let [low, high] = graph.buffer::<[u32]>(256).split_at(64);
        let [middle, high] = high.split_at(64);
        let low = graph.add(Ramp { factor: 1, offset: 0.0, values: low }).values;
        let middle = graph.add(Ramp { factor: 0, offset: 9.0, values: middle }).values;
        let high = graph.add(Ramp { factor: 2, offset: 0.0, values: high }).values;
        let middle = graph.add(Add { values: middle, params: Amount { amount: 1 } }).values;
        // In another order than they lie.
        let whole = vixen::Wire::join([high, low, middle]);
        let whole = graph.add(Add { values: whole, params: Amount { amount: 1 } }).values;
        let all = graph.read_back(&whole);
        let [_, tail] = whole.split_at(192);
        let tail = graph.read_back(&tail);
        let mut compiled = compile(&graph);
        for _ in 0..3 {
            step(&mut compiled);
            let expected = [ramp(64, 1, 1), ramp(64, 0, 11), ramp(128, 2, 1)].concat();
            assert_eq!(words(&compiled, all), expected);
            assert_eq!(words(&compiled, tail), expected[192..]);
        }
    });
}

#[test]
fn what_is_discarded_is_written_anew() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let values = graph.add(Ramp { factor: 1, offset: 0.0, values: graph.buffer(64) }).values;
        let before = graph.read_back(&values);
        let values = graph.add(Ramp { factor: 5, offset: 0.0, values: values.discard() }).values;
        let after = graph.read_back(&values);
        let mut compiled = compile(&graph);
        for _ in 0..3 {
            step(&mut compiled);
            assert_eq!(words(&compiled, before), ramp(64, 1, 0));
            assert_eq!(words(&compiled, after), ramp(64, 5, 0));
        }
    });
}
