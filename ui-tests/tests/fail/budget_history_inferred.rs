use vixen::{Buffer, Graph, History, graph};

#[graph]
fn deep(graph: &Graph) -> History<Buffer<[u32]>, 8> {
    graph.history_buffer(64).0
}

fn main() {
    deep(&vixen_ui_tests::graph());
}
