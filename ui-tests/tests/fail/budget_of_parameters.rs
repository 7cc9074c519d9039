use vixen::{Graph, Image, Rgba16Float, Wire, graph};
use vixen_ui_tests::Accumulate;

#[graph(budget(descriptors = 4))]
fn sum<const N: usize>(
    graph: &Graph,
    mut total: Wire<Image<Rgba16Float>>,
    parts: [&Wire<Image<Rgba16Float>>; N],
) -> Wire<Image<Rgba16Float>> {
    #[max(N)]
    for addend in parts {
        total = graph.add(Accumulate { total, addend }).total;
    }
    total
}

fn main() {
    let graph = vixen_ui_tests::graph();
    let addend = vixen_ui_tests::marched(&graph).1.color;
    let total = sum(&graph, vixen_ui_tests::marched(&graph).1.color, [&addend; 2]);
    graph.retain(sum(&graph, total, [&addend; 3]));
}
