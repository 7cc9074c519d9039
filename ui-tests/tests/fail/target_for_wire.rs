use vixen::Extent;
use vixen_ui_tests::{ToneMap, graph};

fn main() {
    let graph = graph();
    let never_written = graph.image(Extent::Output);
    let tone = graph.add(ToneMap { hdr: &never_written, ldr: graph.image(Extent::Output) });
    graph.present(tone.ldr);
}
