use vixen::Extent;
use vixen_ui_tests::{ToneMap, graph, marched};

fn main() {
    let graph = graph();
    let (_, march) = marched(&graph);
    graph.add(ToneMap { hdr: &march.color, ldrr: graph.image(Extent::Output) });
}
