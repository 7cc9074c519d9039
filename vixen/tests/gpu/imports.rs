//! What a graph uses and does not own: imports, shared resources, semaphores of the application, retained wires.

use std::sync::Arc;

use vixen::ash::vk;
use vixen::graph::Dim;
use vixen::memory::{self, BufferDesc, Category, ImageDesc, Location};
use vixen::plan::Use;
use vixen::{CompileOptions, D2, D3, Device, Extent, Format, Graph, Image, R32Int, R32Uint, Transfer, Wire, node};

use crate::common::nodes::{Add, Amount, Copy, Paint, Ramp, ramp};
use crate::common::{on_device, step, words};
use crate::errors::refused;

const STORAGE: vk::BufferUsageFlags = vk::BufferUsageFlags::from_raw(
    vk::BufferUsageFlags::STORAGE_BUFFER.as_raw() | vk::BufferUsageFlags::TRANSFER_SRC.as_raw(),
);

/// A zeroed buffer that the CPU can read.
pub fn buffer(device: &Device, bytes: u64, usage: vk::BufferUsageFlags) -> memory::Buffer {
    let desc = BufferDesc::new("of the application", bytes, usage).at(Location::Readback);
    let buffer = device.budget().buffer(&desc, Category::Other).expect("there is memory");
    buffer.write(0, &vec![0; bytes as usize]).expect("it is mapped");
    buffer
}

/// What a buffer holds, once the device has finished.
pub fn contents(device: &Device, buffer: &memory::Buffer) -> Vec<u32> {
    device.wait_idle().expect("the device lives");
    let mut bytes = vec![0; buffer.size() as usize];
    buffer.read(0, &mut bytes).expect("it is mapped");
    bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect()
}

fn image(device: &Device, usage: vk::ImageUsageFlags) -> memory::Image {
    let desc = ImageDesc {
        name: "of the application",
        image_type: vk::ImageType::TYPE_2D,
        format: vk::Format::R32_UINT,
        extent: [4, 4, 1],
        mips: 1,
        layers: 1,
        samples: vk::SampleCountFlags::TYPE_1,
        usage,
        flags: vk::ImageCreateFlags::empty(),
    };
    device.budget().image(&desc, Category::Other).expect("there is memory")
}

/// Clears an image and leaves it in a layout.
fn clear(device: &Device, image: vk::Image, value: u32, layout: vk::ImageLayout) {
    let range = vk::ImageSubresourceRange {
        aspect_mask: vk::ImageAspectFlags::COLOR,
        level_count: 1,
        layer_count: 1,
        ..Default::default()
    };
    let barrier = |from, to| {
        vk::ImageMemoryBarrier2::default()
            .src_stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS)
            .src_access_mask(vk::AccessFlags2::MEMORY_WRITE)
            .dst_stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS)
            .dst_access_mask(vk::AccessFlags2::MEMORY_READ | vk::AccessFlags2::MEMORY_WRITE)
            .old_layout(from)
            .new_layout(to)
            .image(image)
            .subresource_range(range)
    };
    let copied = vk::ImageLayout::TRANSFER_DST_OPTIMAL;
    device
        .submit_once(|commands| {
            let (before, after) = ([barrier(vk::ImageLayout::UNDEFINED, copied)], [barrier(copied, layout)]);
            let color = vk::ClearColorValue { uint32: [value; 4] };
            // SAFETY: the image is alive and idle, and has transfer-destination usage.
            unsafe {
                let raw = device.raw();
                raw.cmd_pipeline_barrier2(commands, &vk::DependencyInfo::default().image_memory_barriers(&before));
                raw.cmd_clear_color_image(commands, image, copied, &color, &[range]);
                raw.cmd_pipeline_barrier2(commands, &vk::DependencyInfo::default().image_memory_barriers(&after));
            }
        })
        .expect("the device lives");
}

#[test]
fn an_imported_buffer_keeps_what_frames_do_to_it_and_can_be_exchanged() {
    on_device(|device| {
        let [first, second] = [(); 2].map(|()| buffer(device, 64, STORAGE));
        let graph = Graph::without_output();
        // SAFETY: the buffer is of this device, has 16 elements and outlives the compiled graph.
        let (wire, import) = unsafe { graph.import_buffer::<[u32]>(first.raw(), 16, None, None) };
        let values = graph.add(Add { values: wire, params: Amount { amount: 3 } }).values;
        let readback = graph.read_back(&values);
        let mut compiled = graph.compile(device).expect("the graph is valid");
        for frame in 1..=4 {
            step(&mut compiled);
            assert_eq!(words(&compiled, readback), [3 * frame; 16]);
        }
        // SAFETY: as above.
        unsafe { compiled.rebind_buffer(import, second.raw()) }.expect("the device lives");
        assert_eq!(compiled.recompiles(), 1);
        step(&mut compiled);
        assert_eq!(words(&compiled, readback), [3; 16]);
        drop(compiled);
        assert_eq!(contents(device, &first), [12; 16]);
        assert_eq!(contents(device, &second), [3; 16]);
    });
}

