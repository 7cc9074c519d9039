use vixen::Extent;
use vixen_ui_tests::{ToneMap, graph, marched};

fn main() {
    let graph = graph();
    let (_, march) = marched(&graph);
    let ldr = graph.image(Extent::Output);
    let first = graph.add(ToneMap { hdr: &march.color, ldr });
    let second = graph.add(ToneMap { hdr: &march.color, ldr });
    graph.present(first.ldr);
    graph.present(second.ldr);
}
