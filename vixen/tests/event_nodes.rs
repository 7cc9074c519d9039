//! Events in a graph: between the application, host nodes, other threads and the graph itself.

mod common;

use std::sync::mpsc::channel;
use std::thread;

use vixen::ash::vk;
use vixen::event::{BudgetWarning, Event, FrameBegin, FrameEnd, Overflow, RecompileCause, RecompileDone};
use vixen::graph::OutputId;
use vixen::memory::{BufferDesc, Category};
use vixen::{Buffer, CompileOptions, Compute, Extent, FrameInfo, Graph, Host, Image, Output, R32Float, Transfer, node};

use common::nodes::{Amount, Zero};
use common::{on_device, step, words};

/// Something was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Asked(u32);
/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Answered(u32);

impl Event for Asked {}
impl Event for Answered {}

/// Answers what is asked, and counts it.
#[node(host, receives(Asked = 8), emits(Answered = 4))]
struct Answerer {
    #[create]
    sum: Buffer<u32>,
    total: u32,
}

#[node]
impl Host for Answerer {
    fn run(view: &mut View, frame: &FrameInfo) {
        for Asked(number) in frame.events::<Asked>() {
            *view.total += number;
            frame.emit(Answered(number * 2)).expect("the test asks no more than there is room for");
        }
        *view.sum = *view.total;
    }
}

/// Keeps the last answer: added before who answers, so that order does not matter.
#[node(host, receives(Answered = 4))]
struct Listener {
    #[create]
    last: Buffer<u32>,
    heard: u32,
}

#[node]
impl Host for Listener {
    fn run(view: &mut View, frame: &FrameInfo) {
        *view.heard = frame.events::<Answered>().last().map_or(*view.heard, |answer| answer.0);
        *view.last = *view.heard;
    }
}

#[test]
fn nodes_hear_in_this_frame_what_was_emitted_before_it() {
    on_device(|device| {
        let graph = Graph::without_output();
        let last = graph.read_back(&graph.add(Listener { heard: 0 }).last);
        let sum = graph.read_back(&graph.add(Answerer { total: 0 }).sum);
        let (sender, answers) = channel();
        let asked = graph.events(|events| {
            let answered = events.queue::<Answered>(0);
            events.on(answered, "application", move |answer| sender.send(*answer).expect("the test waits"));
            events.queue::<Asked>(0)
        });
        let mut compiled = graph.compile(device).unwrap_or_else(|error| panic!("{error}"));
        let read = |compiled: &vixen::CompiledGraph| {
            let word = |handle| match compiled.read(handle) {
                Ok(Some((_, bytes))) => u32::from_ne_bytes(bytes.try_into().expect("it is one number")),
                other => panic!("nothing to read: {other:?}"),
            };
            [word(sum), word(last)]
        };
        compiled.events().emit(asked, Asked(3)).expect("there is room");
        step(&mut compiled);
        assert_eq!(read(&compiled), [3, 0], "answers of this frame come in the next");
        assert!(answers.try_recv().is_err());
        let others = compiled.events().sender(asked);
        thread::spawn(move || others.emit(Asked(4)).expect("there is room")).join().expect("it does not panic");
        step(&mut compiled);
        assert_eq!(read(&compiled), [7, 6]);
        step(&mut compiled);
        assert_eq!(read(&compiled), [7, 8]);
        assert_eq!(answers.try_iter().collect::<Vec<_>>(), [Answered(6), Answered(8)]);
        let counts = compiled.events().counts(asked);
        assert_eq!((counts.emitted, counts.delivered, counts.refused), (2, 2, 0));
        // The room is what the receiver declares.
        let full = (0..9).map(|number| compiled.events().emit(asked, Asked(number))).last().expect("there were nine");
        assert_eq!(full.expect_err("it has room for eight").capacity, 8);
    });
}

/// Adds what is asked to every element, and answers with what it added.
#[node(compute, dynamic, shader = "tests/shaders/add.comp.spv", receives(Asked = 8), emits(Answered = 4))]
struct AddAsked {
    #[storage(read_write)]
    values: Buffer<[u32]>,
    #[push]
    params: Amount,
}

#[node]
impl Compute for AddAsked {
    fn record(view: &View, commands: &mut Commands) {
        let amount = commands.events::<Asked>().map(|asked| asked.0).sum();
        commands.emit(Answered(amount)).expect("one a frame has room");
        commands.push(&Amount { amount });
        commands.dispatch_items(view.values.len());
    }
}

