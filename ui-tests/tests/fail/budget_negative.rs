use vixen::{Extent, Graph, Image, Rgba8Unorm, Rgba16Float, Wire, graph};
use vixen_ui_tests::ToneMap;

const SPARE: i32 = 8;

#[graph(budget(descriptors = SPARE - 9))]
fn picture(graph: &Graph, hdr: &Wire<Image<Rgba16Float>>) -> Wire<Image<Rgba8Unorm>> {
    graph.add(ToneMap { hdr, ldr: graph.image(Extent::Output) }).ldr
}

fn main() {
    picture(&vixen_ui_tests::graph(), &vixen_ui_tests::marched(&vixen_ui_tests::graph()).1.color);
}
