use vixen::{Buffer, Graph, History, graph};

#[graph(budget(history = 2))]
fn deep(graph: &Graph) -> History<Buffer<[u32]>, 8> {
    graph.history_buffer::<[u32], 8>(64).0
}

fn main() {
    deep(&vixen_ui_tests::graph());
}
