//! From a declared graph to one that runs: cull, plan, validate, provision, record.

use ash::vk;

use crate::device::{Device, DeviceError};
use crate::frame::compiled::{CompiledGraph, Host, OutputRuntime, ParamRuntime};
use crate::frame::node::{NodeRuntime, allocate_sets, usages};
use crate::frame::physical::Resources;
use crate::frame::pipeline::{AttachmentFormats, PipelineCache};
use crate::frame::record::BarrierScratch;
use crate::frame::report::Report;
use crate::frame::segment::Segments;
use crate::frame::swapchain::Swapchain;
use crate::frame::timeline::Timeline;
use crate::frame::timing::Timing;
use crate::frame::validate::validate;
use crate::graph::lower;
use crate::graph::tables::{Declared, DeclaredNode, Placement, Shape};
use crate::graph::{CompileError, Graph, SlotKind, usage};
use crate::plan::{self, Dependency, Input, Plan, PlanError, Region, Residency, ResourceId};

/// How to compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompileOptions {
    /// How many frames the CPU may be ahead of the GPU, from 1 on.
    pub frames_in_flight: u32,
    /// Measure each node's time on the GPU.
    pub gpu_times: bool,
    /// Choose another valid order by this seed, and plan the barriers for it. For tests: every order must give the same
    /// result.
    pub seed: Option<u64>,
}

impl Default for CompileOptions {
    fn default() -> Self {
        Self { frames_in_flight: 2, gpu_times: false, seed: None }
    }
}

impl Graph {
    /// Makes the graph runnable on a device: culls what no sink needs, plans, validates, provisions and records.
    ///
    /// # Errors
    /// Everything that can be known before the first frame: see [`CompileError`].
    pub fn compile(&self, device: &Device) -> Result<CompiledGraph, CompileError> {
        self.compile_with(device, &CompileOptions::default())
    }

    /// As [`compile`](Graph::compile), with options.
    ///
    /// # Errors
    /// As [`compile`](Graph::compile).
    pub fn compile_with(&self, device: &Device, options: &CompileOptions) -> Result<CompiledGraph, CompileError> {
        let mut declared = self.tables.declared.take();
        if let Some(error) = declared.errors.first() {
            return Err(error.clone().into());
        }
        if declared.nodes.is_empty() {
            return Err(CompileError::EmptyGraph { at: self.tables.at });
        }
        let frame_slots = options.frames_in_flight.max(1);

        let input = lower::lower(&declared);
        let conditions = plan::conditions(&input).map_err(|error| plan_error(&declared, error))?;
        if conditions.iter().all(Option::is_none) {
            return Err(CompileError::NoSink { at: self.tables.at });
        }
        let alive = |node: usize| conditions[node].is_some();
        let gpu = lower::without_host(&declared, &input);
        let plan = plan::plan(&gpu, &plan::Options { seed: options.seed }).map_err(|error| plan_error(&declared, error))?;
        let layouts = all_layouts(&declared, &input, &plan);
        let report = Report::new(&declared, &input, &plan, &conditions);
        validate(device, &declared, alive)?;

        let mut outputs = outputs(device, &mut declared, frame_slots)?;
        let sizes: Vec<[u32; 2]> = outputs.iter().map(|output| output.extent).collect();
        let usages = usages(&declared, alive);
        let mut resources = Resources::new(device, &declared, &usages, &sizes, frame_slots)?;
        for (index, output) in (0..).zip(&mut outputs) {
            if let Some(swapchain) = &output.swapchain {
                resources.lend(&declared, index, swapchain.images(), swapchain.extent());
            }
        }

        let mut pipelines = PipelineCache::new(device);
        let (mut nodes, mut living, mut hosts) = (Vec::new(), vec![None; declared.nodes.len()], Vec::new());
        for (index, node) in std::mem::take(&mut declared.nodes).into_iter().enumerate() {
            let Some(condition) = conditions[index] else { continue };
            if usage::on_host(node.declaration) {
                hosts.push(Host { node: nodes.len() as u32 });
            }
            living[index] = Some(nodes.len() as u32);
            let formats = attachment_formats(&declared, &node);
            let built = pipelines.pipelines(node.declaration, &node.spec, formats)?;
            nodes.push(NodeRuntime::new(node, input.nodes[index].accesses.start, built, condition));
        }
        for node in &mut nodes {
            node.count_variants(&resources, frame_slots, |resource| images_of(&declared, &outputs, resource));
            node.resolve(&mut resources, &layouts)?;
        }
        let pool = allocate_sets(device, &mut nodes)?;
        for node in &nodes {
            node.write_descriptors(device);
        }

        let timing =
            if options.gpu_times { Timing::new(device, nodes.len() as u32, frame_slots)? } else { None };
        let mut compiled = CompiledGraph {
            graph: self.tables.id,
            params: params(&declared),
            switches: declared.switches.iter().rev().fold(0, |all, &on| all << 1 | u32::from(on)),
            last_frame: None,
            number: 0,
            frame_slots,
            segments: Segments::new(device, &plan, frame_slots, timing.is_some())?,
            timeline: Timeline::new(device)?,
            scratch: BarrierScratch::new(&plan),
            hosts,
            report,
            layouts,
            usages,
            declared,
            plan,
            living,
            nodes,
            _pool: pool,
            _pipelines: pipelines,
            timing,
            resources,
            outputs,
            waits: Vec::new(),
            signals: Vec::new(),
            submits: Vec::new(),
            recompiles: 0,
            device: device.clone(),
        };
        compiled.reserve();
        compiled.initialise(None)?;
        compiled.record_static()?;
        Ok(compiled)
    }
}

