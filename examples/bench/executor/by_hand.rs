//! The same frames written by hand in ash: what an expert would write for one given graph, knowing all of it.
//!
//! It uses Vixen's device, so that both sides call the same driver through the same table, and memory of its budget.

use std::ffi::CString;
use std::mem::size_of;

use vixen::Device;
use vixen::ash::vk;
use vixen::memory::{self, BufferDesc, Category, Location};

use super::objects::{Objects, SLOTS};
use super::ours::{Tick, columns};
use super::shape::{FACTOR, Shape};
use crate::Failure;

/// Everything that a frame needs, made beforehand.
pub struct ByHand {
    shape: Shape,
    device: Device,
    /// Number of the next frame.
    frame: u64,
    /// One value for each frame slot.
    ticks: Vec<memory::Buffer>,
    /// For each frame slot, a command buffer that was recorded once.
    recorded: [vk::CommandBuffer; SLOTS],
    /// For each frame slot, one that is recorded anew in every frame.
    anew: [vk::CommandBuffer; SLOTS],
    /// For each frame slot, each node's descriptor set.
    sets: [Vec<vk::DescriptorSet>; SLOTS],
    labels: Vec<CString>,
    /// The barriers between two layers: the same everywhere.
    barriers: Vec<vk::BufferMemoryBarrier2<'static>>,
    objects: Objects,
    columns: Vec<memory::Buffer>,
}

impl ByHand {
    /// Makes everything and records the command buffers that are submitted again and again.
    pub fn new(device: &Device, shape: Shape) -> Result<Self, Failure> {
        let columns = columns(device, shape)?;
        let ticks = (0..SLOTS).map(|_| tick(device)).collect::<Result<Vec<_>, _>>()?;
        let objects = Objects::new(device, shape.nodes)?;
        let sets = [objects.sets(&ticks[0], &columns, shape)?, objects.sets(&ticks[1], &columns, shape)?];
        let barriers = columns.iter().map(barrier).collect();
        let names = (0..shape.layers()).flat_map(|layer| (0..shape.width).map(move |column| shape.name(layer, column)));
        let by_hand = Self {
            shape,
            device: device.clone(),
            frame: 0,
            ticks,
            recorded: [objects.commands(objects.static_pool)?, objects.commands(objects.static_pool)?],
            anew: [objects.commands(objects.pools[0])?, objects.commands(objects.pools[1])?],
            sets,
            labels: names.map(CString::new).collect::<Result<_, _>>()?,
            barriers,
            objects,
            columns,
        };
        for slot in 0..SLOTS {
            by_hand.record(slot, by_hand.recorded[slot], vk::CommandBufferUsageFlags::empty())?;
        }
        Ok(by_hand)
    }

    /// A frame that submits what was recorded once: what is measured.
    pub fn resubmit(&mut self, amount: u32) -> Result<(), vk::Result> {
        let slot = self.begin(amount)?;
        self.submit(self.recorded[slot])
    }

    /// A frame that records everything: what is measured.
    pub fn record_and_submit(&mut self, amount: u32) -> Result<(), vk::Result> {
        let slot = self.begin(amount)?;
        // SAFETY: `begin` waited for the frame that used this pool's only command buffer.
        unsafe {
            self.device.raw().reset_command_pool(self.objects.pools[slot], vk::CommandPoolResetFlags::empty())?;
        }
        self.record(slot, self.anew[slot], vk::CommandBufferUsageFlags::ONE_TIME_SUBMIT)?;
        self.submit(self.anew[slot])
    }

    /// Barrier commands a frame, and barriers in them.
    pub fn barriers(&self) -> (usize, usize) {
        (self.shape.layers(), self.shape.layers() * self.barriers.len())
    }

    /// Makes what any shader of the device wrote visible to the host, and waits for it.
    pub fn show_to_host(&self) -> Result<(), vk::Result> {
        self.objects.show_to_host()
    }

    /// The buffers that the nodes add to.
    pub fn columns(&self) -> &[memory::Buffer] {
        &self.columns
    }

