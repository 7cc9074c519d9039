use vixen::{Graph, Source};

struct Scene;

impl Source for Scene {
    const NAME: &'static str = "Scene";
    type Wires = ();

    fn share(&self, _: &Graph) {}
}

fn main() {
    vixen_ui_tests::graph().add(Scene);
}
