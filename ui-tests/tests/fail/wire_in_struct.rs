use vixen::{Buffer, Compute, node};

#[node(compute, shader = "copy.comp.spv")]
struct Copy {
    #[storage]
    source: vixen::Wire<Buffer<[u32]>>,
    #[storage(write)]
    destination: vixen::Target<Buffer<[u32]>>,
}

#[node]
impl Compute for Copy {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
