use vixen::{Extent, Graph, Image, Rgba8Unorm, Target, graph};

struct Passes;

impl Passes {
    #[graph(budget(descriptors = 8))]
    fn target(&self, graph: &Graph) -> Target<Image<Rgba8Unorm>> {
        graph.image(Extent::Output)
    }
}

fn main() {}
