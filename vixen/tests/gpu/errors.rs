//! Every error of `compile`: that it is found, and that its words name the node and the slot and say what to do.

use std::sync::Arc;

use vixen::ash::vk;
use vixen::device::{Feature, RawDevice};
use vixen::graph::{CompileError, OutputId};
use vixen::memory::MemoryError;
use vixen::{
    AccelerationStructure, Buffer, Compute, Cube, Device, Extent, FrameInfo, Graph, Graphics, Host, Image, Length, Output,
    R32Float, R32Uint, RayTracing, Target, Transfer, Wire, node,
};

use crate::common::on_device;
use crate::imports::buffer;
use crate::nodes::{Add, AddDynamic, Amount, Copy, Paint, Ramp};

/// Compiles what must not compile, and checks that the message has all of these words.
#[track_caller]
fn refused(device: &Device, graph: &Graph, words: &[&str]) -> CompileError {
    let error = graph.compile(device).err().expect("the graph is not valid");
    let message = error.to_string();
    for word in words {
        assert!(message.contains(word), "`{word}` is missing in: {message}");
    }
    let first = message.chars().next().expect("there is a message");
    assert!(!first.is_uppercase() && !message.ends_with('.'), "{message}");
    error
}

fn values(graph: &Graph, length: impl Into<Length>) -> Wire<Buffer<[u32]>> {
    graph.add(Ramp { factor: 1, offset: 0.0, values: graph.buffer(length) }).values
}

#[test]
fn graphs_that_do_nothing() {
    on_device(|device| {
        let error = refused(device, &Graph::without_output(), &["errors.rs:", "has no node", "`graph.add`"]);
        assert!(matches!(error, CompileError::EmptyGraph { .. }));

        let graph = Graph::without_output();
        let values = values(&graph, 8);
        let error = refused(device, &graph, &["errors.rs:", "has no sink", "present, read back or retain"]);
        assert!(matches!(error, CompileError::NoSink { .. }));
        drop(values);
    });
}

#[test]
fn a_graph_is_compiled_once() {
    on_device(|device| {
        let graph = Graph::without_output();
        let switch = graph.switch(true);
        let _ = graph.read_back(&values(&graph, 8));
        let left = values(&graph, 8);
        let right = values(&graph, 8);
        graph.compile(device).expect("the graph is valid");
        // What is left of it stands for nothing, and nothing panics.
        let [low, high] = left.split_at(4);
        let joined = Wire::join([low, high]);
        let selected = graph.select(switch, joined, right);
        let _ = graph.read_back(&selected);
        let _ = graph.retain(selected);
        let error = refused(device, &graph, &["errors.rs:", "has been compiled before", "declare it again"]);
        assert!(matches!(error, CompileError::AlreadyCompiled { .. }));
    });
}

#[test]
fn wires_of_other_graphs() {
    on_device(|device| {
        let other = Graph::without_output();
        let foreign = || values(&other, 8).share();
        let words = ["a wire of another graph", "errors.rs:", "add both nodes to one graph"];

        let graph = Graph::without_output();
        let copy = graph.add(Copy { source: &foreign(), target: graph.buffer(8), params: Amount { amount: 0 } });
        let _ = graph.read_back(&copy.target);
        refused(device, &graph, &[&words[..], &["slot `source` of node `Copy`"]].concat());

        let graph = Graph::without_output();
        let _ = graph.read_back(&foreign());
        refused(device, &graph, &[&words[..], &["`read_back`"]].concat());

        let graph = Graph::without_output();
        let _ = graph.retain(values(&other, 8));
        refused(device, &graph, &[&words[..], &["`retain`"]].concat());

        let graph = Graph::new(Output::headless(4, 4));
        let paint = |color: Target<Image<R32Uint>>| Paint { color, params: Amount { amount: 0 } };
        graph.present(other.add(paint(other.image(Extent::fixed(4, 4)))).color);
        refused(device, &graph, &[&words[..], &["`present`"]].concat());

        let graph = Graph::without_output();
        let joined = Wire::join([values(&graph, 8), values(&other, 8)]);
        let _ = graph.read_back(&joined);
        refused(device, &graph, &[&words[..], &["join"]].concat());

        let graph = Graph::without_output();
        let switch = graph.switch(true);
        let selected = graph.select_shared(switch, &values(&graph, 8).share(), &foreign());
        let _ = graph.read_back(&selected);
        refused(device, &graph, &[&words[..], &["`select`"]].concat());

        let graph = Graph::without_output();
        let selected = graph.select(other.switch(true), values(&graph, 8), values(&graph, 8));
        let _ = graph.read_back(&selected);
        refused(device, &graph, &["the switch given to `select`", "another graph", "make it with `switch`"]);
    });
}

