//! What compile reports: culled nodes, leftover wires, pictures of the graph, GPU times.

use vixen::{CompileOptions, CompiledGraph, Device, Graph};

use crate::common::nodes::{Add, AddDynamic, Amount, Clock, Copy, Ramp, Sum, ramp};
use crate::common::{on_device, step, words};

const fn crosses_threads<T: Send>() {}
const _: () = {
    crosses_threads::<CompiledGraph>();
    crosses_threads::<Device>();
};

#[test]
fn a_compiled_graph_runs_on_another_thread() {
    on_device(|device| {
        let graph = Graph::without_output();
        let values = graph.add(Ramp { factor: 1, offset: 0.0, values: graph.buffer(8) }).values;
        let readback = graph.read_back(&values);
        let mut compiled = graph.compile(device).expect("the graph is valid");
        let compiled = std::thread::spawn(move || {
            step(&mut compiled);
            compiled
        });
        let compiled = compiled.join().expect("the frame ran");
        assert_eq!(words(&compiled, readback), ramp(8, 1, 0));
    });
}

#[test]
fn what_no_sink_needs_is_culled_and_named() {
    on_device(|device| {
        let graph = Graph::without_output();
        let ramp = |factor| Ramp { factor, offset: 0.0, values: graph.buffer(8) };
        let wanted = graph.add_named("wanted", ramp(1)).values;
        let unwanted = graph.add_named("unwanted", ramp(2)).values;
        let also = graph.add(Add { values: unwanted, params: Amount { amount: 1 } });
        let kept = graph.add_kept(ramp(3));
        let _ = (&also, &kept);
        let _ = graph.read_back(&wanted);
        let compiled = graph.compile(device).expect("the graph is valid");
        let report = compiled.report();
        let culled: Vec<&str> = report.culled.iter().map(|culled| culled.node.as_str()).collect();
        assert_eq!(culled, ["unwanted", "Add"]);
        assert!(report.culled.iter().all(|culled| culled.at.contains("report.rs:")), "{:?}", report.culled);
        let leftover: Vec<_> = report.leftover.iter().map(|left| (left.node.as_str(), left.slot)).collect();
        assert_eq!(leftover, [("Ramp", "values")], "what is kept runs, and nothing reads what it writes");
        assert_eq!(report.nodes, 3);
    });
}

#[test]
fn requirements_add_up() {
    on_device(|device| {
        let graph = Graph::without_output();
        let a = graph.add(Ramp { factor: 1, offset: 0.0, values: graph.buffer(8) }).values;
        let b = graph.add(Copy { source: &a, target: graph.buffer(8), params: Amount { amount: 1 } }).target;
        let b = graph.add(AddDynamic { values: b, params: Amount { amount: 1 } }).values;
        let total = graph.add(Sum { a: &a, b: &b, total: graph.buffer(8) }).total;
        let _ = graph.read_back(&total);
        let compiled = graph.compile(device).expect("the graph is valid");
        let sum = compiled.report().requirements;
        assert_eq!((sum.descriptors.storage_buffers, sum.sets, sum.command_buffers, sum.queries), (7, 4, 1, 10));
    });
}

#[test]
fn the_graph_can_be_drawn() {
    on_device(|device| {
        let graph = Graph::without_output();
        let clock = graph.add(Clock { len: 8, offset: 0 }).values;
        let copy = graph
            .add_named("the \"copy\"", Copy { source: &clock, target: graph.buffer(8), params: Amount { amount: 1 } });
        let _ = graph.read_back(&copy.target);
        let compiled = graph.compile(device).expect("the graph is valid");
        let report = compiled.report();
        assert_eq!(report.to_mermaid(), MERMAID, "{}", report.to_mermaid());
        assert_eq!(report.to_dot(), DOT, "{}", report.to_dot());
    });
}

const MERMAID: &str = "\
flowchart LR
    subgraph s0[\"segment 0, recorded once\"]
        n1[\"the 'copy'\"]
        b0{{\"barrier of 1\"}}
        n2[\"read_back\"]
        b1{{\"barrier of 2\"}}
    end
    n0([\"Clock\"])
    n0 -->|\"source\"| n1
    n1 -->|\"source\"| n2
";
const DOT: &str = "\
digraph vixen {
    rankdir=LR;
    node [shape=box, fontname=\"sans-serif\"];
    subgraph cluster_0 {
        label=\"segment 0, recorded once\";
        n1 [label=\"the 'copy'\"];
        b0 [label=\"barrier of 1\", shape=cds, style=filled, fillcolor=lightgrey];
        n2 [label=\"read_back\"];
        b1 [label=\"barrier of 2\", shape=cds, style=filled, fillcolor=lightgrey];
        n1 -> b0 -> n2 -> b1 [style=invis];
    }
    n0 [label=\"Clock\", style=dashed];
    n0 -> n1 [label=\"source\"];
    n1 -> n2 [label=\"source\"];
}
";

#[test]
fn times_are_measured_on_request_and_only_of_what_ran() {
    on_device(|device| {
        let graph = Graph::without_output();
        let switch = graph.switch(true);
        let a = graph.add_named("on", Ramp { factor: 1, offset: 0.0, values: graph.buffer(8) }).values;
        let b = graph.add_named("off", Ramp { factor: 2, offset: 0.0, values: graph.buffer(8) }).values;
        let unused = graph.add_named("culled", Ramp { factor: 2, offset: 0.0, values: graph.buffer(8) }).values;
        let selected = graph.select(switch, a, b);
        let changed = graph.add(AddDynamic { values: selected, params: Amount { amount: 1 } }).values;
        let _ = (graph.read_back(&changed), &unused);
        let options = CompileOptions { gpu_times: true, ..CompileOptions::default() };
        let mut compiled = graph.compile_with(device, &options).expect("the graph is valid");
        assert_eq!(compiled.gpu_times().count(), 0, "no frame has finished");
        for on in [true, false, true] {
            compiled.switch(switch, on);
            // Waiting for a frame is enough to know its times.
            step(&mut compiled);
            let mut names: Vec<&str> = compiled.gpu_times().map(|(name, _)| name).collect();
            names.sort_unstable();
            assert_eq!(names, ["AddDynamic", if on { "on" } else { "off" }, "read_back"]);
            assert!(compiled.gpu_times().all(|(_, milliseconds)| milliseconds >= 0.0));
        }
    });
}
