//! The uploader on a device, under validation: what it leaves in buffers and images, how it orders, merges and scatters, and
//! what it costs.

#[path = "../common/mod.rs"]
mod common;
mod room;

use std::sync::Arc;

use ash::vk;
use common::{assert_clean, device};
use vixen::Device;
use vixen::memory::{
    Buffer, BufferDesc, Category, Image, ImageDesc, ImageRegion, Location, MemoryError, ScatterPolicy, StagingPool,
    TransferPolicy, Uploader, UploaderOptions,
};

const USAGE: vk::BufferUsageFlags = vk::BufferUsageFlags::from_raw(
    vk::BufferUsageFlags::TRANSFER_DST.as_raw()
        | vk::BufferUsageFlags::TRANSFER_SRC.as_raw()
        | vk::BufferUsageFlags::STORAGE_BUFFER.as_raw()
        | vk::BufferUsageFlags::SHADER_DEVICE_ADDRESS.as_raw(),
);

fn buffer(device: &Device, size: u64) -> Arc<Buffer> {
    let desc = BufferDesc::new("target", size, USAGE);
    Arc::new(device.budget().buffer(&desc, Category::Other).expect("there is memory"))
}

fn uploader(device: &Device, options: UploaderOptions) -> Arc<Uploader> {
    Uploader::new(device, &StagingPool::new(device), options).expect("the device serves")
}

fn options() -> UploaderOptions {
    UploaderOptions { writes: 1024, scatter: ScatterPolicy::Never, ..UploaderOptions::default() }
}

/// What a buffer holds.
fn contents(device: &Device, buffer: &Buffer) -> Vec<u8> {
    let desc = BufferDesc::new("read back", buffer.size(), vk::BufferUsageFlags::TRANSFER_DST).at(Location::Readback);
    let host = device.budget().buffer(&desc, Category::Readback).expect("there is memory");
    let region = vk::BufferCopy { src_offset: 0, dst_offset: 0, size: buffer.size() };
    let after = [to_host()];
    let after = vk::DependencyInfo::default().memory_barriers(&after);
    device
        .submit_once(|commands| {
            // SAFETY: the commands are being recorded; both buffers outlive the submission, which is waited for.
            unsafe {
                device.raw().cmd_copy_buffer(commands, buffer.raw(), host.raw(), &[region]);
                device.raw().cmd_pipeline_barrier2(commands, &after);
            }
        })
        .expect("the device lives");
    let mut bytes = vec![0; buffer.size() as usize];
    host.read(0, &mut bytes).expect("it is host memory");
    bytes
}

/// What a level of an image in `TRANSFER_SRC_OPTIMAL` holds.
fn texels(device: &Device, image: &Image, region: ImageRegion, extent: [u32; 2], bytes: usize) -> Vec<u8> {
    let desc = BufferDesc::new("read back", bytes as u64, vk::BufferUsageFlags::TRANSFER_DST).at(Location::Readback);
    let host = device.budget().buffer(&desc, Category::Readback).expect("there is memory");
    let copy = vk::BufferImageCopy::default()
        .image_subresource(vk::ImageSubresourceLayers {
            aspect_mask: vk::ImageAspectFlags::COLOR,
            mip_level: region.mip,
            base_array_layer: region.layer,
            layer_count: 1,
        })
        .image_extent(vk::Extent3D { width: extent[0], height: extent[1], depth: 1 });
    let after = [to_host()];
    let after = vk::DependencyInfo::default().memory_barriers(&after);
    device
        .submit_once(|commands| {
            // SAFETY: the commands are being recorded; image and buffer outlive the submission, which is waited for.
            unsafe {
                let layout = vk::ImageLayout::TRANSFER_SRC_OPTIMAL;
                device.raw().cmd_copy_image_to_buffer(commands, image.raw(), layout, host.raw(), &[copy]);
                device.raw().cmd_pipeline_barrier2(commands, &after);
            }
        })
        .expect("the device lives");
    let mut result = vec![0; bytes];
    host.read(0, &mut result).expect("it is host memory");
    result
}

fn to_host() -> vk::MemoryBarrier2<'static> {
    vk::MemoryBarrier2::default()
        .src_stage_mask(vk::PipelineStageFlags2::COPY)
        .src_access_mask(vk::AccessFlags2::TRANSFER_WRITE)
        .dst_stage_mask(vk::PipelineStageFlags2::HOST)
        .dst_access_mask(vk::AccessFlags2::HOST_READ)
}

