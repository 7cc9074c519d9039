use vixen::{Graph, Image, Rgba16Float, Wire, graph};
use vixen_ui_tests::Accumulate;

#[graph(budget(descriptors = 64))]
fn sum(
    graph: &Graph,
    mut total: Wire<Image<Rgba16Float>>,
    parts: &[Wire<Image<Rgba16Float>>],
) -> Wire<Image<Rgba16Float>> {
    for addend in parts {
        total = graph.add(Accumulate { total, addend }).total;
    }
    total
}

fn main() {
    let graph = vixen_ui_tests::graph();
    sum(&graph, vixen_ui_tests::marched(&graph).1.color, &[]);
}
