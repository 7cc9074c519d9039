use vixen::Extent;
use vixen_ui_tests::{Accumulate, ToneMap, graph, marched};

fn main() {
    let graph = graph();
    let (_, march) = marched(&graph);
    let tone = graph.add(ToneMap { hdr: &march.color, ldr: graph.image(Extent::Output) });
    let sum = graph.add(Accumulate { total: march.color, addend: &tone.ldr });
    graph.present(sum.total);
}