/// Numbers that look random and are always the same.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn bytes(&mut self, count: u64) -> Vec<u8> {
        (0..count).map(|_| self.below(256) as u8).collect()
    }
}

#[test]
fn neighbours_share_a_region() {
    let device = device();
    let uploader = uploader(&device, options());
    let target = buffer(&device, 4096 * 100);
    let data = Random(7).bytes(target.size());
    for (index, chunk) in data.chunks(4096).enumerate() {
        uploader.buffer(&target, index as u64 * 4096, chunk).expect("it is queued");
    }
    let ticket = uploader.flush().expect("it is submitted");
    uploader.wait(ticket).expect("it arrives");
    assert!(uploader.is_done(ticket).expect("the device lives"));
    assert_eq!(contents(&device, &target), data);
    let statistics = uploader.statistics();
    assert_eq!((statistics.uploads, statistics.bytes), (100, 409_600));
    assert_eq!((statistics.regions, statistics.merged, statistics.batches, statistics.submissions), (1, 99, 1, 1));
    assert_eq!((statistics.stalls, statistics.scattered, statistics.direct), (0, 0, 0));
    assert_clean(&device);
}

/// Random writes of all sizes and alignments to two buffers, many of them over each other, over several batches.
fn random_writes_give_what_order_says(options: UploaderOptions, fresh: bool) {
    let device = device();
    let uploader = uploader(&device, options);
    let targets = [buffer(&device, 300_000), buffer(&device, 50_000)];
    let mut expected = targets.clone().map(|target| vec![0_u8; target.size() as usize]);
    for (target, expected) in targets.iter().zip(&expected) {
        uploader.buffer(target, 0, expected).expect("it is queued");
    }
    let mut random = Random(42);
    for batch in 0..8 {
        for _ in 0..120 {
            let which = random.below(2) as usize;
            let longest = if random.below(8) == 0 { 40_000 } else { 300 };
            let whole_words = random.below(2) == 0;
            let len = if whole_words { 4 * (1 + random.below(longest / 4)) } else { 1 + random.below(longest) };
            let offset = random.below(targets[which].size() - len);
            let offset = if whole_words { offset / 4 * 4 } else { offset };
            let data = random.bytes(len);
            expected[which][offset as usize..][..len as usize].copy_from_slice(&data);
            if fresh && batch == 0 {
                uploader.fresh_buffer(&targets[which], offset, &data).expect("it is queued");
            } else {
                uploader.buffer(&targets[which], offset, &data).expect("it is queued");
            }
        }
        uploader.flush().expect("it is submitted");
    }
    for (target, expected) in targets.iter().zip(&expected) {
        assert!(contents(&device, target) == *expected, "the bytes differ");
    }
    let statistics = uploader.statistics();
    assert_eq!((statistics.batches, statistics.submissions), (8, 8));
    assert_eq!(statistics.scattered > 0, options.scatter == ScatterPolicy::Always, "{statistics:?}");
    assert_clean(&device);
}

#[test]
fn the_last_write_of_every_byte_counts_with_copies() {
    random_writes_give_what_order_says(options(), false);
}

#[test]
fn the_last_write_of_every_byte_counts_with_scattering() {
    random_writes_give_what_order_says(UploaderOptions { scatter: ScatterPolicy::Always, ..options() }, false);
}

#[test]
fn the_last_write_of_every_byte_counts_whatever_is_fresh() {
    random_writes_give_what_order_says(UploaderOptions { transfer: TransferPolicy::Always, ..options() }, true);
}

#[test]
fn scattered_writes_arrive() {
    let device = device();
    let uploader = uploader(&device, UploaderOptions { scatter: ScatterPolicy::Always, ..options() });
    let target = buffer(&device, 4 << 20);
    let mut expected = vec![0; target.size() as usize];
    uploader.buffer(&target, 0, &expected).expect("it is queued");
    uploader.flush().expect("it is submitted");
    let mut random = Random(3);
    for index in 0..512 {
        // 4 KiB pieces, and some that are longer than a workgroup copies or no whole number of 16 bytes.
        let len = [4096, 4096, 4100, 8, 12_000][index % 5];
        let offset = (index as u64 * 509 % 512) * 8192 % (target.size() - 12_000);
        let data = random.bytes(len);
        expected[offset as usize..][..len as usize].copy_from_slice(&data);
        uploader.buffer(&target, offset, &data).expect("it is queued");
    }
    uploader.flush().expect("it is submitted");
    assert!(contents(&device, &target) == expected);
    let statistics = uploader.statistics();
    assert!(statistics.scattered > 400, "{statistics:?}");
    assert_eq!(statistics.regions, 1, "the clearing write alone");
    assert_clean(&device);
}

