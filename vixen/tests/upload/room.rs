//! Uploads where room runs short, and those that are refused.

use std::sync::Arc;

use ash::vk;
use vixen::memory::{
    BufferDesc, Category, ImageDesc, ImageRegion, MemoryError, ScatterPolicy, TransferPolicy, UploaderOptions, Wait,
};

use super::common::{assert_clean, device};
use super::{Random, buffer, contents, options, texels, uploader};

#[test]
fn uploads_larger_than_the_quota_wait_for_space_and_arrive() {
    let device = device();
    device.budget().set_staging_quota(512 << 10);
    let uploader = uploader(&device, UploaderOptions { frame_bytes: 64 << 10, ..options() });
    let target = buffer(&device, 3 << 20);
    let data = Random(5).bytes(target.size());
    let ticket = uploader.buffer(&target, 0, &data).expect("it waits, and is queued");
    uploader.wait(ticket).expect("it arrives");
    assert!(contents(&device, &target) == data);
    let (statistics, usage) = (uploader.statistics(), device.budget().staging_usage());
    assert!(statistics.stalls > 0 && usage.peak <= usage.limit, "{statistics:?} {usage:?}");
    // In smaller pieces where the quota is lowered while there is work.
    device.budget().set_staging_quota(128 << 10);
    let again = Random(8).bytes(target.size());
    let ticket = uploader.buffer(&target, 0, &again).expect("it waits, and is queued");
    uploader.wait(ticket).expect("it arrives");
    assert!(contents(&device, &target) == again);
    // A texture of rows does too.
    let image_usage = vk::ImageUsageFlags::TRANSFER_DST | vk::ImageUsageFlags::TRANSFER_SRC;
    let desc = ImageDesc::new("large", vk::Format::R8G8B8A8_UNORM, [512, 512], image_usage);
    let image = Arc::new(device.budget().image(&desc, Category::Other).expect("there is memory"));
    let texels_in = Random(6).bytes(512 * 512 * 4);
    let layout = vk::ImageLayout::TRANSFER_SRC_OPTIMAL;
    let ticket = uploader.image(&image, ImageRegion::default(), layout, &texels_in).expect("it is queued");
    uploader.wait(ticket).expect("it arrives");
    assert!(texels(&device, &image, ImageRegion::default(), [512, 512], texels_in.len()) == texels_in);
    assert_clean(&device);
}

#[test]
fn whoever_holds_staging_in_reserve_makes_way() {
    let device = device();
    let quota = 4 * (64 << 10);
    device.budget().set_staging_quota(quota);
    // Warm blocks, of which one is open and has a write in it that nobody has submitted.
    let first = uploader(&device, UploaderOptions { frame_bytes: 64 << 10, batches: 3, ..options() });
    let (target, data) = (buffer(&device, 300_000), Random(9).bytes(300_000));
    let early = first.buffer(&target, 0, &[7; 100]).expect("there is room");
    assert_eq!(device.budget().staging_usage().reserved, quota, "all of it is held");

    let waited = buffer(&device, 300_000);
    vixen::memory::upload_buffer(&device, &waited, &data).expect("it waits, and goes on");
    assert!(contents(&device, &waited) == data);
    assert!(first.is_done(early).expect("the device lives"), "on the way, the other's writes were submitted");

    // So do pools for each other's sake: several uploaders need no quota each.
    let second = uploader(&device, UploaderOptions { frame_bytes: 0, ..options() });
    first.warm(64 << 10, 3).expect("the device lives");
    for _ in 0..3 {
        for uploader in [&second, &first] {
            let ticket = uploader.buffer(&target, 0, &data).expect("it waits, and is queued");
            uploader.wait(ticket).expect("it arrives");
            assert!(contents(&device, &target) == data);
        }
    }
    let usage = device.budget().staging_usage();
    assert!(usage.peak <= quota, "{usage:?}");
    assert_clean(&device);
}

#[test]
fn without_room_it_fails_where_it_is_told_not_to_wait() {
    let device = device();
    device.budget().set_staging_quota(128 << 10);
    let uploader = uploader(&device, UploaderOptions { wait: Wait::Fail, frame_bytes: 0, writes: 4, ..options() });
    let target = buffer(&device, 1 << 20);
    for index in 0..2 {
        uploader.buffer(&target, index << 16, &[1; 60_000]).expect("there is room for two blocks");
    }
    let error = uploader.buffer(&target, 0, &[1; 60_000]).expect_err("there is none for a third");
    assert_eq!(
        error.to_string(),
        format!(
            "'{}' needs 65536 bytes of staging, but 131072 of the quota of 131072 are reserved: wait, upload in smaller pieces \
             or raise the quota",
            target.name()
        )
    );
    for _ in 0..2 {
        uploader.buffer(&target, 0, &[1]).expect("there is room for a byte, and a place in the queue");
    }
    let error = uploader.buffer(&target, 0, &[1]).expect_err("the queue is full");
    assert!(error.to_string().contains("queue is full") && error.to_string().contains(target.name()), "{error}");
    let ticket = uploader.flush().expect("it is submitted");
    uploader.wait(ticket).expect("it arrives");
    uploader.buffer(&target, 0, &[1; 60_000]).expect("there is room again");
    assert_clean(&device);
}