#[test]
fn parts_that_do_not_fit() {
    on_device(|device| {
        let graph = Graph::without_output();
        let joined = Wire::join([values(&graph, 8), values(&graph, 8)]);
        let _ = graph.read_back(&joined);
        refused(device, &graph, &["joined at", "errors.rs:", "one region of one resource", "join what one `split` gave"]);

        let graph = Graph::without_output();
        let [low, middle] = values(&graph, 256).split_at(64);
        let [_, high] = middle.split_at(64);
        let _ = graph.read_back(&Wire::join([low, high]));
        refused(device, &graph, &["one region of one resource"]);

        let graph = Graph::without_output();
        let [_, odd] = values(&graph, 256).split_at(1);
        let odd = graph.add(Add { values: odd, params: Amount { amount: 1 } }).values;
        let _ = graph.read_back(&odd);
        let error = refused(device, &graph, &["slot `values` of node `Add`", "byte 4 of its buffer", "a multiple of"]);
        assert!(matches!(error, CompileError::Alignment { offset: 4, .. }));

        let graph = Graph::without_output();
        let [_, none] = values(&graph, 256).split_at(256);
        let none = graph.add(Add { values: none, params: Amount { amount: 1 } }).values;
        let _ = graph.read_back(&none);
        refused(device, &graph, &["slot `values` of node `Add`", "empty part", "split it"]);

        // Behind the end of what follows an output, which is known only when that is.
        let graph = Graph::new(Output::headless(64, 4));
        let length = Length::PerTexel { extent: Extent::Output, elements: 1 };
        let [_, none] = values(&graph, length).split_at(256);
        let none = graph.add(Add { values: none, params: Amount { amount: 1 } }).values;
        let _ = graph.read_back(&none);
        let error = refused(device, &graph, &["slot `values` of node `Add`", "byte 1024 of a buffer of 1024", "before its end"]);
        assert!(matches!(error, CompileError::EmptyPart { .. }));
    });
}

#[test]
fn a_part_that_a_resize_takes_away() {
    on_device(|device| {
        let graph = Graph::new(Output::headless(64, 8));
        let length = Length::PerTexel { extent: Extent::Output, elements: 1 };
        let [low, high] = values(&graph, length).split_at(256);
        let high = graph.add(Add { values: high, params: Amount { amount: 1 } }).values;
        let readback = graph.read_back(&Wire::join([low, high]));
        let mut compiled = graph.compile(device).expect("the graph is valid");
        let error = compiled.resize(OutputId::FIRST, 64, 4).expect_err("nothing is left of the second part");
        assert!(matches!(error, CompileError::EmptyPart { .. }), "{error}");
        crate::common::step(&mut compiled);
        assert_eq!(crate::common::words(&compiled, readback).len(), 512, "it goes on as it was");
    });
}