/// More pieces in a batch than a dispatch has workgroups in a row.
#[test]
fn scattered_writes_arrive_in_rows() {
    let (device, writes) = (device(), 66_000);
    let uploader = uploader(&device, UploaderOptions { writes, scatter: ScatterPolicy::Always, ..options() });
    let target = buffer(&device, 8 * writes as u64);
    let words: Vec<_> = (1..=writes as u32).map(u32::to_le_bytes).collect();
    let pieces: Vec<_> = words.iter().zip(0..).map(|(word, index)| (index * 8, &word[..])).collect();
    uploader.buffer_pieces(&target, &pieces).expect("it is queued");
    uploader.flush().expect("it is submitted");
    assert!(contents(&device, &target).chunks(8).zip(&words).all(|(found, word)| found[..4] == *word));
    assert_eq!((uploader.statistics().scattered, uploader.statistics().batches), (writes as u64, 1));
    assert_clean(&device);
}

/// Calls that are long enough for other threads to help, of several callers who compete for them, staged and written directly.
#[test]
fn what_several_threads_copy_arrives() {
    const CALLERS: usize = 3;
    const EACH: usize = (3 << 20) + 7;
    let device = device();
    let uploader = uploader(&device, UploaderOptions { copy_threads: 3, ..options() });
    let desc = BufferDesc::new("target", (CALLERS * EACH + 5) as u64, USAGE).at(Location::DeviceMapped);
    let target = Arc::new(device.budget().buffer(&desc, Category::Other).expect("there is memory"));
    for fresh in [false, true] {
        let data = Random(if fresh { 17 } else { 19 }).bytes((CALLERS * EACH) as u64);
        let upload = &|caller: usize| {
            let places = (5 + (caller * EACH) as u64..).step_by(100_003);
            let pieces: Vec<_> = places.zip(data[caller * EACH..][..EACH].chunks(100_003)).collect();
            match fresh {
                true => uploader.fresh_buffer_pieces(&target, &pieces),
                false => uploader.buffer_pieces(&target, &pieces),
            }
        };
        std::thread::scope(|scope| {
            let callers: Vec<_> = (0..CALLERS).map(|caller| scope.spawn(move || upload(caller))).collect();
            for caller in callers {
                let ticket = caller.join().expect("no caller panics").expect("it is queued");
                uploader.wait(ticket).expect("it arrives");
            }
        });
        assert!(contents(&device, &target)[5..] == data, "fresh: {fresh}, {:?}", uploader.statistics());
    }
    assert!(uploader.statistics().direct_bytes <= (CALLERS * EACH) as u64, "what is not fresh is staged");
    assert_clean(&device);
}

