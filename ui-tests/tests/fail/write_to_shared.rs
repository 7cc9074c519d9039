use vixen_ui_tests::{Accumulate, graph, marched};

fn main() {
    let graph = graph();
    let (_, march) = marched(&graph);
    let shared = march.color.share();
    let sum = graph.add(Accumulate { total: shared, addend: &shared });
    graph.present(sum.total);
}
