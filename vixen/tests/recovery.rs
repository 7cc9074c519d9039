//! A device that is lost: one clear error, one event, and the same graph again on another device.

mod common;

use common::nodes::{AddDynamic, Amount, Factor, Fill, Settings};
use common::{device, step, words};
use vixen::event::{Channel, DeviceLost};
use vixen::frame::FrameError;
use vixen::testing::loss;
use vixen::{Buffer, CompiledGraph, Device, Graph, Param, Readback};

/// Everything that a program knows of its graph. What describes the graph is a function, so it can be called again.
struct Scene {
    compiled: CompiledGraph,
    settings: Param<Settings>,
    values: Readback<Buffer<[u32]>>,
    lost: Channel<DeviceLost>,
}

impl Scene {
    fn new(device: &Device) -> Self {
        let graph = Graph::without_output();
        let (settings, wire) = graph.param(Settings { offset: 0 });
        let filled = graph.add(Fill { settings: &wire, values: graph.buffer(8), params: Factor { factor: 2 } }).values;
        let values = graph.add(AddDynamic { values: filled, params: Amount { amount: 1 } }).values;
        let values = graph.read_back(&values);
        let lost = graph.events(|events| events.queue::<DeviceLost>(4));
        Self { compiled: graph.compile(device).expect("the graph is valid"), settings, values, lost }
    }

    fn run(&mut self, offset: u32) -> Vec<u32> {
        self.compiled.set(self.settings, Settings { offset });
        step(&mut self.compiled);
        words(&self.compiled, self.values)
    }
}

#[test]
fn a_lost_device_is_an_error_and_an_event_and_the_graph_runs_again_on_another() {
    let lost = device();
    let log = lost.validation_log().clone();
    let mut scene = Scene::new(&lost);
    let before = scene.run(5);
    assert_eq!(before, (0..8).map(|index| index * 2 + 6).collect::<Vec<_>>());

    scene.compiled.frame().expect("one more is under way");
    loss::lose(&lost);
    for _ in 0..3 {
        let error = scene.compiled.frame().expect_err("the device is lost");
        assert!(matches!(error, FrameError::Device(_)) && error.is_device_lost(), "{error:?}");
        assert_eq!(
            error.to_string(),
            "the device was lost in vkQueueSubmit2: drop what was made on it, make another device and compile the graph for that one"
        );
        assert_eq!(scene.compiled.events().counts(scene.lost).emitted, 1, "told once");
    }
    let error = lost.wait_idle().expect_err("it stays lost");
    assert!(error.is_device_lost(), "{error:?}");
    assert!(Graph::without_output().compile(&lost).is_err());

    drop(scene);
    let fresh = device();
    let mut scene = Scene::new(&fresh);
    assert_eq!(scene.run(5), before, "the description is the same, and so is the result");
    common::assert_clean(&fresh);
    drop(lost);
    assert!(log.messages().is_empty(), "the validation layer reported:\n{}", log.messages().join("\n"));
}
