//! What runs: culling, and switches.

use ash::vk;
use vixen::plan::Residency::{History, PerSlot, Persistent, Transient};
use vixen::plan::*;

use crate::builder::*;

const ON: Condition = Condition { mask: 1, value: 1 };
const OFF: Condition = Condition { mask: 1, value: 0 };

#[test]
fn what_no_sink_needs_is_culled() {
    let mut graph = Builder::default();
    let (used, unused, overwritten) = (graph.buffer(Transient), graph.buffer(Transient), graph.buffer(Transient));
    graph.useful_node(&[write(used, STORE)]);
    graph.useful_node(&[read(used, LOAD), write(unused, STORE)]);
    graph.useful_node(&[write(overwritten, STORE)]);
    graph.useful_node(&[write(overwritten, STORE)]);
    graph.node(&[read(used, LOAD), read(overwritten, LOAD)]);
    let plan = graph.plan();
    let alive: Vec<bool> = plan.conditions.iter().map(Option::is_some).collect();
    assert_eq!(alive, [true, false, false, true, true]);
    assert_eq!(cull(&graph.input, Condition::ALWAYS), Ok(alive));
    assert_eq!(plan.intervals[unused.0 as usize], None);
}

#[test]
fn a_sink_resource_keeps_its_writers_alive() {
    let mut graph = Builder::default();
    let buffer = graph.buffer(Persistent);
    graph.input.resources[0].sink = true;
    graph.useful_node(&[write(buffer, STORE)]);
    graph.useful_node(&[update(buffer, UPDATE)]);
    assert_eq!(graph.plan().conditions, [Some(Condition::ALWAYS); 2]);
}

#[test]
fn what_a_later_frame_reads_is_alive() {
    let mut graph = Builder::default();
    let (input, history) = (graph.buffer(Transient), graph.buffer(History { depth: 3 }));
    graph.node(&[aged(3, read(history, LOAD))]);
    graph.useful_node(&[write(input, STORE)]);
    graph.useful_node(&[read(input, LOAD), write(history, STORE)]);
    assert_eq!(graph.plan().conditions, [Some(Condition::ALWAYS); 3]);
}

#[test]
fn a_part_that_is_switched_off_does_not_run() {
    let mut graph = Builder::default();
    graph.input.switches = 1;
    let (scene, glow, bloomed) = (graph.image(Transient), graph.image(Transient), graph.image(Transient));
    graph.useful_node(&[write(scene, STORE)]);
    graph.useful_node(&[read(scene, SAMPLE), write(glow, STORE)]);
    graph.useful_node(&[read(scene, SAMPLE), read(glow, SAMPLE), write(bloomed, STORE)]);
    graph.node(&[when(0, true, read(bloomed, SAMPLE)), when(0, false, read(scene, SAMPLE))]);
    let plan = graph.plan();
    assert_eq!(plan.conditions, [Some(Condition::ALWAYS), Some(ON), Some(ON), Some(Condition::ALWAYS)]);
}

#[test]
fn what_is_needed_in_one_position_only_runs_in_that() {
    let mut graph = Builder::default();
    graph.input.switches = 2;
    let (fast, good) = (graph.buffer(Transient), graph.buffer(Transient));
    graph.useful_node(&[write(fast, STORE)]);
    graph.useful_node(&[write(good, STORE)]);
    graph.node(&[when(0, false, read(fast, LOAD)), when(0, true, read(good, LOAD))]);
    assert_eq!(graph.plan().conditions, [Some(OFF), Some(ON), Some(Condition::ALWAYS)]);
}

#[test]
fn nested_switches_are_a_conjunction() {
    let mut graph = Builder::default();
    graph.input.switches = 2;
    let (inner, outer, plain) = (graph.buffer(Transient), graph.buffer(Transient), graph.buffer(Transient));
    graph.useful_node(&[write(inner, STORE)]);
    graph.useful_node(&[write(plain, STORE)]);
    graph.useful_node(&[when(1, true, read(inner, LOAD)), when(1, false, read(plain, LOAD)), write(outer, STORE)]);
    graph.node(&[when(0, true, read(outer, LOAD)), when(0, false, read(plain, LOAD))]);
    let plan = graph.plan();
    assert_eq!(plan.conditions[0], Some(Condition { mask: 3, value: 3 }));
    assert_eq!(plan.conditions[1], Some(Condition::ALWAYS));
    assert_eq!(plan.conditions[2], Some(ON));
}

#[test]
fn what_only_a_moving_switch_needs_always_runs() {
    let mut graph = Builder::default();
    graph.input.switches = 1;
    let (live, history) = (graph.buffer(Transient), graph.buffer(History { depth: 1 }));
    graph.useful_node(&[write(live, STORE)]);
    graph.useful_node(&[when(0, true, read(live, LOAD)), when(0, true, write(history, STORE))]);
    graph.node(&[when(0, false, aged(1, read(history, LOAD)))]);
    let plan = graph.plan();
    assert_eq!(plan.conditions[1], Some(Condition::ALWAYS));
    assert!(plan.conditions[0].is_some_and(|condition| condition.holds(1)));
}

#[test]
fn a_write_that_may_not_happen_keeps_what_was_there() {
    let mut graph = Builder::default();
    graph.input.switches = 1;
    let image = graph.image(Transient);
    graph.useful_node(&[write(image, STORE)]);
    graph.useful_node(&[when(0, true, write(image, DRAW))]);
    graph.node(&[read(image, SAMPLE)]);
    let plan = graph.plan();
    let into_draw = plan.dependencies.iter().find(|one| one.new_layout == DRAW.layout).expect("it changes the layout");
    assert_eq!(into_draw.old_layout, STORE.layout);
    assert!(plan.conditions.iter().all(Option::is_some));
}

#[test]
fn a_writer_that_may_not_run_keeps_what_its_copy_holds_for_a_later_frame() {
    let mut graph = Builder::default();
    let (copy, out) = (graph.image(PerSlot), graph.buffer(Persistent));
    graph.input.switches = 1;
    graph.input.resources[copy.0 as usize].entry = Some(SAMPLE);
    graph.node(&[when(0, true, read(copy, SAMPLE)), write(out, STORE)]);
    // Only the reader of a later frame needs it, and only while the switch is on.
    let writer = graph.useful_node(&[write(copy, STORE)]);
    let plan = graph.plan();
    assert_eq!(plan.conditions[writer.0 as usize], Some(ON));
    assert!(for_resource(&plan, copy).iter().all(|one| one.old_layout != vk::ImageLayout::UNDEFINED));
}
