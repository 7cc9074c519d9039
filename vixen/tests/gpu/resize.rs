//! Resizing an output: only what follows it is made anew, and the result is that of a graph compiled at that size.

use vixen::graph::OutputId;
use vixen::{CompiledGraph, Device, Extent, Graph, Length, Output, R32Uint, Readback, Retained};

use crate::common::{on_device, step, words};
use crate::nodes::{Amount, Paint, Ramp};

type Color = vixen::Image<R32Uint>;

struct Scene {
    compiled: CompiledGraph,
    full: Readback<Color>,
    half: Readback<Color>,
    list: Readback<vixen::Buffer<[u32]>>,
    following: Retained<Color>,
    fixed: Retained<Color>,
    second: Readback<Color>,
}

impl Scene {
    fn new(device: &Device, [width, height]: [u32; 2]) -> Self {
        let graph = Graph::new(Output::headless(width, height));
        let other = graph.add_output(Output::headless(3, 3));
        let paint = |extent, amount| graph.add(Paint { color: graph.image(extent), params: Amount { amount } }).color;
        let full = paint(Extent::Output, 1);
        let half = paint(Extent::Output.scaled(1, 2), 2);
        let per_texel = Length::PerTexel { extent: Extent::Output, elements: 2 };
        let list = graph.add(Ramp { factor: 3, offset: 0.0, values: graph.buffer(per_texel) }).values;
        let second = paint(Extent::of(other), 3);
        let fixed = paint(Extent::fixed(6, 6), 4);
        let following = paint(Extent::Output, 5);
        Self {
            full: graph.read_back(&full),
            half: graph.read_back(&half),
            list: graph.read_back(&list),
            second: graph.read_back(&second),
            following: graph.retain(following),
            fixed: graph.retain(fixed),
            compiled: {
                graph.present(full);
                graph.present_to(other, second);
                graph.compile(device).expect("the graph is valid")
            },
        }
    }

    fn picture(&mut self) -> [Vec<u32>; 4] {
        step(&mut self.compiled);
        let [full, half, second] = [self.full, self.half, self.second].map(|one| words(&self.compiled, one));
        [full, half, words(&self.compiled, self.list), second]
    }
}

#[test]
fn only_what_follows_is_made_anew_and_the_picture_is_that_of_a_fresh_graph() {
    on_device(|device| {
        let mut scene = Scene::new(device, [8, 6]);
        for (recompiles, size) in (1..).zip([[16, 4], [5, 5], [64, 33], [1, 1], [8, 6]]) {
            // With frames under way.
            scene.compiled.frame().expect("the frame runs");
            let before = [scene.following, scene.fixed].map(|one| scene.compiled.retained(one).0);
            scene.compiled.resize(OutputId::FIRST, size[0], size[1]).expect("the size is valid");
            let after = [scene.following, scene.fixed].map(|one| scene.compiled.retained(one).0);
            assert_eq!(before[1], after[1], "what has a fixed size stays");
            assert_eq!(scene.compiled.output_extent(OutputId::FIRST), size);
            assert_eq!(scene.compiled.recompiles(), recompiles);
            assert!(scene.compiled.read(scene.full).expect("the device lives").is_none(), "no frame has this size yet");
            let picture = scene.picture();
            assert_eq!(picture[0].len(), (size[0] * size[1]) as usize);
            assert_eq!(picture, Scene::new(device, size).picture());
        }
    });
}

#[test]
fn a_size_that_cannot_be_changes_nothing() {
    on_device(|device| {
        let mut scene = Scene::new(device, [8, 6]);
        let picture = scene.picture();
        for size in [[0, 5], [5, 0], [u32::MAX, 1]] {
            let error = scene.compiled.resize(OutputId::FIRST, size[0], size[1]).expect_err("the size is not valid");
            assert!(error.to_string().contains("the device allows"), "{error}");
            assert_eq!(scene.picture(), picture);
        }
        assert_eq!(scene.compiled.recompiles(), 0);
        scene.compiled.resize(OutputId::FIRST, 8, 6).expect("it has this size");
        assert_eq!(scene.compiled.recompiles(), 0, "nothing to do");
    });
}
