//! A recompile: whatever changed since the last frame is made anew in one pass, which touches each node and each segment once.

pub(super) mod follow;
pub(super) mod managed;
#[cfg(feature = "hot-reload")]
mod reload;

use ash::vk;

use crate::event::RecompileCause;
use crate::frame::compiled::CompiledGraph;
use crate::frame::provision::node::{NodeRuntime, arrange};
use crate::frame::record::Recorder;
use crate::frame::record::segment::SegmentRuntime;
use crate::graph::CompileError;
use crate::graph::tables::Placement;
use crate::memory::Phase;
use crate::plan::{Plan, ResourceId, Segment, Step};

/// What a recompile made anew. What it does not count stayed as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recompiled {
    /// Why. Where several things changed before one frame, the first of them.
    pub cause: RecompileCause,
    /// Swapchains.
    pub swapchains: u32,
    /// Images, each copy of a resource by itself; those of swapchains are not among them.
    pub images: u32,
    /// Buffers, each copy of a resource by itself.
    pub buffers: u32,
    /// Pipelines.
    pub pipelines: u32,
    /// Nodes that are bound to something of this, or run other pipelines. Each was looked at once.
    pub nodes: u32,
    /// Descriptors that were written.
    pub descriptors: u64,
    /// Segments that were recorded again. Each was once, however much of what it touches has changed.
    pub segments: u32,
    /// Their command buffers: one for each variant of a segment.
    pub recordings: u32,
}

impl Recompiled {
    /// Nothing yet.
    pub(crate) const fn nothing(cause: RecompileCause) -> Self {
        Self {
            cause,
            swapchains: 0,
            images: 0,
            buffers: 0,
            pipelines: 0,
            nodes: 0,
            descriptors: 0,
            segments: 0,
            recordings: 0,
        }
    }
}

/// What changed and is not bound yet. No frame runs before it is, also where a recompile failed halfway.
pub(crate) struct Changes {
    /// By resource.
    resources: Vec<bool>,
    /// By living node: whether its pipelines changed.
    nodes: Vec<bool>,
    /// What was made for it so far; `None` where nothing changed.
    made: Option<Recompiled>,
}

impl Changes {
    /// None, of a graph with this many resources and living nodes.
    pub fn none(resources: usize, nodes: usize) -> Self {
        Self { resources: vec![false; resources], nodes: vec![false; nodes], made: None }
    }

    pub fn is_empty(&self) -> bool {
        self.made.is_none()
    }

    /// Notes that something changes, and returns the count of what is made for it.
    pub fn begin(&mut self, cause: RecompileCause) -> &mut Recompiled {
        self.made.get_or_insert(Recompiled::nothing(cause))
    }

    /// Notes that a resource is another one.
    pub fn resource(&mut self, resource: ResourceId, cause: RecompileCause) {
        self.begin(cause);
        self.resources[resource.0 as usize] = true;
    }

    /// Notes that a living node has other pipelines.
    #[cfg(feature = "hot-reload")]
    pub fn node(&mut self, node: usize, cause: RecompileCause) {
        self.begin(cause);
        self.nodes[node] = true;
    }

    fn has(&self, resource: ResourceId) -> bool {
        self.resources[resource.0 as usize]
    }

    fn clear(&mut self) {
        self.resources.fill(false);
        self.nodes.fill(false);
        self.made = None;
    }
}

impl CompiledGraph {
    /// How often something was made anew since compile: resizes, rebound imports, resized managed buffers, reloaded shaders.
    pub fn recompiles(&self) -> u64 {
        self.recompiles
    }

    /// What the last of these made anew.
    pub fn last_recompile(&self) -> Option<&Recompiled> {
        self.recompiled.as_ref()
    }

    /// Resolves, initialises and records again what depends on what changed. This graph's frames have finished.
    pub(in crate::frame) fn renew(&mut self) -> Result<(), CompileError> {
        let Some(made) = self.changes.made else { return Ok(()) };
        // Until the next frame has seen that nothing is left undone.
        self.chores.follow = true;
        let _phase = Phase::Compile.enter();
        self.events.recompile_requested(made.cause);
        let changes = std::mem::replace(&mut self.changes, Changes::none(0, 0));
        let renewed = self.renew_all(&changes, made);
        self.changes = changes;
        let recompiled = renewed?;
        self.changes.clear();
        self.recompiled = Some(recompiled);
        self.recompiles += 1;
        self.events.recompiled(recompiled.cause, self.recompiles);
        Ok(())
    }

