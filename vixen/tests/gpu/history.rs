//! Histories: what frames before made, for every depth.

use vixen::graph::{Depth, Reaches};
use vixen::{Buffer, Compute, Extent, Graph, Image, R32Uint, node};

use crate::common::nodes::{Amount, Clock, Copy, ramp};
use crate::common::{in_every_order, on_device, step, words};

#[node(compute, shader = "tests/shaders/trail.comp.spv")]
struct Trail {
    #[storage]
    before: Image<R32Uint>,
    #[storage(write)]
    now: Image<R32Uint>,
}

#[node]
impl Compute for Trail {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.now.extent());
    }
}

/// The same, and says how far it looks back.
#[node(compute, shader = "tests/shaders/trail.comp.spv", history = 2)]
struct ShortTrail {
    #[storage]
    before: Image<R32Uint>,
    #[storage(write)]
    now: Image<R32Uint>,
}

#[node]
impl Compute for ShortTrail {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.now.extent());
    }
}

#[test]
fn a_node_reads_no_further_back_than_it_declares() {
    on_device(|device| {
        let compiled = |age: usize| {
            let graph = Graph::without_output();
            let (history, now) = graph.history::<R32Uint, _, 3>(Extent::fixed(4, 4));
            let before = [history.ago::<1>(), history.ago::<2>(), history.ago::<3>()][age - 1];
            graph.retain(graph.add_named("short", ShortTrail { before, now }).now);
            graph.compile(device).map(drop)
        };
        compiled(1).expect("it declares more");
        compiled(2).expect("it declares as much");
        let error = compiled(3).expect_err("it declares less").to_string();
        assert!(error.starts_with("node `short` (added at ") && error.contains("`history = 2`"), "{error}");
    });
}

/// Each frame is one more than the frame `AGE` frames before, and the first ones are zero.
fn images<const DEPTH: u32, const AGE: u32>()
where
    Depth<DEPTH>: Reaches<AGE>,
{
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let (history, now) = graph.history::<R32Uint, _, DEPTH>(Extent::fixed(5, 4));
        let trail = graph.add(Trail { before: history.ago::<AGE>(), now });
        let now = graph.read_back(&trail.now);
        let before = graph.read_back(history.ago::<AGE>());
        let mut compiled = compile(&graph);
        for frame in 0..8 {
            step(&mut compiled);
            assert_eq!(words(&compiled, now), [frame / AGE + 1; 20], "frame {frame}, depth {DEPTH}, age {AGE}");
            let expected = if frame < AGE { 0 } else { (frame - AGE) / AGE + 1 };
            assert_eq!(words(&compiled, before), [expected; 20], "frame {frame}, depth {DEPTH}, age {AGE}");
        }
    });
}

#[test]
fn images_of_depth_1() {
    images::<1, 1>();
}

#[test]
fn images_of_depth_2() {
    images::<2, 1>();
    images::<2, 2>();
}

#[test]
fn images_of_depth_3() {
    images::<3, 1>();
    images::<3, 3>();
}

fn buffers<const DEPTH: u32, const AGE: u32>()
where
    Depth<DEPTH>: Reaches<AGE>,
{
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let (history, now) = graph.history_buffer::<[u32], DEPTH>(16);
        let clock = graph.add(Clock { len: 16, offset: 1 });
        let now: vixen::Wire<Buffer<[u32]>> =
            graph.add(Copy { source: &clock.values, target: now, params: Amount { amount: 0 } }).target;
        let old = history.ago::<AGE>();
        let old = graph.add(Copy { source: old, target: graph.buffer(16), params: Amount { amount: 5 } }).target;
        let [now, old] = [graph.read_back(&now), graph.read_back(&old)];
        let mut compiled = compile(&graph);
        for frame in 0..8 {
            step(&mut compiled);
            assert_eq!(words(&compiled, now), ramp(16, frame, 1));
            let expected = if frame < AGE { ramp(16, 0, 5) } else { ramp(16, frame - AGE, 6) };
            assert_eq!(words(&compiled, old), expected, "frame {frame}, depth {DEPTH}, age {AGE}");
        }
    });
}

#[test]
fn buffers_of_every_depth() {
    buffers::<1, 1>();
    buffers::<2, 1>();
    buffers::<2, 2>();
    buffers::<3, 2>();
    buffers::<3, 3>();
}

#[test]
fn histories_of_different_depths_meet() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let (short, now) = graph.history::<R32Uint, _, 1>(Extent::fixed(4, 4));
        let a = graph.add(Trail { before: short.ago::<1>(), now }).now;
        let (long, now) = graph.history::<R32Uint, _, 2>(Extent::fixed(4, 4));
        let b = graph.add(Trail { before: &a, now }).now;
        let c = graph.add(Trail { before: long.ago::<2>(), now: graph.image(Extent::fixed(4, 4)) }).now;
        let readbacks = [graph.read_back(&b), graph.read_back(&c)];
        let mut compiled = compile(&graph);
        for frame in 0..8 {
            step(&mut compiled);
            let [b, c] = readbacks.map(|readback| words(&compiled, readback)[0]);
            assert_eq!(b, frame + 2);
            assert_eq!(c, if frame < 2 { 1 } else { frame + 1 });
        }
    });
}

#[test]
fn a_resize_starts_a_history_again() {
    in_every_order(|compile| {
        let graph = Graph::new(vixen::Output::headless(4, 4));
        let (history, now) = graph.history::<R32Uint, _, 2>(Extent::Output);
        let now = graph.add(Trail { before: history.ago::<2>(), now }).now;
        let now = graph.read_back(&now);
        let mut compiled = compile(&graph);
        for size in [4, 5, 3, 8] {
            compiled.resize(vixen::graph::OutputId::FIRST, size, size).expect("the size is valid");
            for frame in 0..5 {
                step(&mut compiled);
                assert_eq!(
                    words(&compiled, now),
                    vec![frame / 2 + 1; (size * size) as usize],
                    "frame {frame}, size {size}"
                );
            }
        }
    });
}
