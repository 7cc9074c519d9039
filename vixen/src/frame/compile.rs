//! From a declared graph to one that runs: cull, plan, validate, provision, record.

use ash::vk;

use crate::device::Device;
use crate::event::EventDeclaration;
use crate::frame::compiled::CompiledGraph;
use crate::frame::moment::{MAX_FRAME_SLOTS, MAX_OUTPUTS, MAX_VARIANTS};
use crate::frame::pipeline::{AttachmentFormats, Pipelines};
use crate::frame::provision::account;
use crate::frame::provision::descriptors::allocate_sets;
use crate::frame::provision::gathered::Gathered;
use crate::frame::provision::node::{NodeRuntime, arrange};
use crate::frame::provision::resources::Resources;
use crate::frame::provision::usages::usages;
use crate::frame::recompile::Changes;
use crate::frame::recompile::follow::{OutputRuntime, Outputs};
use crate::frame::recompile::managed::retire_ring;
use crate::frame::record::segment::Segments;
use crate::frame::report::Report;
use crate::frame::run::chores::Chores;
use crate::frame::run::events::GraphEvents;
use crate::frame::run::params::Params;
use crate::frame::run::submission::Submission;
use crate::frame::run::swapchain::Swapchain;
use crate::frame::run::timeline::Timeline;
use crate::frame::run::timing::Timing;
use crate::frame::validate;
use crate::graph::tables::{CallSite, Declared, DeclaredNode, Shape};
use crate::graph::{CompileError, Graph, Length, SlotKind, lower, usage};
use crate::memory::{NodeScope, Phase};
use crate::plan::{self, Input, Plan, PlanError, Step};
use crate::workers::Workers;

/// How to compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompileOptions {
    /// How many frames the CPU may be ahead of the GPU. Clamped to 1 to 8.
    pub frames_in_flight: u32,
    /// Measure each node's time on the GPU.
    pub gpu_times: bool,
    /// How many threads record dynamic nodes, including the one that runs frames. Clamped to 1 to 64. More than one pays from some
    /// hundreds of dynamic nodes on; the result is the same.
    pub recording_threads: u32,
    /// Chooses another valid order by this seed, and plans the barriers for it. For tests: every order must give the same
    /// result.
    pub seed: Option<u64>,
}

