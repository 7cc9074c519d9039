//! What a plan says for small graphs, rule by rule.

use ash::vk::{AccessFlags2 as A, ImageLayout as L, PipelineStageFlags2 as S};
use vixen::plan::Residency::{History, PerSlot, Persistent, Transient};
use vixen::plan::*;
use vixen::testing::shapes;

use crate::builder::*;

/// A buffer that survives the frame, so that what is between frames shows as well.
fn kept_buffer() -> (Builder, ResourceId) {
    let mut graph = Builder::default();
    let id = graph.buffer(Persistent);
    (graph, id)
}

#[test]
fn a_read_waits_for_the_write_and_sees_it() {
    let (mut graph, id) = kept_buffer();
    graph.node(&[write(id, STORE)]);
    graph.node(&[read(id, COPY_FROM)]);
    let plan = graph.plan();
    let raw = commands(&plan)[0][0];
    assert_eq!((raw.src_stages, raw.src_access), (S::COMPUTE_SHADER, A::SHADER_STORAGE_WRITE));
    assert_eq!((raw.dst_stages, raw.dst_access), (S::COPY, A::TRANSFER_READ));
}

#[test]
fn a_write_after_a_read_only_waits() {
    let (mut graph, id) = kept_buffer();
    graph.node(&[read(id, COPY_FROM)]);
    graph.node(&[write(id, STORE)]);
    let plan = graph.plan();
    let war = commands(&plan)[0][0];
    assert_eq!((war.src_stages, war.src_access), (S::COPY, A::NONE));
    assert_eq!((war.dst_stages, war.dst_access), (S::COMPUTE_SHADER, A::NONE));
}

#[test]
fn a_write_after_a_write_sees_it() {
    let (mut graph, id) = kept_buffer();
    graph.node(&[write(id, STORE)]);
    graph.node(&[write(id, COPY_TO)]);
    let waw = commands(&graph.plan())[0][0];
    assert_eq!((waw.src_stages, waw.src_access), (S::COMPUTE_SHADER, A::SHADER_STORAGE_WRITE));
    assert_eq!((waw.dst_stages, waw.dst_access), (S::COPY, A::TRANSFER_WRITE));
}

#[test]
fn reads_need_nothing_between_them_and_are_flushed_to_together() {
    let (mut graph, id) = kept_buffer();
    let other = graph.buffer(Persistent);
    graph.node(&[write(id, STORE)]);
    graph.node(&[read(id, LOAD), write(other, STORE)]);
    graph.node(&[read(id, COPY_FROM), read(other, LOAD)]);
    let plan = graph.plan();
    let raw = commands(&plan)[0].iter().find(|one| one.resource == id).expect("the write has readers");
    assert_eq!(
        (raw.dst_stages, raw.dst_access),
        (S::COMPUTE_SHADER | S::COPY, A::SHADER_STORAGE_READ | A::TRANSFER_READ)
    );
    // Once after the write, once before the next frame's.
    assert_eq!(for_resource(&plan, id).len(), 2);
}

#[test]
fn an_update_is_a_reader_of_what_it_changes() {
    let (mut graph, id) = kept_buffer();
    graph.node(&[write(id, COPY_TO)]);
    graph.node(&[read(id, COPY_FROM)]);
    graph.node(&[update(id, UPDATE)]);
    let plan = graph.plan();
    let (raw, war) = (commands(&plan)[0][0], commands(&plan)[1][0]);
    assert_eq!(raw.dst_access, A::TRANSFER_READ | UPDATE.access);
    assert_eq!((war.src_stages, war.dst_stages), (S::COPY, S::COMPUTE_SHADER));
    assert_eq!(war.src_access | war.dst_access, A::NONE);
}

#[test]
fn nothing_is_planned_for_what_is_only_read() {
    let mut graph = Builder::default();
    let (buffer, image) = (graph.buffer(Persistent), graph.image(Persistent));
    graph.node(&[read(buffer, LOAD), read(image, SAMPLE)]);
    graph.node(&[read(buffer, COPY_FROM), read(image, COPY_FROM)]);
    let plan = graph.plan();
    assert!(plan.barriers.is_empty());
    // One layout that serves both, from before the first frame.
    assert_eq!(
        plan.initial.iter().map(|one| (one.resource, one.new_layout)).collect::<Vec<_>>(),
        [(image, L::GENERAL)]
    );
    assert_eq!((plan.layouts[1], plan.layouts[3]), (L::GENERAL, L::GENERAL));
}

