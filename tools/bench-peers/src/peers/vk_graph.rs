//! vk-graph: a graph of commands that is built anew in every frame.

use std::collections::VecDeque;
use std::sync::Arc;

use ash::vk;
use vk_graph::Graph;
use vk_graph::cmd::CommandRef;
use vk_graph::driver::buffer::{Buffer, BufferInfo};
use vk_graph::driver::compute::{ComputePipeline, ComputePipelineInfo};
use vk_graph::driver::descriptor_set::{DescriptorSet, DescriptorSetInfo, DescriptorSetUpdateInfo};
use vk_graph::driver::device::{Device, DeviceInfo};
use vk_graph::driver::fence::Fence;
use vk_graph::driver::shader::Shader;
use vk_graph::driver::sync::AccessType;
use vk_graph::node::BufferNode;
use vk_graph::pool::hash::HashPool;
use vk_graph::stream::{BufferArg, CommandStream};

use super::{AMOUNT, BYTES, FACTOR, IN_FLIGHT, Peer, SHADER, Shape};
use crate::Failure;

/// How commands bind their buffers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The library makes descriptor sets.
    Descriptors,
    /// Descriptor sets were made beforehand.
    Sets,
    /// As `Sets`, in a command stream that is prepared once.
    Stream,
}

/// A shape, and what its frames need.
pub struct VkGraph {
    shape: Shape,
    mode: Mode,
    stream: Option<Stream>,
    /// Of the frames in flight, the oldest first.
    fences: VecDeque<Fence>,
    tick: Arc<Buffer>,
    columns: Vec<Column>,
    pipeline: ComputePipeline,
    layout: Layout,
    pool: HashPool,
    device: Device,
}

struct Column {
    buffer: Arc<Buffer>,
    set: DescriptorSet,
}

/// The prepared stream, whose arguments are the columns.
type Stream = CommandStream<Vec<BufferArg>>;

impl VkGraph {
    /// Makes what frames need.
    pub fn new(shape: Shape, mode: Mode) -> Result<Self, Failure> {
        let device = Device::create(DeviceInfo::default())?;
        let mut pool = HashPool::new(&device);
        let pipeline = ComputePipeline::create(&device, ComputePipelineInfo::default(), Shader::from_spirv(SHADER))?;
        let tick = buffer(&device, vk::BufferUsageFlags::UNIFORM_BUFFER, 16, AMOUNT)?;
        let column = |_| {
            let buffer = buffer(&device, vk::BufferUsageFlags::STORAGE_BUFFER, BYTES, 0)?;
            let writes = [DescriptorSetUpdateInfo::buffer(0, &tick), DescriptorSetUpdateInfo::buffer(1, &buffer)];
            let set = DescriptorSet::alloc_and_update(&pipeline, DescriptorSetInfo::default(), writes)?;
            Ok::<_, Failure>(Column { buffer, set })
        };
        let columns = (0..shape.width).map(column).collect::<Result<Vec<_>, _>>()?;
        let layout = Layout::new(&device)?;
        let stream = match mode {
            Mode::Stream => Some(prepare(&mut pool, shape, &pipeline, &columns, layout.layout)?),
            _ => None,
        };
        Ok(Self { shape, mode, stream, fences: VecDeque::new(), tick, columns, pipeline, layout, pool, device })
    }

    fn graph(&self) -> Graph {
        let mut graph = Graph::new();
        let columns: Vec<BufferNode> = self.columns.iter().map(|column| graph.bind_resource(&column.buffer)).collect();
        if let Some(stream) = &self.stream {
            let mut run = graph.insert_cmd_stream(stream);
            for (&argument, node) in stream.args.iter().zip(columns) {
                run = run.with_arg(argument, node);
            }
            run.finish();
            return graph;
        }
        let tick = graph.bind_resource(&self.tick);
        for _ in 0..self.shape.layers() {
            for (&values, column) in columns.iter().zip(&self.columns) {
                let command = graph.begin_cmd().debug_name("bump").bind_pipeline(&self.pipeline);
                let command = match self.mode {
                    Mode::Descriptors => command
                        .shader_resource_access(0, tick, AccessType::ComputeShaderReadUniformBuffer)
                        .shader_resource_access(1, values, AccessType::ComputeShaderReadWrite),
                    _ => command
                        .resource_access(tick, AccessType::ComputeShaderReadUniformBuffer)
                        .resource_access(values, AccessType::ComputeShaderReadWrite)
                        .bind_descriptor_set(&column.set),
                };
                command.record_cmd(|commands| {
                    commands.push_constants(0, &FACTOR.to_ne_bytes()).dispatch(1, 1, 1);
                });
            }
        }
        graph
    }
}