impl Default for CompileOptions {
    fn default() -> Self {
        Self { frames_in_flight: 2, gpu_times: false, recording_threads: 1, seed: None }
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
        let _phase = Phase::Compile.enter();
        device.budget().refresh();
        let left = Declared { compiled: true, ..Declared::default() };
        let mut declared = self.tables.declared.replace(left);
        if declared.compiled {
            return Err(CompileError::AlreadyCompiled { at: self.tables.at });
        }
        if let Some(error) = declared.errors.first() {
            return Err(error.clone().into());
        }
        if declared.nodes.is_empty() {
            return Err(CompileError::EmptyGraph { at: self.tables.at });
        }
        if declared.outputs.len() > MAX_OUTPUTS {
            return Err(CompileError::Unsupported {
                what: format!("the graph with {} outputs", declared.outputs.len()),
                at: self.tables.at,
                problem: "has too many of them; use at most 8, and a second graph for the others",
            });
        }
        let frame_slots = options.frames_in_flight.clamp(1, MAX_FRAME_SLOTS as u32);
        let threads = options.recording_threads.clamp(1, MAX_RECORDING_THREADS);

        let input = lower::lower(&declared);
        let conditions = plan::conditions(&input).map_err(|error| plan_error(&declared, error))?;
        if conditions.iter().all(Option::is_none) {
            return Err(CompileError::NoSink { at: self.tables.at });
        }
        let alive = |node: usize| conditions[node].is_some();
        let gpu = lower::without_host(&declared, &input);
        let plan = plan::plan(&gpu, &plan::Options { seed: options.seed, pieces: threads })
            .map_err(|error| plan_error(&declared, error))?;
        let layouts = all_layouts(&declared, &input, &plan);
        let report = Report::new(&declared, &input, &plan, &conditions);
        validate::nodes(device, &declared, alive)?;

        let outputs = outputs(device, &mut declared, self.tables.at, frame_slots)?;
        let sizes = outputs.sizes();
        let living_nodes =
            || declared.nodes.iter().enumerate().filter(|(index, _)| alive(*index)).map(|(_, node)| node);
        validate::parts(device, &declared.resources, &sizes, living_nodes().map(Into::into))?;
        let usages = usages(&declared, alive);
        let mut resources = Resources::new(device, &declared, &usages, &sizes, frame_slots)?;
        for (index, output) in (0..).zip(&outputs.items) {
            if let Some(swapchain) = &output.swapchain {
                resources.lend(&declared, index, swapchain.images(), swapchain.extent());
            }
        }

        let living_events: Vec<EventDeclaration> = living_nodes().flat_map(|node| node.events).copied().collect();
        let mut pipelines = Pipelines::new(device);
        let (mut nodes, mut gathered) = (Vec::new(), Gathered::default());
        let (mut living, mut hosts) = (vec![None; declared.nodes.len()], Vec::new());
        let mut declared_nodes: Vec<_> = std::mem::take(&mut declared.nodes).into_iter().map(Some).collect();
        for index in running_order(&declared_nodes, &plan) {
            let (Some(condition), Some(node)) = (conditions[index], declared_nodes[index].take()) else { continue };
            if usage::on_host(node.declaration) {
                hosts.push(nodes.len() as u32);
            }
            living[index] = Some(nodes.len() as u32);
            let formats = attachment_formats(&declared, &node);
            let _node = NodeScope::enter(node.name.as_str());
            let built = pipelines.pipelines(node.declaration, &node.spec, formats)?;
            let (at, first_access) = (nodes.len() as u32, input.nodes[index].accesses.start);
            nodes.push(NodeRuntime::new(&mut gathered, at, node, first_access, built, condition));
        }
        for node in &mut nodes {
            node.find_variants(&resources, frame_slots, |resource| outputs.images_of(&declared, resource))?;
        }
        arrange(&mut nodes, &mut gathered);
        for node in &nodes {
            node.resolve(&mut gathered, &mut resources, &layouts)?;
        }
        let descriptors = allocate_sets(device, &mut nodes, &mut gathered)?;
        for node in &mut nodes {
            node.write_descriptors(&gathered, device);
        }

        let timing = if options.gpu_times {
            Timing::new(device, hosts.len() as u32..nodes.len() as u32, frame_slots)?
        } else {
            None
        };
        let threads = if plan.segments.iter().any(|segment| segment.dynamic) { threads } else { 1 };
        let workers = Workers::new("record", threads as usize).map_err(|_| CompileError::Unsupported {
            what: "the graph".to_owned(),
            at: self.tables.at,
            problem: "could not start the threads that are to record it; use fewer `recording_threads`",
        })?;
        let first_node = hosts.len() as u32;
        let timed = timing.is_some();
        let segments = Segments::new(device, &plan, &resources, first_node, frame_slots, workers.count(), timed)?;
        if segments.items().iter().any(|segment| segment.variants.wanted() > MAX_VARIANTS) {
            return Err(CompileError::Unsupported {
                what: "the graph".to_owned(),
                at: self.tables.at,
                problem: "has histories of so many different depths that no recording could be used again; give them equal depths",
            });
        }
        let mut events = self.tables.events.take();
        EventDeclaration::make_room(living_events.iter().copied(), &mut events);
        let events = GraphEvents::new(events.build()?, device.budget());
        let (placed, retired) = (declared.placed.clone(), retire_ring(&declared, frame_slots));
        let changes = Changes::none(declared.resources.len(), nodes.len());
        let mut compiled = CompiledGraph {
            graph: self.tables.id,
            params: Params::new(&declared, &resources, frame_slots),
            switches: declared.switches.iter().rev().fold(0, |all, &on| all << 1 | u32::from(on)),
            last_frame: None,
            number: 0,
            frame_slots,
            slot: 0,
            chores: Chores::default(),
            submission: Submission::new(segments.items().len(), frame_slots, outputs.items.len()),
            uploader: None,
            segments,
            workers,
            timeline: Timeline::new(device, 0)?,
            hosts,
            report,
            layouts,
            usages,
            declared,
            plan,
            living,
            nodes,
            gathered,
            descriptors,
            pipelines,
            timing,
            placed,
            retired,
            resources,
            outputs,
            recompiles: 0,
            recompiled: None,
            #[cfg(feature = "hot-reload")]
            watcher: None,
            events,
            changes,
            device: device.clone(),
        };
        compiled.initialise(None)?;
        compiled.record_static(None)?;
        compiled.chores = compiled.find_chores();
        account::check(&compiled, &living_events)?;
        Ok(compiled)
    }
}

/// The most threads that can record a graph.
const MAX_RECORDING_THREADS: u32 = 64;