/// Many pieces in one call, whatever their lengths and however they overlap, staged and written directly.
#[test]
fn pieces_of_one_call_arrive_in_turn() {
    let device = device();
    device.budget().set_staging_quota(1 << 20);
    for (fresh, scatter, writes) in
        [(false, ScatterPolicy::Never, 1024), (false, ScatterPolicy::Always, 10), (true, ScatterPolicy::Never, 1024)]
    {
        let uploader = uploader(&device, UploaderOptions { scatter, writes, ..options() });
        let desc = BufferDesc::new("target", 1 << 20, USAGE).at(Location::DeviceMapped);
        let target = Arc::new(device.budget().buffer(&desc, Category::Other).expect("there is memory"));
        let mut expected = vec![0; target.size() as usize];
        let cleared = uploader.buffer(&target, 0, &expected).expect("it is queued");
        uploader.wait(cleared).expect("it arrives");
        let mut random = Random(13);
        let data = random.bytes(700_000);
        let mut pieces: Vec<(u64, &[u8])> = Vec::new();
        for index in 0..400 {
            let longest = [20, 5000, 0, 5000, 300_000][index % 5].min(700_000 - 1) + u64::from(index == 4) * 399_000;
            let (len, from) = (random.below(longest + 1), random.below(1000));
            let bytes = &data[from as usize..][..len as usize];
            // Every third one is the neighbour of the one before, if that leaves room.
            let behind = pieces.last().map_or(0, |(to, bytes)| to + bytes.len() as u64);
            let to = if index % 3 == 0 && behind + len <= target.size() { behind } else { random.below(300_000) };
            expected[to as usize..][..len as usize].copy_from_slice(bytes);
            pieces.push((to, bytes));
        }
        let send = |pieces: &[(u64, &[u8])]| match fresh {
            true => uploader.fresh_buffer_pieces(&target, pieces),
            false => uploader.buffer_pieces(&target, pieces),
        };
        // Nothing of a call arrives of which a part is out of range.
        let before = uploader.statistics();
        let error = send(&[(0, &data[..9]), (target.size() - 8, &data[..9])]).expect_err("it is out of range");
        assert!(matches!(error, vixen::device::DeviceError::Memory(MemoryError::OutOfRange { .. })), "{error}");
        assert_eq!(uploader.statistics(), before);
        assert_eq!(send(&[]).expect("nothing is always in range").value(), 0);
        assert_eq!(send(&[(5, &[]), (7, &[])]).expect("nothing is always in range").value(), 0);

        let ticket = send(&pieces).expect("it is queued");
        uploader.wait(ticket).expect("it arrives");
        assert!(contents(&device, &target) == expected, "{fresh} {scatter:?}: {:?}", uploader.statistics());
        uploader.trim().expect("the device lives");
        assert_eq!(uploader.pool().statistics().blocks, [0; 6], "every block came back");
    }
    assert_clean(&device);
}

#[test]
fn images_fill_level_by_level() {
    for transfer in [TransferPolicy::Never, TransferPolicy::Always] {
        let device = device();
        let uploader = uploader(&device, UploaderOptions { transfer, ..options() });
        let usage =
            vk::ImageUsageFlags::TRANSFER_DST | vk::ImageUsageFlags::TRANSFER_SRC | vk::ImageUsageFlags::SAMPLED;
        let desc =
            ImageDesc { mips: 3, layers: 2, ..ImageDesc::new("picture", vk::Format::R8G8B8A8_UNORM, [64, 32], usage) };
        let image = Arc::new(device.budget().image(&desc, Category::Other).expect("there is memory"));
        let mut random = Random(11);
        let layout = vk::ImageLayout::TRANSFER_SRC_OPTIMAL;
        let mut levels = Vec::new();
        for layer in 0..2 {
            for mip in 0..3 {
                let region = ImageRegion { mip, layer };
                let data = random.bytes((64 * 32 * 4) >> (2 * mip));
                // The first contents of a level are overwritten in the same batch.
                if mip == 1 {
                    uploader.image(&image, region, layout, &random.bytes(data.len() as u64)).expect("it is queued");
                }
                uploader.fresh_image(&image, region, layout, &data).expect("it is queued");
                levels.push((region, [64 >> mip, 32 >> mip], data));
            }
        }
        uploader.flush().expect("it is submitted");
        for (region, extent, data) in &levels {
            assert!(texels(&device, &image, *region, *extent, data.len()) == *data, "{region:?}");
        }
        let error =
            uploader.image(&image, ImageRegion { mip: 3, layer: 0 }, layout, &[]).expect_err("there is no such level");
        assert!(error.to_string().contains("there is no level 3"), "{error}");
        assert_eq!(uploader.statistics().batches, 1);
        assert_clean(&device);
    }
}

#[test]
fn fresh_bytes_go_straight_into_memory_that_the_host_reaches() {
    let device = device();
    let uploader = uploader(&device, options());
    let desc = BufferDesc::new("mapped", 256, USAGE).at(Location::Upload);
    let target = Arc::new(device.budget().buffer(&desc, Category::Other).expect("there is memory"));
    let ticket = uploader.fresh_buffer(&target, 16, &[7; 100]).expect("it is written");
    assert!(ticket.value() == 0 && uploader.is_done(ticket).expect("the device lives"));
    // What may be in use goes the long way.
    let later = uploader.buffer(&target, 20, &[9; 4]).expect("it is queued");
    assert!(!uploader.is_done(later).expect("the device lives"));
    uploader.wait(later).expect("it arrives");
    assert_eq!(contents(&device, &target)[14..26], [0, 0, 7, 7, 7, 7, 9, 9, 9, 9, 7, 7].map(|byte| byte)[..]);
    assert_eq!((uploader.statistics().direct, uploader.statistics().regions), (1, 1));
    assert_clean(&device);
}
