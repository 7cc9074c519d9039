use vixen_ui_tests::{Accumulate, graph, marched};

fn main() {
    let graph = graph();
    let (_, march) = marched(&graph);
    let (_, other) = marched(&graph);
    let first = graph.add(Accumulate { total: march.color, addend: &other.color });
    let second = graph.add(Accumulate { total: march.color, addend: &other.color });
    graph.present(first.total);
    graph.present(second.total);
}
