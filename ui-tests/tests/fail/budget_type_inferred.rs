use vixen::graph::format::Format;
use vixen::{Extent, Graph, Image, Target, graph};

#[graph]
fn target<F: Format>(graph: &Graph) -> Target<Image<F>> {
    graph.image(Extent::Output)
}

#[graph]
fn targets(graph: &Graph) -> Target<Image<vixen::Rgba8Unorm>> {
    target(graph)
}

fn main() {
    targets(&vixen_ui_tests::graph());
}
