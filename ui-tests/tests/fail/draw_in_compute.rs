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
    fn record(_view: &View, commands: &mut Commands) {
        commands.draw(0..3, 0..1);
    }
}

fn main() {}
