use vixen::{Buffer, Compute, node};

#[node(compute, shader = "copy.comp.spv")]
struct Copy {
    #[storage]
    source: Buffer<[u32]>,
    #[storage(write)]
    destination: Buffer<[u32]>,
}

#[node]
impl Compute for Copy {
    fn record(view: &View, commands: &mut Commands) {
        let scratch = commands.create_buffer(view.source.size());
        commands.dispatch_over([scratch.len(), 1, 1]);
    }
}

fn main() {}