/// Prepares a stream of the whole shape.
fn prepare(
    pool: &mut HashPool,
    shape: Shape,
    pipeline: &ComputePipeline,
    columns: &[Column],
    layout: vk::PipelineLayout,
) -> Result<Stream, Failure> {
    let stream = CommandStream::prepare(pool, |stream| {
        let info = BufferInfo::host_mem(BYTES, vk::BufferUsageFlags::STORAGE_BUFFER);
        let arguments: Vec<BufferArg> = columns.iter().map(|_| stream.arg(info)).collect();
        for _ in 0..shape.layers() {
            for (&values, column) in arguments.iter().zip(columns) {
                let (pipeline, set) = (pipeline.clone(), column.set.clone());
                stream
                    .begin_cmd()
                    .debug_name("bump")
                    .resource_access(values, AccessType::ComputeShaderReadWrite)
                    .record_cmd(move |commands| bump(commands, &pipeline, layout, &set));
            }
        }
        arguments
    })?;
    Ok(stream)
}

/// A stream cannot bind descriptor sets, so its commands are Vulkan's own.
fn bump(commands: CommandRef<'_>, pipeline: &ComputePipeline, layout: vk::PipelineLayout, set: &DescriptorSet) {
    const COMPUTE: vk::PipelineBindPoint = vk::PipelineBindPoint::COMPUTE;
    let device = &commands.device;
    // SAFETY: the command buffer is being recorded; pipeline, layout and set fit each other and live as long as the stream.
    unsafe {
        device.cmd_bind_pipeline(commands.handle, COMPUTE, pipeline.handle());
        device.cmd_bind_descriptor_sets(commands.handle, COMPUTE, layout, 0, &[set.handle()], &[]);
        let stages = vk::ShaderStageFlags::COMPUTE;
        device.cmd_push_constants(commands.handle, layout, stages, 0, &FACTOR.to_ne_bytes());
        device.cmd_dispatch(commands.handle, 1, 1, 1);
    }
}

impl Peer for VkGraph {
    fn frame(&mut self) -> Result<(), Failure> {
        if self.fences.len() == IN_FLIGHT
            && let Some(mut oldest) = self.fences.pop_front()
        {
            oldest.wait()?;
        }
        let graph = self.graph();
        self.fences.push_back(graph.finalize().queue_submit(&mut self.pool, 0, 0)?);
        Ok(())
    }

    fn wait_idle(&mut self) -> Result<(), Failure> {
        // SAFETY: this thread alone uses the device's queues.
        Ok(unsafe { self.device.device_wait_idle() }?)
    }

    fn result(&mut self) -> Result<u32, Failure> {
        self.wait_idle()?;
        let bytes = Buffer::mapped_slice(&self.columns[0].buffer);
        Ok(u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }
}

impl Drop for VkGraph {
    fn drop(&mut self) {
        // SAFETY: this thread alone uses the device's queues; nothing uses the layouts any more.
        unsafe {
            // A lost device has finished too.
            let _ = self.device.device_wait_idle();
            self.device.destroy_pipeline_layout(self.layout.layout, None);
            self.device.destroy_descriptor_set_layout(self.layout.set, None);
        }
    }
}

/// A pipeline layout like the one that vk-graph keeps to itself: layouts that are defined alike are compatible.
struct Layout {
    set: vk::DescriptorSetLayout,
    layout: vk::PipelineLayout,
}

impl Layout {
    fn new(device: &Device) -> Result<Self, Failure> {
        let binding = |number, kind| {
            let binding = vk::DescriptorSetLayoutBinding::default().binding(number).descriptor_type(kind);
            binding.descriptor_count(1).stage_flags(vk::ShaderStageFlags::COMPUTE)
        };
        let bindings = [binding(0, vk::DescriptorType::UNIFORM_BUFFER), binding(1, vk::DescriptorType::STORAGE_BUFFER)];
        let push = [vk::PushConstantRange { stage_flags: vk::ShaderStageFlags::COMPUTE, offset: 0, size: 4 }];
        // SAFETY: the create infos are valid; both objects are destroyed with the graph that has them.
        unsafe {
            let info = vk::DescriptorSetLayoutCreateInfo::default().bindings(&bindings);
            let set = device.create_descriptor_set_layout(&info, None)?;
            let sets = [set];
            let info = vk::PipelineLayoutCreateInfo::default().set_layouts(&sets).push_constant_ranges(&push);
            Ok(Self { set, layout: device.create_pipeline_layout(&info, None)? })
        }
    }
}

/// A buffer that the host can write and read, filled with one number.
fn buffer(device: &Device, usage: vk::BufferUsageFlags, bytes: u64, number: u32) -> Result<Arc<Buffer>, Failure> {
    let mut buffer = Buffer::create(device, BufferInfo::host_mem(bytes, usage))?;
    let filled: Vec<u8> = number.to_ne_bytes().into_iter().cycle().take(bytes as usize).collect();
    Buffer::copy_from_slice(&mut buffer, 0, &filled);
    Ok(Arc::new(buffer))
}
