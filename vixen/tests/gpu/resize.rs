//! Resizing an output: only what follows it is made anew, and the result is that of a graph compiled at that size.

use vixen::event::KeyInput;
use vixen::frame::FrameOutcome;
use vixen::graph::OutputId;
use vixen::{CompiledGraph, Device, Extent, Graph, Length, Output, R32Uint, Readback, Retained};

use crate::common::nodes::{Amount, Paint, Ramp};
use crate::common::{on_device, step, words};

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
            let before = [scene.following, scene.fixed].map(|one| scene.compiled.retained(one));
            scene.compiled.resize(OutputId::FIRST, size[0], size[1]).expect("the size is valid");
            let after = [scene.following, scene.fixed].map(|one| scene.compiled.retained(one));
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
        for size in [[u32::MAX, 1], [1, u32::MAX]] {
            let error = scene.compiled.resize(OutputId::FIRST, size[0], size[1]).expect_err("the size is not valid");
            assert!(error.to_string().contains("the device allows"), "{error}");
            assert_eq!(scene.picture(), picture);
        }
        assert_eq!(scene.compiled.recompiles(), 0);
        scene.compiled.resize(OutputId::FIRST, 8, 6).expect("it has this size");
        assert_eq!(scene.compiled.recompiles(), 0, "nothing to do");
    });
}

#[test]
fn without_a_size_frames_are_left_out_and_events_are_not() {
    on_device(|device| {
        let graph = Graph::new(Output::headless(4, 4));
        let color = graph.add(Paint { color: graph.image(Extent::Output), params: Amount { amount: 7 } }).color;
        let pixels = graph.read_back(&color);
        graph.present(color);
        let keys = graph.events(|events| events.queue::<KeyInput>(4));
        let mut compiled = graph.compile(device).expect("the graph is valid");
        step(&mut compiled);
        let picture = words(&compiled, pixels);
        for (hidden, size) in [[0, 4], [4, 0], [0, 0]].into_iter().enumerate() {
            compiled.resize(OutputId::FIRST, size[0], size[1]).expect("it is hidden");
            compiled
                .events()
                .emit(keys, KeyInput { scancode: 1, pressed: true, repeat: false })
                .expect("there is room");
            let before = compiled.frames();
            assert_eq!(compiled.frame().expect("there is nothing to do"), FrameOutcome::Minimised);
            assert_eq!(compiled.events().read(keys).count(), 1, "delivered all the same");
            assert_eq!((compiled.frames(), compiled.output_extent(OutputId::FIRST)), (before, [4, 4]));
            // The size that it had, and another one.
            let (width, recompiles) = if hidden == 1 { (8, 1) } else { (4, compiled.recompiles()) };
            compiled.resize(OutputId::FIRST, width, 4).expect("the size is valid");
            assert_eq!(compiled.recompiles(), recompiles);
            step(&mut compiled);
            assert_eq!(words(&compiled, pixels).len(), width as usize * 4);
            compiled.resize(OutputId::FIRST, 4, 4).expect("the size is valid");
            step(&mut compiled);
            assert_eq!(words(&compiled, pixels), picture);
        }
    });
}
