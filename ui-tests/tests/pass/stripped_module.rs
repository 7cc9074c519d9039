//! A module without names: the slots say where they are.
use vixen::{Buffer, Compute, node};

#[node(compute, shader = "stripped.comp.spv")]
struct Copy {
    #[storage(set = 0, binding = 0)]
    source: Buffer<[u32]>,
    #[storage(write, binding = 1)]
    destination: Buffer<[u32]>,
}

#[node]
impl Compute for Copy {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over([view.source.len() as u32, 1, 1]);
    }
}

fn main() {}
