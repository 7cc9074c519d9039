//! Uploads that go along with a graph's frames: each frame sees what was uploaded before it and nothing later, whatever is in
//! flight, and neither frames nor uploads allocate.

mod common;

use std::sync::Arc;

use ash::vk;
use common::nodes::Sum;
use common::{on_device, words};
use vixen::memory::{
    self, BufferDesc, Category, ImageDesc, ImageRegion, ManagedBuffer, ScatterPolicy, StagingPool, Strategy,
    TransferPolicy, Uploader, UploaderOptions,
};
use vixen::testing::{CountingAllocator, counted};
use vixen::{Buffer, CompileOptions, CompiledGraph, Compute, Device, Graph, Readback, node};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const WORDS: u64 = 64 << 10;

/// A graph that adds two shared buffers up.
struct Adder {
    inputs: [Arc<memory::Buffer>; 2],
    graph: CompiledGraph,
    total: Readback<Buffer<[u32]>>,
}

impl Adder {
    fn new(device: &Device, frames_in_flight: u32) -> Self {
        let inputs = ["a", "b"].map(|name| {
            let usage = vk::BufferUsageFlags::TRANSFER_DST
                | vk::BufferUsageFlags::TRANSFER_SRC
                | vk::BufferUsageFlags::STORAGE_BUFFER
                | vk::BufferUsageFlags::SHADER_DEVICE_ADDRESS;
            let desc = BufferDesc::new(name, WORDS * 4, usage);
            Arc::new(device.budget().buffer(&desc, Category::Cacher).expect("there is memory"))
        });
        let graph = Graph::without_output();
        let [a, b] = inputs.each_ref().map(|input| graph.share_buffer::<[u32]>(input));
        let sum = graph.add(Sum { a: &a, b: &b, total: graph.buffer(WORDS) });
        let total = graph.read_back(&sum.total);
        let options = CompileOptions { frames_in_flight, ..CompileOptions::default() };
        let graph = graph.compile_with(device, &options).expect("the graph is valid");
        Self { inputs, graph, total }
    }
}

/// Frames that are never waited for, each with new contents in some places of both inputs.
fn every_frame_sees_its_uploads(frames_in_flight: u32, scatter: ScatterPolicy, transfer: TransferPolicy) {
    on_device(|device| {
        let Adder { inputs, mut graph, total } = Adder::new(device, frames_in_flight);
        let options = UploaderOptions { writes: 512, scatter, transfer, ..UploaderOptions::default() };
        let uploader = Uploader::new(device, &StagingPool::new(device), options).expect("the device serves");
        graph.attach_uploader(&uploader).expect("there is memory");
        let mut now = [vec![0_u32; WORDS as usize], vec![0_u32; WORDS as usize]];
        let mut history = Vec::new();
        let mut seen = 0;
        for frame in 0..40_u32 {
            for (which, input) in inputs.iter().enumerate() {
                if frame == 0 {
                    // Nothing uses them yet.
                    let first: Vec<u32> = (0..WORDS as u32).map(|word| word ^ 5).collect();
                    now[which].clone_from(&first);
                    uploader.fresh_buffer(input, 0, &bytes(&first)).expect("it is queued");
                    continue;
                }
                for write in 0..50 {
                    let place = ((frame * 7919 + write * 1237) % (WORDS as u32 - 64)) as usize;
                    let value = [frame * 1000 + write + which as u32; 64];
                    now[which][place..place + 64].copy_from_slice(&value);
                    uploader.buffer(input, place as u64 * 4, &bytes(&value)).expect("it is queued");
                }
            }
            let sum: Vec<u32> = now[0].iter().zip(&now[1]).map(|(a, b)| a.wrapping_add(*b)).collect();
            history.push(sum);
            graph.frame().expect("the frame runs");
            if let Some((number, found)) = graph.read(total).expect("the device lives") {
                assert!(found == bytes(&history[number as usize]), "frame {number}, seen after frame {frame}");
                seen += 1;
            }
        }
        graph.wait().expect("the frames end");
        assert!(words(&graph, total) == history[39], "the last frame");
        let statistics = uploader.statistics();
        assert_eq!((statistics.batches, statistics.stalls), (40, 0), "{statistics:?}; {seen} seen in between");
        let own = u64::from(match transfer {
            TransferPolicy::Always => true,
            TransferPolicy::Dedicated => device.transfer_queue().is_some(),
            TransferPolicy::Never => false,
        });
        assert_eq!(
            (statistics.submissions, statistics.transferred),
            (own, own),
            "only frame 0 has what can be transferred"
        );
        if scatter != ScatterPolicy::Measured {
            assert_eq!(statistics.scattered > 0, scatter == ScatterPolicy::Always);
        }
    });
}

