//! Soak and chaos: everything that can happen to a graph, in random order and again and again.
//!
//! A life is a device, from its making to its loss, and a few hundred random steps on it. After every step that waits the result
//! is compared with what the CPU expects. No event is lost uncounted, memory is as before after each life, and the validation
//! layer says nothing.
//!
//! `VIXEN_SOAK_LIVES` makes it longer, `VIXEN_SOAK_SEED` repeats one.

mod common;

use std::sync::Arc;

use common::nodes::{AddDynamic, Amount, Copy, Factor, Fill, Paint, Settings, Sum};
use common::{device_options, words};
use vixen::ash::vk;
use vixen::device::ValidationLog;
use vixen::event::{Channel, DeviceLost, Event, Overflow, RecompileDone, WindowResized};
use vixen::frame::{FrameError, FrameOutcome};
use vixen::graph::OutputId;
use vixen::memory::{self, BufferDesc, Category, ManagedBuffer, StagingPool, Strategy, Uploader, UploaderOptions};
use vixen::testing::random::Random;
use vixen::testing::{
    CountingAllocator, created_without_callbacks, living_driver_allocations, living_heap_bytes, loss,
};
use vixen::{Buffer, CompiledGraph, Compute, Device, Extent, Graph, Output, Param, R32Uint, Readback, Switch, node};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Lives of a usual run: well under a minute.
const LIVES: u64 = 8;
/// Steps of a life.
const STEPS: u32 = 300;
/// Values that the graph works on.
const VALUES: u64 = 64;

/// Scales by what its shader says, which is reloaded.
#[node(compute, shader = "tests/shaders/reload.comp.spv")]
struct Scale {
    #[storage]
    source: Buffer<[u32]>,
    #[storage(write)]
    target: Buffer<[u32]>,
    #[push]
    params: Amount,
}

#[node]
impl Compute for Scale {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_items(view.target.len());
    }
}

/// Where `Scale` was built from, and the modules that it can have.
const SCALE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/shaders/reload.comp.spv");
const MODULES: [(u32, &[u8]); 2] =
    [(2, include_bytes!("shaders/reload.comp.spv")), (3, include_bytes!("shaders/reload_triple.comp.spv"))];

/// Something that happened.
#[derive(Clone, Copy)]
struct Noise {
    _number: u32,
}

impl Event for Noise {}

/// What the CPU knows of the graph.
#[derive(Clone, Copy)]
struct Expected {
    offset: u32,
    scale: u32,
    scene: u32,
    on: bool,
}

impl Expected {
    fn values(self) -> Vec<u32> {
        let amount = if self.on { 10 } else { 20 };
        (0..VALUES as u32).map(|index| self.scale * (2 * index + self.offset) + 1 + self.scene + amount + 3).collect()
    }
}

/// A graph with all that a program keeps of it.
struct World {
    compiled: CompiledGraph,
    expected: Expected,
    settings: Param<Settings>,
    switch: Switch,
    values: Readback<Buffer<[u32]>>,
    noise: [Channel<Noise>; 1],
    uploaded: Arc<memory::Buffer>,
    /// The scene; its size changes when it is replaced.
    scene: Arc<ManagedBuffer>,
    uploader: Arc<Uploader>,
    minimised: bool,
    /// The most memory that may be in use, while that is less than usual.
    cut: bool,
    device: Device,
}

