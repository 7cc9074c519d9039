//! A graph of 100 nodes.
use vixen::Extent;
use vixen_ui_tests::{Accumulate, ToneMap, graph, marched};

fn main() {
    let graph = graph();
    let (_, first) = marched(&graph);
    let mut total = first.color;
    for _ in 0..32 {
        let (_, march) = marched(&graph);
        total = graph.add(Accumulate { total, addend: &march.color }).total;
    }
    let tone = graph.add(ToneMap { hdr: &total, ldr: graph.image(Extent::Output) });
    graph.present(tone.ldr);
}
