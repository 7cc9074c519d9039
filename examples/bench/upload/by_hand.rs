//! The hand-written side: ash, one staging buffer that stays mapped, one command buffer, a timeline semaphore.

use std::cell::Cell;
use std::ops::Range;

use vixen::Device;
use vixen::ash::vk;
use vixen::memory::{Buffer, BufferDesc, Category, Location};

use crate::Failure;

/// Copies by hand.
pub struct ByHand {
    device: Device,
    staging: Buffer,
    target: Buffer,
    pool: vk::CommandPool,
    commands: vk::CommandBuffer,
    timeline: vk::Semaphore,
    value: Cell<u64>,
}

impl ByHand {
    /// For rounds of some bytes, into a target of a given size.
    pub fn new(device: &Device, target: usize, round: usize) -> Result<Self, Failure> {
        let staging = BufferDesc::new("staging by hand", round as u64, vk::BufferUsageFlags::TRANSFER_SRC);
        let target = BufferDesc::new("target by hand", target as u64, vk::BufferUsageFlags::TRANSFER_DST);
        let (budget, raw) = (device.budget(), device.raw());
        let pool = vk::CommandPoolCreateInfo::default().queue_family_index(device.main_queue().family);
        let mut kind = vk::SemaphoreTypeCreateInfo::default().semaphore_type(vk::SemaphoreType::TIMELINE);
        let timeline = vk::SemaphoreCreateInfo::default().push_next(&mut kind);
        // SAFETY: the device is alive, and what the structures point to lives to the end of each call. What fails half way is
        // not cleaned up: the benchmark then ends.
        unsafe {
            let pool = raw.create_command_pool(&pool, None)?;
            let info = vk::CommandBufferAllocateInfo::default().command_pool(pool).command_buffer_count(1);
            Ok(Self {
                staging: budget.buffer(&staging.at(Location::Upload), Category::Staging)?,
                target: budget.buffer(&target, Category::Other)?,
                commands: raw.allocate_command_buffers(&info)?[0],
                timeline: raw.create_semaphore(&timeline, None)?,
                device: device.clone(),
                pool,
                value: Cell::new(0),
            })
        }
    }

    /// One contiguous write into staging, and one region.
    pub fn one_copy(&self, data: &[u8]) -> Result<(), Failure> {
        self.stage(0, data);
        self.copy(&[vk::BufferCopy { src_offset: 0, dst_offset: 0, size: data.len() as u64 }])
    }

    /// Writes some of the pieces of `data` into staging.
    pub fn stage_pieces(&self, data: &[u8], piece: usize, part: Range<usize>) {
        for (index, bytes) in part.clone().zip(data[part.start * piece..].chunks_exact(piece)) {
            self.stage(index * piece, bytes);
        }
    }

    /// One region for each piece, in one command.
    pub fn copy_each(&self, piece: usize, places: &[u64]) -> Result<(), Failure> {
        let size = piece as u64;
        let region = |(index, &dst_offset)| vk::BufferCopy { src_offset: index as u64 * size, dst_offset, size };
        let regions: Vec<_> = places.iter().enumerate().map(region).collect();
        self.copy(&regions)
    }

    /// A submission for each piece, which is waited for.
    pub fn submit_each(&self, data: &[u8], piece: usize, places: &[u64]) -> Result<(), Failure> {
        for (&dst_offset, bytes) in places.iter().zip(data.chunks_exact(piece)) {
            self.stage(0, bytes);
            self.copy(&[vk::BufferCopy { src_offset: 0, dst_offset, size: piece as u64 }])?;
        }
        Ok(())
    }

    /// Submits nothing but a barrier and looks until it has run, as the uploader does: whatever the host has written by then has
    /// arrived on the device.
    pub fn nothing(&self) -> Result<(), Failure> {
        self.submit(&[])?;
        // SAFETY: the semaphore is alive.
        while unsafe { self.device.raw().get_semaphore_counter_value(self.timeline) }? < self.value.get() {
            std::hint::spin_loop();
        }
        Ok(())
    }

    fn stage(&self, offset: usize, bytes: &[u8]) {
        let staging = self.staging.mapped().expect("upload memory is mapped");
        // SAFETY: the callers write within the staging buffer, threads each to their own part, and the device has done with it.
        unsafe { staging.add(offset).copy_from_nonoverlapping(std::ptr::NonNull::from(bytes).cast(), bytes.len()) };
    }

