//! What the GPU tests share: a device under validation, the check that nothing was reported, and running a graph in several
//! orders.
#![allow(dead_code, reason = "each test uses a part of it")]

pub mod display;
pub mod nodes;

use std::fmt::Debug;

use vixen::testing::serial;
use vixen::{CompileOptions, CompiledGraph, Device, DeviceError, DeviceOptions, Graph, Readback, Resource};

/// A device with validation and synchronisation validation.
///
/// # Panics
/// When there is none: CI has every capability that the tests need.
pub fn device() -> Device {
    Device::new(&device_options())
        .expect("the tests need a Vulkan device and the validation layer: `./x test` installs both")
}

/// What such a device is made with. From here on this test is the only one with a device.
pub fn device_options() -> DeviceOptions {
    serial();
    DeviceOptions::new().application_name("vixen tests").validation(true)
}

/// The same, for windows of a display.
pub fn device_for(display: raw_window_handle::RawDisplayHandle) -> Device {
    Device::new(&device_options().display(display))
        .expect("the tests need a Vulkan device that presents, and the validation layer: `./x test` installs both")
}

/// A device, or none with a line that says so: only where nothing demands that every test runs.
pub fn device_or_skip(options: DeviceOptions) -> Option<Device> {
    serial();
    match Device::new(&options) {
        Ok(device) => Some(device),
        Err(error @ (DeviceError::NoDriver { .. } | DeviceError::MissingLayer { .. })) => {
            assert!(std::env::var_os("VIXEN_REQUIRE_ALL").is_none(), "{error}");
            println!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Fails when the validation layer reported anything.
pub fn assert_clean(device: &Device) {
    let messages = device.validation_messages();
    assert!(messages.is_empty(), "the validation layer reported:\n{}", messages.join("\n"));
}

/// Runs a test on a device and fails when the validation layer reported anything, while it is destroyed too.
pub fn on_device<T>(test: impl FnOnce(&Device) -> T) -> T {
    let device = device();
    let log = device.validation_log().clone();
    let result = test(&device);
    drop(device);
    let messages = log.messages();
    assert!(messages.is_empty(), "the validation layer reported:\n{}", messages.join("\n"));
    result
}

/// Declares, compiles and drives a graph in its own order and in five random ones. All must come to the same, which is
/// returned.
pub fn in_every_order<T: PartialEq + Debug>(declare_and_run: impl Fn(&dyn Fn(&Graph) -> CompiledGraph) -> T) -> T {
    on_device(|device| {
        let run = |seed| {
            let options = CompileOptions { seed, ..CompileOptions::default() };
            declare_and_run(&|graph| graph.compile_with(device, &options).unwrap_or_else(|error| panic!("{error}")))
        };
        let planned = run(None);
        for seed in 1..=5 {
            assert_eq!(run(Some(seed)), planned, "another result in the order of seed {seed}");
        }
        planned
    })
}

/// Runs a frame and waits for it.
pub fn step(graph: &mut CompiledGraph) {
    graph.frame().unwrap_or_else(|error| panic!("{error}"));
    graph.wait().expect("the device lives");
}

/// What the newest frame, which has finished, copied for the CPU.
pub fn bytes<R: Resource>(graph: &CompiledGraph, readback: Readback<R>) -> Vec<u8> {
    let (frame, bytes) = graph.read(readback).expect("the device lives").expect("a frame has finished");
    assert_eq!(frame + 1, graph.frames(), "this is not the newest frame");
    bytes.to_vec()
}

/// The same as `u32`s.
pub fn words<R: Resource>(graph: &CompiledGraph, readback: Readback<R>) -> Vec<u32> {
    bytes(graph, readback).as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect()
}

/// The same as `f32`s.
pub fn floats<R: Resource>(graph: &CompiledGraph, readback: Readback<R>) -> Vec<f32> {
    words(graph, readback).into_iter().map(f32::from_bits).collect()
}
