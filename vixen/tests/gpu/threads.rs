//! Recording dynamic nodes on several threads: the same commands in the same order, and so the same result.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};

use vixen::frame::FrameError;
use vixen::{
    Buffer, CompileOptions, CompiledGraph, Compute, Device, Extent, Graph, Image, Output, R32Uint, Readback, node,
};

use crate::common::nodes::{Add, Amount, Copy, Paint};
use crate::common::{on_device, step, words};

/// As many as there are dynamic nodes in a run.
const RUN: u32 = 100;

/// Copies, and adds to every element; recorded in every frame. On request it does what it may not.
#[node(compute, dynamic, shader = "tests/shaders/copy.comp.spv")]
struct CopyAnew {
    #[storage]
    source: Buffer<[u32]>,
    #[storage(write)]
    target: Buffer<[u32]>,
    #[push]
    params: Amount,
    trouble: Trouble,
}

#[derive(Clone, Copy)]
enum Trouble {
    None,
    Refused,
    /// Until this many times are over.
    Panics(&'static AtomicU32),
}

#[node]
impl Compute for CopyAnew {
    fn record(view: &View, commands: &mut Commands) {
        match view.trouble {
            Trouble::None => commands.dispatch_items(view.target.len()),
            Trouble::Refused => commands.dispatch(u32::MAX, 1, 1),
            Trouble::Panics(left) => {
                let over = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err();
                assert!(over, "on purpose");
                commands.dispatch_items(view.target.len());
            }
        }
    }
}

struct Scene {
    compiled: CompiledGraph,
    values: Readback<Buffer<[u32]>>,
    all: Readback<Buffer<[u32]>>,
    color: Readback<Image<R32Uint>>,
}

/// Two runs of dynamic nodes with static ones between: each reads what the one before wrote, so that any other order gives
/// another result.
fn scene(device: &Device, threads: u32, trouble: impl Fn(u32) -> Trouble) -> Scene {
    let graph = Graph::new(Output::headless(4, 4));
    let (history, next) = graph.history_buffer::<[u32], 1>(16);
    let copy = |source: &_, amount, trouble| {
        let (target, params) = (graph.buffer(16), Amount { amount });
        graph.add_named(&format!("copy {amount}"), CopyAnew { source, target, params, trouble }).target
    };
    let mut values = copy(history.ago::<1>(), 0, Trouble::None);
    for amount in 1..RUN {
        values = copy(&values, amount, trouble(amount));
    }
    values = graph.add(Add { values, params: Amount { amount: 1000 } }).values;
    for amount in RUN..2 * RUN {
        values = copy(&values, amount, trouble(amount));
    }
    let all = graph.add(Copy { source: &values, target: next, params: Amount { amount: 5 } }).target;
    let color = graph.add(Paint { color: graph.image(Extent::Output), params: Amount { amount: 3 } }).color;
    let (values, all, picture) = (graph.read_back(&values), graph.read_back(&all), graph.read_back(&color));
    graph.present(color);
    let options = CompileOptions { recording_threads: threads, ..CompileOptions::default() };
    Scene { compiled: graph.compile_with(device, &options).expect("the graph is valid"), values, all, color: picture }
}

#[test]
fn any_number_of_threads_gives_the_same_result() {
    on_device(|device| {
        let run = |threads| {
            let mut scene = scene(device, threads, |_| Trouble::None);
            let plan = scene.compiled.plan();
            let long = plan.segments.iter().filter(|segment| segment.dynamic && segment.steps.len() > 16).count();
            assert_eq!(long, 2 * threads.max(1) as usize, "each run is cut for {threads} threads");
            let steps = plan.steps.clone();
            let frames: Vec<_> = (0..5)
                .map(|_| {
                    step(&mut scene.compiled);
                    [words(&scene.compiled, scene.values), words(&scene.compiled, scene.all)]
                })
                .collect();
            // Without waiting in between too.
            for _ in 0..20 {
                scene.compiled.frame().expect("the frame runs");
            }
            scene.compiled.wait().expect("the device lives");
            (steps, frames, words(&scene.compiled, scene.all), words(&scene.compiled, scene.color))
        };
        let alone = run(1);
        let sum: u32 = (0..2 * RUN).sum::<u32>() + 1000;
        assert!(alone.1[0][0].iter().all(|&value| value == sum), "the history begins with zeros");
        assert!(alone.1[1][0].iter().all(|&value| value == 2 * sum + 5));
        for threads in [0, 2, 3, 4] {
            assert_eq!(run(threads), alone, "with {threads} threads");
        }
    });
}

#[test]
fn the_first_error_in_the_order_of_nodes_is_the_one_that_is_reported() {
    on_device(|device| {
        for threads in [1, 2, 4] {
            let refused = |amount| if amount % 40 == 37 { Trouble::Refused } else { Trouble::None };
            let mut scene = scene(device, threads, refused);
            for _ in 0..3 {
                let error = scene.compiled.frame().expect_err("several nodes dispatch too much");
                assert!(matches!(error, FrameError::Record(_)) && error.to_string().contains("`copy 37`"), "{error}");
            }
        }
    });
}

#[test]
fn a_panic_in_a_node_reaches_whoever_runs_the_frame_and_later_frames_go_on() {
    static LEFT: AtomicU32 = AtomicU32::new(0);
    on_device(|device| {
        for threads in [1, 4] {
            for unlucky in [3, RUN - 1] {
                let panics = |amount| if amount == unlucky { Trouble::Panics(&LEFT) } else { Trouble::None };
                let mut scene = scene(device, threads, panics);
                let sum: u32 = (0..2 * RUN).sum::<u32>() + 1000;
                step(&mut scene.compiled);
                // In one frame slot and in the other.
                for frame in 1..4 {
                    LEFT.store(2, Ordering::Relaxed);
                    for _ in 0..2 {
                        assert!(catch_unwind(AssertUnwindSafe(|| scene.compiled.frame())).is_err());
                    }
                    step(&mut scene.compiled);
                    let expected = (frame + 1) * sum + frame * 5;
                    assert!(
                        words(&scene.compiled, scene.values).iter().all(|&value| value == expected),
                        "frame {frame}"
                    );
                }
            }
        }
    });
}
