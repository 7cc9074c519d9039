//! Nodes of a crate that depends on `vixen` under another name; that it compiles is the test.
use vixen_renamed::{Copy, Pairs};

fn main() {
    let graph = vixen_ui_tests::graph();
    let pairs = graph.add(Pairs { count: 4 });
    let copy = graph.add(Copy { source: &pairs.words, destination: graph.buffer(8) });
    let _ = (graph.read_back(&copy.destination), graph.read_back(&pairs.pairs));
}
