//! The demo's graph on a device whose allocator fails, at every call that it makes.

mod drawn;

use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use drawn::{Drawn, scene};
use vixen::ash::vk;
use vixen::device::DeviceError;
use vixen::graph::OutputId;
use vixen::memory::{
    Allocation, Allocator, AllocatorKind, Backing, BufferDesc, ImageDesc, MemoryDesc, MemoryError, RawBuffer, RawImage,
    RawMemory, ScatterPolicy, StagingPool, Uploader, UploaderOptions,
};
use vixen::testing::serial;
use vixen::{Device, DeviceOptions};
use vixen_nodes::voxel::{Changes, Scene};
use vixen_nodes::{Updated, VoxelScene};

/// When calls fail.
#[derive(Default)]
struct Faults {
    calls: AtomicU64,
    /// The first call that fails, counted from 1, and the first after it that does not; both 0 for none.
    from: AtomicU64,
    until: AtomicU64,
    /// The resource that was refused last.
    refused: Mutex<String>,
}

impl Faults {
    fn arm(&self, from: u64, until: u64) {
        self.calls.store(0, Relaxed);
        self.from.store(from, Relaxed);
        self.until.store(until, Relaxed);
    }

    fn disarm(&self) {
        self.until.store(0, Relaxed);
    }

    fn call(&self, name: &str, size: u64) -> Result<(), MemoryError> {
        let number = self.calls.fetch_add(1, Relaxed) + 1;
        if number < self.from.load(Relaxed) || number >= self.until.load(Relaxed) {
            return Ok(());
        }
        *self.refused.lock().unwrap() = name.to_owned();
        Err(MemoryError::OutOfDeviceMemory { name: name.to_owned(), size, usage: "a test".to_owned() })
    }
}

/// An allocator that fails on demand.
struct Faulty {
    inner: Box<dyn Allocator>,
    faults: Arc<Faults>,
}

// SAFETY of all unsafe functions: they only pass on what their callers promise.
impl Allocator for Faulty {
    fn device(&self) -> Option<vk::Device> {
        self.inner.device()
    }

    fn buffer_requirements(&self, desc: &BufferDesc<'_>) -> Result<vk::MemoryRequirements, MemoryError> {
        self.inner.buffer_requirements(desc)
    }

    fn image_requirements(&self, desc: &ImageDesc<'_>) -> Result<vk::MemoryRequirements, MemoryError> {
        self.inner.image_requirements(desc)
    }

    unsafe fn create_buffer(&self, desc: &BufferDesc<'_>, backing: Backing<'_>) -> Result<RawBuffer, MemoryError> {
        self.faults.call(desc.name, desc.size)?;
        // SAFETY: the caller's promise.
        unsafe { self.inner.create_buffer(desc, backing) }
    }

    unsafe fn destroy_buffer(&self, buffer: RawBuffer) {
        // SAFETY: the caller's promise.
        unsafe { self.inner.destroy_buffer(buffer) }
    }

    unsafe fn create_image(&self, desc: &ImageDesc<'_>, backing: Backing<'_>) -> Result<RawImage, MemoryError> {
        self.faults.call(desc.name, 0)?;
        // SAFETY: the caller's promise.
        unsafe { self.inner.create_image(desc, backing) }
    }

    unsafe fn destroy_image(&self, image: RawImage) {
        // SAFETY: the caller's promise.
        unsafe { self.inner.destroy_image(image) }
    }

    unsafe fn allocate(&self, desc: &MemoryDesc<'_>) -> Result<RawMemory, MemoryError> {
        self.faults.call(desc.name, desc.size)?;
        // SAFETY: the caller's promise.
        unsafe { self.inner.allocate(desc) }
    }

    unsafe fn free(&self, memory: RawMemory) {
        // SAFETY: the caller's promise.
        unsafe { self.inner.free(memory) }
    }

    unsafe fn map(&self, allocation: &Allocation) -> Result<NonNull<u8>, vk::Result> {
        self.faults.call("a mapping", 0).map_err(|_| vk::Result::ERROR_MEMORY_MAP_FAILED)?;
        // SAFETY: the caller's promise.
        unsafe { self.inner.map(allocation) }
    }

    unsafe fn unmap(&self, allocation: &Allocation) {
        // SAFETY: the caller's promise.
        unsafe { self.inner.unmap(allocation) }
    }

    unsafe fn flush(&self, allocation: &Allocation, offset: u64, len: u64) -> Result<(), vk::Result> {
        self.faults.call("a flush", len).map_err(|_| vk::Result::ERROR_OUT_OF_HOST_MEMORY)?;
        // SAFETY: the caller's promise.
        unsafe { self.inner.flush(allocation, offset, len) }
    }

    unsafe fn invalidate(&self, allocation: &Allocation, offset: u64, len: u64) -> Result<(), vk::Result> {
        self.faults.call("an invalidation", len).map_err(|_| vk::Result::ERROR_OUT_OF_HOST_MEMORY)?;
        // SAFETY: the caller's promise.
        unsafe { self.inner.invalidate(allocation, offset, len) }
    }
}

/// A device with faults.
struct Bench {
    device: Device,
    faults: Arc<Faults>,
    scene: Scene,
    /// How many steps failed.
    failures: u64,
}