#[test]
fn layout_changes_ride_on_the_barriers() {
    let mut graph = Builder::default();
    let image = graph.image(Transient);
    graph.node(&[write(image, DRAW)]);
    graph.node(&[read(image, SAMPLE)]);
    let plan = graph.plan();
    assert_eq!(plan.barriers.len(), 2);
    let changes: Vec<_> = plan.dependencies.iter().map(|one| (one.old_layout, one.new_layout)).collect();
    // The first use of a transient discards what was there; no frame expects anything at its start but that.
    assert!(changes.contains(&(L::COLOR_ATTACHMENT_OPTIMAL, L::SHADER_READ_ONLY_OPTIMAL)));
    assert!(changes.contains(&(L::UNDEFINED, L::COLOR_ATTACHMENT_OPTIMAL)));
}

#[test]
fn readers_of_depth_share_a_layout() {
    for (other, shared) in [
        (SAMPLE, L::DEPTH_STENCIL_READ_ONLY_OPTIMAL),
        (TEST_DEPTH, L::DEPTH_STENCIL_READ_ONLY_OPTIMAL),
        (COPY_FROM, L::GENERAL),
    ] {
        let mut graph = Builder::default();
        let depth = graph.image(Transient);
        graph.node(&[write(depth, DRAW)]);
        graph.node(&[read(depth, TEST_DEPTH)]);
        graph.node(&[read(depth, other)]);
        assert_eq!(graph.plan().layouts, [L::COLOR_ATTACHMENT_OPTIMAL, shared, shared]);
    }
}

#[test]
fn a_history_keeps_one_layout_for_its_readers_of_all_frames() {
    let mut graph = Builder::default();
    let image = graph.image(History { depth: 2 });
    graph.node(&[write(image, STORE)]);
    graph.node(&[read(image, SAMPLE)]);
    graph.node(&[aged(2, read(image, COPY_FROM))]);
    let plan = graph.plan();
    assert_eq!(plan.layouts, [L::GENERAL, L::GENERAL, L::GENERAL]);
    // Ages 1 and 2 of the first frame have never been written; their readers find the layout nevertheless.
    let mut initial: Vec<_> = plan.initial.iter().map(|one| (one.age, one.new_layout)).collect();
    initial.sort_unstable();
    assert_eq!(initial, [(0, L::GENERAL), (1, L::GENERAL), (2, L::GENERAL)]);
}

#[test]
fn a_barrier_at_the_end_names_a_history_by_the_age_it_has_there() {
    let mut graph = Builder::default();
    let buffer = graph.buffer(History { depth: 1 });
    graph.node(&[write(buffer, STORE)]);
    graph.node(&[aged(1, read(buffer, COPY_FROM))]);
    let plan = graph.plan();
    // Both nodes run side by side; one command at the end closes what crosses it.
    assert_eq!(plan.steps.len(), 3);
    let mut crossing: Vec<_> = plan.dependencies.iter().map(|one| (one.age, one.src_stages)).collect();
    crossing.sort_unstable();
    assert_eq!(crossing, [(0, S::COMPUTE_SHADER), (1, S::COPY)]);
}

#[test]
fn frames_never_meet_in_a_copy_for_each_slot() {
    let mut graph = Builder::default();
    let buffer = graph.buffer(PerSlot);
    graph.node(&[write(buffer, STORE)]);
    graph.node(&[read(buffer, COPY_FROM)]);
    assert_eq!(graph.plan().dependencies.len(), 1);
}

#[test]
fn what_the_host_reads_is_made_visible_to_it() {
    let mut graph = Builder::default();
    let buffer = graph.buffer(PerSlot);
    graph.input.resources[0].exit = Some(Use { stages: S::HOST, access: A::HOST_READ, layout: L::UNDEFINED });
    graph.node(&[write(buffer, COPY_TO)]);
    let plan = graph.plan();
    assert_eq!(plan.steps, [Step::Node(NodeId(0)), Step::Barrier(0)]);
    assert_eq!((plan.dependencies[0].dst_stages, plan.dependencies[0].dst_access), (S::HOST, A::HOST_READ));
}

