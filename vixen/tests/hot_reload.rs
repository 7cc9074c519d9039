//! Shaders are reloaded while frames run: only what binds them is made anew, the result is that of a fresh graph, and what does
//! not fit is refused with a reason.

mod common;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use common::nodes::{Amount, Copy, Ramp};
use common::{on_device, step, words};
use vixen::ash::vk;
use vixen::event::{RecompileCause, ShaderReloaded};
use vixen::graph::OutputId;
use vixen::memory::{BufferDesc, Category, ManagedBuffer, Strategy};
use vixen::shader::reload::ReloadError;
use vixen::testing::{CountingAllocator, frames, serial};
use vixen::{
    Buffer, CompiledGraph, Compute, Device, DeviceOptions, Extent, Graph, Length, Output, Readback, Wire, node,
};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// A node of a shader; both have the same slots.
macro_rules! scale {
    ($name:ident, $doc:literal, $shader:literal $(, $dynamic:ident)?) => {
        #[doc = $doc]
        #[node(compute, shader = $shader $(, $dynamic)?)]
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
            fn record(view: &View, commands: &mut Commands) {
                commands.dispatch_items(view.target.len());
            }
        }
    };
}

scale!(Scale, "Doubles, until it is reloaded.", "tests/shaders/reload.comp.spv");
scale!(ScaleDynamic, "The same, recorded in every frame.", "tests/shaders/reload.comp.spv", dynamic);
scale!(Triple, "What it is reloaded as.", "tests/shaders/reload_triple.comp.spv");

/// Where `Scale` was built from.
const BUILT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/shaders/reload.comp.spv");
const LENGTH: u64 = 100;

fn module(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/shaders"));
    fs::read(folder.join(name).with_extension("comp.spv")).expect("the shader was compiled")
}

/// The numbers from 0 on through three nodes: two by `scale`, static and dynamic, between which one copies.
fn graph(
    device: &Device,
    first: impl Fn(&Graph, &Wire<Buffer<[u32]>>) -> Wire<Buffer<[u32]>>,
    last: impl Fn(&Graph, &Wire<Buffer<[u32]>>) -> Wire<Buffer<[u32]>>,
) -> (CompiledGraph, Readback<Buffer<[u32]>>) {
    let graph = Graph::without_output();
    let numbers = graph.add(Ramp { values: graph.buffer(LENGTH), factor: 1, offset: 0.0 }).values;
    let first = first(&graph, &numbers);
    let copy = graph.add(Copy { source: &first, target: graph.buffer(LENGTH), params: Amount { amount: 7 } }).target;
    let read = graph.read_back(&last(&graph, &copy));
    graph.events(|events| events.queue::<ShaderReloaded>(4));
    (graph.compile(device).unwrap_or_else(|error| panic!("{error}")), read)
}

fn scaled(device: &Device) -> (CompiledGraph, Readback<Buffer<[u32]>>) {
    let params = Amount { amount: 1 };
    graph(
        device,
        |graph, source| graph.add(Scale { source, target: graph.buffer(LENGTH), params }).target,
        |graph, source| graph.add(ScaleDynamic { source, target: graph.buffer(LENGTH), params }).target,
    )
}

fn tripled(device: &Device) -> (CompiledGraph, Readback<Buffer<[u32]>>) {
    let params = Amount { amount: 1 };
    let triple =
        |graph: &Graph, source: &Wire<_>| graph.add(Triple { source, target: graph.buffer(LENGTH), params }).target;
    graph(device, triple, triple)
}

fn numbers(graph: &mut CompiledGraph, read: Readback<Buffer<[u32]>>) -> Vec<u32> {
    step(graph);
    words(graph, read)
}

