//! Errors of `compile` that depend on the device: sizes, limits, formats, features and memory.

use std::sync::Arc;

use vixen::ash::vk;
use vixen::device::{Feature, RawDevice};
use vixen::graph::CompileError;
use vixen::memory::MemoryError;
use vixen::{
    Buffer, Compute, Cube, Device, Extent, Graph, Graphics, Image, Output, R32Float, R32Uint, Transfer, Wire, node,
};

use crate::common::nodes::{Amount, Copy, Paint, Tint};
use crate::common::on_device;
use crate::errors::{refused, values};
use crate::graphics::TwoTargets;
use crate::imports::buffer;
use crate::ray_tracing::Trace;

#[test]
fn sizes_that_cannot_be() {
    on_device(|device| {
        let graph = Graph::without_output();
        let _ = graph.read_back(&values(&graph, 0));
        let error = refused(device, &graph, &["`Ramp.values`", "errors.rs:", "has size 0", "the device allows 1 to"]);
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
        let error =
            refused(device, &graph, &["node `HugeSum`", "maxPerStageDescriptorStorageBuffers", "the device allows"]);
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

/// Whole numbers, said to be fractions: they can be drawn to and sampled, but no device mixes neighbours.
#[derive(Clone, Copy)]
struct Whole;

impl vixen::graph::format::Format for Whole {
    const FORMAT: vk::Format = vk::Format::R32_UINT;
    const GLSL: &'static str = "";
    const BYTES: u32 = 4;
    const TEXEL: vixen::graph::format::Texel = vixen::graph::format::Texel::Float;
    const NAME: &'static str = "Whole";
}

#[node(graphics, vertex = "tests/shaders/cover.vert.spv", fragment = "tests/shaders/cover.frag.spv", blend = none)]
struct DrawWhole {
    #[color]
    color: Image<Whole>,
    #[push]
    params: Tint,
}

#[node]
impl Graphics for DrawWhole {
    fn record(_view: &View, commands: &mut Commands) {
        commands.draw(3, 1);
    }
}

#[node(compute, shader = "tests/shaders/sample.comp.spv")]
struct SampleWhole {
    #[sampled(linear)]
    source: Image<Whole>,
    #[storage(write)]
    values: Buffer<[f32]>,
}

#[node]
impl Compute for SampleWhole {
    fn record(_view: &View, commands: &mut Commands) {
        commands.dispatch(1, 1, 1);
    }
}

#[test]
fn filters_that_the_device_has_not_for_a_format() {
    on_device(|device| {
        let params = Tint { tint: [0.0; 4], depth: 0.0 };
        let graph = Graph::without_output();
        let drawn = graph.add(DrawWhole { color: graph.image(Extent::fixed(4, 4)), params });
        let sampled = graph.add(SampleWhole { source: &drawn.color, values: graph.buffer(5) });
        let _ = graph.read_back(&sampled.values);
        let words = ["slot `source` of node `SampleWhole`", "Whole", "sampling with a linear filter"];
        let error = refused(device, &graph, &words);
        assert!(matches!(error, CompileError::UnsupportedFormat { .. }));
    });
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
    let queues =
        [vk::DeviceQueueCreateInfo::default().queue_family_index(device.main_queue().family).queue_priorities(&[1.0])];
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

#[test]
fn features_that_the_device_was_made_without() {
    on_device(|device| {
        with_least_features(device, |device| {
            let graph = Graph::without_output();
            let doubled = graph.add(DoublePrecision { values: values(&graph, 8) });
            let _ = graph.read_back(&doubled.values);
            let words =
                ["node `DoublePrecision`", "limits.rs:", "shaderFloat64", "double_precision", "use another device"];
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

            let graph = Graph::without_output();
            let (second, params) = (graph.image(Extent::fixed(4, 4)), Tint { tint: [0.0; 4], depth: 0.0 });
            let _ = graph.read_back(&graph.add(TwoTargets { first: None, second, params }).second);
            refused(device, &graph, &["node `TwoTargets`", "independentBlend"]);

            // What needs nothing special runs.
            let graph = Graph::without_output();
            let readback = graph.read_back(&values(&graph, 8));
            let mut compiled = graph.compile(device).expect("the graph is valid");
            crate::common::step(&mut compiled);
            assert_eq!(crate::common::words(&compiled, readback), crate::common::nodes::ramp(8, 1, 0));
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
        let error = refused(device, &graph, &["`shared", "limits.rs:", "STORAGE_BUFFER", "add it where it is made"]);
        assert!(matches!(error, CompileError::MissingUsage { .. }));

        let graph = Graph::without_output();
        let _ = graph.read_back(&values(&graph, 1 << 20));
        let limit = device.budget().usage().in_use + 1000;
        device.budget().set_limit(limit);
        let error = refused(device, &graph, &["'Ramp.values' needs"]);
        assert!(matches!(error, CompileError::Memory(MemoryError::OverBudget { .. })), "{error}");
        assert!(device.budget().usage().in_use <= limit);
    });
}