#[test]
fn two_frames_in_flight_with_copies() {
    every_frame_sees_its_uploads(2, ScatterPolicy::Never, TransferPolicy::Never);
}

#[test]
fn three_frames_in_flight_with_scattering() {
    every_frame_sees_its_uploads(3, ScatterPolicy::Always, TransferPolicy::Dedicated);
}

#[test]
fn one_frame_in_flight_with_transfers() {
    every_frame_sees_its_uploads(1, ScatterPolicy::Measured, TransferPolicy::Always);
}

/// Fresh images go through the other queue, and a frame hands them over.
#[test]
fn fresh_images_come_with_a_frame() {
    on_device(|device| {
        let Adder { mut graph, .. } = Adder::new(device, 2);
        let options = UploaderOptions { transfer: TransferPolicy::Always, ..UploaderOptions::default() };
        let uploader = Uploader::new(device, &StagingPool::new(device), options).expect("the device serves");
        graph.attach_uploader(&uploader).expect("there is memory");
        let usage = vk::ImageUsageFlags::TRANSFER_DST | vk::ImageUsageFlags::SAMPLED;
        let desc = ImageDesc { mips: 2, ..ImageDesc::new("picture", vk::Format::R8G8B8A8_UNORM, [32, 32], usage) };
        let image = Arc::new(device.budget().image(&desc, Category::Cacher).expect("there is memory"));
        let layout = vk::ImageLayout::SHADER_READ_ONLY_OPTIMAL;
        for (mip, size) in [(0, 32 * 32 * 4), (1, 16 * 16 * 4)] {
            let region = ImageRegion { mip, layer: 0 };
            uploader.fresh_image(&image, region, layout, &vec![mip as u8; size]).expect("it is queued");
        }
        graph.frame().expect("the frame runs");
        // Once more, now that something may use it: in its turn on the main queue.
        let again = uploader.image(&image, ImageRegion::default(), layout, &[9; 32 * 32 * 4]).expect("it is queued");
        graph.frame().expect("the frame runs");
        uploader.wait(again).expect("it arrives");
        let statistics = uploader.statistics();
        assert_eq!((statistics.transferred, statistics.batches, statistics.regions), (1, 2, 3), "{statistics:?}");
    });
}

#[node(compute, shader = "tests/shaders/sum.comp.spv", staging = STREAMED)]
struct StreamedSum {
    #[storage]
    a: Buffer<[u32]>,
    #[storage]
    b: Buffer<[u32]>,
    #[storage(write)]
    total: Buffer<[u32]>,
}

#[node]
impl Compute for StreamedSum {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_items(view.total.len());
    }
}

/// Bytes of staging that each such node declares.
const STREAMED: u64 = 128 << 10;

/// What nodes declare is warm when the uploader has been attached, and is enough.
#[test]
fn staging_is_warm_for_what_the_nodes_declare() {
    on_device(|device| {
        let desc = BufferDesc::new("streamed", STREAMED, vk::BufferUsageFlags::STORAGE_BUFFER);
        let inputs = ["a", "b"].map(|name| {
            let desc = BufferDesc { name, ..desc };
            ManagedBuffer::new(device, &desc, Category::Cacher, Strategy::DeviceLocal).expect("there is memory")
        });
        let graph = Graph::without_output();
        let [a, b] = inputs.each_ref().map(|input| graph.share_managed::<[u32]>(input));
        let sums = [(); 3].map(|()| graph.add(StreamedSum { a: &a, b: &b, total: graph.buffer(STREAMED / 4) }));
        let total = graph.read_back(&sums[0].total);
        let _others = [graph.read_back(&sums[1].total), graph.read_back(&sums[2].total)];
        let options = CompileOptions { frames_in_flight: 2, ..CompileOptions::default() };
        let mut graph = graph.compile_with(device, &options).expect("the graph is valid");
        assert_eq!(graph.report().requirements.staging_bytes, 3 * STREAMED);

        let pool = StagingPool::new(device);
        let options = UploaderOptions { frame_bytes: 0, scatter: ScatterPolicy::Never, ..UploaderOptions::default() };
        let uploader = Uploader::new(device, &pool, options).expect("the device serves");
        assert_eq!(pool.statistics().made, 0, "nobody has asked for anything yet");
        graph.attach_uploader(&uploader).expect("there is memory");
        let warm = pool.statistics();
        let reserved = device.budget().staging_usage().reserved;
        assert!(warm.made > 0 && warm.idle == warm.blocks && reserved >= 3 * 3 * STREAMED, "{warm:?}: {reserved}");

        for frame in 0..50_u32 {
            // As much as was declared: three times the contents of a buffer.
            for (input, value) in [(0, frame), (1, 7), (0, frame + 1)] {
                let bytes = bytes(&vec![value; STREAMED as usize / 4]);
                inputs[input].upload(&uploader, 0, &bytes).expect("it is queued");
            }
            graph.frame().expect("the frame runs");
        }
        graph.wait().expect("the frames end");
        assert!(words(&graph, total).iter().all(|&word| word == 50 + 7));
        assert_eq!((inputs[0].generation(), graph.recompiles()), (1, 0), "new contents change no handle");
        let held = pool.statistics();
        assert_eq!((held.made, uploader.statistics().stalls), (warm.made, 0), "nothing had to be made: {held:?}");
    });
}