#[test]
fn sizes_that_cannot_be() {
    on_device(|device| {
        let graph = Graph::without_output();
        let _ = graph.read_back(&values(&graph, 0));
        let error = refused(device, &graph, &["`buffer", "errors.rs:", "has size 0", "the device allows 1 to"]);
        assert!(matches!(error, CompileError::Size { found: 0, .. }));

        let graph = Graph::without_output();
        let _ = graph.read_back(&values(&graph, u64::MAX));
        refused(device, &graph, &["slot `values` of node `Ramp`", "maxStorageBufferRange"]);

        let image = |extent: vixen::graph::ImageShape, words: &[&str]| {
            let graph = Graph::without_output();
            let color = graph.image(extent);
            let _ = graph.retain(graph.add(Paint { color, params: Amount { amount: 0 } }).color);
            refused(device, &graph, words);
        };
        image(Extent::fixed(0, 4).into(), &["has size 0", "maxImageDimension2D"]);
        image(Extent::fixed(1 << 20, 4).into(), &["has size 1048576", "maxImageDimension2D"]);
        image(Extent::fixed(4, 4).mips(40), &["slot `color` of node `Paint`", "several", "split_mips"]);
        image(Extent::fixed(4, 4).layers(2), &["several layers", "D2Array"]);
        image(Extent::Fixed([4, 4, 2]).into(), &["has a depth", "D3"]);
        image(Extent::Output.into(), &["follows output 0", "the graph has 0", "a fixed size"]);

        let graph = Graph::without_output();
        let levels = graph.image::<R32Uint, vixen::D2>(Extent::fixed(4, 4).mips(40)).split_mips();
        for color in levels {
            let _ = graph.retain(graph.add(Paint { color, params: Amount { amount: 0 } }).color);
        }
        refused(device, &graph, &["has size 40", "mip levels of its extent"]);
    });
}

#[node(compute, shader = "tests/shaders/faces.comp.spv")]
struct Faces {
    #[sampled(nearest)]
    sky: Image<R32Float, Cube>,
    #[storage(write)]
    values: Buffer<[f32]>,
}

#[node]
impl Compute for Faces {
    fn record(_view: &View, commands: &mut Commands) {
        commands.dispatch(1, 1, 1);
    }
}

#[node(transfer)]
struct Clear {
    #[transfer_destination]
    image: Image<R32Float, Cube>,
}

#[node]
impl Transfer for Clear {
    fn record(view: &View, commands: &mut Commands) {
        commands.clear(view.image, [0.0; 4]);
    }
}

#[test]
fn cubes_that_are_none() {
    on_device(|device| {
        for (extent, words) in [
            (Extent::fixed(4, 4).layers(4), &["6 layers"][..]),
            (Extent::fixed(4, 5).layers(6), &["faces are squares"]),
        ] {
            let graph = Graph::without_output();
            let _ = graph.retain(graph.add(Clear { image: graph.image(extent) }).image);
            refused(device, &graph, words);
        }
        let graph = Graph::without_output();
        let sky = graph.add(Clear { image: graph.image(Extent::fixed(4, 4).layers(6)) }).image;
        let face = sky.split_layers().swap_remove(2);
        let _ = graph.retain(graph.add(Faces { sky: &face, values: graph.buffer(6) }).values);
        refused(device, &graph, &["slot `sky` of node `Faces`", "some of its faces", "join them again"]);
    });
}

#[node(compute, shader = "tests/shaders/runtime_array.comp.spv")]
struct RuntimeSum {
    #[storage(max = 2)]
    parts: Vec<Buffer<[u32]>>,
    #[storage(write)]
    total: Buffer<[u32]>,
    #[push]
    params: Amount,
}

#[node]
impl Compute for RuntimeSum {
    fn record(_view: &View, _commands: &mut Commands) {}
}

#[node(compute, shader = "tests/shaders/runtime_array.comp.spv")]
struct HugeSum {
    #[storage(max = 400000000)]
    parts: Vec<Buffer<[u32]>>,
    #[storage(write)]
    total: Buffer<[u32]>,
    #[push]
    params: Amount,
}

#[node]
impl Compute for HugeSum {
    fn record(_view: &View, _commands: &mut Commands) {}
}

