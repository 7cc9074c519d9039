use vixen::event::Event;
use vixen::{Buffer, Compute, node};

#[derive(Clone, Copy)]
struct Counted(u32);

impl Event for Counted {}

#[node(compute, dynamic, shader = "copy.comp.spv", emits(Counted = 4))]
struct Copy {
    #[storage]
    source: Buffer<[u32]>,
    #[storage(write)]
    destination: Buffer<[u32]>,
}

#[node]
impl Compute for Copy {
    fn record(view: &View, commands: &mut Commands) {
        let _ = commands.events::<Counted>().len();
        commands.dispatch_items(view.destination.len());
    }
}

fn main() {}