#[node(transfer)]
struct CopyImage {
    #[transfer_source]
    source: Image<R32Uint>,
    #[transfer_destination]
    copy: Image<R32Uint>,
}

#[node]
impl Transfer for CopyImage {
    fn record(view: &View, commands: &mut Commands) {
        commands.copy_image(view.source, view.copy);
    }
}

#[test]
fn an_imported_image_is_found_and_left_in_its_layouts() {
    on_device(|device| {
        let usage =
            vk::ImageUsageFlags::TRANSFER_SRC | vk::ImageUsageFlags::TRANSFER_DST | vk::ImageUsageFlags::STORAGE;
        let images = [7, 9].map(|value| {
            let image = image(device, usage);
            clear(device, image.raw(), value, vk::ImageLayout::GENERAL);
            image
        });
        let between = Use {
            stages: vk::PipelineStageFlags2::ALL_COMMANDS,
            access: vk::AccessFlags2::MEMORY_READ | vk::AccessFlags2::MEMORY_WRITE,
            layout: vk::ImageLayout::GENERAL,
        };
        let graph = Graph::without_output();
        // SAFETY: the image is of this device, format and size, in this layout, and outlives the compiled graph.
        let (wire, import) = unsafe { graph.import_image::<R32Uint, D2>(images[0].raw(), [4, 4, 1], between, between) };
        let copy = graph.add(CopyImage { source: &wire, copy: graph.image(Extent::fixed(4, 4)) }).copy;
        let painted = graph.add(Paint { color: wire.discard(), params: Amount { amount: 0 } }).color;
        let [before, after] = [graph.read_back(&copy), graph.read_back(&painted)];
        let mut compiled = graph.compile(device).expect("the graph is valid");
        let pattern: Vec<u32> = (0..16).map(|at| at % 4 + 256 * (at / 4)).collect();
        step(&mut compiled);
        assert_eq!(words(&compiled, before), [7; 16]);
        assert_eq!(words(&compiled, after), pattern);
        step(&mut compiled);
        assert_eq!(words(&compiled, before), pattern, "the second frame finds what the first painted");
        // SAFETY: as above.
        unsafe { compiled.rebind_image(import, images[1].raw()) }.expect("the device lives");
        step(&mut compiled);
        assert_eq!(words(&compiled, before), [9; 16]);
        assert_eq!(words(&compiled, after), pattern);
        drop(compiled);
    });
}

#[test]
fn shared_resources_are_read_and_stay_their_owners() {
    on_device(|device| {
        let usage =
            vk::ImageUsageFlags::TRANSFER_SRC | vk::ImageUsageFlags::TRANSFER_DST | vk::ImageUsageFlags::SAMPLED;
        let image = Arc::new(image(device, usage));
        clear(device, image.raw(), 5, Graph::SHARED_LAYOUT);
        let values = Arc::new(buffer(device, 40, STORAGE));
        values.write(0, &7_u32.to_le_bytes().repeat(10)).expect("it is mapped");
        // Two graphs at once, which take turns.
        let mut graphs = [0, 1].map(|amount| {
            let graph = Graph::without_output();
            let image = graph.share_image::<R32Uint, D2>(&image);
            let copy = graph.add(CopyImage { source: &image, copy: graph.image(Extent::fixed(4, 4)) }).copy;
            let source = graph.share_buffer::<[u32]>(&values);
            let sum = graph.add(Copy { source: &source, target: graph.buffer(10), params: Amount { amount } }).target;
            let readbacks = (graph.read_back(&copy), graph.read_back(&sum));
            (graph.compile(device).expect("the graph is valid"), readbacks, amount)
        });
        assert_eq!(
            [Arc::strong_count(&image), Arc::strong_count(&values)],
            [5, 5],
            "each graph declares and holds both"
        );
        for _ in 0..3 {
            for (graph, (copy, sum), amount) in &mut graphs {
                step(graph);
                assert_eq!(words(graph, *copy), [5; 16]);
                assert_eq!(words(graph, *sum), ramp(10, 0, 7 + *amount));
            }
        }
        drop(graphs);
        assert_eq!([Arc::strong_count(&image), Arc::strong_count(&values)], [1, 1]);
    });
}