impl World {
    fn new(device: &Device, random: &mut Random) -> Self {
        let usage = vk::BufferUsageFlags::STORAGE_BUFFER | vk::BufferUsageFlags::TRANSFER_DST;
        let desc = BufferDesc::new("scene", 4 * VALUES, usage);
        let scene = ManagedBuffer::new(device, &desc, Category::Other, Strategy::DeviceLocal).expect("it is small");
        let expected = Expected { offset: 0, scale: 2, scene: 7, on: true };
        scene.update(0, &all(expected.scene, VALUES)).expect("the device lives");

        let graph = Graph::new(Output::headless(16, 16));
        let (settings, wire) = graph.param(Settings { offset: expected.offset });
        let switch = graph.switch(expected.on);
        let fill = Fill { settings: &wire, values: graph.buffer(VALUES), params: Factor { factor: 2 } };
        let filled = graph.add(fill).values;
        let scale = Scale { source: &filled, target: graph.buffer(VALUES), params: Amount { amount: 1 } };
        let scaled = graph.add(scale).target;
        let total = graph.buffer(VALUES);
        let sum = graph.add(Sum { a: &scaled, b: &graph.share_managed(&scene), total }).total;
        let copy =
            |amount| graph.add(Copy { source: &sum, target: graph.buffer(VALUES), params: Amount { amount } }).target;
        let either = graph.select(switch, copy(10), copy(20));
        let mut changed = graph.add(AddDynamic { values: either, params: Amount { amount: 3 } }).values;
        // Scenes have graphs of different lengths, with the same result.
        for _ in 0..random.below(4) {
            changed =
                graph.add(Copy { source: &changed, target: graph.buffer(VALUES), params: Amount { amount: 0 } }).target;
        }
        let values = graph.read_back(&changed);
        let color = graph.image::<R32Uint, _>(Extent::Output);
        graph.present(graph.add(Paint { color, params: Amount { amount: 0 } }).color);
        let policy = *random.pick(&[Overflow::Strict, Overflow::Fallback { reserve: 32 }, Overflow::Discard]);
        let noise = graph.events(|events| {
            let noise = events.queue(16);
            events.overflow(noise, policy);
            events.queue::<DeviceLost>(2);
            events.queue::<WindowResized>(4);
            events.queue::<RecompileDone>(4);
            [noise]
        });
        let mut compiled = graph.compile(device).unwrap_or_else(|error| panic!("{error}"));
        let uploader =
            Uploader::new(device, &StagingPool::new(device), UploaderOptions::default()).expect("it is made");
        compiled.attach_uploader(&uploader).expect("they are of one device");
        let desc = BufferDesc::new("uploaded", 1 << 12, usage);
        let uploaded = Arc::new(device.budget().buffer(&desc, Category::Other).expect("it is small"));
        let device = device.clone();
        let (minimised, cut) = (false, false);
        Self { compiled, expected, settings, switch, values, noise, uploaded, scene, uploader, minimised, cut, device }
    }

    /// One random thing.
    fn step(&mut self, random: &mut Random) {
        match random.below(16) {
            0..6 => self.frame(),
            6 => self.look(),
            7 => {
                self.expected.offset = random.below(1000);
                self.compiled.set(self.settings, Settings { offset: self.expected.offset });
            }
            8 => {
                self.expected.on = random.chance(50);
                self.compiled.switch(self.switch, self.expected.on);
            }
            9 => {
                let size = [1 + random.below(200), 1 + random.below(200)];
                self.resize(size);
            }
            10 => {
                let size = if self.minimised { [8, 8] } else { [0, 0] };
                self.resize(size);
            }
            11 => self.replace_scene(random),
            12 => self.cut_budget(),
            13 => {
                let (scale, code) = *random.pick(&MODULES);
                self.compiled.reload_shader(SCALE, code).unwrap_or_else(|error| panic!("{error}"));
                self.expected.scale = scale;
            }
            14 => (0..random.below(100)).for_each(|number| {
                // What finds no room is counted.
                let _ = self.compiled.events().emit(self.noise[0], Noise { _number: number });
            }),
            _ => {
                let offset = 4 * u64::from(random.below(512));
                self.uploader.buffer(&self.uploaded, offset, &[1; 64]).expect("there is room in staging");
            }
        }
    }

    fn frame(&mut self) {
        match self.compiled.frame() {
            Ok(outcome) => assert_eq!(outcome == FrameOutcome::Minimised, self.minimised),
            // What found no memory is tried again until there is some.
            Err(FrameError::Resize(_)) if self.cut => {}
            Err(error) => panic!("{error}"),
        }
    }

    /// Compares what the newest frame computed with what it should have.
    fn look(&mut self) {
        if self.minimised || self.cut {
            return;
        }
        self.frame();
        self.compiled.wait().expect("the device lives");
        assert_eq!(words(&self.compiled, self.values), self.expected.values());
    }

