//! vulkano-taskgraph: compiled once, recorded in every frame.

use std::sync::Arc;

use vulkano::VulkanLibrary;
use vulkano::buffer::{Buffer, BufferCreateInfo, BufferUsage, Subbuffer};
use vulkano::descriptor_set::WriteDescriptorSet;
use vulkano::descriptor_set::allocator::StandardDescriptorSetAllocator;
use vulkano::descriptor_set::sys::RawDescriptorSet;
use vulkano::device::{Device, DeviceCreateInfo, DeviceFeatures, QueueCreateInfo, QueueFlags};
use vulkano::instance::{Instance, InstanceCreateInfo};
use vulkano::memory::allocator::{AllocationCreateInfo, DeviceLayout, MemoryTypeFilter};
use vulkano::pipeline::compute::ComputePipelineCreateInfo;
use vulkano::pipeline::layout::PipelineDescriptorSetLayoutCreateInfo;
use vulkano::pipeline::{ComputePipeline, Pipeline, PipelineBindPoint, PipelineLayout, PipelineShaderStageCreateInfo};
use vulkano::shader::{ShaderModule, ShaderModuleCreateInfo};
use vulkano_taskgraph::command_buffer::RecordingCommandBuffer;
use vulkano_taskgraph::graph::{CompileInfo, ExecutableTaskGraph, ResourceMap, TaskGraph};
use vulkano_taskgraph::resource::{AccessTypes, Flight, Resources, ResourcesCreateInfo};
use vulkano_taskgraph::{Id, QueueFamilyType, Task, TaskContext, TaskResult};

use super::{AMOUNT, BYTES, FACTOR, IN_FLIGHT, Peer, Shape, words};
use crate::Failure;

/// A compiled task graph.
pub struct Vulkano {
    resources: Arc<Resources>,
    flight: Id<Flight>,
    graph: ExecutableTaskGraph<()>,
    first: Subbuffer<[u32]>,
    device: Arc<Device>,
}

struct Bump {
    pipeline: Arc<ComputePipeline>,
    set: Arc<RawDescriptorSet>,
}

impl Task for Bump {
    type World = ();

    unsafe fn execute(
        &self,
        commands: &mut RecordingCommandBuffer<'_>,
        _: &mut TaskContext<'_>,
        (): &Self::World,
    ) -> TaskResult {
        let layout = self.pipeline.layout();
        // SAFETY: the pipeline, its set and its push constants fit each other; the set's buffers live as long as the graph.
        unsafe {
            commands.bind_pipeline_compute(&self.pipeline)?;
            commands.as_raw().bind_descriptor_sets_unchecked(PipelineBindPoint::Compute, layout, 0, &[&self.set], &[]);
            commands.push_constants(layout, 0, &FACTOR)?;
            commands.dispatch([1, 1, 1])?;
        }
        Ok(())
    }
}

/// Joins the columns: a task graph must be connected.
struct Root;

impl Task for Root {
    type World = ();

    unsafe fn execute(&self, _: &mut RecordingCommandBuffer<'_>, _: &mut TaskContext<'_>, (): &()) -> TaskResult {
        Ok(())
    }
}