/// The state of each output, windows with their swapchains.
fn outputs(
    device: &Device,
    declared: &mut Declared,
    frame_slots: u32,
) -> Result<Vec<OutputRuntime>, CompileError> {
    declared
        .outputs
        .drain(..)
        .map(|output| {
            let mut runtime = OutputRuntime { extent: output.extent, swapchain: None, image: None, stale: false };
            if let Some(surface) = output.surface {
                let mut swapchain = Swapchain::new(device, surface, frame_slots)?;
                swapchain.recreate(output.extent)?;
                if !swapchain.images().is_empty() {
                    runtime.extent = swapchain.extent();
                }
                runtime.swapchain = Some(swapchain);
            }
            Ok(runtime)
        })
        .collect()
}

/// How many images a swapchain resource has.
pub(crate) fn images_of(declared: &Declared, outputs: &[OutputRuntime], resource: ResourceId) -> u32 {
    match declared.resources[resource.0 as usize].placement {
        Placement::Swapchain { output } => outputs
            .get(output as usize)
            .and_then(|output| output.swapchain.as_ref())
            .map_or(1, |swapchain| swapchain.images().len().max(1) as u32),
        _ => 1,
    }
}

fn params(declared: &Declared) -> Vec<ParamRuntime> {
    (0..)
        .zip(&declared.resources)
        .filter_map(|(index, resource)| match (&resource.placement, resource.shape) {
            (Placement::Upload { initial }, Shape::Buffer { stride, .. }) if !initial.is_empty() => {
                let mut value = initial.clone();
                value.resize(stride as usize, 0);
                Some(ParamRuntime { resource: ResourceId(index), value, stale_slots: 0 })
            }
            _ => None,
        })
        .collect()
}

fn attachment_formats(declared: &Declared, node: &DeclaredNode) -> AttachmentFormats {
    let mut formats = AttachmentFormats::default();
    for binding in &node.bindings {
        let kind = node.declaration.slots[binding.slot as usize].kind;
        let Some(part) = binding.parts.first() else { continue };
        if let Shape::Image { format, .. } = declared.resources[part.resource.0 as usize].shape {
            match kind {
                SlotKind::Color => formats.colors.push(format.format),
                SlotKind::Depth => formats.depth = format.format,
                _ => {}
            }
        }
    }
    formats
}

/// The layouts of all accesses of `input`, of which the plan saw those of GPU nodes only.
fn all_layouts(declared: &Declared, input: &Input, plan: &Plan) -> Vec<vk::ImageLayout> {
    let mut layouts = Vec::with_capacity(input.accesses.len());
    let mut planned = plan.layouts.iter().copied();
    for (item, node) in input.nodes.iter().zip(&declared.nodes) {
        let count = item.accesses.len();
        if usage::on_host(node.declaration) {
            layouts.extend(std::iter::repeat_n(vk::ImageLayout::UNDEFINED, count));
        } else {
            layouts.extend(planned.by_ref().take(count));
        }
    }
    layouts
}

/// Names the node and slot of a planner's error.
fn plan_error(declared: &Declared, source: PlanError) -> CompileError {
    let user = match source.place() {
        Some((node, slot)) => {
            let node = &declared.nodes[node.0 as usize];
            match slot.and_then(|slot| node.declaration.slots.get(slot as usize)) {
                Some(slot) => format!("slot `{}` of node `{}` (added at {})", slot.name, node.name, node.at),
                None => format!("node `{}` (added at {})", node.name, node.at),
            }
        }
        None => "the graph".to_owned(),
    };
    CompileError::Plan { user, source }
}

