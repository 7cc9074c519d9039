//! Commands that a node cannot record: an error that names the node, of `compile` or of the frame of a dynamic node.

use vixen::ash::vk;
use vixen::graph::CompileError;
use vixen::{Buffer, Compute, Depth16Unorm, Depth32Float, Extent, Graph, Image, R32Uint, Transfer, node};

use crate::common::nodes::{AddDynamic, Amount, Paint};
use crate::common::on_device;
use crate::errors::{refused, values};

macro_rules! misuse {
    ($name:ident, $($body:tt)*) => {
        #[node(compute, shader = "tests/shaders/copy.comp.spv")]
        struct $name {
            #[storage]
            source: Buffer<[u32]>,
            #[storage(write)]
            target: Buffer<[u32]>,
            #[push]
            params: Amount,
        }

        #[node]
        impl Compute for $name {
            $($body)*
        }
    };
}

misuse!(
    PushesMore,
    fn record(_view: &View, commands: &mut Commands) {
        commands.push(&[1_u32; 2]);
    }
);
misuse!(
    BindsForeign,
    fn record(_view: &View, commands: &mut Commands) {
        commands.bind(vixen::PipelineIndex(3));
    }
);
misuse!(
    DispatchesMuch,
    fn record(_view: &View, commands: &mut Commands) {
        commands.dispatch(u32::MAX, 1, 1);
    }
);

misuse!(
    DispatchesManyItems,
    fn record(_view: &View, commands: &mut Commands) {
        commands.dispatch_items(u64::MAX);
    }
);

misuse!(
    DispatchesByData,
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_indirect(view.source);
    }
);

#[node(transfer)]
struct CopiesBack {
    #[transfer_source]
    source: Buffer<[u32]>,
    #[transfer_destination]
    target: Buffer<[u32]>,
}

#[node]
impl Transfer for CopiesBack {
    fn record(view: &View, commands: &mut Commands) {
        commands.copy_buffer(view.target, view.source);
    }
}

#[node(transfer)]
struct CopiesTooMuch {
    #[transfer_source]
    source: Image<R32Uint>,
    #[transfer_destination]
    target: Buffer<[u32]>,
}

#[node]
impl Transfer for CopiesTooMuch {
    fn record(view: &View, commands: &mut Commands) {
        commands.copy_image_to_buffer(view.source, view.target);
    }
}

#[test]
fn commands_that_cannot_be_recorded() {
    on_device(|device| {
        let params = Amount { amount: 0 };
        macro_rules! refuse {
            ($node:ident { $($field:ident: $value:expr),* }, $($word:literal),*) => {{
                let graph = Graph::without_output();
                let source = values(&graph, 8);
                let added = graph.add($node { source: &source, target: graph.buffer(8), $($field: $value),* });
                let _ = graph.read_back(&added.target);
                let error = refused(device, &graph, &[concat!("node `", stringify!($node), "`"), "misuse.rs:", $($word),*]);
                assert!(matches!(error, CompileError::Record { .. }));
            }};
        }
        refuse!(PushesMore { params: params }, "another size", "`#[push]` field");
        refuse!(BindsForeign { params: params }, "a pipeline that it does not have", "Self::NAME");
        refuse!(DispatchesMuch { params: params }, "maxComputeWorkGroupCount");
        refuse!(DispatchesManyItems { params: params }, "maxComputeWorkGroupCount");
        refuse!(DispatchesByData { params: params }, "a slot for something else", "`#[indirect]`");
        refuse!(CopiesBack {}, "a slot that it only reads", "swap the arguments");

        let graph = Graph::without_output();
        let source = graph.add(Paint { color: graph.image(Extent::fixed(8, 8)), params }).color;
        let _ = graph.read_back(&graph.add(CopiesTooMuch { source: &source, target: graph.buffer(63) }).target);
        refused(device, &graph, &["node `CopiesTooMuch`", "too small for its texels", "make it larger"]);
    });
}

#[node(transfer)]
struct ClearDepth {
    #[transfer_destination]
    depth: Image<Depth16Unorm>,
}

#[node]
impl Transfer for ClearDepth {
    fn record(view: &View, commands: &mut Commands) {
        commands.clear(view.depth, [1.0; 4]);
    }
}

#[node(transfer)]
struct BlitsDepths {
    #[transfer_source]
    source: Image<Depth16Unorm>,
    #[transfer_destination]
    target: Image<Depth32Float>,
}

#[node]
impl Transfer for BlitsDepths {
    fn record(view: &View, commands: &mut Commands) {
        commands.blit(view.source, view.target, vk::Filter::NEAREST);
    }
}

#[test]
fn depth_formats_are_not_converted() {
    on_device(|device| {
        let graph = Graph::without_output();
        let size = Extent::fixed(4, 4);
        let source = graph.add(ClearDepth { depth: graph.image(size) }).depth;
        let _ = graph.read_back(&graph.add(BlitsDepths { source: &source, target: graph.image(size) }).target);
        refused(device, &graph, &["node `BlitsDepths`", "two depth formats"]);
    });
}

#[node(compute, dynamic, shader = "tests/shaders/add.comp.spv")]
struct PushesLater {
    #[storage(read_write)]
    values: Buffer<[u32]>,
    #[push]
    params: Amount,
    frame: std::sync::atomic::AtomicU32,
}

#[node]
impl Compute for PushesLater {
    fn record(view: &View, commands: &mut Commands) {
        if view.frame.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 1 {
            commands.push(&[0_u32; 2]);
        }
        commands.dispatch_items(view.values.len());
    }
}

#[test]
fn a_dynamic_node_is_refused_in_its_frame_and_the_next_one_runs() {
    on_device(|device| {
        let graph = Graph::without_output();
        let (frame, params) = (0.into(), Amount { amount: 1 });
        let values = graph.add(PushesLater { values: values(&graph, 8), params, frame }).values;
        let values = graph.add(AddDynamic { values, params }).values;
        let readback = graph.read_back(&values);
        let mut compiled = graph.compile(device).expect("the graph is valid");
        crate::common::step(&mut compiled);
        let error = compiled.frame().expect_err("the second recording is refused").to_string();
        assert!(error.contains("node `PushesLater`") && error.contains("another size"), "{error}");
        assert_eq!(compiled.frames(), 1, "it was not submitted");
        crate::common::step(&mut compiled);
        assert_eq!(crate::common::words(&compiled, readback), crate::common::nodes::ramp(8, 1, 2));
    });
}
