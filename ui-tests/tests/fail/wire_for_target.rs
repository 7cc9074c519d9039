use vixen_ui_tests::{ToneMap, graph, marched};

fn main() {
    let graph = graph();
    let (_, march) = marched(&graph);
    let tone = graph.add(ToneMap { hdr: &march.color, ldr: marched(&graph).1.color });
    graph.present(tone.ldr);
}