    /// Waits for the frame's slot and writes its uniforms.
    fn begin(&self, amount: u32) -> Result<usize, vk::Result> {
        let slot = self.frame as usize % SLOTS;
        let (semaphores, values) = ([self.objects.timeline], [(self.frame + 1).saturating_sub(SLOTS as u64)]);
        let info = vk::SemaphoreWaitInfo::default().semaphores(&semaphores).values(&values);
        // SAFETY: the semaphore is alive.
        unsafe { self.device.raw().wait_semaphores(&info, u64::MAX)? };
        let mapped = self.ticks[slot].mapped().expect("upload memory is mapped").cast::<Tick>();
        // SAFETY: the buffer holds one `Tick` and its memory is aligned to at least 64 bytes (minMemoryMapAlignment); the
        // frame that read it last has finished. Upload memory is coherent, so there is nothing to flush.
        unsafe { mapped.write(Tick { amount }) };
        Ok(slot)
    }

    fn record(
        &self,
        slot: usize,
        commands: vk::CommandBuffer,
        flags: vk::CommandBufferUsageFlags,
    ) -> Result<(), vk::Result> {
        let raw = self.device.raw();
        let labels = self.device.debug_labels();
        let Objects { pipeline, pipeline_layout, .. } = self.objects;
        let (sets, point) = (&self.sets[slot], vk::PipelineBindPoint::COMPUTE);
        let between = vk::DependencyInfo::default().buffer_memory_barriers(&self.barriers);
        // SAFETY: the buffer is not pending: it is new, or `begin` waited for its frame. Everything that is bound is alive,
        // fits the pipeline's layout, and outlives the submission, since dropping waits. Barriers order the layers.
        unsafe {
            raw.begin_command_buffer(commands, &vk::CommandBufferBeginInfo::default().flags(flags))?;
            for layer in 0..self.shape.layers() {
                for node in layer * self.shape.width..(layer + 1) * self.shape.width {
                    if let Some(labels) = labels {
                        let label = vk::DebugUtilsLabelEXT::default().label_name(&self.labels[node]);
                        labels.cmd_begin_debug_utils_label(commands, &label);
                    }
                    raw.cmd_bind_pipeline(commands, point, pipeline);
                    raw.cmd_bind_descriptor_sets(commands, point, pipeline_layout, 0, &sets[node..=node], &[]);
                    let stages = vk::ShaderStageFlags::COMPUTE;
                    raw.cmd_push_constants(commands, pipeline_layout, stages, 0, &FACTOR.to_ne_bytes());
                    raw.cmd_dispatch(commands, 1, 1, 1);
                    if let Some(labels) = labels {
                        labels.cmd_end_debug_utils_label(commands);
                    }
                }
                raw.cmd_pipeline_barrier2(commands, &between);
            }
            raw.end_command_buffer(commands)
        }
    }

    fn submit(&mut self, commands: vk::CommandBuffer) -> Result<(), vk::Result> {
        let commands = [vk::CommandBufferSubmitInfo::default().command_buffer(commands)];
        let signals = [vk::SemaphoreSubmitInfo::default()
            .semaphore(self.objects.timeline)
            .value(self.frame + 1)
            .stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS)];
        let submit = vk::SubmitInfo2::default().command_buffer_infos(&commands).signal_semaphore_infos(&signals);
        self.frame += 1;
        // SAFETY: this thread alone uses the queue; the command buffer is recorded and not pending; the value rises.
        unsafe { self.device.raw().queue_submit2(self.device.main_queue().handle, &[submit], vk::Fence::null()) }
    }
}

impl Drop for ByHand {
    fn drop(&mut self) {
        // A lost device has nothing under way either.
        drop(self.device.wait_idle());
    }
}

fn tick(device: &Device) -> Result<memory::Buffer, Failure> {
    let desc = BufferDesc::new("tick", size_of::<Tick>() as u64, vk::BufferUsageFlags::UNIFORM_BUFFER);
    Ok(device.budget().buffer(&desc.at(Location::Upload), Category::Uniform)?)
}

/// What a layer wrote to a column, the next one reads and writes.
fn barrier(column: &memory::Buffer) -> vk::BufferMemoryBarrier2<'static> {
    vk::BufferMemoryBarrier2::default()
        .src_stage_mask(vk::PipelineStageFlags2::COMPUTE_SHADER)
        .src_access_mask(vk::AccessFlags2::SHADER_STORAGE_WRITE)
        .dst_stage_mask(vk::PipelineStageFlags2::COMPUTE_SHADER)
        .dst_access_mask(vk::AccessFlags2::SHADER_STORAGE_READ | vk::AccessFlags2::SHADER_STORAGE_WRITE)
        .src_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
        .dst_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
        .buffer(column.raw())
        .offset(0)
        .size(vk::WHOLE_SIZE)
}
