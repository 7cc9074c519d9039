use vixen::{Graph, Image, Rgba16Float, Wire, graph};
use vixen_ui_tests::{Accumulate, MarchParams, OrbitCamera, VoxelMarch};

#[graph]
fn march(graph: &Graph) -> Wire<Image<Rgba16Float>> {
    let camera = graph.add(OrbitCamera { speed: 1.0, bricks: 8 });
    let march = graph.add(VoxelMarch {
        camera: &camera.uniform,
        scene: &camera.scene,
        color: graph.image(vixen::Extent::Output),
        params: MarchParams::DEFAULT,
        quality: 2,
    });
    march.color
}

#[graph(budget(descriptors = 8))]
fn picture(graph: &Graph) -> Wire<Image<Rgba16Float>> {
    let mut total = march(graph);
    #[max(3)]
    for addend in [march(graph), march(graph)] {
        total = graph.add(Accumulate { total, addend: &addend }).total;
    }
    total
}

fn main() {
    picture(&vixen_ui_tests::graph());
}
