use vixen::{Extent, Graph, Image, Rgba8Unorm, Rgba16Float, Wire, graph};
use vixen_ui_tests::ToneMap;

#[graph]
fn picture(graph: &Graph, hdr: &Wire<Image<Rgba16Float>>) -> Wire<Image<Rgba8Unorm>> {
    let node = ToneMap { hdr, ldr: graph.image(Extent::Output) };
    graph.add(node).ldr
}

fn main() {
    picture(&vixen_ui_tests::graph(), &vixen_ui_tests::marched(&vixen_ui_tests::graph()).1.color);
}
