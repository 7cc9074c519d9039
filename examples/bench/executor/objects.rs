//! The Vulkan objects of the hand-written frames: made once, outside what is measured.

use std::io::Cursor;

use vixen::Device;
use vixen::ash::{util, vk};
use vixen::memory;

use super::shape::{FACTOR, Shape};

/// Frames in flight.
pub const SLOTS: usize = 2;

/// Everything but command buffers and descriptor sets, which go with their pools.
pub struct Objects {
    device: Device,
    set_layout: vk::DescriptorSetLayout,
    pub pipeline_layout: vk::PipelineLayout,
    pub pipeline: vk::Pipeline,
    descriptors: vk::DescriptorPool,
    /// Command buffers that are recorded once.
    pub static_pool: vk::CommandPool,
    /// For each frame slot, that of the command buffer recorded anew.
    pub pools: [vk::CommandPool; SLOTS],
    pub timeline: vk::Semaphore,
}

impl Objects {
    /// Makes everything, with descriptor sets for `nodes` nodes in every frame slot.
    ///
    /// What fails half way is not cleaned up: the benchmark then ends.
    pub fn new(device: &Device, nodes: usize) -> Result<Self, vk::Result> {
        let (raw, callbacks) = (device.raw(), device.callbacks());
        let binding = |binding, kind| {
            vk::DescriptorSetLayoutBinding::default()
                .binding(binding)
                .descriptor_type(kind)
                .descriptor_count(1)
                .stage_flags(vk::ShaderStageFlags::COMPUTE)
        };
        let bindings = [binding(0, vk::DescriptorType::UNIFORM_BUFFER), binding(1, vk::DescriptorType::STORAGE_BUFFER)];
        let set_layout_info = vk::DescriptorSetLayoutCreateInfo::default().bindings(&bindings);
        let push = [vk::PushConstantRange::default()
            .stage_flags(vk::ShaderStageFlags::COMPUTE)
            .size(size_of_val(&FACTOR) as u32)];
        let sets = (SLOTS * nodes) as u32;
        let sizes =
            bindings.map(|binding| vk::DescriptorPoolSize { ty: binding.descriptor_type, descriptor_count: sets });
        let pool_info = vk::DescriptorPoolCreateInfo::default().max_sets(sets).pool_sizes(&sizes);
        let commands = vk::CommandPoolCreateInfo::default().queue_family_index(device.main_queue().family);
        let transient = commands.flags(vk::CommandPoolCreateFlags::TRANSIENT);
        let mut kind = vk::SemaphoreTypeCreateInfo::default().semaphore_type(vk::SemaphoreType::TIMELINE);
        let timeline = vk::SemaphoreCreateInfo::default().push_next(&mut kind);
        // SAFETY: the device is alive; what the structures point to lives to the end of each call.
        unsafe {
            let set_layout = raw.create_descriptor_set_layout(&set_layout_info, callbacks)?;
            let set_layouts = [set_layout];
            let layout_info =
                vk::PipelineLayoutCreateInfo::default().set_layouts(&set_layouts).push_constant_ranges(&push);
            let pipeline_layout = raw.create_pipeline_layout(&layout_info, callbacks)?;
            Ok(Self {
                device: device.clone(),
                set_layout,
                pipeline_layout,
                pipeline: pipeline(device, pipeline_layout)?,
                descriptors: raw.create_descriptor_pool(&pool_info, callbacks)?,
                static_pool: raw.create_command_pool(&commands, callbacks)?,
                pools: [
                    raw.create_command_pool(&transient, callbacks)?,
                    raw.create_command_pool(&transient, callbacks)?,
                ],
                timeline: raw.create_semaphore(&timeline, callbacks)?,
            })
        }
    }

    /// A command buffer.
    pub fn commands(&self, pool: vk::CommandPool) -> Result<vk::CommandBuffer, vk::Result> {
        let info = vk::CommandBufferAllocateInfo::default()
            .command_pool(pool)
            .level(vk::CommandBufferLevel::PRIMARY)
            .command_buffer_count(1);
        // SAFETY: the pool is alive and this thread alone uses it.
        Ok(unsafe { self.device.raw().allocate_command_buffers(&info) }?[0])
    }

