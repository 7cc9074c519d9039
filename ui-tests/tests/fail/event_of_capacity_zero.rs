use vixen::event::Event;
use vixen::{Buffer, Compute, node};

#[derive(Clone, Copy)]
struct Hit;

impl Event for Hit {}

#[node(compute, dynamic, shader = "copy.comp.spv", emits(Hit = 0))]
struct Copy {
    #[storage]
    source: Buffer<[u32]>,
    #[storage(write)]
    destination: Buffer<[u32]>,
}

#[node]
impl Compute for Copy {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
