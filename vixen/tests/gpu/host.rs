//! Host nodes, params, dynamic nodes and frames in flight.

use vixen::{Buffer, CompileOptions, FrameInfo, Graph, Host, node};

use crate::common::nodes::{Add, AddDynamic, Amount, Clock, Copy, Factor, Fill, Ramp, Settings, ramp};
use crate::common::{floats, in_every_order, on_device, step, words};

/// Reads what another host node made, and keeps a sum of its own.
#[node(host)]
struct Average {
    #[host]
    values: Buffer<[u32]>,
    #[host]
    settings: Buffer<Settings>,
    #[create]
    average: Buffer<f32>,
    frames: u32,
}

#[node]
impl Host for Average {
    fn run(view: &mut View, frame: &FrameInfo) {
        assert_eq!(frame.number, u64::from(*view.frames));
        *view.frames += 1;
        let sum: u32 = view.values.iter().sum();
        *view.average = sum as f32 / view.values.len() as f32 + view.settings.offset as f32;
    }
}

#[test]
fn host_nodes_feed_host_nodes_and_the_gpu_in_the_same_frame() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let (settings, wire) = graph.param(Settings { offset: 0 });
        let clock = graph.add(Clock { len: 5, offset: 3 });
        let average = graph.add(Average { values: &clock.values, settings: &wire, frames: 0 }).average;
        let copy = graph.add(Copy { source: &clock.values, target: graph.buffer(5), params: Amount { amount: 1 } });
        let average = graph.read_back(&average);
        let copy = graph.read_back(&copy.target);
        let mut compiled = compile(&graph);
        for frame in 0..5 {
            compiled.set(settings, Settings { offset: 10 * frame });
            step(&mut compiled);
            assert_eq!(words(&compiled, copy), ramp(5, frame, 4));
            assert_eq!(floats(&compiled, average), [2.0 * frame as f32 + 3.0 + 10.0 * frame as f32]);
        }
    });
}

#[test]
fn every_frame_in_flight_has_its_own_values() {
    on_device(|device| {
        for frames_in_flight in 1..=4 {
            let graph = Graph::without_output();
            let (settings, wire) = graph.param(Settings { offset: 1000 });
            let fill = graph.add(Fill { settings: &wire, values: graph.buffer(500), params: Factor { factor: 1 } });
            let clock = graph.add(Clock { len: 500, offset: 0 });
            let clock =
                graph.add(Copy { source: &clock.values, target: graph.buffer(500), params: Amount { amount: 0 } });
            let [values, clock] = [graph.read_back(&fill.values), graph.read_back(&clock.target)];
            let options = CompileOptions { frames_in_flight, ..CompileOptions::default() };
            let mut compiled = graph.compile_with(device, &options).expect("the graph is valid");
            for frame in 0..40_u32 {
                // Not in every frame, so that a value must reach the slots of several frames.
                if frame % 3 == 0 {
                    compiled.set(settings, Settings { offset: frame });
                }
                compiled.frame().expect("the frame runs");
                // What has finished holds its own frame's values, however far the others are.
                if let Some((number, bytes)) = compiled.read(values).expect("the device lives") {
                    let offset = number as u32 / 3 * 3;
                    let words: Vec<u32> = bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect();
                    assert_eq!(words, ramp(500, 1, offset), "frame {number} of {frames_in_flight} in flight");
                }
            }
            compiled.wait().expect("the device lives");
            assert_eq!(words(&compiled, values), ramp(500, 1, 39));
            assert_eq!(words(&compiled, clock), ramp(500, 39, 0));
        }
    });
}

#[test]
fn dynamic_nodes_stand_anywhere_among_static_ones() {
    in_every_order(|compile| {
        let mut segments = Vec::new();
        for pattern in 0..16_u32 {
            let graph = Graph::without_output();
            let mut values = graph.add(Ramp { factor: 1, offset: 0.0, values: graph.buffer(64) }).values;
            for at in 0..4 {
                let params = Amount { amount: 1 << at };
                values = if pattern >> at & 1 == 1 {
                    graph.add(AddDynamic { values, params }).values
                } else {
                    graph.add(Add { values, params }).values
                };
            }
            let readback = graph.read_back(&values);
            let mut compiled = compile(&graph);
            for _ in 0..4 {
                step(&mut compiled);
                assert_eq!(words(&compiled, readback), ramp(64, 1, 15), "dynamic nodes: {pattern:04b}");
            }
            segments.push(compiled.report().segments);
        }
        assert_eq!(segments[0], 1, "without dynamic nodes all is one recording");
        assert_eq!(segments[0b0010], 3, "a dynamic node between static ones has a recording of its own");
    });
}
