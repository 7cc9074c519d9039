use vixen::node;

#[node(compute, shader = "copy.comp.spv")]
struct Copy(vixen::Buffer<[u32]>, vixen::Buffer<[u32]>);

#[node]
impl vixen::Compute for Copy {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
