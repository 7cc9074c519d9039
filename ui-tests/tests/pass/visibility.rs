//! Slots have the visibility of their struct; nodes can live in modules and functions, and be implemented from outside.
#![deny(warnings)]

mod passes {
    use vixen::{Buffer, node};

    #[node(compute, shader = "copy.comp.spv")]
    pub(crate) struct Copy {
        #[storage]
        source: Buffer<[u32]>,
        #[storage(write)]
        destination: Buffer<[u32]>,
    }
}

#[vixen::node]
impl vixen::Compute for passes::Copy {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over([view.source.len() as u32, 1, 1]);
    }
}

fn main() {
    use vixen::{Buffer, FrameInfo, Host, node};

    #[node(host)]
    struct Words {
        #[create(len = 4)]
        words: Buffer<[u32]>,
    }

    #[node]
    impl Host for Words {
        fn run(view: &mut View, frame: &FrameInfo) {
            view.words[0] = frame.number as u32;
        }
    }

    let graph = vixen_ui_tests::graph();
    let words = graph.add(Words {});
    let copy = graph.add(passes::Copy { source: &words.words, destination: graph.buffer(4) });
    let _ = graph.read_back(&copy.destination);
}
