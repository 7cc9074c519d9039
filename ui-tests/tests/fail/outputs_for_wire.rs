use vixen::Extent;
use vixen_ui_tests::ToneMap;

fn main() {
    let graph = vixen_ui_tests::graph();
    let (_, march) = vixen_ui_tests::marched(&graph);
    let tone = graph.add(ToneMap { hdr: &march, ldr: graph.image(Extent::Output) });
    graph.present(tone.ldr);
}
