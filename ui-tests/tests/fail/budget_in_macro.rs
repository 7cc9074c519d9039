use vixen::{Extent, Graph, Image, Rgba8Unorm, Rgba16Float, Wire, graph};
use vixen_ui_tests::ToneMap;

#[graph]
fn picture(graph: &Graph, hdr: &Wire<Image<Rgba16Float>>) -> Wire<Image<Rgba8Unorm>> {
    vec![graph.add(ToneMap { hdr, ldr: graph.image(Extent::Output) }).ldr].remove(0)
}

fn main() {
    picture(&vixen_ui_tests::graph(), &vixen_ui_tests::marched(&vixen_ui_tests::graph()).1.color);
}