#[test]
fn bad_uploads_are_refused() {
    let device = device();
    let uploader = uploader(&device, options());
    let target = buffer(&device, 16);
    for (offset, len) in [(0, 17), (16, 1), (u64::MAX, 1), (17, 0)] {
        let error = uploader.buffer(&target, offset, &vec![0; len]).expect_err("it is out of range");
        assert!(matches!(error, vixen::device::DeviceError::Memory(MemoryError::OutOfRange { .. })), "{error}");
    }
    let desc = BufferDesc::new("unreachable", 16, vk::BufferUsageFlags::STORAGE_BUFFER);
    let unreachable = Arc::new(device.budget().buffer(&desc, Category::Other).expect("there is memory"));
    let error = uploader.buffer(&unreachable, 0, &[1]).expect_err("it lacks the usage");
    assert_eq!(error.to_string(), "'unreachable' cannot be uploaded to: add the usage TRANSFER_DST");
    assert_eq!(uploader.buffer(&target, 16, &[]).expect("nothing is always in range").value(), 0);
    assert_eq!((uploader.statistics().uploads, uploader.flush().expect("nothing to do").value()), (0, 0));
    assert_clean(&device);
}

/// Eight threads upload to their own parts of one buffer and to shared buffers, and flush, while blocks and places run short.
#[test]
fn eight_threads_upload_and_flush() {
    const THREADS: u64 = 8;
    const PART: u64 = 96 << 10;
    let device = device();
    device.budget().set_staging_quota(2 << 20);
    let options = UploaderOptions {
        writes: 64,
        frame_bytes: 64 << 10,
        scatter: ScatterPolicy::Always,
        transfer: TransferPolicy::Always,
        ..options()
    };
    let uploader = uploader(&device, options);
    let target = buffer(&device, THREADS * PART);
    uploader.fresh_buffer(&target, 0, &vec![0; target.size() as usize]).expect("it is queued");
    let end = std::time::Instant::now() + std::time::Duration::from_secs(3);
    let parts: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (uploader, target) = (&uploader, &target);
                scope.spawn(move || {
                    let mut random = Random(thread + 1);
                    let mut mine = vec![0; PART as usize];
                    let mut newest = None;
                    // At least this many, however slow the machine.
                    let mut count = 0;
                    while count < 200 || std::time::Instant::now() < end {
                        count += 1;
                        let longest = if random.below(10) == 0 { 70_000 } else { 3000 };
                        let len = 1 + random.below(longest);
                        let offset = random.below(PART - len);
                        let data = random.bytes(len);
                        mine[offset as usize..][..len as usize].copy_from_slice(&data);
                        let to = thread * PART + offset;
                        let ticket = match count % 4 {
                            0 => {
                                let (first, second) = data.split_at(data.len() / 3);
                                let pieces = [(to + first.len() as u64, second), (to, first)];
                                uploader.buffer_pieces(target, &pieces)
                            }
                            _ => uploader.buffer(target, to, &data),
                        };
                        let ticket = ticket.expect("it is queued");
                        assert!(newest <= Some(ticket), "a thread's uploads keep their order");
                        newest = Some(ticket);
                        match random.below(40) {
                            0 => drop(uploader.flush().expect("it is submitted")),
                            1 => uploader.wait(ticket).expect("it arrives"),
                            2 => uploader.trim().expect("the device lives"),
                            _ => {}
                        }
                    }
                    mine
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect()
    });
    let ticket = uploader.flush().expect("it is submitted");
    uploader.wait(ticket).expect("it arrives");
    assert!(contents(&device, &target) == parts.concat(), "bytes differ: {:?}", uploader.statistics());
    uploader.trim().expect("the device lives");
    let held = uploader.pool().statistics();
    assert_eq!(held.blocks, [0; 6], "everything came back: {held:?}");
    assert_eq!(device.budget().staging_usage().reserved, 0);
    assert_clean(&device);
}