#[test]
fn a_reloaded_shader_gives_what_a_fresh_graph_gives_and_touches_nothing_else() {
    on_device(|device| {
        let (mut graph, read) = scaled(device);
        let doubled: Vec<u32> = (0..LENGTH as u32).map(|number| 2 * (2 * number + 1 + 7) + 1).collect();
        assert_eq!(numbers(&mut graph, read), doubled);
        // With a frame under way.
        graph.frame().expect("the frame runs");
        let written = graph.descriptors_written();
        let reloaded = graph.reload_shader(BUILT, &module("reload_triple")).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((reloaded.shader, reloaded.nodes, reloaded.pipelines), ("tests/shaders/reload.comp.spv", 2, 2));
        assert_eq!(reloaded.to_string(), "reloaded `tests/shaders/reload.comp.spv` (pipelines: 2, nodes: 2)");
        let last = *graph.last_recompile().expect("there was one");
        assert_eq!((last.cause, last.pipelines, last.nodes), (RecompileCause::Reload, 2, 2));
        assert_eq!((last.images, last.buffers, last.descriptors), (0, 0, 0));
        assert_eq!(graph.descriptors_written(), written);
        // The dynamic node's segment and the readback's are recorded elsewhere, or bind nothing that changed.
        assert_eq!((last.segments, last.recordings), (1, 1));

        let (mut fresh, fresh_read) = tripled(device);
        let expected = numbers(&mut fresh, fresh_read);
        assert_eq!(numbers(&mut graph, read), expected);
        assert_eq!(expected[5], 3 * (3 * 5 + 1 + 7) + 1);
        let channel = graph.events().channel::<ShaderReloaded>().expect("it was declared");
        let heard: Vec<_> = graph.events().read(channel).map(|event| (event.shader, event.nodes)).collect();
        assert_eq!(heard, [("tests/shaders/reload.comp.spv", 2)]);

        // And back again.
        graph.reload_shader(BUILT, &module("reload")).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(numbers(&mut graph, read), doubled);
        assert_eq!(graph.recompiles(), 2);
    });
}

/// What a graph can be made to follow.
#[derive(Clone, Copy, Debug)]
struct State {
    size: [u32; 2],
    scene: u32,
    triple: bool,
}

/// A graph that follows an output, a shared buffer and a shader.
fn following(device: &Device, scene: &Arc<ManagedBuffer>, state: State) -> (CompiledGraph, Readback<Buffer<[u32]>>) {
    let graph = Graph::new(Output::headless(state.size[0], state.size[1]));
    let source = &graph.share_managed::<[u32]>(scene);
    let target = graph.buffer(Length::PerTexel { extent: Extent::Output, elements: 1 });
    let params = Amount { amount: 1 };
    let scaled = match state.triple {
        true => graph.add(Triple { source, target, params }).target,
        false => graph.add(Scale { source, target, params }).target,
    };
    let target = graph.buffer(Length::PerTexel { extent: Extent::Output, elements: 1 });
    let copy = graph.add(Copy { source: &scaled, target, params }).target;
    let read = graph.read_back(&copy);
    (graph.compile(device).unwrap_or_else(|error| panic!("{error}")), read)
}

#[test]
fn changes_in_any_order_give_what_a_fresh_graph_gives() {
    on_device(|device| {
        let desc = BufferDesc::new("scene", 4096, vk::BufferUsageFlags::STORAGE_BUFFER);
        let scene =
            ManagedBuffer::new(device, &desc, Category::Cacher, Strategy::DeviceLocal).expect("there is memory");
        let fill = |start: u32| {
            let numbers: Vec<u8> = (start..start + 1024).flat_map(u32::to_le_bytes).collect();
            scene.update(0, &numbers).expect("it fits");
        };
        let mut state = State { size: [8, 8], scene: 0, triple: false };
        fill(state.scene);
        let (mut graph, read) = following(device, &scene, state);
        // Knuth's multiplicative congruential generator: any order will do, and it is the same in each run.
        let mut random = 1_u64;
        let mut next = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % below
        };
        for _ in 0..24 {
            // One to three of them before a frame, with the one before under way.
            for _ in 0..=next(3) {
                match next(3) {
                    0 => {
                        state.size = [1 + next(32) as u32, 1 + next(32) as u32];
                        graph.resize(OutputId::FIRST, state.size[0], state.size[1]).expect("the size is valid");
                    }
                    1 => {
                        state.scene = next(1000) as u32;
                        scene.resize(4096 + 4 * next(1000)).expect("there is memory");
                        fill(state.scene);
                    }
                    _ => {
                        state.triple = !state.triple;
                        let name = if state.triple { "reload_triple" } else { "reload" };
                        graph.reload_shader(BUILT, &module(name)).unwrap_or_else(|error| panic!("{error}"));
                    }
                }
            }
            let (mut fresh, fresh_read) = following(device, &scene, state);
            assert_eq!(numbers(&mut graph, read), numbers(&mut fresh, fresh_read), "{state:?}");
            graph.frame().expect("the frame runs");
        }
    });
}

