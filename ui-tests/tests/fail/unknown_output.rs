use vixen_ui_tests::{graph, marched};

fn main() {
    let graph = graph();
    let (_, march) = marched(&graph);
    graph.present(march.colour);
}