#[test]
fn more_than_was_declared_or_can_be() {
    on_device(|device| {
        let params = Amount { amount: 0 };
        let graph = Graph::without_output();
        let part = values(&graph, 8);
        let sum = graph.add(RuntimeSum { parts: vec![&part; 3], total: graph.buffer(8), params });
        let _ = graph.read_back(&sum.total);
        refused(device, &graph, &["slot `parts` of node `RuntimeSum`", "at most 2", "got 3", "raise its `max`"]);

        let graph = Graph::without_output();
        let part = values(&graph, 8);
        let sum = graph.add(HugeSum { parts: vec![&part], total: graph.buffer(8), params });
        let _ = graph.read_back(&sum.total);
        let error = refused(device, &graph, &["node `HugeSum`", "maxPerStageDescriptorStorageBuffers", "the device allows"]);
        assert!(matches!(error, CompileError::Limit { .. }));

        let graph = Graph::without_output();
        for _ in 0..33 {
            let _ = graph.switch(true);
        }
        let _ = graph.read_back(&values(&graph, 8));
        refused(device, &graph, &["the switch made at", "at most 32"]);

        let graph = Graph::without_output();
        let mut all = (0..13).map(|_| graph.select(graph.switch(true), values(&graph, 8), values(&graph, 8)));
        let wires: [Wire<_>; 13] = std::array::from_fn(|_| all.next().expect("there are 13"));
        let sum = graph.add(Wide { parts: wires.each_ref(), total: graph.buffer(8) });
        let _ = graph.read_back(&sum.total);
        refused(device, &graph, &["node `Wide`", "too many switches", "use fewer"]);

        let graph = Graph::new(Output::headless(4, 4));
        for _ in 0..8 {
            graph.add_output(Output::headless(4, 4));
        }
        let _ = graph.read_back(&values(&graph, 8));
        refused(device, &graph, &["9 outputs", "at most 8"]);
    });
}

#[node(transfer)]
struct Wide {
    #[transfer_source]
    parts: [Buffer<[u32]>; 13],
    #[transfer_destination]
    total: Buffer<[u32]>,
}

#[node]
impl Transfer for Wide {
    fn record(_view: &View, _commands: &mut Commands) {}
}

#[test]
fn alternatives_and_presents_that_do_not_go_together() {
    on_device(|device| {
        let graph = Graph::without_output();
        let selected = graph.select(graph.switch(true), values(&graph, 8), values(&graph, 9));
        let _ = graph.read_back(&selected);
        refused(device, &graph, &["alternatives selected at", "8 elements", "9 elements", "equal size"]);

        let graph = Graph::new(Output::headless(4, 4));
        let paint = || graph.add(Paint { color: graph.image(Extent::Output), params: Amount { amount: 0 } }).color;
        graph.present(paint());
        graph.present(paint());
        refused(device, &graph, &["presented to output 0 a second time", "errors.rs:", "add an output"]);

        let two = Graph::new(Output::headless(4, 4));
        let second = two.add_output(Output::headless(4, 4));
        let graph = Graph::new(Output::headless(4, 4));
        let paint = graph.add(Paint { color: graph.image(Extent::Output), params: Amount { amount: 0 } }).color;
        graph.present_to(second, paint);
        refused(device, &graph, &["goes to output 1", "the graph has 1"]);
    });
}

#[node(host)]
struct Watch {
    #[host]
    values: Buffer<[u32]>,
}

#[node]
impl Host for Watch {
    fn run(_view: &mut View, _frame: &FrameInfo) {}
}

#[test]
fn host_slots_get_what_the_cpu_can_reach() {
    on_device(|device| {
        let graph = Graph::without_output();
        let made_on_gpu = values(&graph, 8);
        graph.add_kept(Watch { values: &made_on_gpu });
        let error = refused(device, &graph, &["slot `values` of node `Watch`", "made on the GPU", "`Readback`"]);
        assert!(matches!(error, CompileError::NotHostVisible { .. }));

        // Memory that the CPU reaches, but changed on the GPU before.
        let graph = Graph::without_output();
        let clock = graph.add(crate::nodes::Clock { len: 8, offset: 0 }).values;
        let changed = graph.add(Add { values: clock, params: Amount { amount: 1 } }).values;
        graph.add_kept(Watch { values: &changed });
        refused(device, &graph, &["slot `values` of node `Watch`", "made on the GPU"]);
    });
}

#[derive(Clone, Copy, vixen::Block)]
#[repr(C)]
struct Tint {
    tint: [f32; 4],
    depth: f32,
}

/// A format that no device draws to: three floats without padding.
#[derive(Clone, Copy)]
struct Rgb64;

