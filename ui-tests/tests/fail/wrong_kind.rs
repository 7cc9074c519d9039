use vixen::Extent;
use vixen_ui_tests::{ToneMap, graph, marched};

fn main() {
    let graph = graph();
    let (camera, _) = marched(&graph);
    let tone = graph.add(ToneMap { hdr: &camera.scene, ldr: graph.image(Extent::Output) });
    graph.present(tone.ldr);
}