    /// A descriptor set for each node of a shape, in one frame slot.
    pub fn sets(
        &self,
        tick: &memory::Buffer,
        columns: &[memory::Buffer],
        shape: Shape,
    ) -> Result<Vec<vk::DescriptorSet>, vk::Result> {
        let layouts = vec![self.set_layout; shape.nodes];
        let info = vk::DescriptorSetAllocateInfo::default().descriptor_pool(self.descriptors).set_layouts(&layouts);
        let whole = |buffer: &memory::Buffer| {
            [vk::DescriptorBufferInfo { buffer: buffer.raw(), offset: 0, range: vk::WHOLE_SIZE }]
        };
        let uniform = whole(tick);
        // SAFETY: the pool is alive and has room for these sets; nothing uses them yet; the buffers outlive them.
        unsafe {
            let sets = self.device.raw().allocate_descriptor_sets(&info)?;
            for (&set, column) in sets.iter().zip(columns.iter().cycle()) {
                let storage = whole(column);
                let write = vk::WriteDescriptorSet::default().dst_set(set);
                let writes = [
                    write.descriptor_type(vk::DescriptorType::UNIFORM_BUFFER).buffer_info(&uniform),
                    write.dst_binding(1).descriptor_type(vk::DescriptorType::STORAGE_BUFFER).buffer_info(&storage),
                ];
                self.device.raw().update_descriptor_sets(&writes, &[]);
            }
            Ok(sets)
        }
    }

    /// Makes what shaders wrote visible to the host, and waits for it.
    pub fn show_to_host(&self) -> Result<(), vk::Result> {
        let raw = self.device.raw();
        let buffers = [self.commands(self.static_pool)?];
        let barrier = [vk::MemoryBarrier2::default()
            .src_stage_mask(vk::PipelineStageFlags2::COMPUTE_SHADER)
            .src_access_mask(vk::AccessFlags2::SHADER_STORAGE_WRITE)
            .dst_stage_mask(vk::PipelineStageFlags2::HOST)
            .dst_access_mask(vk::AccessFlags2::HOST_READ)];
        let submits = [vk::SubmitInfo::default().command_buffers(&buffers)];
        // SAFETY: the command buffer is new and freed after the wait; this thread alone uses pool and queue.
        unsafe {
            raw.begin_command_buffer(buffers[0], &vk::CommandBufferBeginInfo::default())?;
            raw.cmd_pipeline_barrier2(buffers[0], &vk::DependencyInfo::default().memory_barriers(&barrier));
            raw.end_command_buffer(buffers[0])?;
            raw.queue_submit(self.device.main_queue().handle, &submits, vk::Fence::null())?;
            raw.device_wait_idle()?;
            raw.free_command_buffers(self.static_pool, &buffers);
        }
        Ok(())
    }
}

fn pipeline(device: &Device, layout: vk::PipelineLayout) -> Result<vk::Pipeline, vk::Result> {
    let bytes = include_bytes!("../../shaders/bump.comp.spv");
    let words = util::read_spv(&mut Cursor::new(&bytes[..])).expect("the committed SPIR-V is whole words");
    let module_info = vk::ShaderModuleCreateInfo::default().code(&words);
    let callbacks = device.callbacks();
    // SAFETY: the SPIR-V was compiled from the project's source and fits the layout; the module lives to the end of the call.
    unsafe {
        let module = device.raw().create_shader_module(&module_info, callbacks)?;
        let stage = vk::PipelineShaderStageCreateInfo::default()
            .stage(vk::ShaderStageFlags::COMPUTE)
            .module(module)
            .name(c"main");
        let info = vk::ComputePipelineCreateInfo::default().stage(stage).layout(layout);
        let pipelines = device.raw().create_compute_pipelines(vk::PipelineCache::null(), &[info], callbacks);
        device.raw().destroy_shader_module(module, callbacks);
        pipelines.map(|pipelines| pipelines[0]).map_err(|(_, error)| error)
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        let (raw, callbacks) = (self.device.raw(), self.device.callbacks());
        // SAFETY: whoever submitted work with these waited for it; each is destroyed once, with the callbacks that it was
        // made with. Pools take their command buffers and sets along.
        unsafe {
            raw.destroy_semaphore(self.timeline, callbacks);
            self.pools.iter().for_each(|&pool| raw.destroy_command_pool(pool, callbacks));
            raw.destroy_command_pool(self.static_pool, callbacks);
            raw.destroy_descriptor_pool(self.descriptors, callbacks);
            raw.destroy_pipeline(self.pipeline, callbacks);
            raw.destroy_pipeline_layout(self.pipeline_layout, callbacks);
            raw.destroy_descriptor_set_layout(self.set_layout, callbacks);
        }
    }
}