#[test]
fn nothing_is_allocated_once_it_runs() {
    on_device(|device| {
        let Adder { inputs, mut graph, .. } = Adder::new(device, 2);
        let options = UploaderOptions { scatter: ScatterPolicy::Always, ..UploaderOptions::default() };
        let uploader = Uploader::new(device, &StagingPool::new(device), options).expect("the device serves");
        graph.attach_uploader(&uploader).expect("there is memory");
        let made = uploader.pool().statistics().made;
        let (mut in_frames, mut in_uploads) = (0, 0);
        for frame in 0..200_u64 {
            in_uploads += counted(|| {
                for write in 0..64 {
                    let offset = (frame * 31 + write * 97) % 500 * 512;
                    let data = [frame as u8; 256];
                    uploader.buffer(&inputs[write as usize % 2], offset, &data).expect("it is queued");
                }
                uploader.buffer(&inputs[0], 0, &[7; 100_000]).expect("it is queued");
            })
            .1;
            in_frames += counted(|| graph.frame().expect("the frame runs")).1;
        }
        assert_eq!((in_frames, in_uploads), (0, 0), "heap allocations in frames and in uploads");
        let held = uploader.pool().statistics();
        assert_eq!(held.made, made, "staging was warm: {held:?}");
        assert_eq!(uploader.statistics().stalls, 0);
    });
}

/// An uploader of its own, whose batches frames wait for by its semaphore.
#[test]
fn a_frame_waits_for_a_ticket() {
    on_device(|device| {
        let Adder { inputs, mut graph, total } = Adder::new(device, 2);
        let uploader =
            Uploader::new(device, &StagingPool::new(device), UploaderOptions::default()).expect("it is made");
        let mut last = 0;
        for value in 1..=3_u32 {
            for input in &inputs {
                uploader.buffer(input, 0, &bytes(&vec![value; WORDS as usize])).expect("it is queued");
            }
            let ticket = uploader.flush().expect("it is submitted");
            assert!(ticket.value() > last, "batches are counted");
            last = ticket.value();
            // SAFETY: the uploader outlives the frame, and its batch has been submitted.
            unsafe { graph.wait_for(uploader.semaphore(), ticket.value(), vk::PipelineStageFlags2::ALL_COMMANDS) };
            graph.frame().expect("the frame runs");
            graph.wait().expect("the frame ends, as the semaphore has risen");
            assert!(words(&graph, total).iter().all(|&word| word == 2 * value));
            assert!(uploader.is_done(ticket).expect("the device lives"));
        }
    });
}

#[test]
fn nothing_is_allocated_where_uploads_wait() {
    on_device(|device| {
        device.budget().set_staging_quota(128 << 10);
        let Adder { inputs, .. } = Adder::new(device, 1);
        let options = UploaderOptions { writes: 8, frame_bytes: 60_000, batches: 1, ..UploaderOptions::default() };
        let uploader = Uploader::new(device, &StagingPool::new(device), options).expect("the device serves");
        let round = || {
            // First there are no places left in the queue, then there is no staging.
            for (count, len) in [(40, 512), (10, 60_000)] {
                for write in 0..count {
                    let data = &[write as u8; 60_000][..len];
                    uploader.buffer(&inputs[0], write * 1024, data).expect("it waits, and is queued");
                }
            }
        };
        round();
        let before = uploader.statistics().stalls;
        assert_eq!(counted(round).1, 0, "heap allocations in uploads that wait");
        assert!(uploader.statistics().stalls >= before + 10, "{:?}", uploader.statistics());
        uploader.wait(uploader.flush().expect("it is submitted")).expect("it arrives");
    });
}

fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}
