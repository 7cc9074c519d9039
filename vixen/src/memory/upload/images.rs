//! Uploads to images: barriers and copies, a batch at a time.

use ash::vk;

use super::level::{Level, after_copy, before_copy};
use super::queue::Source;
use crate::device::Device;

/// A part of a level that is staged.
#[derive(Clone, Copy, Debug)]
pub(super) struct ImageWrite {
    pub image: vk::Image,
    pub level: Level,
    /// The layout that the level is left in.
    pub layout: vk::ImageLayout,
    pub region: vk::BufferImageCopy,
    pub block: u32,
    /// The upload that it is a part of; an upload that began after another returned has a higher number.
    pub upload: u64,
    /// The first part of its upload: what the level had before is lost.
    pub first: bool,
    /// Nothing that was submitted before uses the level.
    pub fresh: bool,
}

impl ImageWrite {
    fn level_key(&self) -> (vk::Image, u32, u32) {
        let region = self.level.region();
        (self.image, region.mip, region.layer)
    }

    /// Whether a queue for transfers alone can copy it: it starts a level that nobody uses, and has colours.
    fn moves(&self) -> bool {
        self.fresh && self.first && self.level.aspect() == vk::ImageAspectFlags::COLOR
    }
}

/// How many of a batch's writes the transfer queue takes, after sorting those to the front: all parts of uploads that begin in
/// this batch, unless two uploads fill the same level, whose order only one queue keeps.
pub(super) fn sort(writes: &mut [ImageWrite], transfer: bool) -> usize {
    writes.sort_unstable_by_key(|write| (write.upload, !write.first));
    let count = writes.len();
    let twice = (0..count).any(|index| {
        let write = &writes[index];
        writes[..index].iter().any(|other| other.level_key() == write.level_key() && other.upload != write.upload)
    });
    if !transfer || twice {
        return 0;
    }
    // Parts follow their first, so one pass knows which uploads move.
    let mut moving = None;
    for write in writes.iter_mut() {
        if write.first {
            moving = write.moves().then_some(write.upload);
        }
        write.fresh = moving == Some(write.upload);
    }
    writes.sort_unstable_by_key(|write| (!write.fresh, write.upload, !write.first));
    writes.iter().take_while(|write| write.fresh).count()
}

/// From whom to whom a level goes on when it has been filled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handover {
    pub from_family: u32,
    pub to_family: u32,
}

/// Room for the barriers of a batch.
pub(super) struct ImageRecorder<'r> {
    pub device: &'r Device,
    pub sources: &'r [Source],
    pub barriers: &'r mut Vec<vk::ImageMemoryBarrier2<'static>>,
}

impl ImageRecorder<'_> {
    /// Records sorted writes: in rounds, in which no level is filled twice. With a handover each level is released instead of
    /// being made visible.
    pub fn record(&mut self, commands: vk::CommandBuffer, writes: &[ImageWrite], handover: Option<Handover>) -> u64 {
        let mut rest = writes;
        while !rest.is_empty() {
            let again = (1..rest.len()).find(|&index| {
                let write = &rest[index];
                rest[..index].iter().any(|other| other.upload != write.upload && other.level_key() == write.level_key())
            });
            let (round, after) = rest.split_at(again.unwrap_or(rest.len()));
            self.round(commands, round, handover);
            rest = after;
        }
        writes.len() as u64
    }

    fn round(&mut self, commands: vk::CommandBuffer, writes: &[ImageWrite], handover: Option<Handover>) {
        let uploads = || writes.chunk_by(|a, b| a.upload == b.upload).map(|parts| &parts[0]);
        self.barriers.clear();
        self.barriers.extend(uploads().map(|write| {
            let old = if write.first { vk::ImageLayout::UNDEFINED } else { write.layout };
            write.level.transition(write.image, before_copy(), (old, vk::ImageLayout::TRANSFER_DST_OPTIMAL))
        }));
        self.flush(commands);
        for write in writes {
            // SAFETY: the commands are being recorded; the block is read and the image alive until the batch has been waited
            // for; image and region were checked when the upload was asked for, and the barrier above set the layout.
            unsafe {
                self.device.raw().cmd_copy_buffer_to_image(
                    commands,
                    self.sources[write.block as usize].buffer,
                    write.image,
                    vk::ImageLayout::TRANSFER_DST_OPTIMAL,
                    &[write.region],
                );
            }
        }
        self.barriers.clear();
        self.barriers.extend(uploads().map(|write| match handover {
            None => leave(write, after_copy()),
            Some(handover) => {
                let release = vk::MemoryBarrier2 {
                    dst_stage_mask: vk::PipelineStageFlags2::NONE,
                    dst_access_mask: vk::AccessFlags2::NONE,
                    ..after_copy()
                };
                handed(leave(write, release), handover)
            }
        }));
        self.flush(commands);
    }

    /// The other half of a handover, on the queue that goes on with the levels.
    pub fn acquire(&mut self, commands: vk::CommandBuffer, writes: &[ImageWrite], handover: Handover) {
        self.barriers.clear();
        self.barriers.extend(writes.chunk_by(|a, b| a.upload == b.upload).map(|parts| {
            let acquire = vk::MemoryBarrier2::default()
                .src_stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS)
                .dst_stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS)
                .dst_access_mask(vk::AccessFlags2::MEMORY_READ | vk::AccessFlags2::MEMORY_WRITE);
            let barrier = leave(&parts[0], acquire);
            if handover.from_family == handover.to_family {
                // No handover after all: the release changed the layout for good.
                barrier.old_layout(parts[0].layout)
            } else {
                handed(barrier, handover)
            }
        }));
        self.flush(commands);
    }

    fn flush(&self, commands: vk::CommandBuffer) {
        if !self.barriers.is_empty() {
            let info = vk::DependencyInfo::default().image_memory_barriers(self.barriers);
            // SAFETY: the commands are being recorded outside a rendering scope; the images are alive.
            unsafe { self.device.raw().cmd_pipeline_barrier2(commands, &info) };
        }
    }
}

fn leave(write: &ImageWrite, access: vk::MemoryBarrier2<'_>) -> vk::ImageMemoryBarrier2<'static> {
    write.level.transition(write.image, access, (vk::ImageLayout::TRANSFER_DST_OPTIMAL, write.layout))
}

fn handed(barrier: vk::ImageMemoryBarrier2<'static>, handover: Handover) -> vk::ImageMemoryBarrier2<'static> {
    barrier.src_queue_family_index(handover.from_family).dst_queue_family_index(handover.to_family)
}