impl vixen::graph::format::Format for Rgb64 {
    const FORMAT: vk::Format = vk::Format::R64G64B64_SFLOAT;
    const GLSL: &'static str = "";
    const BYTES: u32 = 24;
    const TEXEL: vixen::graph::format::Texel = vixen::graph::format::Texel::Float;
    const NAME: &'static str = "Rgb64";
}

#[node(graphics, vertex = "tests/shaders/cover.vert.spv", fragment = "tests/shaders/cover.frag.spv")]
struct DrawRgb64 {
    #[color]
    color: Image<Rgb64>,
    #[push]
    params: Tint,
}

#[node]
impl Graphics for DrawRgb64 {
    fn record(_view: &View, commands: &mut Commands) {
        commands.draw(3, 1);
    }
}

#[test]
fn formats_that_the_device_cannot_use() {
    on_device(|device| {
        let params = Tint { tint: [0.0; 4], depth: 0.0 };
        let graph = Graph::without_output();
        let drawn = graph.add(DrawRgb64 { color: graph.image(Extent::fixed(4, 4)), params });
        let _ = graph.retain(drawn.color);
        let words = ["slot `color` of node `DrawRgb64`", "Rgb64", "colour attachments", "use another format"];
        let error = refused(device, &graph, &words);
        assert!(matches!(error, CompileError::UnsupportedFormat { .. }));
    });
}

/// The same physical device, made by the application with nothing but what Vixen itself needs.
fn with_least_features(device: &Device, test: impl FnOnce(&Device)) {
    let mut v12 = vk::PhysicalDeviceVulkan12Features::default().timeline_semaphore(true);
    let mut v13 = vk::PhysicalDeviceVulkan13Features::default().synchronization2(true).dynamic_rendering(true);
    let mut features = vk::PhysicalDeviceFeatures2::default().push_next(&mut v12).push_next(&mut v13);
    let queues = [vk::DeviceQueueCreateInfo::default()
        .queue_family_index(device.main_queue().family)
        .queue_priorities(&[1.0])];
    let info = vk::DeviceCreateInfo::default().queue_create_infos(&queues).push_next(&mut features);
    // SAFETY: the physical device has these features, which every device here must have, and this queue family.
    let raw = unsafe { device.instance_raw().create_device(device.physical(), &info, None) }.expect("it can be made");
    // SAFETY: the device was made with one queue of this family.
    let queue = unsafe { raw.get_device_queue(device.main_queue().family, 0) };
    // SAFETY: all handles belong together, the features are those above, and the result is dropped before the device.
    let borrowed = unsafe {
        Device::from_raw(RawDevice {
            entry: device.entry().clone(),
            instance: device.instance_raw().clone(),
            physical: device.physical(),
            device: raw.clone(),
            queue,
            queue_family: device.main_queue().family,
            features: Feature::CORE.iter().copied().collect(),
            extensions: Vec::new(),
            callbacks: None,
        })
    }
    .expect("the device serves");
    test(&borrowed);
    drop(borrowed);
    // SAFETY: nothing made from it is left.
    unsafe { raw.destroy_device(None) };
}

#[node(compute, shader = "tests/shaders/double_precision.comp.spv")]
struct DoublePrecision {
    #[storage(read_write)]
    values: Buffer<[u32]>,
}

#[node]
impl Compute for DoublePrecision {
    fn record(_view: &View, commands: &mut Commands) {
        commands.dispatch(1, 1, 1);
    }
}

#[node(
    ray_tracing,
    raygen = "tests/shaders/trace.rgen.spv",
    miss = "tests/shaders/trace.rmiss.spv",
    hit(closest = "tests/shaders/trace.rchit.spv")
)]
struct Trace {
    #[acceleration_structure]
    scene: AccelerationStructure,
    #[storage(write)]
    color: Image<R32Uint>,
}

#[node]
impl RayTracing for Trace {
    fn record(view: &View, commands: &mut Commands) {
        commands.trace_rays(view.color.extent());
    }
}