/// The state of each output, windows with their swapchains.
fn outputs(device: &Device, declared: &mut Declared, at: CallSite, frame_slots: u32) -> Result<Outputs, CompileError> {
    let mut items = Vec::with_capacity(declared.outputs.len());
    for (index, output) in declared.outputs.drain(..).enumerate() {
        let extent = output.extent;
        let mut runtime = OutputRuntime { extent, wanted: extent, swapchain: None, image: None, stale: false };
        if let Some(surface) = output.surface {
            if surface.device().raw().handle() != device.raw().handle() {
                let (resource, device) = (format!("output {index}"), device.info().name.clone());
                return Err(CompileError::OtherDevice { resource, at, device });
            }
            let mut swapchain = Swapchain::new(device, surface, frame_slots)?;
            swapchain.recreate(extent)?;
            if !swapchain.images().is_empty() {
                runtime.extent = swapchain.extent();
            }
            runtime.swapchain = Some(swapchain);
        }
        items.push(runtime);
    }
    Ok(Outputs { items })
}

/// The format of each attachment by its location; an optional one that is absent leaves its place free.
fn attachment_formats(declared: &Declared, node: &DeclaredNode) -> AttachmentFormats {
    let mut formats = AttachmentFormats::default();
    for (index, slot) in (0u32..).zip(node.declaration.slots) {
        let mut attached = node.bindings.iter().filter(|binding| binding.slot == index).map(|binding| {
            match binding.parts.first().map(|part| declared.resources[part.resource.0 as usize].shape) {
                Some(Shape::Image { format, .. }) => format.format,
                _ => vk::Format::UNDEFINED,
            }
        });
        match slot.kind {
            SlotKind::Color => {
                let first = attached.next().unwrap_or(vk::Format::UNDEFINED);
                formats.colors.push(first);
                formats.colors.extend(attached);
            }
            SlotKind::Depth => formats.depth = attached.next().unwrap_or(vk::Format::UNDEFINED),
            _ => {}
        }
    }
    formats
}

/// The nodes as a frame runs them: host nodes as they were added, then the others in the order of the plan.
fn running_order(nodes: &[Option<DeclaredNode>], plan: &Plan) -> Vec<usize> {
    let on_host = |node: &Option<DeclaredNode>| node.as_ref().is_some_and(|node| usage::on_host(node.declaration));
    let hosts = nodes.iter().enumerate().filter(|(_, node)| on_host(node)).map(|(index, _)| index);
    let others = plan.steps.iter().filter_map(|step| match step {
        Step::Node(node) => Some(node.0 as usize),
        Step::Barrier(_) => None,
    });
    hosts.chain(others).collect()
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
    if let PlanError::EmptyRegion { node, slot } = source
        && let Some(error) = empty_resource(declared, node, slot)
    {
        return error;
    }
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
    let name = |resource: plan::ResourceId| &declared.resources[resource.0 as usize].name;
    let problem = match source {
        PlanError::EmptyRegion { .. } => {
            "gets an empty part of its buffer; split it after the first element and before the end".to_owned()
        }
        PlanError::ReadBeforeWrite { resource, .. } => {
            format!("reads `{}` before any node has written it; write it with a node that runs earlier", name(resource))
        }
        PlanError::SharedHistory { resource } => format!(
            "`{}` is a history, whose copies change places, and so cannot be retained; copy it into another resource",
            name(resource)
        ),
        other => other.to_string(),
    };
    CompileError::Plan { user, problem, source }
}

/// The error of a slot that is wired to a resource without a size.
fn empty_resource(declared: &Declared, node: plan::NodeId, slot: u32) -> Option<CompileError> {
    let bindings = declared.nodes[node.0 as usize].bindings.iter().filter(|binding| binding.slot == slot);
    let resources =
        bindings.flat_map(|binding| &binding.parts).map(|part| &declared.resources[part.resource.0 as usize]);
    resources.into_iter().find_map(|resource| {
        let (limit_name, limit) = match resource.shape {
            Shape::Buffer { length: Length::Fixed(0), .. } => ("bytes, maxBufferSize", u64::MAX),
            Shape::Image { shape, .. } if shape.mips == 0 => ("mip levels of its extent", u32::BITS.into()),
            Shape::Image { shape, .. } if shape.layers == 0 => ("maxImageArrayLayers", u32::MAX.into()),
            _ => return None,
        };
        Some(CompileError::Size { resource: resource.name.clone(), at: resource.at, found: 0, limit, limit_name })
    })
}