#[test]
fn images_are_shared_as_what_they_are() {
    on_device(|device| {
        let image = Arc::new(image(device, vk::ImageUsageFlags::TRANSFER_SRC | vk::ImageUsageFlags::SAMPLED));
        fn read<F: Format, D: Dim>(device: &Device, image: &Arc<memory::Image>, word: &str) {
            let graph = Graph::without_output();
            let shared = graph.share_image::<F, D>(image);
            let _ = graph.read_back(&shared);
            refused(device, &graph, &["`shared 0`", "imports.rs:", word]);
        }
        read::<R32Int, D2>(device, &image, "another format");
        read::<R32Uint, D3>(device, &image, "another kind");
    });
}

#[test]
fn retained_wires_can_be_looked_at() {
    on_device(|device| {
        let graph = Graph::without_output();
        let painted = graph.add(Paint { color: graph.image(Extent::fixed(4, 4)), params: Amount { amount: 2 } }).color;
        let values = graph.add(Ramp { factor: 2, offset: 0.0, values: graph.buffer(16) }).values;
        let (painted, values) = (graph.retain(painted), graph.retain(values));
        let mut compiled = graph.compile(device).expect("the graph is valid");
        for _ in 0..3 {
            step(&mut compiled);
            let (image, source) = (compiled.retained(painted), compiled.retained(values));
            let copies = [(); 2].map(|()| buffer(device, 64, vk::BufferUsageFlags::TRANSFER_DST));
            let region = vk::BufferImageCopy::default()
                .image_subresource(vk::ImageSubresourceLayers {
                    aspect_mask: vk::ImageAspectFlags::COLOR,
                    layer_count: 1,
                    ..Default::default()
                })
                .image_extent(vk::Extent3D { width: 4, height: 4, depth: 1 });
            let visible = vk::MemoryBarrier2::default()
                .src_stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS)
                .src_access_mask(vk::AccessFlags2::MEMORY_WRITE)
                .dst_stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS)
                .dst_access_mask(vk::AccessFlags2::MEMORY_READ);
            device
                .submit_once(|commands| {
                    let raw = device.raw();
                    let info = vk::DependencyInfo::default().memory_barriers(std::slice::from_ref(&visible));
                    // SAFETY: the frame has finished, and left the image in this layout; the copies are large enough.
                    unsafe {
                        raw.cmd_pipeline_barrier2(commands, &info);
                        let layout = vk::ImageLayout::TRANSFER_SRC_OPTIMAL;
                        raw.cmd_copy_image_to_buffer(commands, image, layout, copies[0].raw(), &[region]);
                        let region = vk::BufferCopy::default().size(64);
                        raw.cmd_copy_buffer(commands, source, copies[1].raw(), &[region]);
                        raw.cmd_pipeline_barrier2(commands, &info);
                    }
                })
                .expect("the device lives");
            let pattern: Vec<u32> = (0..16).map(|at| at % 4 + 256 * (at / 4) + 2).collect();
            assert_eq!(contents(device, &copies[0]), pattern);
            assert_eq!(contents(device, &copies[1]), ramp(16, 2, 0));
        }
    });
}

/// The texels of a retained 4×4 image, once the device has finished.
fn texels(device: &Device, image: vk::Image) -> Vec<u32> {
    let copy = buffer(device, 64, vk::BufferUsageFlags::TRANSFER_DST);
    let color = vk::ImageAspectFlags::COLOR;
    let layer = vk::ImageSubresourceLayers { aspect_mask: color, layer_count: 1, ..Default::default() };
    let extent = vk::Extent3D { width: 4, height: 4, depth: 1 };
    let region = vk::BufferImageCopy::default().image_subresource(layer).image_extent(extent);
    let visible = vk::MemoryBarrier2::default()
        .src_stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS)
        .src_access_mask(vk::AccessFlags2::MEMORY_WRITE)
        .dst_stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS)
        .dst_access_mask(vk::AccessFlags2::MEMORY_READ);
    let info = vk::DependencyInfo::default().memory_barriers(std::slice::from_ref(&visible));
    let layout = vk::ImageLayout::TRANSFER_SRC_OPTIMAL;
    device
        .submit_once(|commands| {
            // SAFETY: the frame has finished, and left the image in this layout; the copy is large enough.
            unsafe {
                device.raw().cmd_pipeline_barrier2(commands, &info);
                device.raw().cmd_copy_image_to_buffer(commands, image, layout, copy.raw(), &[region]);
                device.raw().cmd_pipeline_barrier2(commands, &info);
            }
        })
        .expect("the device lives");
    contents(device, &copy)
}