#[test]
fn a_swapchain_image_is_entered_and_left_within_the_frame() {
    let mut graph = Builder::default();
    let image = graph.swapchain();
    graph.node(&[write(image, DRAW)]);
    let plan = graph.plan();
    assert_eq!(plan.steps, [Step::Barrier(0), Step::Node(NodeId(0)), Step::Barrier(1)]);
    let (entry, exit) = (plan.dependencies[0], plan.dependencies[1]);
    assert_eq!((entry.src_stages, entry.src_access), (S::COLOR_ATTACHMENT_OUTPUT, A::NONE));
    assert_eq!((entry.old_layout, entry.new_layout), (L::UNDEFINED, L::COLOR_ATTACHMENT_OPTIMAL));
    assert_eq!((exit.dst_stages, exit.dst_access), (S::NONE, A::NONE));
    assert_eq!((exit.old_layout, exit.new_layout), (L::COLOR_ATTACHMENT_OPTIMAL, L::PRESENT_SRC_KHR));
    assert!(plan.initial.is_empty());
}

#[test]
fn mip_levels_are_told_apart_and_put_together_again() {
    let mut graph = Builder::default();
    let image = graph.image(Transient);
    graph.node(&[levels(0..1, write(image, STORE))]);
    for level in 1..4 {
        graph.node(&[levels(level - 1..level, read(image, SAMPLE)), levels(level..level + 1, write(image, STORE))]);
    }
    graph.node(&[levels(0..4, read(image, COPY_FROM))]);
    let plan = graph.plan();
    // Each write is flushed once, for the next level and for the copy.
    let flushes = plan.dependencies.iter().filter(|one| one.src_access != A::NONE);
    assert_eq!(flushes.map(|one| one.region.major).collect::<Vec<_>>(), [[0, 1], [1, 2], [2, 3], [3, 4]]);
    // The last reader ties all levels together: one layout that serves both kinds of reads.
    assert_eq!(plan.layouts.iter().filter(|layout| **layout != L::GENERAL).count(), 0);
}

#[test]
fn parts_that_do_not_touch_run_side_by_side() {
    let mut graph = Builder::default();
    let image = graph.image(Persistent);
    for level in 0..8 {
        graph.node(&[levels(level..level + 1, update(image, UPDATE))]);
    }
    let plan = graph.plan();
    // Nothing but the next frame waits, and it waits for all of them at once.
    assert_eq!((plan.barriers.len(), plan.dependencies.len()), (1, 1));
    assert_eq!(plan.dependencies[0].region, Region { major: [0, 8], minor: [0, 1] });
}

#[test]
fn a_transient_is_in_use_from_its_first_step_to_its_last() {
    let mut graph = Builder::default();
    let (first, second) = (graph.buffer(Transient), graph.buffer(Transient));
    let unused = graph.buffer(Transient);
    graph.node(&[write(first, STORE)]);
    graph.node(&[read(first, LOAD), write(second, STORE)]);
    graph.node(&[read(second, LOAD)]);
    let plan = graph.plan();
    let [one, two, none] = plan.intervals[..] else { panic!("one interval a resource") };
    let last = plan.steps.len() as u32 - 1;
    assert_eq!(plan.steps.len(), 5);
    assert_eq!(one.map(|interval| interval.first), Some(0));
    assert_eq!(two.map(|interval| interval.last), Some(last));
    assert_eq!((none, plan.intervals[unused.0 as usize]), (None, None));
}

#[test]
fn what_is_wanted_after_the_frame_is_not_discarded_by_its_last_barrier() {
    let mut graph = Builder::default();
    let image = graph.image(Persistent);
    graph.input.resources[0].sink = true;
    graph.node(&[write(image, STORE)]);
    graph.node(&[update(image, Use { layout: L::COLOR_ATTACHMENT_OPTIMAL, ..DRAW })]);
    let plan = graph.plan();
    assert!(plan.dependencies.iter().all(|one| one.old_layout != L::UNDEFINED));
}

#[test]
fn a_hundred_nodes_in_ten_layers_need_ten_commands() {
    let count = |input: Input| plan(&input, &Options::default()).expect("the input is valid").barriers.len();
    assert_eq!(count(shapes::layers_in_place(10, 10)), 10);
    // Where the last layer leaves alone what the next frame's first layer uses, not even the tenth.
    assert_eq!(count(shapes::layers_of_transients(10, 10)), 9);
    assert_eq!(count(shapes::chain(100)), 99);
}

#[test]
fn an_empty_graph_is_an_empty_plan() {
    let plan = Builder::default().plan();
    assert!(plan.steps.is_empty() && plan.segments.is_empty() && plan.barriers.is_empty());
}
