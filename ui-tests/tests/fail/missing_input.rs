use vixen::Extent;
use vixen_ui_tests::{MarchParams, OrbitCamera, VoxelMarch, graph};

fn main() {
    let graph = graph();
    let camera = graph.add(OrbitCamera { speed: 1.0, bricks: 8 });
    graph.add(VoxelMarch {
        camera: &camera.uniform,
        color: graph.image(Extent::Output),
        params: MarchParams::DEFAULT,
        quality: 2,
    });
}