    fn resize(&mut self, [width, height]: [u32; 2]) {
        // Where there is no memory for another size, frames go on with the one before.
        let resized = self.compiled.resize(OutputId::FIRST, width, height);
        resized.unwrap_or_else(|error| assert!(self.cut, "{error}"));
        self.minimised = width == 0;
    }

    fn replace_scene(&mut self, random: &mut Random) {
        let length = VALUES + u64::from(random.below(1 << 12));
        let scene = random.below(1000);
        match self.scene.resize(4 * length) {
            Ok(_) => {}
            Err(error) if self.cut => return drop(error),
            Err(error) => panic!("{error}"),
        }
        // Staging for it may find no room.
        let cut = self.cut;
        if cut {
            self.restore_budget();
        }
        self.scene.update(0, &all(scene, length)).expect("there is memory");
        self.expected.scene = scene;
        if cut {
            self.cut_budget();
        }
    }

    /// Leaves nothing beyond what is in use; gives it back the next time.
    fn cut_budget(&mut self) {
        if self.cut {
            return self.restore_budget();
        }
        let budget = self.device.budget();
        budget.set_limit(budget.usage().in_use);
        self.cut = true;
    }

    fn restore_budget(&mut self) {
        self.device.budget().set_limit(1 << 30);
        self.cut = false;
    }

    /// The end of the world: nothing was lost uncounted, and nothing works any more.
    fn end(mut self) {
        self.restore_budget();
        if self.minimised {
            self.resize([4, 4]);
        }
        self.look();
        loss::lose(&self.device);
        let error = self.compiled.frame().expect_err("the device is lost");
        assert!(error.is_device_lost(), "{error}");
        for (event, counts) in self.compiled.events().all_counts() {
            let accounted = counts.delivered + counts.pending + counts.dropped + counts.refused;
            assert_eq!(counts.emitted, accounted, "events of `{event}`");
        }
    }
}

/// This many words of one value.
fn all(value: u32, length: u64) -> Vec<u8> {
    (0..length).flat_map(|_| value.to_le_bytes()).collect()
}

/// A device, several worlds on it one after the other, and its loss.
fn live(seed: u64) -> Arc<ValidationLog> {
    let mut random = Random::new(seed);
    let device = Device::new(&device_options().watched()).expect("the test needs a Vulkan device");
    let log = device.validation_log().clone();
    let mut in_use = None;
    for _ in 0..2 {
        let mut world = World::new(&device, &mut random);
        (0..STEPS / 3).for_each(|_| world.step(&mut random));
        world.restore_budget();
        drop(world);
        let left = device.budget().usage().in_use;
        assert_eq!(*in_use.get_or_insert(left), left, "memory is left of a world that is gone");
    }
    let mut world = World::new(&device, &mut random);
    (0..STEPS / 3).for_each(|_| world.step(&mut random));
    world.end();
    log
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |value| value.parse().expect("it is a number"))
}

#[test]
fn nothing_is_lost_or_left_whatever_happens() {
    let (first, lives) = (number("VIXEN_SOAK_SEED", 1), number("VIXEN_SOAK_LIVES", LIVES));
    let mut left = Vec::new();
    for seed in first..first + lives {
        println!("seed {seed}");
        let log = live(seed);
        let messages = log.messages();
        assert!(messages.is_empty(), "seed {seed}: the validation layer reported:\n{}", messages.join("\n"));
        assert_eq!(living_driver_allocations(), 0, "seed {seed}: the driver keeps memory of a device that is gone");
        assert_eq!(created_without_callbacks(), None, "seed {seed}: the driver's allocations for it were not seen");
        drop((log, messages));
        left.push(living_heap_bytes());
    }
    println!("bytes on the heap after each life: {left:?}");
    // The first lives fill what is kept for good, such as the loader's lists.
    let half = left.len() / 2;
    let most = |lives: &[i64]| lives.iter().copied().max().unwrap_or(0);
    assert!(most(&left[half..]) <= most(&left[..half.max(1)]) + 1024, "the heap grows: {left:?}");
}
