//! Graphs of compute nodes on a device, under validation.

mod common;

use common::{assert_clean, device, words};
use vixen::{Block, Buffer, Compute, Graph, node};

#[derive(Clone, Copy, Block)]
#[repr(C)]
struct Settings {
    offset: u32,
}

#[derive(Clone, Copy, Block)]
#[repr(C)]
struct FillParams {
    factor: u32,
}

#[node(compute, shader = "tests/shaders/fill.comp.spv")]
struct Fill {
    #[uniform]
    settings: Buffer<Settings>,
    #[storage(write)]
    values: Buffer<[u32]>,
    #[push]
    params: FillParams,
}

#[node]
impl Compute for Fill {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_items(view.values.len());
    }
}

#[derive(Clone, Copy, Block)]
#[repr(C)]
struct AddParams {
    amount: u32,
}

#[node(compute, shader = "tests/shaders/add.comp.spv")]
struct Add {
    #[storage(read_write)]
    values: Buffer<[u32]>,
    #[push]
    params: AddParams,
}

#[node]
impl Compute for Add {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_items(view.values.len());
    }
}

#[node(compute, shader = "tests/shaders/sum.comp.spv")]
struct Sum {
    #[storage]
    a: Buffer<[u32]>,
    #[storage]
    b: Buffer<[u32]>,
    #[storage(write)]
    total: Buffer<[u32]>,
}

#[node]
impl Compute for Sum {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_items(view.total.len());
    }
}

#[test]
fn values_go_through_a_graph_and_back() {
    let device = device();
    let graph = Graph::without_output();
    let (settings, settings_wire) = graph.param(Settings { offset: 5 });
    let a = graph.add(Fill { settings: &settings_wire, values: graph.buffer(1000), params: FillParams { factor: 3 } });
    let b = graph.add(Fill { settings: &settings_wire, values: graph.buffer(1000), params: FillParams { factor: 1 } });
    let b = graph.add(Add { values: b.values, params: AddParams { amount: 100 } });
    let sum = graph.add(Sum { a: &a.values, b: &b.values, total: graph.buffer(1000) });
    let total = graph.read_back(&sum.total);
    let mut compiled = graph.compile(&device).expect("the graph is valid");

    for (frame, offset) in [5, 5, 7, 9, 9].into_iter().enumerate() {
        if frame > 0 {
            compiled.set(settings, Settings { offset });
        }
        compiled.frame().expect("the frame runs");
        compiled.wait().expect("the frame ends");
        let (number, bytes) = compiled.read(total).expect("the device lives").expect("the frame has finished");
        assert_eq!(number, frame as u64);
        let expected: Vec<u32> = (0..1000).map(|index| index * 3 + offset + index + offset + 100).collect();
        assert_eq!(words(bytes), expected);
    }
    drop(compiled);
    assert_clean(&device);
}
