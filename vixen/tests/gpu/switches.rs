//! Switches: parts of a graph that are on or off.

use vixen::ash::vk;
use vixen::{Buffer, Device, FrameInfo, Graph, Host, Wire, node};

use crate::common::nodes::{Add, Amount, Clock, Copy, Count, Ramp, ramp};
use crate::common::{in_every_order, on_device, step, words};
use crate::imports::{buffer, contents};

#[test]
fn a_switch_selects_what_is_read_in_any_frame() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let switch = graph.switch(true);
        let source = graph.add(Clock { len: 64, offset: 1 }).values;
        let on = graph.add(Copy { source: &source, target: graph.buffer(64), params: Amount { amount: 100 } }).target;
        let off = graph.add(Copy { source: &source, target: graph.buffer(64), params: Amount { amount: 200 } }).target;
        let selected = graph.select(switch, on, off);
        let changed = graph.add(Add { values: selected, params: Amount { amount: 7 } }).values;
        let readback = graph.read_back(&changed);
        let mut compiled = compile(&graph);
        for (frame, on) in [true, true, false, true, false, false, true, false].into_iter().enumerate() {
            compiled.switch(switch, on);
            step(&mut compiled);
            let offset = if on { 108 } else { 208 };
            assert_eq!(words(&compiled, readback), ramp(64, frame as u32, offset), "frame {frame}, {on}");
        }
    });
}

/// Two counters of the application, so that what does not run leaves a trace.
fn counters(graph: &Graph, device: &Device) -> [(vixen::memory::Buffer, Wire<Buffer<[u32]>>); 2] {
    [0, 1].map(|_| {
        let buffer = buffer(device, 4, vk::BufferUsageFlags::STORAGE_BUFFER | vk::BufferUsageFlags::TRANSFER_SRC);
        // SAFETY: the buffer is of this device, has one element, and the caller keeps it.
        let (wire, _) = unsafe { graph.import_buffer::<[u32]>(buffer.raw(), 1, None, None) };
        (buffer, wire)
    })
}

#[test]
fn what_a_switch_leaves_out_does_not_run() {
    on_device(|device| {
        let graph = Graph::without_output();
        let switch = graph.switch(false);
        let [(first, on), (second, off)] = counters(&graph, device);
        let on = graph.add(Count { values: on }).values;
        let off = graph.add(Count { values: off }).values;
        let readback = graph.read_back(&graph.select(switch, on, off));
        let mut compiled = graph.compile(device).expect("the graph is valid");
        let mut counts = [0, 0];
        for on in [false, false, true, true, true, false, true, false, false] {
            compiled.switch(switch, on);
            counts[usize::from(!on)] += 1;
            step(&mut compiled);
            assert_eq!(words(&compiled, readback), [counts[usize::from(!on)]]);
        }
        assert_eq!(counts, [4, 5]);
        drop(compiled);
        drop((first, second));
    });
}

#[test]
fn kept_alternatives_run_only_when_they_are_selected() {
    on_device(|device| {
        let graph = Graph::without_output();
        let switch = graph.switch(true);
        let [(first, on), (second, off)] = counters(&graph, device);
        let on = graph.add(Count { values: on }).values;
        let off = graph.add(Count { values: off }).values;
        let retained = graph.retain(graph.select(switch, on, off));
        let mut compiled = graph.compile(device).expect("the graph is valid");
        for on in [true, true, false, true] {
            compiled.switch(switch, on);
            step(&mut compiled);
            let expected = if on { first.raw() } else { second.raw() };
            assert_eq!(compiled.retained(retained), expected);
        }
        drop(compiled);
        assert_eq!([&first, &second].map(|buffer| contents(device, buffer)), [[3], [1]]);
    });
}

#[test]
fn switches_nest() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let [outer, inner] = [graph.switch(false), graph.switch(false)];
        let ramps = [1, 2, 4].map(|factor| graph.add(Ramp { factor, offset: 0.0, values: graph.buffer(10) }).values);
        let [a, b, c] = ramps.map(Wire::share);
        let selected = graph.select_shared(outer, &graph.select_shared(inner, &a, &b), &c);
        // The same switch again: the other alternative of the inner one can never be seen.
        let again = graph.select_shared(outer, &selected, &b);
        let copy = |source| {
            let target = graph.buffer(10);
            graph.read_back(&graph.add(Copy { source, target, params: Amount { amount: 1 } }).target)
        };
        let [selected, again] = [copy(&selected), copy(&again)];
        let mut compiled = compile(&graph);
        for state in [0, 1, 3, 2, 0, 3, 1, 2] {
            let (on, on_inner) = (state & 1 == 1, state & 2 == 2);
            compiled.switch(outer, on);
            compiled.switch(inner, on_inner);
            step(&mut compiled);
            let of_inner = if on_inner { 1 } else { 2 };
            assert_eq!(words(&compiled, selected), ramp(10, if on { of_inner } else { 4 }, 1));
            assert_eq!(words(&compiled, again), ramp(10, if on { of_inner } else { 2 }, 1));
        }
    });
}

#[test]
fn six_switches_do_not_multiply_the_plan() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let mut values = graph.add(Ramp { factor: 0, offset: 0.0, values: graph.buffer(4) }).values.share();
        let switches: Vec<_> = (0..6).map(|_| graph.switch(false)).collect();
        for (at, &switch) in switches.iter().enumerate() {
            let params = Amount { amount: 1 << at };
            let on = graph.add(Copy { source: &values, target: graph.buffer(4), params }).target.share();
            values = graph.select_shared(switch, &on, &values);
        }
        let readback = graph.read_back(&values);
        let mut compiled = compile(&graph);
        for state in [0, 63, 21, 42, 1, 32, 62] {
            for (at, &switch) in switches.iter().enumerate() {
                compiled.switch(switch, state >> at & 1 == 1);
            }
            step(&mut compiled);
            assert_eq!(words(&compiled, readback), [state; 4]);
        }
    });
}

#[test]
fn a_host_slot_may_follow_a_switch() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let switch = graph.switch(true);
        let [on, off] = [100, 200].map(|offset| graph.add(Clock { len: 4, offset }).values);
        let selected = graph.select(switch, on, off);
        let total = graph.add(Total { values: &selected }).total;
        let readback = graph.read_back(&total);
        let mut compiled = compile(&graph);
        for (frame, on) in [true, false, false, true].into_iter().enumerate() {
            compiled.switch(switch, on);
            step(&mut compiled);
            assert_eq!(words(&compiled, readback), [6 * frame as u32 + if on { 400 } else { 800 }]);
        }
    });
}

#[node(host)]
struct Total {
    #[host]
    values: Buffer<[u32]>,
    #[create]
    total: Buffer<u32>,
}

#[node]
impl Host for Total {
    fn run(view: &mut View, _frame: &FrameInfo) {
        *view.total = view.values.iter().sum();
    }
}
