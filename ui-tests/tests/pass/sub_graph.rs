//! A sub-graph is a function; calls nest; loops and `Vec`s of wires are plain Rust.
use vixen::{Extent, Graph, Image, Rgba8Unorm, Rgba16Float, Wire};
use vixen_ui_tests::{Accumulate, ToneMap, graph, marched};

fn accumulate(graph: &Graph, mut total: Wire<Image<Rgba16Float>>, parts: &[Wire<Image<Rgba16Float>>]) -> Wire<Image<Rgba16Float>> {
    for addend in parts {
        total = graph.add(Accumulate { total, addend }).total;
    }
    total
}

fn finish(graph: &Graph, hdr: &Wire<Image<Rgba16Float>>) -> Wire<Image<Rgba8Unorm>> {
    graph.add(ToneMap { hdr, ldr: graph.image(Extent::Output) }).ldr
}

fn main() {
    let graph = graph();
    let parts: Vec<_> = (0..4).map(|_| marched(&graph).1.color).collect();
    let total = marched(&graph).1.color;
    graph.present(finish(&graph, &accumulate(&graph, total, &parts)));
}
