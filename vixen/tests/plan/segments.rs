//! Where recordings are cut.

use vixen::plan::Residency::{History, PerSlot, Persistent, Transient};
use vixen::plan::*;
use vixen::testing::{graphs, recordings, shapes};

use crate::builder::*;

#[test]
fn a_static_graph_is_one_segment() {
    for input in [shapes::chain(50), shapes::layers_in_place(10, 10)] {
        let plan = plan(&input, &Options::default()).expect("the input is valid");
        assert_eq!(plan.segments.len(), 1);
        assert_eq!(plan.segments[0].steps, 0..plan.steps.len() as u32);
        assert_eq!((plan.segments[0].phases, plan.segments[0].per_slot), (1, false));
    }
}

#[test]
fn a_segment_knows_how_often_it_is_recorded() {
    let mut graph = Builder::default();
    let (slot, short, long) =
        (graph.buffer(PerSlot), graph.buffer(History { depth: 1 }), graph.buffer(History { depth: 2 }));
    graph.node(&[read(slot, LOAD), write(short, STORE), write(long, STORE)]);
    graph.node(&[aged(1, read(short, LOAD)), aged(2, read(long, LOAD))]);
    let plan = graph.plan();
    assert_eq!(plan.segments.len(), 1);
    assert_eq!((plan.segments[0].phases, plan.segments[0].per_slot), (6, true));
}

#[test]
fn a_dynamic_node_cuts_the_recording_and_joins_others() {
    let mut graph = Builder::default();
    let buffer = graph.buffer(Persistent);
    graph.node(&[update(buffer, UPDATE)]);
    graph.dynamic_node(&[update(buffer, UPDATE)]);
    graph.dynamic_node(&[update(buffer, UPDATE)]);
    graph.node(&[update(buffer, UPDATE)]);
    let plan = graph.plan();
    let cuts: Vec<_> = plan.segments.iter().map(|segment| (segment.steps.clone(), segment.dynamic)).collect();
    // Four nodes with a barrier after each: only the one between the two dynamic nodes is recorded anew.
    assert_eq!(cuts, [(0..2, false), (2..5, true), (5..8, false)]);
}

#[test]
fn dynamic_nodes_of_one_batch_stand_together() {
    let mut graph = Builder::default();
    for index in 0..6 {
        let buffer = graph.buffer(Persistent);
        let accesses = [update(buffer, UPDATE)];
        if index % 2 == 0 {
            graph.dynamic_node(&accesses)
        } else {
            graph.node(&accesses)
        };
    }
    let plan = graph.plan();
    // The barrier at the frame boundary comes after the dynamic nodes and is recorded with them.
    let cuts: Vec<_> = plan.segments.iter().map(|segment| (segment.steps.clone(), segment.dynamic)).collect();
    assert_eq!(cuts, [(0..3, false), (3..7, true)]);
}

#[test]
fn presenting_is_recorded_apart() {
    let mut graph = Builder::default();
    let (color, screen) = (graph.image(Transient), graph.swapchain());
    graph.node(&[write(color, STORE)]);
    graph.node(&[read(color, SAMPLE), write(screen, DRAW)]);
    let plan = graph.plan();
    let cuts: Vec<_> = plan.segments.iter().map(|segment| segment.swapchain).collect();
    assert_eq!(cuts, [false, true]);
    // The swapchain image's barriers are both in the segment that is recorded for each image.
    assert_eq!(plan.segments[1].steps, 1..4);
}

#[test]
fn no_recording_depends_on_more_than_four_switches() {
    let mut graph = Builder::default();
    graph.input.switches = 6;
    let kept = graph.buffer(Persistent);
    for switch in 0..6 {
        let (one, other) = (graph.buffer(Persistent), graph.buffer(Persistent));
        graph.node(&[
            when(switch, true, read(one, LOAD)),
            when(switch, false, read(other, LOAD)),
            update(kept, UPDATE),
        ]);
    }
    let plan = graph.plan();
    let switches: Vec<u32> = plan.segments.iter().map(|segment| segment.switches.count_ones()).collect();
    assert_eq!(switches, [4, 2]);
}

#[test]
fn a_long_run_of_dynamic_nodes_is_cut_into_equal_pieces() {
    let mut graph = Builder::default();
    let buffer = graph.buffer(Persistent);
    graph.node(&[update(buffer, UPDATE)]);
    for _ in 0..50 {
        graph.dynamic_node(&[update(buffer, UPDATE)]);
    }
    graph.node(&[update(buffer, UPDATE)]);
    let whole = plan(&graph.input, &Options::default()).expect("the input is valid");
    let cut = plan(&graph.input, &Options { pieces: 4, ..Options::default() }).expect("the input is valid");
    assert_eq!((&cut.steps, &cut.barriers), (&whole.steps, &whole.barriers), "only the segments differ");
    let lengths = |plan: &Plan, dynamic| -> Vec<usize> {
        plan.segments.iter().filter(|one| one.dynamic == dynamic).map(|one| one.steps.len()).collect()
    };
    assert_eq!(lengths(&cut, false), lengths(&whole, false));
    let [all] = lengths(&whole, true)[..] else { panic!("one run is one segment") };
    let pieces = lengths(&cut, true);
    assert_eq!((pieces.len(), pieces.iter().sum()), (4, all));
    assert!(pieces.iter().all(|&piece| piece.abs_diff(all / 4) <= 1), "{pieces:?}");
    let ends: Vec<_> = cut.segments.windows(2).map(|two| (two[0].steps.end, two[1].steps.start)).collect();
    assert!(ends.iter().all(|(end, start)| end == start));
}

/// A change to a segment; `None` where it would change nothing that a recording depends on.
type Break = fn(&mut Segment) -> Option<()>;

#[test]
fn segments_that_say_too_little_are_found() {
    let breaks: [(&str, Break); 5] = [
        ("per_slot", |one| one.per_slot.then(|| one.per_slot = false)),
        ("phases", |one| (one.phases > 1).then(|| one.phases = 1)),
        ("swapchain", |one| one.swapchain.then(|| one.swapchain = false)),
        ("switches", |one| (one.switches != 0).then(|| one.switches = 0)),
        ("steps", |one| (one.steps.len() > 1).then(|| one.steps.end -= 1)),
    ];
    let mut tried = [0; 5];
    for seed in 0..200 {
        let input = graphs::random(seed);
        let mut plan = plan(&input, &Options::default()).expect("the generators make valid inputs");
        assert_eq!(recordings::check(&input, &plan), [], "seed {seed}");
        for index in 0..plan.segments.len() {
            for ((what, change), tried) in breaks.iter().zip(&mut tried) {
                let whole = plan.segments[index].clone();
                if change(&mut plan.segments[index]).is_some() {
                    *tried += 1;
                    assert_ne!(recordings::check(&input, &plan), [], "seed {seed}, segment {index}, {what}");
                }
                plan.segments[index] = whole;
            }
        }
    }
    assert!(tried.iter().all(|&tried| tried > 20), "{tried:?}");
}