    /// Copies, makes the copies visible, and waits.
    fn copy(&self, regions: &[vk::BufferCopy]) -> Result<(), Failure> {
        self.submit(regions)?;
        let (semaphores, values) = ([self.timeline], [self.value.get()]);
        let wait = vk::SemaphoreWaitInfo::default().semaphores(&semaphores).values(&values);
        // SAFETY: the semaphore is alive.
        Ok(unsafe { self.device.raw().wait_semaphores(&wait, u64::MAX) }?)
    }

    fn submit(&self, regions: &[vk::BufferCopy]) -> Result<(), Failure> {
        let (raw, commands) = (self.device.raw(), self.commands);
        self.value.set(self.value.get() + 1);
        let begin = vk::CommandBufferBeginInfo::default().flags(vk::CommandBufferUsageFlags::ONE_TIME_SUBMIT);
        let after = [vk::MemoryBarrier2::default()
            .src_stage_mask(vk::PipelineStageFlags2::COPY)
            .src_access_mask(vk::AccessFlags2::TRANSFER_WRITE)
            .dst_stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS)
            .dst_access_mask(vk::AccessFlags2::MEMORY_READ | vk::AccessFlags2::MEMORY_WRITE)];
        let after = vk::DependencyInfo::default().memory_barriers(&after);
        let infos = [vk::CommandBufferSubmitInfo::default().command_buffer(commands)];
        let signals = [vk::SemaphoreSubmitInfo::default()
            .semaphore(self.timeline)
            .value(self.value.get())
            .stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS)];
        let submit = [vk::SubmitInfo2::default().command_buffer_infos(&infos).signal_semaphore_infos(&signals)];
        let queue = self.device.main_queue();
        // SAFETY: the last submission was waited for, so the pool can be reset; the queue is locked for the submission; buffers
        // hold the regions, and all objects live until the submission has been waited for.
        unsafe {
            raw.reset_command_pool(self.pool, vk::CommandPoolResetFlags::empty())?;
            raw.begin_command_buffer(commands, &begin)?;
            if !regions.is_empty() {
                raw.cmd_copy_buffer(commands, self.staging.raw(), self.target.raw(), regions);
            }
            raw.cmd_pipeline_barrier2(commands, &after);
            raw.end_command_buffer(commands)?;
            {
                let _held = queue.lock();
                raw.queue_submit2(queue.handle, &submit, vk::Fence::null())?;
            }
        }
        Ok(())
    }
}

impl Drop for ByHand {
    fn drop(&mut self) {
        let raw = self.device.raw();
        // SAFETY: every submission was waited for.
        unsafe {
            raw.destroy_semaphore(self.timeline, None);
            raw.destroy_command_pool(self.pool, None);
        }
    }
}

// SAFETY: threads share it only to stage pieces, each its own part; the cell is touched by the thread that copies alone.
unsafe impl Sync for ByHand {}

/// What a buffer holds.
pub fn read_back(device: &Device, buffer: &Buffer) -> Result<Vec<u8>, Failure> {
    let desc = BufferDesc::new("read back", buffer.size(), vk::BufferUsageFlags::TRANSFER_DST).at(Location::Readback);
    let host = device.budget().buffer(&desc, Category::Readback)?;
    let region = vk::BufferCopy { src_offset: 0, dst_offset: 0, size: buffer.size() };
    let after = [vk::MemoryBarrier2::default()
        .src_stage_mask(vk::PipelineStageFlags2::COPY)
        .src_access_mask(vk::AccessFlags2::TRANSFER_WRITE)
        .dst_stage_mask(vk::PipelineStageFlags2::HOST)
        .dst_access_mask(vk::AccessFlags2::HOST_READ)];
    let after = vk::DependencyInfo::default().memory_barriers(&after);
    device.submit_once(|commands| {
        // SAFETY: the commands are being recorded; both buffers outlive the submission, which is waited for.
        unsafe {
            device.raw().cmd_copy_buffer(commands, buffer.raw(), host.raw(), &[region]);
            device.raw().cmd_pipeline_barrier2(commands, &after);
        }
    })?;
    let mut bytes = vec![0; buffer.size() as usize];
    host.read(0, &mut bytes)?;
    Ok(bytes)
}
