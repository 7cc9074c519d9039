//! Errors of `compile` in what was declared: each is found, and its words name the node and the slot and say what to do.
//! `limits` and `misuse` have the others.

use vixen::graph::{CompileError, OutputId};
use vixen::{
    Buffer, Compute, Device, Extent, FrameInfo, Graph, Host, Image, Length, Output, R32Uint, Target, Wire, node,
};

use crate::common::nodes::{Add, Amount, Copy, Paint, Ramp};
use crate::common::on_device;

/// Compiles what must not compile, and checks that the message has all of these words.
#[track_caller]
pub fn refused(device: &Device, graph: &Graph, words: &[&str]) -> CompileError {
    let error = graph.compile(device).err().expect("the graph is not valid");
    let message = error.to_string();
    for word in words {
        assert!(message.contains(word), "`{word}` is missing in: {message}");
    }
    let first = message.chars().next().expect("there is a message");
    assert!(!first.is_uppercase() && !message.ends_with('.'), "{message}");
    error
}

/// A wire of this many values.
pub fn values(graph: &Graph, length: impl Into<Length>) -> Wire<Buffer<[u32]>> {
    graph.add(Ramp { factor: 1, offset: 0.0, values: graph.buffer(length) }).values
}

#[test]
fn graphs_that_do_nothing() {
    on_device(|device| {
        let error = refused(device, &Graph::without_output(), &["errors.rs:", "has no node", "`graph.add`"]);
        assert!(matches!(error, CompileError::EmptyGraph { .. }));

        let graph = Graph::without_output();
        let values = values(&graph, 8);
        let error = refused(device, &graph, &["errors.rs:", "has no sink", "present, read back or retain"]);
        assert!(matches!(error, CompileError::NoSink { .. }));
        drop(values);
    });
}

#[test]
fn a_graph_is_compiled_once() {
    on_device(|device| {
        let graph = Graph::without_output();
        let switch = graph.switch(true);
        let _ = graph.read_back(&values(&graph, 8));
        let left = values(&graph, 8);
        let right = values(&graph, 8);
        graph.compile(device).expect("the graph is valid");
        // What is left of it stands for nothing, and nothing panics.
        let [low, high] = left.split_at(4);
        let joined = Wire::join([low, high]);
        let selected = graph.select(switch, joined, right);
        let _ = graph.read_back(&selected);
        let _ = graph.retain(selected);
        let error = refused(device, &graph, &["errors.rs:", "has been compiled before", "declare it again"]);
        assert!(matches!(error, CompileError::AlreadyCompiled { .. }));
    });
}

#[test]
fn wires_of_other_graphs() {
    on_device(|device| {
        let other = Graph::without_output();
        let foreign = || values(&other, 8).share();
        let words = ["a wire of another graph", "errors.rs:", "add both nodes to one graph"];

        let graph = Graph::without_output();
        let copy = graph.add(Copy { source: &foreign(), target: graph.buffer(8), params: Amount { amount: 0 } });
        let _ = graph.read_back(&copy.target);
        refused(device, &graph, &[&words[..], &["slot `source` of node `Copy`"]].concat());

        let graph = Graph::without_output();
        let _ = graph.read_back(&foreign());
        refused(device, &graph, &[&words[..], &["`read_back`"]].concat());

        let graph = Graph::without_output();
        let _ = graph.retain(values(&other, 8));
        refused(device, &graph, &[&words[..], &["`retain`"]].concat());

        let graph = Graph::new(Output::headless(4, 4));
        let paint = |color: Target<Image<R32Uint>>| Paint { color, params: Amount { amount: 0 } };
        graph.present(other.add(paint(other.image(Extent::fixed(4, 4)))).color);
        refused(device, &graph, &[&words[..], &["`present`"]].concat());

        let graph = Graph::without_output();
        let joined = Wire::join([values(&graph, 8), values(&other, 8)]);
        let _ = graph.read_back(&joined);
        refused(device, &graph, &[&words[..], &["join"]].concat());

        let graph = Graph::without_output();
        let switch = graph.switch(true);
        let selected = graph.select_shared(switch, &values(&graph, 8).share(), &foreign());
        let _ = graph.read_back(&selected);
        refused(device, &graph, &[&words[..], &["`select`"]].concat());

        let graph = Graph::without_output();
        let selected = graph.select(other.switch(true), values(&graph, 8), values(&graph, 8));
        let _ = graph.read_back(&selected);
        refused(device, &graph, &["the switch given to `select`", "another graph", "make it with `switch`"]);
    });
}

