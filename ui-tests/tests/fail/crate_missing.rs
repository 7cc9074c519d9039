use vixen::{Buffer, Compute, node};

#[node(compute, shader = "copy.comp.spv", crate = nothing)]
struct Copy {
    #[storage]
    source: Buffer<[u32]>,
    #[storage(write)]
    destination: Buffer<[u32]>,
}

#[node]
impl Compute for Copy {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over([view.source.len() as u32, 1, 1]);
    }
}

fn main() {}