impl Vulkano {
    /// Compiles a shape.
    pub fn new(shape: Shape) -> Result<Self, Failure> {
        let instance = Instance::new(VulkanLibrary::new()?, InstanceCreateInfo::application_from_cargo_toml())?;
        let physical = instance.enumerate_physical_devices()?.next().ok_or("vulkano found no device")?;
        let properties = physical.queue_family_properties();
        let wanted = QueueFlags::GRAPHICS | QueueFlags::COMPUTE;
        let family = properties.iter().position(|family| family.queue_flags.contains(wanted));
        let queue_family_index = family.ok_or("vulkano found no queue for graphics and compute")? as u32;
        let info = DeviceCreateInfo {
            enabled_features: DeviceFeatures { synchronization2: true, ..DeviceFeatures::empty() },
            queue_create_infos: vec![QueueCreateInfo { queue_family_index, ..Default::default() }],
            ..Default::default()
        };
        let (device, mut queues) = Device::new(physical, info)?;
        let queue = queues.next().ok_or("vulkano made no queue")?;
        let resources = Resources::new(&device, &ResourcesCreateInfo::default());
        let flight = resources.create_flight(IN_FLIGHT as u32)?;
        let pipeline = pipeline(&device)?;

        let (_, tick) = buffer(&resources, BufferUsage::UNIFORM_BUFFER, 4)?;
        tick.write()?[0] = AMOUNT;
        let sets = Arc::new(StandardDescriptorSetAllocator::new(device.clone(), Default::default()));
        let mut graph = TaskGraph::new(&resources, shape.nodes as u32 + 1, shape.width as u32 + 1);
        let mut last = vec![graph.create_task_node("root", QueueFamilyType::Compute, Root).build(); shape.width];
        let mut columns = Vec::new();
        for _ in 0..shape.width {
            let (id, column) = buffer(&resources, BufferUsage::STORAGE_BUFFER, BYTES)?;
            column.write()?.fill(0);
            let set = RawDescriptorSet::new(sets.clone(), &pipeline.layout().set_layouts()[0], 0)?;
            let writes = [WriteDescriptorSet::buffer(0, tick.clone()), WriteDescriptorSet::buffer(1, column.clone())];
            // SAFETY: the set is new, and the writes fit its layout.
            unsafe { set.update(&writes, &[]) }?;
            columns.push((id, column, Arc::new(set)));
        }
        for _ in 0..shape.layers() {
            for ((id, _, set), last) in columns.iter().zip(&mut last) {
                let task = Bump { pipeline: pipeline.clone(), set: set.clone() };
                let access = AccessTypes::COMPUTE_SHADER_STORAGE_READ | AccessTypes::COMPUTE_SHADER_STORAGE_WRITE;
                let node =
                    graph.create_task_node("bump", QueueFamilyType::Compute, task).buffer_access(*id, access).build();
                graph.add_edge(*last, node)?;
                *last = node;
            }
        }
        let info = CompileInfo { queues: &[&queue], flight_id: flight, ..Default::default() };
        // SAFETY: an edge leads from every access to the next one of its buffer, and the queue can compute.
        let graph = unsafe { graph.compile(&info) }.map_err(|error| format!("vulkano: {error:?}"))?;
        let first = columns[0].1.clone();
        Ok(Self { resources, flight, graph, first, device })
    }
}

impl Peer for Vulkano {
    fn frame(&mut self) -> Result<(), Failure> {
        self.resources.flight(self.flight)?.wait(None)?;
        let map = ResourceMap::new(&self.graph)?;
        // SAFETY: this is the only graph, and its frames run one after another on one queue.
        unsafe { self.graph.execute(map, &(), || {}) }?;
        Ok(())
    }

    fn wait_idle(&mut self) -> Result<(), Failure> {
        // SAFETY: this thread alone uses the device's queue.
        Ok(unsafe { self.device.wait_idle() }?)
    }

    fn result(&mut self) -> Result<u32, Failure> {
        self.wait_idle()?;
        Ok(self.first.read()?[0])
    }
}

/// A buffer of the task graph that the host can write and read.
fn buffer(resources: &Resources, usage: BufferUsage, bytes: u64) -> Result<(Id<Buffer>, Subbuffer<[u32]>), Failure> {
    let memory = AllocationCreateInfo {
        memory_type_filter: MemoryTypeFilter::PREFER_DEVICE | MemoryTypeFilter::HOST_RANDOM_ACCESS,
        ..Default::default()
    };
    let layout = DeviceLayout::from_size_alignment(bytes, 16).ok_or("a buffer has a size")?;
    let id = resources.create_buffer(BufferCreateInfo { usage, ..Default::default() }, memory, layout)?;
    let buffer = resources.buffer(id)?.buffer().clone();
    Ok((id, Subbuffer::from(buffer).reinterpret()))
}

fn pipeline(device: &Arc<Device>) -> Result<Arc<ComputePipeline>, Failure> {
    let words = words()?;
    // SAFETY: the SPIR-V was compiled from the project's source.
    let module = unsafe { ShaderModule::new(device.clone(), ShaderModuleCreateInfo::new(&words)) }?;
    let entry = module.entry_point("main").ok_or("the shader has no main")?;
    let stage = PipelineShaderStageCreateInfo::new(entry);
    let layout = PipelineDescriptorSetLayoutCreateInfo::from_stages([&stage]);
    let layout = PipelineLayout::new(device.clone(), layout.into_pipeline_layout_create_info(device.clone())?)?;
    Ok(ComputePipeline::new(device.clone(), None, ComputePipelineCreateInfo::stage_layout(stage, layout))?)
}
