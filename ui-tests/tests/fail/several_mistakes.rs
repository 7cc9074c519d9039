// Each mistake is reported, and each once.
use vixen::{Buffer, Compute, node};

#[node(compute, shader = "copy.comp.spv")]
struct Copy {
    #[uniform]
    source: Buffer<[u32]>,
    #[storage]
    destination: Buffer<[u32]>,
    #[push]
    params: u32,
}

#[node]
impl Compute for Copy {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over([*view.params, view.source.len() as u32, view.destination.len() as u32]);
    }
}

fn main() {
    let graph = vixen_ui_tests::graph();
    let words = graph.history_buffer::<[u32], 1>(4).1;
    let first = graph.add(Fill { words });
    graph.add(Copy { source: &first.words, destination: &first.words, params: 3 });
}

#[node(transfer)]
struct Fill {
    #[transfer_destination]
    words: Buffer<[u32]>,
}

#[node]
impl vixen::Transfer for Fill {
    fn record(_view: &View, _commands: &mut Commands) {}
}