#[test]
fn features_that_the_device_was_made_without() {
    on_device(|device| {
        with_least_features(device, |device| {
            let graph = Graph::without_output();
            let doubled = graph.add(DoublePrecision { values: values(&graph, 8) });
            let _ = graph.read_back(&doubled.values);
            let words = ["node `DoublePrecision`", "errors.rs:", "shaderFloat64", "double_precision", "use another device"];
            let error = refused(device, &graph, &words);
            assert!(matches!(error, CompileError::MissingFeature { .. }));

            let graph = Graph::without_output();
            let part = values(&graph, 8);
            let params = Amount { amount: 0 };
            let sum = graph.add(RuntimeSum { parts: vec![&part], total: graph.buffer(8), params });
            let _ = graph.read_back(&sum.total);
            refused(device, &graph, &["node `RuntimeSum`", "descriptorBindingPartiallyBound"]);

            let graph = Graph::without_output();
            // SAFETY: the graph is refused before anything looks at the handle.
            let (scene, _) = unsafe { graph.import_acceleration_structure(vk::AccelerationStructureKHR::null()) };
            let _ = graph.retain(graph.add(Trace { scene: &scene, color: graph.image(Extent::fixed(4, 4)) }).color);
            refused(device, &graph, &["node `Trace`", "rayTracingPipeline"]);

            // What needs nothing special runs.
            let graph = Graph::without_output();
            let readback = graph.read_back(&values(&graph, 8));
            let mut compiled = graph.compile(device).expect("the graph is valid");
            crate::common::step(&mut compiled);
            assert_eq!(crate::common::words(&compiled, readback), crate::nodes::ramp(8, 1, 0));
        });
    });
}

#[test]
fn resources_that_cannot_be_had_or_shared() {
    on_device(|device| {
        let graph = Graph::without_output();
        let bare = Arc::new(buffer(device, 32, vk::BufferUsageFlags::UNIFORM_BUFFER));
        let shared = graph.share_buffer::<[u32]>(&bare);
        let copy = graph.add(Copy { source: &shared, target: graph.buffer(8), params: Amount { amount: 0 } });
        let _ = graph.read_back(&copy.target);
        let error = refused(device, &graph, &["`shared", "errors.rs:", "STORAGE_BUFFER", "add it where it is made"]);
        assert!(matches!(error, CompileError::MissingUsage { .. }));

        let graph = Graph::without_output();
        let _ = graph.read_back(&values(&graph, 1 << 20));
        let limit = device.budget().usage().in_use + 1000;
        device.budget().set_limit(limit);
        let error = refused(device, &graph, &["buffer"]);
        assert!(matches!(error, CompileError::Memory(MemoryError::OverBudget { .. })), "{error}");
        assert!(device.budget().usage().in_use <= limit);
    });
}

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

misuse!(PushesMore, fn record(_view: &View, commands: &mut Commands) { commands.push(&[1_u32; 2]); });
misuse!(BindsForeign, fn record(_view: &View, commands: &mut Commands) { commands.bind(vixen::PipelineIndex(3)); });
misuse!(DispatchesMuch, fn record(_view: &View, commands: &mut Commands) { commands.dispatch(u32::MAX, 1, 1); });

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
                let error = refused(device, &graph, &[concat!("node `", stringify!($node), "`"), "errors.rs:", $($word),*]);
                assert!(matches!(error, CompileError::Record { .. }));
            }};
        }
        refuse!(PushesMore { params: params }, "another size", "`#[push]` field");
        refuse!(BindsForeign { params: params }, "a pipeline that it does not have", "Self::NAME");
        refuse!(DispatchesMuch { params: params }, "maxComputeWorkGroupCount");
        refuse!(CopiesBack {}, "a slot that it only reads", "swap the arguments");

        let graph = Graph::without_output();
        let source = graph.add(Paint { color: graph.image(Extent::fixed(8, 8)), params }).color;
        let _ = graph.read_back(&graph.add(CopiesTooMuch { source: &source, target: graph.buffer(63) }).target);
        refused(device, &graph, &["node `CopiesTooMuch`", "too small for its texels", "make it larger"]);
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
        assert_eq!(crate::common::words(&compiled, readback), crate::nodes::ramp(8, 1, 2));
    });
}
