//! Compile makes what nodes declare, and nothing else: a node that declares something else than its slots need is refused.

mod common;

use common::nodes::{AddDynamic, Amount, Factor, Fill, Settings};
use common::on_device;
use vixen::event::Event;
use vixen::frame::RecordContext;
use vixen::graph::{NodeDeclaration, Requirements, Wiring};
use vixen::{Buffer, CompileOptions, FrameInfo, Graph, Host, Node, node};

/// Declares other requirements than the node in it has: 0 as they are, 1 a descriptor more, 2 a set less, 3 a query less, 4 a
/// command buffer less.
struct Liar<N, const LIE: u8>(N);

const fn lie(which: u8, truth: Requirements) -> Requirements {
    let mut told = truth;
    match which {
        1 => told.descriptors.storage_buffers += 1,
        2 => told.sets -= 1,
        3 => told.queries -= 1,
        4 => told.command_buffers -= 1,
        _ => {}
    }
    told
}

// SAFETY: everything but the requirements, which compile compares with what it makes, is that of the node in it.
unsafe impl<N: Node, const LIE: u8> Node for Liar<N, LIE> {
    type Outputs = N::Outputs;
    type View<'v> = N::View<'v>;
    const DECLARATION: NodeDeclaration = NodeDeclaration { requirements: lie(LIE, N::REQUIREMENTS), ..N::DECLARATION };

    fn wire(self, wiring: &mut Wiring<'_>) -> Self::Outputs {
        self.0.wire(wiring)
    }

    fn record(context: &mut RecordContext<'_>) {
        N::record(context);
    }
}

/// The message of a graph with such a node; none where it compiles.
fn refused<const LIE: u8>() -> Option<String> {
    on_device(|device| {
        let graph = Graph::without_output();
        let (_, settings) = graph.param(Settings { offset: 0 });
        let fill = Fill { settings: &settings, values: graph.buffer(64), params: Factor { factor: 2 } };
        graph.retain(graph.add_named("liar", Liar::<_, LIE>(fill)).values);
        let options = CompileOptions { gpu_times: true, ..CompileOptions::default() };
        graph.compile_with(device, &options).err().map(|error| error.to_string())
    })
}

#[test]
fn what_is_declared_is_made_and_what_is_made_is_declared() {
    assert_eq!(refused::<0>(), None);
    let message = refused::<1>().expect("it has no such descriptor");
    assert!(message.contains("`liar` declares 2 storage buffers, and 1 were made"), "{message}");
    let message = refused::<2>().expect("it has a set");
    assert!(message.contains("`liar` declares 0 descriptor sets of all variants, and 2 were made"), "{message}");
    let message = refused::<3>().expect("it is timed before and after");
    assert!(message.contains("the graph declares 2 timestamp queries, and 4 were made"), "{message}");
}

#[derive(Clone, Copy)]
struct Call;

impl Event for Call {}

/// Emits an event in every frame. In a `Liar` it does not say of which type.
#[node(host, emits(Call = 8))]
struct Caller {
    #[create]
    value: Buffer<u32>,
}

#[node]
impl Host for Caller {
    fn run(view: &mut View, frame: &FrameInfo) {
        *view.value = u32::from(frame.emit(Call).is_ok());
    }
}

#[test]
fn a_node_names_the_events_that_it_has_capacity_for() {
    let message = on_device(|device| {
        let graph = Graph::without_output();
        graph.retain(graph.add(Caller {}).value);
        graph.compile(device).expect("it says what it emits");
        let graph = Graph::without_output();
        graph.retain(graph.add(Liar::<_, 0>(Caller {})).value);
        graph.compile(device).err().map(|error| error.to_string()).unwrap_or_default()
    });
    assert!(message.contains("the graph declares 8 events to emit in a frame, and 0 were made"), "{message}");
}

#[test]
fn a_dynamic_node_declares_its_command_buffer() {
    let message = on_device(|device| {
        let graph = Graph::without_output();
        let (_, settings) = graph.param(Settings { offset: 0 });
        let fill = Fill { settings: &settings, values: graph.buffer(64), params: Factor { factor: 2 } };
        let shy = Liar::<_, 4>(AddDynamic { values: graph.add(fill).values, params: Amount { amount: 1 } });
        graph.retain(graph.add_named("shy", shy).values);
        graph.compile(device).err().map(|error| error.to_string()).unwrap_or_default()
    });
    assert!(message.contains("`shy` declares 0 command buffers a frame, and 1 were made"), "{message}");
}