#[test]
fn parts_that_do_not_fit() {
    on_device(|device| {
        let graph = Graph::without_output();
        let joined = Wire::join([values(&graph, 8), values(&graph, 8)]);
        let _ = graph.read_back(&joined);
        refused(
            device,
            &graph,
            &["joined at", "errors.rs:", "one region of one resource", "join what one `split` gave"],
        );

        let graph = Graph::without_output();
        let [low, middle] = values(&graph, 256).split_at(64);
        let [_, high] = middle.split_at(64);
        let _ = graph.read_back(&Wire::join([low, high]));
        refused(device, &graph, &["one region of one resource"]);

        let graph = Graph::without_output();
        let [_, odd] = values(&graph, 256).split_at(1);
        let odd = graph.add(Add { values: odd, params: Amount { amount: 1 } }).values;
        let _ = graph.read_back(&odd);
        let error = refused(device, &graph, &["slot `values` of node `Add`", "byte 4 of its buffer", "a multiple of"]);
        assert!(matches!(error, CompileError::Alignment { offset: 4, .. }));

        let graph = Graph::without_output();
        let [_, none] = values(&graph, 256).split_at(256);
        let none = graph.add(Add { values: none, params: Amount { amount: 1 } }).values;
        let _ = graph.read_back(&none);
        refused(device, &graph, &["slot `values` of node `Add`", "empty part", "split it"]);

        // Behind the end of what follows an output, which is known only when that is.
        let graph = Graph::new(Output::headless(64, 4));
        let length = Length::PerTexel { extent: Extent::Output, elements: 1 };
        let [_, none] = values(&graph, length).split_at(256);
        let none = graph.add(Add { values: none, params: Amount { amount: 1 } }).values;
        let _ = graph.read_back(&none);
        let error = refused(
            device,
            &graph,
            &["slot `values` of node `Add`", "byte 1024 of a buffer of 1024", "before its end"],
        );
        assert!(matches!(error, CompileError::EmptyPart { .. }));
    });
}

#[test]
fn a_part_that_a_resize_takes_away() {
    on_device(|device| {
        let graph = Graph::new(Output::headless(64, 8));
        let length = Length::PerTexel { extent: Extent::Output, elements: 1 };
        let [low, high] = values(&graph, length).split_at(256);
        let high = graph.add(Add { values: high, params: Amount { amount: 1 } }).values;
        let readback = graph.read_back(&Wire::join([low, high]));
        let mut compiled = graph.compile(device).expect("the graph is valid");
        let error = compiled.resize(OutputId::FIRST, 64, 4).expect_err("nothing is left of the second part");
        assert!(matches!(error, CompileError::EmptyPart { .. }), "{error}");
        crate::common::step(&mut compiled);
        assert_eq!(crate::common::words(&compiled, readback).len(), 512, "it goes on as it was");
    });
}

#[test]
fn alternatives_and_presents_that_do_not_go_together() {
    on_device(|device| {
        let graph = Graph::without_output();
        let selected = graph.select(graph.switch(true), values(&graph, 8), values(&graph, 9));
        let _ = graph.read_back(&selected);
        refused(device, &graph, &["alternatives selected at", "8 elements", "9 elements", "equal size"]);

        let graph = Graph::new(Output::headless(4, 4));
        let paint = || graph.add(Paint { color: graph.image(Extent::Output), params: Amount { amount: 0 } }).color;
        graph.present(paint());
        graph.present(paint());
        refused(device, &graph, &["presented to output 0 a second time", "errors.rs:", "add an output"]);

        let two = Graph::new(Output::headless(4, 4));
        let second = two.add_output(Output::headless(4, 4));
        let graph = Graph::new(Output::headless(4, 4));
        let paint = graph.add(Paint { color: graph.image(Extent::Output), params: Amount { amount: 0 } }).color;
        graph.present_to(second, paint);
        refused(device, &graph, &["goes to output 1", "the graph has 1"]);
    });
}

#[node(host)]
struct Watch {
    #[host]
    values: Buffer<[u32]>,
}

#[node]
impl Host for Watch {
    fn run(_view: &mut View, _frame: &FrameInfo) {}
}

#[test]
fn host_slots_get_what_the_cpu_can_reach() {
    on_device(|device| {
        let graph = Graph::without_output();
        let made_on_gpu = values(&graph, 8);
        graph.add_kept(Watch { values: &made_on_gpu });
        let error = refused(device, &graph, &["slot `values` of node `Watch`", "made on the GPU", "`Readback`"]);
        assert!(matches!(error, CompileError::NotHostVisible { .. }));

        // Memory that the CPU reaches, but changed on the GPU before.
        let graph = Graph::without_output();
        let clock = graph.add(crate::common::nodes::Clock { len: 8, offset: 0 }).values;
        let changed = graph.add(Add { values: clock, params: Amount { amount: 1 } }).values;
        graph.add_kept(Watch { values: &changed });
        refused(device, &graph, &["slot `values` of node `Watch`", "made on the GPU"]);
    });
}

/// A copy that says how much memory it fills.
#[node(compute, shader = "tests/shaders/copy.comp.spv", transient(bytes = 64, per_pixel = 4))]
struct SmallCopy {
    #[storage]
    source: Buffer<[u32]>,
    #[storage(write)]
    target: Buffer<[u32]>,
    #[push]
    params: Amount,
}

#[node]
impl Compute for SmallCopy {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_items(view.target.len());
    }
}

#[test]
fn a_node_is_the_first_to_write_no_more_than_it_declares() {
    on_device(|device| {
        let declare = |length: u64| {
            let graph = Graph::new(Output::headless(8, 4));
            let source = values(&graph, 1000);
            let small = SmallCopy { source: &source, target: graph.buffer(length), params: Amount { amount: 1 } };
            let first = graph.add_named("small", small).target;
            let _ = graph.read_back(&graph.add(Add { values: first, params: Amount { amount: 1 } }).values);
            graph
        };
        declare(16 + 32).compile(device).expect("it declares as much");
        let words = ["`small`", "declares 192 bytes", "first to write 196", "transient(..)"];
        let error = refused(device, &declare(16 + 32 + 1), &words);
        assert!(matches!(error, CompileError::TransientTooLarge { declared: 192, found: 196, .. }));
    });
}
