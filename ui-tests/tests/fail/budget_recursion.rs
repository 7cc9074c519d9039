use vixen::{Graph, Image, Rgba16Float, Wire, graph};
use vixen_ui_tests::Accumulate;

#[graph(budget(descriptors = 64))]
fn twice(
    graph: &Graph,
    total: Wire<Image<Rgba16Float>>,
    addend: &Wire<Image<Rgba16Float>>,
) -> Wire<Image<Rgba16Float>> {
    let total = graph.add(Accumulate { total, addend }).total;
    twice(graph, total, addend)
}

fn main() {}
