use vixen::event::Event;
use vixen::{Buffer, FrameInfo, Graph, Host, Wire, graph, node};

#[derive(Clone, Copy)]
struct Picked;
impl Event for Picked {}

#[node(host, emits(Picked = 24), receives(Picked = 8), staging = 1 << 20, history = 3)]
struct Picker {
    #[create]
    picked: Buffer<u32>,
}

#[node]
impl Host for Picker {
    fn run(view: &mut View, _frame: &FrameInfo) {
        *view.picked = 1;
    }
}

#[graph(budget(events = 16, staging = 4096, history = 2))]
fn pick(graph: &Graph) -> Wire<Buffer<u32>> {
    graph.add(Picker {}).picked
}

fn main() {
    pick(&vixen_ui_tests::graph());
}
