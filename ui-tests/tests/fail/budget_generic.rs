use vixen::{Extent, Graph, Image, Target, graph};

#[graph(budget(descriptors = 8))]
fn target<F: vixen::graph::format::Format>(graph: &Graph) -> Target<Image<F>> {
    graph.image(Extent::Output)
}

fn main() {
    target::<vixen::Rgba8Unorm>(&vixen_ui_tests::graph());
}
