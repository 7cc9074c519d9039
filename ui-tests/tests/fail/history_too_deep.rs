use vixen::{Extent, Rgba16Float};

fn main() {
    let graph = vixen_ui_tests::graph();
    let (history, _now) = graph.history::<Rgba16Float, vixen::D2, 2>(Extent::Output);
    let _ = graph.read_back(history.ago::<3>());
}