impl Bench {
    fn new(kind: AllocatorKind) -> Self {
        let faults = Arc::new(Faults::default());
        let wrapped = faults.clone();
        let options = DeviceOptions::new().application_name("vixen tests").validation(true).allocator(kind);
        let options = options
            .wrap_allocator(move |inner| Box::new(Faulty { inner, faults: wrapped.clone() }) as Box<dyn Allocator>);
        serial();
        let device = Device::new(&options)
            .expect("the tests need a Vulkan device and the validation layer: `./x test` installs both");
        Self { device, faults, scene: scene(3), failures: 0 }
    }

    /// What is alive, as names and bytes.
    fn alive(&self) -> Vec<(String, u64)> {
        self.device.budget().live().into_iter().map(|live| (live.name, live.bytes)).collect()
    }

    /// Takes a step. If it fails for lack of memory, it has to say so, name who asked and leave everything as it was; then there
    /// is memory again, and the step has to succeed.
    fn step<T, E: std::fmt::Display>(&mut self, mut step: impl FnMut(&Device, &Scene) -> Result<T, E>) -> T {
        let before = (self.alive(), self.device.budget().usage().in_use);
        match step(&self.device, &self.scene) {
            Ok(value) => value,
            Err(error) => {
                let (error, refused) = (error.to_string(), self.faults.refused.lock().unwrap().clone());
                assert!(error.contains("out of memory") && error.contains(&refused), "{error} ({refused})");
                assert_eq!((self.alive(), self.device.budget().usage().in_use), before, "left behind by: {error}");
                self.failures += 1;
                self.faults.disarm();
                step(&self.device, &self.scene).unwrap_or_else(|error| panic!("with memory: {error}"))
            }
        }
    }

    /// The demo: set-up, frames with uploads, a resize, frames. Returns its pictures.
    fn demo(&mut self) -> [Vec<u8>; 2] {
        let voxels = self.step(|device, scene| VoxelScene::upload(device, &scene.map));
        let mut drawn = self.step(|device, scene| Drawn::compile(device, scene, &voxels, [40, 24]));
        let uploader = self.step(|device, _| uploader(device));
        self.step(|_, _| drawn.graph.attach_uploader(&uploader));
        let queued = self.step(|_, scene| voxels.update(&uploader, &scene.map, &first()));
        assert!(matches!(queued, Updated::Queued(Some(_))));
        let small = self.step(|_, _| drawn.picture(4));
        self.step(|_, _| drawn.graph.resize(OutputId::FIRST, 64, 48));
        let large = self.step(|_, _| drawn.picture(4));
        [small, large]
    }

    /// The demo without second tries: what fails ends it.
    fn demo_once(&self) -> Result<(), Box<dyn std::error::Error>> {
        let voxels = VoxelScene::upload(&self.device, &self.scene.map)?;
        let mut drawn = Drawn::compile(&self.device, &self.scene, &voxels, [40, 24])?;
        let uploader = uploader(&self.device)?;
        drawn.graph.attach_uploader(&uploader)?;
        let _queued = voxels.update(&uploader, &self.scene.map, &first())?;
        drawn.picture(4)?;
        // A graph that could not follow goes on as it was.
        if let Err(error) = drawn.graph.resize(OutputId::FIRST, 64, 48) {
            assert_eq!(drawn.picture(2)?.len(), 40 * 24 * 4);
            return Err(error.into());
        }
        drawn.picture(4)?;
        Ok(())
    }
}

fn uploader(device: &Device) -> Result<Arc<Uploader>, DeviceError> {
    let options = UploaderOptions {
        writes: 64,
        images: 4,
        batches: 2,
        scatter: ScatterPolicy::Always,
        ..UploaderOptions::default()
    };
    Uploader::new(device, &StagingPool::new(device), options)
}

/// Says that the first of all that a scene has was changed: the same is uploaded once more.
fn first() -> Changes {
    let range = || Vec::from_iter(std::iter::once(0..1));
    Changes { nodes: range(), bricks: range(), masks: range(), attributes: range(), ..Changes::default() }
}

fn every_call_may_fail(kind: AllocatorKind) {
    let mut bench = Bench::new(kind);
    let pictures = bench.demo();
    assert_eq!([pictures[0].len(), pictures[1].len()], [40 * 24 * 4, 64 * 48 * 4]);
    let calls = bench.faults.calls.load(Relaxed);
    assert!(calls >= 20, "the demo makes {calls} calls of the allocator");
    assert_eq!((bench.alive(), bench.failures), (Vec::new(), 0));

    for number in 1..=calls {
        // One call fails, or all from there on.
        for until in [number + 1, u64::MAX] {
            bench.faults.arm(number, until);
            bench.failures = 0;
            assert_eq!(bench.demo(), pictures, "after call {number} failed");
            assert_eq!((bench.failures, bench.alive()), (1, Vec::new()), "call {number}");

            bench.faults.arm(number, until);
            let error = bench.demo_once().expect_err("one call fails");
            assert!(error.to_string().contains("out of memory"), "{error}");
            assert_eq!((bench.alive(), bench.device.budget().usage().in_use), (Vec::new(), 0), "call {number}");
        }
    }
    bench.faults.disarm();
    let log = bench.device.validation_log().clone();
    drop(bench);
    assert_eq!(log.messages(), Vec::<String>::new());
}

#[test]
fn every_call_of_the_default_allocator_may_fail() {
    every_call_may_fail(AllocatorKind::Vma);
}

#[test]
fn every_call_of_the_direct_allocator_may_fail() {
    every_call_may_fail(AllocatorKind::Direct);
}
