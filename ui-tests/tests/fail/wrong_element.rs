use vixen::Extent;
use vixen_ui_tests::{MarchParams, OrbitCamera, VoxelMarch, graph};

fn main() {
    let graph = graph();
    let camera = graph.add(OrbitCamera { speed: 1.0, bricks: 8 });
    let march = graph.add(VoxelMarch {
        camera: &camera.uniform,
        scene: &camera.uniform,
        color: graph.image(Extent::Output),
        params: MarchParams::DEFAULT,
        quality: 2,
    });
    graph.present(march.color);
}
