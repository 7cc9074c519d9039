//! Frames with uploads: how many submissions they make, and whether anybody waits.

use std::sync::Arc;

use vixen::ash::vk;
use vixen::memory::{self, BufferDesc, Category, StagingPool, Uploader, UploaderOptions};
use vixen::{Device, Graph};

use crate::Failure;
use crate::report::{Goal, Report, Row};

const FRAMES: u64 = 300;
/// Uploads of a frame, their bytes, and the bytes of each of two buffers.
const UPLOADS: u64 = 256;
const BYTES: u64 = 4 << 10;
const SIZE: u64 = 4 << 20;

/// Adds the rows: frames in flight that nobody waits for, each with uploads to what the ones before still read.
pub fn run(device: &Device, report: &mut Report) -> Result<(), Failure> {
    let graph = Graph::without_output();
    let buffers = [buffer(device)?, buffer(device)?];
    let readbacks = buffers.each_ref().map(|buffer| graph.read_back(&*graph.share_buffer::<[u32]>(buffer)));
    let mut graph = graph.compile(device)?;
    let options = UploaderOptions { frame_bytes: UPLOADS * BYTES, ..UploaderOptions::default() };
    let uploader = Uploader::new(device, &StagingPool::new(device), options)?;
    graph.attach_uploader(&uploader)?;

    let mut most = 0;
    let mut expected = [vec![0_u8; SIZE as usize], vec![0_u8; SIZE as usize]];
    for (buffer, expected) in buffers.iter().zip(&expected) {
        uploader.fresh_buffer(buffer, 0, expected)?;
    }
    uploader.wait(uploader.flush()?)?;
    for frame in 0..FRAMES {
        let before = uploader.statistics();
        for upload in 0..UPLOADS {
            // Every other upload has a neighbour.
            let place = (frame * 37 + upload / 2 * 101) % (SIZE / BYTES / 2) * 2 + upload % 2;
            let (which, offset) = ((upload / 2 % 2) as usize, place * BYTES);
            let bytes = [(frame * 7 + upload) as u8; BYTES as usize];
            expected[which][offset as usize..][..bytes.len()].copy_from_slice(&bytes);
            uploader.buffer(&buffers[which], offset, &bytes)?;
        }
        graph.frame()?;
        let after = uploader.statistics();
        // A batch that goes with the frame costs no call of its own; it counts as one.
        most = most.max((after.batches - before.batches).max(after.submissions - before.submissions));
    }
    graph.wait()?;
    for (readback, expected) in readbacks.iter().zip(&expected) {
        match graph.read(*readback)? {
            Some((_, found)) if found == expected => {}
            _ => return Err("the last frame does not see what was uploaded before it".into()),
        }
    }
    let statistics = uploader.statistics();
    report.add(Row::new("submissions_per_frame_max", most as f64, "submissions").goal(Goal::AtMost(1.0)));
    report.add(Row::new("stalls", statistics.stalls as f64, "stalls").goal(Goal::AtMost(0.0)).key("frames", FRAMES));
    report.note(format!(
        "{FRAMES} frames of {UPLOADS} uploads: {} calls of vkQueueSubmit2 for uploads alone, {} regions, {} merged, {} scattered",
        statistics.submissions, statistics.regions, statistics.merged, statistics.scattered
    ));
    Ok(())
}

fn buffer(device: &Device) -> Result<Arc<memory::Buffer>, Failure> {
    let usage = vk::BufferUsageFlags::TRANSFER_DST
        | vk::BufferUsageFlags::TRANSFER_SRC
        | vk::BufferUsageFlags::STORAGE_BUFFER
        | vk::BufferUsageFlags::SHADER_DEVICE_ADDRESS;
    Ok(Arc::new(device.budget().buffer(&BufferDesc::new("streamed", SIZE, usage), Category::Cacher)?))
}