#[test]
fn dynamic_nodes_hear_what_host_nodes_hear_and_answer_too() {
    on_device(|device| {
        for recording_threads in [1, 3] {
            let graph = Graph::without_output();
            // Three nodes, to be recorded side by side.
            let values = [(); 3].map(|()| {
                let zero = graph.add(Zero { values: graph.buffer(4) }).values;
                graph.read_back(&graph.add(AddAsked { values: zero, params: Amount { amount: 0 } }).values)
            });
            let last = graph.read_back(&graph.add(Listener { heard: 0 }).last);
            let asked = graph.events(|events| events.queue::<Asked>(0));
            let options = CompileOptions { recording_threads, ..CompileOptions::default() };
            let mut compiled = graph.compile_with(device, &options).unwrap_or_else(|error| panic!("{error}"));
            let mut heard = Vec::new();
            for asks in [&[3, 4][..], &[], &[5]] {
                asks.iter().for_each(|&ask| compiled.events().emit(asked, Asked(ask)).expect("there is room"));
                step(&mut compiled);
                heard.push((values.map(|values| words(&compiled, values)[0]), words(&compiled, last)[0]));
            }
            assert_eq!(heard, [([7; 3], 0), ([0; 3], 7), ([5; 3], 0)], "the answer of a frame is heard in the next");
            let answered = compiled.events().channel::<Answered>().expect("a node declares it");
            let counts = compiled.events().counts(answered);
            assert_eq!((counts.emitted, counts.delivered, counts.pending), (9, 6, 3));
        }
    });
}

#[test]
fn budget_warnings_reach_every_graph_that_wants_them() {
    on_device(|device| {
        let graph = || {
            let graph = Graph::without_output();
            graph.retain(graph.add(Zero { values: graph.buffer(4) }).values);
            let warnings = graph.events(|events| events.queue::<BudgetWarning>(2));
            (graph.compile(device).unwrap_or_else(|error| panic!("{error}")), warnings)
        };
        let (mut first, first_warnings) = graph();
        let (mut second, second_warnings) = graph();
        let desc = BufferDesc::new("enough to warn", 1 << 16, vk::BufferUsageFlags::STORAGE_BUFFER);
        let warn = || {
            device.budget().set_warning(device.budget().usage().in_use + 1);
            let buffer = device.budget().buffer(&desc, Category::Other).expect("there is memory");
            (device.budget().usage().in_use, buffer).0
        };
        let in_use = warn();
        step(&mut first);
        step(&mut second);
        let heard = [first.events().read(first_warnings), second.events().read(second_warnings)];
        for warnings in heard {
            assert_eq!(warnings.map(|warning| warning.in_use).collect::<Vec<_>>(), [in_use]);
        }
        drop(first);
        warn();
        step(&mut second);
        assert_eq!(second.events().counts(second_warnings).delivered, 2);
    });
}

/// Something that follows the output's size.
#[node(transfer)]
struct Clear {
    #[transfer_destination]
    image: Image<R32Float>,
}

#[node]
impl Transfer for Clear {
    fn record(view: &View, commands: &mut Commands) {
        commands.clear(view.image, [0.0; 4]);
    }
}

#[test]
fn the_graph_says_when_frames_begin_and_end_and_what_was_made_anew() {
    on_device(|device| {
        let graph = Graph::new(Output::headless(8, 8));
        graph.retain(graph.add(Clear { image: graph.image(Extent::Output) }).image);
        let (sender, heard) = channel();
        graph.events(|events| {
            let (begin, end) = (events.queue::<FrameBegin>(1), events.queue::<FrameEnd>(1));
            let recompiled = events.queue::<RecompileDone>(4);
            events.overflow(recompiled, Overflow::Discard);
            events.subscribe("all").reads(begin).reads(end).reads(recompiled).run(move |batch| {
                let begins: Vec<_> = batch.read(begin).map(|event| event.number).collect();
                let ends: Vec<_> = batch.read(end).map(|event| event.number).collect();
                let causes: Vec<_> = batch.read(recompiled).map(|event| (event.cause, event.count)).collect();
                sender.send((begins, ends, causes)).expect("the test waits");
            });
        });
        let mut compiled = graph.compile(device).unwrap_or_else(|error| panic!("{error}"));
        step(&mut compiled);
        compiled.resize(OutputId::default(), 16, 4).unwrap_or_else(|error| panic!("{error}"));
        step(&mut compiled);
        let heard: Vec<_> = heard.try_iter().collect();
        assert_eq!(heard, [(vec![0], vec![], vec![]), (vec![1], vec![0], vec![(RecompileCause::Resize, 1)])]);
    });
}

#[test]
fn subscribers_in_a_ring_are_an_error_of_compile() {
    on_device(|device| {
        let graph = Graph::without_output();
        graph.retain(graph.add(Answerer { total: 0 }).sum);
        graph.events(|events| {
            let (asked, answered) = (events.queue::<Asked>(1), events.queue::<Answered>(1));
            events.subscribe("a").reads(asked).emits(answered).run(|_| {});
            events.subscribe("b").reads(answered).emits(asked).run(|_| {});
        });
        let error = graph.compile(device).err().expect("it is a ring");
        assert!(error.to_string().contains("`a`, `b` wait for each other's events"), "{error}");
    });
}