#[test]
fn a_module_that_does_not_fit_is_refused_and_everything_goes_on() {
    on_device(|device| {
        let (mut graph, read) = scaled(device);
        let before = numbers(&mut graph, read);
        let cut = module("reload")[..200].to_vec();
        let cases: [(&[u8], &str); 6] = [
            (
                &module("reload_push"),
                "its push constants have another layout: where `amount` was at offset 0, there is `scale` at offset 0; change \
                 them in Rust too and build again",
            ),
            (
                &module("reload_slot"),
                "it binds `other` (set 0, binding 2), for which the node has no slot; add one and build again",
            ),
            (
                &module("reload_store"),
                "it may store to `source` (set 0, binding 0), and the slot `source` only reads; add `readonly` to it",
            ),
            (&module("paint"), "is bound as something else than its slot"),
            (&cut, "cut off"),
            (b"no module", "not a SPIR-V module"),
        ];
        for (code, problem) in cases {
            let error = graph.reload_shader(BUILT, code).expect_err("it does not fit").to_string();
            assert!(error.starts_with("`tests/shaders/reload.comp.spv` was not reloaded"), "{error}");
            assert!(error.contains(problem), "{error}");
            assert_eq!(numbers(&mut graph, read), before);
        }
        let error = graph.reload_shader("elsewhere.spv", &module("reload")).expect_err("nobody has it");
        assert!(matches!(error, ReloadError::NoSuchShader { .. }), "{error}");
        assert_eq!(graph.recompiles(), 0);
    });
}

#[test]
fn files_are_watched_and_frames_around_a_reload_allocate_nothing() {
    serial();
    let device = Device::new(&DeviceOptions::new().validation(false).watched()).expect("there is a device");
    let folder = std::env::temp_dir().join(format!("vixen-hot-reload-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("there is a place for temporary files");
    let file = folder.join("reload.comp.spv");
    fs::write(&file, module("reload")).expect("there is room");

    let (mut graph, read) = scaled(&device);
    graph.watch_shaders(Some(&folder)).expect("there can be a thread");
    let watch = |graph: &mut CompiledGraph, reloads: &mut Vec<String>| {
        let report = frames(graph, 50, |graph, _| {
            reloads.extend(graph.reload_changed().into_iter().map(|one| match one {
                Ok(reloaded) => reloaded.to_string(),
                Err(error) => error.to_string(),
            }));
            std::thread::sleep(Duration::from_millis(1));
        });
        report.unwrap_or_else(|error| panic!("{error}")).assert_empty();
    };
    let until = |graph: &mut CompiledGraph, wanted: &str| {
        let mut reloads = Vec::new();
        for _ in 0..200 {
            watch(graph, &mut reloads);
            if reloads.iter().any(|reload| reload.contains(wanted)) {
                return;
            }
        }
        panic!("never heard of {wanted}: {reloads:?}");
    };
    fs::write(&file, module("reload_triple")).expect("there is room");
    until(&mut graph, "reloaded `");
    assert_eq!(numbers(&mut graph, read)[5], 3 * (3 * 5 + 1 + 7) + 1);
    fs::write(&file, module("reload_slot")).expect("there is room");
    until(&mut graph, "no slot");
    assert_eq!(numbers(&mut graph, read)[5], 3 * (3 * 5 + 1 + 7) + 1, "what ran before still does");
    assert_eq!(graph.recompiles(), 1);
    drop(graph);
    fs::remove_dir_all(&folder).expect("it is there");
}
