#![deny(unused_must_use)]
use vixen::Extent;
use vixen_ui_tests::{ToneMap, graph, marched};

fn main() {
    let graph = graph();
    let (_, march) = marched(&graph);
    graph.add(ToneMap { hdr: &march.color, ldr: graph.image(Extent::Output) });
}
