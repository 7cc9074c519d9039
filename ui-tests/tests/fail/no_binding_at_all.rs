use vixen::{Buffer, Compute, node};

#[node(compute, shader = "copy.comp.spv")]
struct March {
    #[storage(binding = 7)]
    camera: Buffer<u32>,
}

#[node]
impl Compute for March {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
