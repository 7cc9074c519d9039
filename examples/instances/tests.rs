//! The frames of this example allocate nothing.

use vixen::testing::{CountingAllocator, created_without_callbacks, frames};

use super::*;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[test]
fn frames_allocate_nothing() {
    let knot = Mesh::open(&vixen_examples::assets("knot.glb")).expect("it is a mesh");
    let device = Device::new(&DeviceOptions::new().watched()).expect("there is a driver");
    let (blas, mut scene) = build(&device, &knot).expect("the device traces rays");
    let (mut graph, _) = compile(&device, &knot, &scene, [16, 16]).expect("the graph is valid");
    let report = frames(&mut graph, 100, |_graph, frame| {
        let moved = spiral(&blas, knot.bounds(), frame as f32 / 100.0);
        scene.update(&moved).expect("as many instances");
    });
    report.expect("frames run").assert_empty();
    assert_eq!(created_without_callbacks(), None);
}
