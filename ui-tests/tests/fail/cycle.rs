use vixen::Extent;
use vixen_ui_tests::{Accumulate, ToneMap, graph, marched};

fn main() {
    let graph = graph();
    let (_, march) = marched(&graph);
    let sum = graph.add(Accumulate { total: march.color, addend: &tone.ldr });
    let tone = graph.add(ToneMap { hdr: &sum.total, ldr: graph.image(Extent::Output) });
    graph.present(tone.ldr);
}
