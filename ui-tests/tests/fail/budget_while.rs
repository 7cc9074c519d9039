use vixen::{Graph, Image, Rgba16Float, Wire, graph};
use vixen_ui_tests::Accumulate;

#[graph(budget(descriptors = 64))]
fn twice(
    graph: &Graph,
    mut total: Wire<Image<Rgba16Float>>,
    addend: &Wire<Image<Rgba16Float>>,
) -> Wire<Image<Rgba16Float>> {
    let mut rounds = 0;
    while rounds < 2 {
        total = graph.add(Accumulate { total, addend }).total;
        rounds += 1;
    }
    total
}

fn main() {}