impl CompiledGraph {
    /// Puts every image into the layout that the first frame expects, and clears histories. With `only`, just for the
    /// resources that it names.
    pub(super) fn initialise(&mut self, only: Option<&[bool]>) -> Result<(), DeviceError> {
        let wanted = |resource: ResourceId| only.is_none_or(|only| only[resource.0 as usize]);
        let dependencies: Vec<Dependency> =
            self.plan.initial.iter().copied().filter(|dependency| wanted(dependency.resource)).collect();
        let (resources, device, declared) = (&self.resources, &self.device, &self.declared);
        device.submit_once(|commands| {
            clear_histories(device, declared, resources, &wanted, commands);
            for dependency in &dependencies {
                let Some(physical) = resources.get(dependency.resource) else { continue };
                let depth = match physical.residency {
                    Residency::History { depth } => depth,
                    _ => 0,
                };
                let cleared = depth > 0;
                for copy in initial_copies(physical.residency, dependency.age, self.number, self.frame_slots) {
                    let Some(image) = physical.images().nth(copy) else { continue };
                    let old_layout =
                        if cleared { vk::ImageLayout::TRANSFER_DST_OPTIMAL } else { initial_layout(declared, dependency) };
                    let barrier = vk::ImageMemoryBarrier2::default()
                        .src_stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS)
                        .src_access_mask(vk::AccessFlags2::MEMORY_WRITE)
                        .dst_stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS)
                        .dst_access_mask(vk::AccessFlags2::MEMORY_READ | vk::AccessFlags2::MEMORY_WRITE)
                        .old_layout(old_layout)
                        .new_layout(dependency.new_layout)
                        .src_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
                        .dst_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
                        .image(image)
                        .subresource_range(range(&dependency.region, physical.aspect(), physical.levels()));
                    let info = vk::DependencyInfo::default().image_memory_barriers(std::slice::from_ref(&barrier));
                    // SAFETY: the buffer is being recorded; nothing else uses the image at this time.
                    unsafe { device.raw().cmd_pipeline_barrier2(commands, &info) };
                }
            }
        })
    }
}

/// Which copies an initial transition of `age` is for, when the next frame has `number`.
fn initial_copies(residency: Residency, age: u32, number: u64, frame_slots: u32) -> std::ops::Range<usize> {
    match residency {
        Residency::PerSlot => 0..frame_slots as usize,
        _ => {
            let moment = crate::frame::moment::Moment { frame: number, ..Default::default() };
            let copy = crate::frame::moment::copy_index(residency, age, &moment);
            copy..copy + 1
        }
    }
}

/// The layout in which an image was left by whoever had it before.
fn initial_layout(declared: &Declared, dependency: &Dependency) -> vk::ImageLayout {
    match &declared.resources[dependency.resource.0 as usize] {
        resource if matches!(resource.placement, Placement::ImportedImage { .. } | Placement::SharedImage(_)) => {
            resource.entry.map_or(dependency.old_layout, |entry| entry.layout)
        }
        _ => dependency.old_layout,
    }
}

fn range(region: &Region, aspect: vk::ImageAspectFlags, (mips, layers): (u32, u32)) -> vk::ImageSubresourceRange {
    let [mip, mip_end] = region.major.map(|edge| edge.min(mips.into()) as u32);
    let [layer, layer_end] = region.minor.map(|edge| edge.min(layers));
    vk::ImageSubresourceRange {
        aspect_mask: aspect,
        base_mip_level: mip,
        level_count: mip_end - mip,
        base_array_layer: layer,
        layer_count: layer_end - layer,
    }
}

/// Zeroes every copy of every history and leaves images in `TRANSFER_DST_OPTIMAL`.
fn clear_histories(
    device: &Device,
    declared: &Declared,
    resources: &Resources,
    wanted: &dyn Fn(ResourceId) -> bool,
    commands: vk::CommandBuffer,
) {
    let raw = device.raw();
    for (index, resource) in (0..).zip(&declared.resources) {
        let id = ResourceId(index);
        let history = matches!(resource.residency, Residency::History { .. });
        let Some(physical) = resources.get(id).filter(|_| history && wanted(id)) else { continue };
        for (buffer, _) in physical.buffers() {
            // SAFETY: the buffer is alive, unused, and has transfer-destination usage.
            unsafe { raw.cmd_fill_buffer(commands, buffer, 0, vk::WHOLE_SIZE, 0) };
        }
        for image in physical.images() {
            let range = range(&Region::WHOLE, physical.aspect(), physical.levels());
            let barrier = vk::ImageMemoryBarrier2::default()
                .dst_stage_mask(vk::PipelineStageFlags2::ALL_TRANSFER)
                .dst_access_mask(vk::AccessFlags2::TRANSFER_WRITE)
                .old_layout(vk::ImageLayout::UNDEFINED)
                .new_layout(vk::ImageLayout::TRANSFER_DST_OPTIMAL)
                .src_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
                .dst_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
                .image(image)
                .subresource_range(range);
            let info = vk::DependencyInfo::default().image_memory_barriers(std::slice::from_ref(&barrier));
            let layout = vk::ImageLayout::TRANSFER_DST_OPTIMAL;
            // SAFETY: the image is alive, unused, and has transfer-destination usage; the barrier puts it in this layout.
            unsafe {
                raw.cmd_pipeline_barrier2(commands, &info);
                if physical.aspect().contains(vk::ImageAspectFlags::DEPTH) {
                    let clear = vk::ClearDepthStencilValue::default();
                    raw.cmd_clear_depth_stencil_image(commands, image, layout, &clear, &[range]);
                } else {
                    raw.cmd_clear_color_image(commands, image, layout, &vk::ClearColorValue::default(), &[range]);
                }
            }
        }
    }
}