#[test]
fn what_a_switch_selects_is_retained_whoever_else_reads_it() {
    on_device(|device| {
        for seed in [None, Some(1), Some(2)] {
            let graph = Graph::without_output();
            let switch = graph.switch(true);
            let paint = |amount| {
                let color = graph.image(Extent::fixed(4, 4));
                graph.add(Paint { color, params: Amount { amount } }).color
            };
            let (on, off) = (paint(2), paint(5));
            // So that one of the two is painted in every frame, and the other only where it is selected.
            let _ = graph.read_back(&on);
            let retained = graph.retain(graph.select(switch, on, off));
            let options = CompileOptions { seed, ..CompileOptions::default() };
            let mut compiled = graph.compile_with(device, &options).expect("the graph is valid");
            for on in [true, true, false, true, false, false] {
                compiled.switch(switch, on);
                step(&mut compiled);
                let amount = if on { 2 } else { 5 };
                let pattern: Vec<u32> = (0..16).map(|at| at % 4 + 256 * (at / 4) + amount).collect();
                assert_eq!(texels(device, compiled.retained(retained)), pattern, "{on}, order {seed:?}");
            }
        }
    });
}

fn timeline(device: &Device) -> vk::Semaphore {
    let mut kind = vk::SemaphoreTypeCreateInfo::default().semaphore_type(vk::SemaphoreType::TIMELINE);
    let info = vk::SemaphoreCreateInfo::default().push_next(&mut kind);
    // SAFETY: the device is alive and has timeline semaphores.
    unsafe { device.raw().create_semaphore(&info, device.callbacks()) }.expect("there is memory")
}

#[test]
fn frames_wait_for_and_signal_semaphores_of_the_application() {
    on_device(|device| {
        let graph = Graph::without_output();
        let values = graph.add(Ramp { factor: 1, offset: 0.0, values: graph.buffer(8) }).values;
        let readback = graph.read_back(&values);
        let mut compiled = graph.compile(device).expect("the graph is valid");
        let [go, done] = [(); 2].map(|()| timeline(device));
        // SAFETY: the semaphores are of this device and destroyed after the frames; `go` is signalled below.
        unsafe {
            compiled.wait_for(go, 1, vk::PipelineStageFlags2::ALL_COMMANDS);
            compiled.signal_after(done, 5);
        }
        compiled.frame().expect("the frame runs");
        assert_eq!(compiled.finished().expect("the device lives"), 0, "the frame waits");
        assert!(compiled.read(readback).expect("the device lives").is_none());
        // SAFETY: the semaphore is alive and its value rises.
        unsafe { device.raw().signal_semaphore(&vk::SemaphoreSignalInfo::default().semaphore(go).value(1)) }
            .expect("the device lives");
        let (semaphores, values) = ([done], [5]);
        let wait = vk::SemaphoreWaitInfo::default().semaphores(&semaphores).values(&values);
        // SAFETY: the semaphore is alive.
        unsafe { device.raw().wait_semaphores(&wait, u64::MAX) }.expect("the device lives");
        // They count for one frame only.
        step(&mut compiled);
        assert_eq!(words(&compiled, readback), ramp(8, 1, 0));
        drop(compiled);
        for semaphore in [go, done] {
            // SAFETY: the graph is gone, and nothing else uses it.
            unsafe { device.raw().destroy_semaphore(semaphore, device.callbacks()) };
        }
    });
}

#[test]
fn join_puts_the_whole_together_again() {
    on_device(|device| {
        let buffer = buffer(device, 1024, STORAGE);
        let graph = Graph::without_output();
        // SAFETY: the buffer is of this device, has 256 elements and outlives the compiled graph.
        let (wire, _) = unsafe { graph.import_buffer::<[u32]>(buffer.raw(), 256, None, None) };
        let [low, high] = wire.split_at(128);
        let high = graph.add(Add { values: high, params: Amount { amount: 1 } }).values;
        let values = graph.add(Add { values: Wire::join([low, high]), params: Amount { amount: 1 } }).values;
        let _ = graph.retain(values);
        let mut compiled = graph.compile(device).expect("the graph is valid");
        step(&mut compiled);
        step(&mut compiled);
        drop(compiled);
        assert_eq!(contents(device, &buffer), [[2; 128], [4; 128]].concat());
    });
}
