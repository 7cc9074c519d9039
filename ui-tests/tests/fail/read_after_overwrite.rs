use vixen::Extent;
use vixen_ui_tests::{Accumulate, ToneMap, graph, marched};

fn main() {
    let graph = graph();
    let (_, march) = marched(&graph);
    let (_, other) = marched(&graph);
    let sum = graph.add(Accumulate { total: march.color, addend: &other.color });
    let tone = graph.add(ToneMap { hdr: &march.color, ldr: graph.image(Extent::Output) });
    graph.present(sum.total);
    graph.present(tone.ldr);
}
