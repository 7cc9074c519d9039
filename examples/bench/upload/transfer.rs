//! Frames that wait for a queue for transfers: each must see the last of what went through it just before.
//!
//! Much that nobody looks at goes first, so that a frame that did not wait would be early. That it would is shown by the same
//! copies by hand, without a semaphore between the queues.

use std::sync::Arc;

use vixen::ash::vk;
use vixen::device::QueueRef;
use vixen::memory::{Buffer, BufferDesc, Category, Location, StagingPool, Uploader, UploaderOptions};
use vixen::{Device, Graph};

use crate::Failure;
use crate::report::{Goal, Report, Row};

const FRAMES: u32 = 20;
/// What goes first, and what the frame reads.
const FIRST: u64 = 64 << 20;
const LAST: u64 = 64 << 10;

/// Adds the rows, where the device has such a queue.
pub fn run(device: &Device, report: &mut Report) -> Result<(), Failure> {
    let Some(queue) = device.transfer_queue() else {
        report.note("no queue for transfers alone here: whether frames wait for one was not looked at".to_owned());
        return Ok(());
    };
    let early = |name: &str, early: u32| Row::new(name, early.into(), "frames").key("frames", u64::from(FRAMES));
    report.add(early("frames_before_their_transfer", frames(device)?).goal(Goal::AtMost(0.0)));
    report.add(early("frames_before_their_transfer_unordered", by_hand(device, queue)?));
    Ok(())
}

/// Frames of a graph with an uploader: how many did not see what was uploaded before them.
fn frames(device: &Device) -> Result<u32, Failure> {
    let usage = vk::BufferUsageFlags::TRANSFER_DST | vk::BufferUsageFlags::TRANSFER_SRC;
    let first = Arc::new(buffer(device, "first", FIRST, usage, Location::Device)?);
    let last = Arc::new(buffer(device, "last", LAST, usage, Location::Device)?);
    let graph = Graph::without_output();
    let readback = graph.read_back(&*graph.share_buffer::<[u32]>(&last));
    let mut graph = graph.compile(device)?;
    let options = UploaderOptions { frame_bytes: FIRST + LAST, ..UploaderOptions::default() };
    let uploader = Uploader::new(device, &StagingPool::new(device), options)?;
    graph.attach_uploader(&uploader)?;
    let mut early = 0;
    let unseen = vec![0; FIRST as usize];
    for frame in 0..FRAMES {
        let seen = [frame as u8 + 1; LAST as usize];
        // Nothing uses either: the frame before has been waited for.
        uploader.fresh_buffer(&first, 0, &unseen)?;
        uploader.fresh_buffer(&last, 0, &seen)?;
        graph.frame()?;
        graph.wait()?;
        early += u32::from(graph.read(readback)?.is_none_or(|(_, found)| *found != seen));
    }
    match uploader.statistics().transferred {
        count if count == u64::from(FRAMES) => Ok(early),
        count => Err(format!("{count} of {FRAMES} frames had a part on the transfer queue").into()),
    }
}

/// The same copies, of which the one that reads waits for nothing.
fn by_hand(device: &Device, transfer: QueueRef<'_>) -> Result<u32, Failure> {
    let [from, to] = [vk::BufferUsageFlags::TRANSFER_SRC, vk::BufferUsageFlags::TRANSFER_DST];
    let staged = buffer(device, "staged by hand", FIRST, from, Location::Upload)?;
    let first = buffer(device, "first by hand", FIRST, to, Location::Device)?;
    let last = buffer(device, "last by hand", LAST, from | to, Location::Device)?;
    let found = buffer(device, "found by hand", LAST, to, Location::Readback)?;
    let main = device.main_queue();
    let move_all = Commands::new(device, transfer, |commands| {
        // SAFETY: the commands are being recorded, and the buffers outlive every submission.
        unsafe {
            copy(device, commands, (&staged, &first), FIRST);
            copy(device, commands, (&staged, &last), LAST);
        }
    })?;
    // SAFETY: as above.
    let look = Commands::new(device, main, |commands| unsafe { copy(device, commands, (&last, &found), LAST) })?;
    let mut early = 0;
    for frame in 0..FRAMES {
        let seen = [frame as u8 + 1; LAST as usize];
        staged.write(0, &seen)?;
        // SAFETY: both are recorded and not pending. That they race is what is looked for; no byte that is read decides anything
        // but a count.
        unsafe {
            move_all.submit(transfer)?;
            look.submit(main)?;
        }
        device.wait_idle()?;
        let mut bytes = [0; LAST as usize];
        found.read(0, &mut bytes)?;
        early += u32::from(bytes != seen);
    }
    Ok(early)
}

fn buffer(
    device: &Device,
    name: &str,
    size: u64,
    usage: vk::BufferUsageFlags,
    at: Location,
) -> Result<Buffer, Failure> {
    Ok(device.budget().buffer(&BufferDesc::new(name, size, usage).at(at), Category::Other)?)
}

/// # Safety
/// The commands are being recorded, the buffers have the usages and the size, and outlive the commands.
unsafe fn copy(device: &Device, commands: vk::CommandBuffer, (from, to): (&Buffer, &Buffer), size: u64) {
    let region = vk::BufferCopy { src_offset: 0, dst_offset: 0, size };
    // SAFETY: the caller vouches for all of it.
    unsafe { device.raw().cmd_copy_buffer(commands, from.raw(), to.raw(), &[region]) };
}

/// A command buffer that is recorded once, with its pool.
struct Commands<'d> {
    device: &'d Device,
    pool: vk::CommandPool,
    buffer: vk::CommandBuffer,
}

impl<'d> Commands<'d> {
    fn new(device: &'d Device, queue: QueueRef<'_>, record: impl FnOnce(vk::CommandBuffer)) -> Result<Self, Failure> {
        let raw = device.raw();
        let pool = vk::CommandPoolCreateInfo::default().queue_family_index(queue.family);
        // SAFETY: the device is alive and has the family; nobody else knows the pool.
        unsafe {
            let pool = raw.create_command_pool(&pool, None)?;
            let mut commands = Self { device, pool, buffer: vk::CommandBuffer::null() };
            let info = vk::CommandBufferAllocateInfo::default().command_pool(pool).command_buffer_count(1);
            commands.buffer = raw.allocate_command_buffers(&info)?[0];
            raw.begin_command_buffer(commands.buffer, &vk::CommandBufferBeginInfo::default())?;
            record(commands.buffer);
            raw.end_command_buffer(commands.buffer)?;
            Ok(commands)
        }
    }

    /// # Safety
    /// They are not pending.
    unsafe fn submit(&self, queue: QueueRef<'_>) -> Result<(), Failure> {
        let infos = [vk::CommandBufferSubmitInfo::default().command_buffer(self.buffer)];
        let info = vk::SubmitInfo2::default().command_buffer_infos(&infos);
        let _held = queue.lock();
        // SAFETY: they were recorded in `new` for this family, the queue is locked, and the caller vouches for the rest.
        Ok(unsafe { self.device.raw().queue_submit2(queue.handle, &[info], vk::Fence::null()) }?)
    }
}

impl Drop for Commands<'_> {
    fn drop(&mut self) {
        // SAFETY: the device was waited for after every submission.
        unsafe { self.device.raw().destroy_command_pool(self.pool, None) };
    }
}
