//! Functions that say what they add to a graph, and stay within their budget.
#![deny(warnings)]
use vixen::graph::Requirements;
use vixen::{Buffer, Extent, Graph, History, Image, Node, Rgba8Unorm, Rgba16Float, Wire, graph};
use vixen_ui_tests::{Accumulate, MarchParams, OrbitCamera, ToneMap, VoxelMarch};

mod parts {
    use super::*;

    /// Adds up several pictures.
    #[graph(budget(descriptors = 8))]
    pub fn accumulate(
        graph: &Graph,
        mut total: Wire<Image<Rgba16Float>>,
        parts: &[Wire<Image<Rgba16Float>>],
    ) -> Wire<Image<Rgba16Float>> {
        #[max(2 * 2)]
        for addend in parts {
            total = graph.add(Accumulate { total, addend }).total;
        }
        total
    }
}

use parts::accumulate;

#[graph]
fn march(graph: &Graph, bricks: u32) -> Wire<Image<Rgba16Float>> {
    let camera = graph.add_named("camera", OrbitCamera { speed: 1.0, bricks });
    let node = VoxelMarch {
        camera: &camera.uniform,
        scene: &camera.scene,
        color: graph.image(Extent::Output),
        params: MarchParams::DEFAULT,
        quality: 2,
    };
    let VoxelMarch { camera, scene, color, params, quality } = node;
    graph.add(VoxelMarch { camera, scene, color, params, quality }).color
}

/// How many pictures are added up is a parameter.
#[graph(budget(descriptors = 2 * N))]
fn some<'g, const N: usize>(
    graph: &'g Graph,
    mut total: Wire<Image<Rgba16Float>>,
    parts: [&'g Wire<Image<Rgba16Float>>; N],
) -> Wire<Image<Rgba16Float>> {
    #[max(N)]
    for addend in parts {
        total = graph.add(Accumulate { total, addend }).total;
    }
    total
}

const LIMIT: usize = 2;

#[graph(budget(descriptors = 8 + 3 + LIMIT * 3 + 2, events = 0, staging = 0, history = 0))]
fn picture<'g>(graph: &'g Graph, bricks: u32) -> Wire<Image<Rgba8Unorm>> {
    let mut parts = Vec::new();
    let mut left = LIMIT;
    #[max(LIMIT)]
    while left > 0 {
        parts.push(march(graph, bricks));
        left -= 1;
    }
    #[cfg(any())]
    graph.add(DoesNotExist {});
    let total = accumulate(graph, march(graph, bricks), &parts);
    graph.add(ToneMap { hdr: &total, ldr: graph.image(Extent::Output) }).ldr
}

const SUM: Requirements = picture::REQUIREMENTS;

#[graph(budget(descriptors = 12))]
fn three(graph: &Graph) -> Wire<Image<Rgba16Float>> {
    let addend = march(graph, 8);
    some::<3>(graph, march(graph, 8), [&addend; 3])
}

/// What is not compiled does not count, wherever it stands; nor does it have to exist.
#[graph(budget(descriptors = 3))]
fn configured(graph: &Graph, rounds: u32) -> Wire<Image<Rgba16Float>> {
    #[cfg(any())]
    graph.add(DoesNotExist {}).color;
    match rounds {
        #[cfg(any())]
        7 => drop(graph.add(DoesNotExist {})),
        _ => {}
    }
    let _ = [
        #[cfg(any())]
        absent(graph),
        rounds,
    ];
    #[cfg(any())]
    #[max(2)]
    while absent(graph) {
        graph.add(DoesNotExist {});
    }
    march(graph, rounds)
}

#[graph(budget(descriptors = 3))]
#[cfg(any())]
fn not_there(graph: &Graph) {
    graph.add(DoesNotExist {});
}

/// A condition is asked once more than it holds.
#[graph]
fn asked(graph: &Graph) {
    #[max(3)]
    while kept(graph) {}
}

#[graph]
fn kept(graph: &Graph) -> bool {
    graph.retain(march(graph, 8));
    true
}

/// The depth may be a parameter.
#[graph(budget(history = N))]
fn remembered<const N: u32>(graph: &Graph) -> History<Buffer<[u32]>, N> {
    graph.history_buffer::<[u32], { N }>(64).0
}

/// A function in a function.
fn local(graph: &Graph) -> u32 {
    #[graph(budget(descriptors = 3))]
    fn inner(graph: &Graph) -> Wire<Image<Rgba16Float>> {
        march(graph, 8)
    }
    graph.retain(inner(graph));
    inner::REQUIREMENTS.descriptors.total()
}

fn main() {
    let graph = vixen_ui_tests::graph();
    graph.present(picture(&graph, 8));
    assert_eq!(accumulate::REQUIREMENTS.descriptors.storage_images, 8);
    assert_eq!(march::REQUIREMENTS, OrbitCamera::REQUIREMENTS.plus(VoxelMarch::REQUIREMENTS));
    assert_eq!(SUM.descriptors.total(), 19);
    assert_eq!(some::requirements::<5>().descriptors.total(), 10);
    assert_eq!(three::REQUIREMENTS, some::requirements::<3>().plus(march::REQUIREMENTS.times(2)));
    graph.retain(three(&graph));
    assert_eq!(local(&graph), march::REQUIREMENTS.descriptors.total());
    assert_eq!(SUM.descriptors.combined_image_samplers, 1);
    assert_eq!(configured::REQUIREMENTS, march::REQUIREMENTS);
    graph.retain(configured(&graph, 8));
    assert_eq!(asked::REQUIREMENTS, march::REQUIREMENTS.times(4));
    let said = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| asked(&graph)));
    assert!(said.is_err(), "it was asked without an end");
    remembered::<5>(&graph).ago::<5>();
    assert_eq!(remembered::requirements::<5>().history_depth, 5);
}
