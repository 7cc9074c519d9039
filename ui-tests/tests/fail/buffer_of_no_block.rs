use vixen::{Buffer, Compute, node};

struct Light {
    power: f32,
}

#[node(compute, shader = "copy.comp.spv")]
struct Copy {
    #[storage]
    source: Buffer<[Light]>,
    #[storage(write)]
    destination: Buffer<[u32]>,
}

#[node]
impl Compute for Copy {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