    fn renew_all(&mut self, changes: &Changes, mut made: Recompiled) -> Result<Recompiled, CompileError> {
        for (index, resource) in (0..).zip(&self.declared.resources) {
            let lent = matches!(resource.placement, Placement::Swapchain { .. });
            if let Some(physical) =
                self.resources.get(ResourceId(index)).filter(|_| changes.has(ResourceId(index)) && !lent)
            {
                made.images += physical.images().count() as u32;
                made.buffers += physical.buffers().count() as u32;
            }
        }
        let written = self.descriptors_written();
        let touched = |node: &&mut NodeRuntime| node.touches(|resource| changes.has(resource));
        for node in self.nodes.iter_mut().filter(touched) {
            let (declared, outputs) = (&self.declared, &self.outputs);
            let images = |resource| outputs.images_of(declared, resource);
            node.find_variants(&self.resources, self.frame_slots, images)?;
        }
        arrange(&mut self.nodes, &mut self.gathered);
        for node in self.nodes.iter_mut().filter(touched) {
            node.resolve(&mut self.gathered, &mut self.resources, &self.layouts)?;
            node.write_descriptors(&self.gathered, &self.device);
            made.nodes += 1;
        }
        made.nodes += changes.nodes.iter().filter(|changed| **changed).count() as u32;
        made.descriptors = self.descriptors_written() - written;
        self.initialise(Some(&changes.resources))?;
        (made.segments, made.recordings) = self.record_static(Some(changes))?;
        Ok(made)
    }

    /// Records the static segments, or those of them that touch what changed. Returns how many, and their command buffers.
    pub(in crate::frame) fn record_static(&mut self, changes: Option<&Changes>) -> Result<(u32, u32), CompileError> {
        self.assign_outputs();
        self.segments.prepare(&self.device, &self.resources)?;
        let (mut segments, mut recordings) = (0, 0);
        for index in 0..self.plan.segments.len() {
            if changes.is_some_and(|changes| !self.is_touched(index, changes)) || !self.is_recorded_once(index) {
                continue;
            }
            if changes.is_some() {
                self.segments.renew(&self.device, index)?;
            }
            recordings += self.record_segment(index)?;
            segments += 1;
        }
        self.submission.fill(&self.segments);
        self.chores.varying = !self.segments.varying().is_empty();
        Ok((segments, recordings))
    }

    /// Whether a segment touches something that changed.
    fn is_touched(&self, segment: usize, changes: &Changes) -> bool {
        let mut touched = false;
        each_resource(&self.plan, &self.plan.segments[segment], |touch| match touch {
            Touch::Resource(resource) => touched |= changes.has(resource),
            Touch::Node(node) => {
                if let Some(index) = self.living[node as usize] {
                    touched |= changes.nodes[index as usize];
                    touched |= self.nodes[index as usize].touches(|resource| changes.has(resource));
                }
            }
        });
        touched
    }

    /// Whether a segment is static. A window without images has nothing to record for until it is restored.
    fn is_recorded_once(&self, segment: usize) -> bool {
        let runtime = &self.segments.items()[segment];
        let minimised = self.plan.segments[segment].swapchain && self.outputs.is_minimised(runtime.variants.output);
        !runtime.dynamic && !minimised
    }

    /// Records a static segment in all of its variants, and returns their number.
    fn record_segment(&mut self, index: usize) -> Result<u32, CompileError> {
        let SegmentRuntime { variants, commands, tape, .. } = &mut self.segments.items_mut()[index];
        // Frames in flight share a recording that does not depend on the slot. Drivers make less of one that may be pending
        // twice, so only those say so.
        let shared = self.frame_slots > 1 && variants.slots == 1;
        let flags =
            if shared { vk::CommandBufferUsageFlags::SIMULTANEOUS_USE } else { vk::CommandBufferUsageFlags::empty() };
        let nodes = tape.nodes().start as usize..tape.nodes().end as usize;
        for (variant, &commands) in commands.iter().enumerate() {
            let nodes = &mut self.nodes[nodes.clone()];
            let moment = &variants.moment(variant);
            let (resources, gathered, timing) = (&self.resources, &mut self.gathered, self.timing.as_ref());
            Recorder::new(&self.device, resources, gathered, timing, moment, None)
                .segment(nodes, tape, commands, flags)
                .map_err(|error| error.named(&self.nodes))?;
        }
        Ok(commands.len() as u32)
    }
}

/// What a segment touches.
pub(in crate::frame) enum Touch {
    /// What its barriers name.
    Resource(ResourceId),
    /// What this declared node is wired to.
    Node(u32),
}

pub(in crate::frame) fn each_resource(plan: &Plan, segment: &Segment, mut touch: impl FnMut(Touch)) {
    for step in &plan.steps[segment.steps.start as usize..segment.steps.end as usize] {
        match *step {
            Step::Barrier(barrier) => {
                let range = plan.barriers[barrier as usize].clone();
                let dependencies = &plan.dependencies[range.start as usize..range.end as usize];
                dependencies.iter().for_each(|dependency| touch(Touch::Resource(dependency.resource)));
            }
            Step::Node(node) => touch(Touch::Node(node.0)),
        }
    }
}
