use vixen::{Buffer, Compute, node};

#[node(compute, shader = "copy.comp.spv")]
struct Copy {
    #[storage]
    source: Option<Buffer<[u32]>>,
    #[storage(write)]
    destination: Buffer<[u32]>,
}

#[node]
impl Compute for Copy {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {
    let graph = vixen_ui_tests::graph();
    let first = graph.add(Copy { source: None, destination: graph.buffer(4) });
    let second = graph.add(Copy { source: &first.destination, destination: graph.buffer(4) });
    let _ = graph.read_back(&second.destination);
}
