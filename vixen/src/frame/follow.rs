//! What is made anew in a graph that runs: resources that follow an output's size, swapchains, and rebound imports. Each is
//! a recompile of what it touches.

use arrayvec::ArrayVec;
use ash::vk;

use crate::event::RecompileCause;
use crate::frame::compiled::CompiledGraph;
use crate::frame::moment::{MAX_OUTPUTS, Variants};
use crate::frame::record::Recorder;
use crate::frame::run::FrameError;
use crate::frame::swapchain::Swapchain;
use crate::frame::validate;
use crate::graph::tables::{Declared, Placement};
use crate::graph::{
    AccelerationStructure, Buffer, CompileError, Dim, Image, Import, OutputId, Resource, format::Format,
};
use crate::memory::Phase;
use crate::plan::{Plan, ResourceId, Segment, Step};

/// The outputs of a graph while frames run.
pub(crate) struct Outputs {
    pub items: Vec<OutputRuntime>,
}

/// An output while frames run.
pub(crate) struct OutputRuntime {
    /// The size that resources follow.
    pub extent: [u32; 2],
    /// The size that a window should have, where its surface does not say.
    pub wanted: [u32; 2],
    pub swapchain: Option<Swapchain>,
    /// The image acquired for the next frame.
    pub image: Option<u32>,
    /// The swapchain no longer fits its surface.
    pub stale: bool,
}

impl Outputs {
    /// The size of each.
    pub fn sizes(&self) -> Vec<[u32; 2]> {
        self.items.iter().map(|output| output.extent).collect()
    }

    /// The output and number of images of a swapchain resource; one image for all others.
    pub fn images_of(&self, declared: &Declared, resource: ResourceId) -> (u32, u32) {
        match declared.resources[resource.0 as usize].placement {
            Placement::Swapchain { output } => {
                let swapchain = self.items.get(output as usize).and_then(|output| output.swapchain.as_ref());
                (output, swapchain.map_or(1, |swapchain| swapchain.images().len().max(1) as u32))
            }
            _ => (0, 1),
        }
    }

    /// The image of each output that was acquired for the next frame.
    pub fn acquired_images(&self) -> [u32; MAX_OUTPUTS] {
        let mut images = [0; MAX_OUTPUTS];
        for (image, output) in images.iter_mut().zip(&self.items) {
            *image = output.image.unwrap_or(0);
        }
        images
    }

    /// Whether a window has no images to draw to.
    fn is_minimised(&self, output: u32) -> bool {
        let swapchain = self.items.get(output as usize).and_then(|output| output.swapchain.as_ref());
        swapchain.is_some_and(|swapchain| swapchain.images().is_empty())
    }
}

impl CompiledGraph {
    /// Gives an output without a window another size. Windows are followed by themselves.
    ///
    /// # Errors
    /// When the resources of the new size cannot be made; the graph then goes on with the old ones. What failed halfway is
    /// tried again by the next frame.
    ///
    /// # Panics
    /// When there is no such output.
    pub fn resize(&mut self, output: OutputId, width: u32, height: u32) -> Result<(), CompileError> {
        if self.outputs.items[output.0 as usize].swapchain.is_some() {
            self.window_resized(output, width, height);
            return Ok(());
        }
        if self.outputs.items[output.0 as usize].extent == [width, height] {
            return Ok(());
        }
        self.follow(output, [width, height])
    }

    /// Says that a window has another size, for platforms that leave it to the application, as Wayland does. The next frame
    /// follows.
    ///
    /// # Panics
    /// When there is no such output.
    pub fn window_resized(&mut self, output: OutputId, width: u32, height: u32) {
        let output = &mut self.outputs.items[output.0 as usize];
        output.stale |= output.wanted != [width, height];
        output.wanted = [width, height];
    }

    /// Puts another buffer behind an import. It has as many elements as the first.
    ///
    /// # Errors
    /// When the device fails.
    ///
    /// # Panics
    /// When the handle is of another graph.
    ///
    /// # Safety
    /// As for [`Graph::import_buffer`](crate::Graph::import_buffer).
    pub unsafe fn rebind_buffer<T: ?Sized>(
        &mut self,
        import: Import<Buffer<T>>,
        buffer: vk::Buffer,
    ) -> Result<(), CompileError>
    where
        Buffer<T>: Resource,
    {
        self.rebind(import, Placement::ImportedBuffer { buffer })
    }

    /// Puts another image behind an import. It has the shape of the first and is in the layout of the import's entry.
    ///
    /// # Errors
    /// When the device fails.
    ///
    /// # Panics
    /// When the handle is of another graph.
    ///
    /// # Safety
    /// As for [`Graph::import_image`](crate::Graph::import_image).
    pub unsafe fn rebind_image<F: Format, D: Dim>(
        &mut self,
        import: Import<Image<F, D>>,
        image: vk::Image,
    ) -> Result<(), CompileError> {
        self.rebind(import, Placement::ImportedImage { image })
    }

    /// Puts another acceleration structure behind an import.
    ///
    /// # Errors
    /// When the device fails.
    ///
    /// # Panics
    /// When the handle is of another graph.
    ///
    /// # Safety
    /// As for [`Graph::import_acceleration_structure`](crate::Graph::import_acceleration_structure).
    pub unsafe fn rebind_acceleration_structure(
        &mut self,
        import: Import<AccelerationStructure>,
        structure: vk::AccelerationStructureKHR,
    ) -> Result<(), CompileError> {
        self.rebind(import, Placement::ImportedAccelerationStructure { structure })
    }

    fn rebind<R: Resource>(&mut self, import: Import<R>, placement: Placement) -> Result<(), CompileError> {
        assert!(import.graph == self.graph, "this `Import` belongs to another graph");
        self.device.wait_idle()?;
        let index = import.resource.0 as usize;
        self.declared.resources[index].placement = placement;
        let sizes = self.outputs.sizes();
        let mut changed = vec![false; self.declared.resources.len()];
        changed[index] = self.resources.remake(&self.declared, &self.usages, &sizes, import.resource, self.number)?;
        self.renew(&changed, RecompileCause::Replacement)
    }

    /// Makes a window's swapchain anew and follows its size; false when the window has none.
    pub(super) fn recreate_swapchain(&mut self, index: usize) -> Result<bool, FrameError> {
        self.device.wait_idle()?;
        let output = &mut self.outputs.items[index];
        let Some(swapchain) = &mut output.swapchain else { return Ok(false) };
        swapchain.recreate(output.wanted)?;
        output.stale = false;
        if swapchain.images().is_empty() {
            return Ok(false);
        }
        let extent = swapchain.extent();
        output.wanted = extent;
        let followed = self.follow(OutputId(index as u32), extent);
        // The old images are gone: nothing is submitted before the new ones are in their place.
        self.outputs.items[index].stale = followed.is_err();
        followed?;
        Ok(true)
    }

    /// Makes what follows an output anew.
    fn follow(&mut self, output: OutputId, extent: [u32; 2]) -> Result<(), CompileError> {
        let _phase = Phase::Compile.enter();
        self.device.wait_idle()?;
        let index = output.0 as usize;
        let mut sizes = self.outputs.sizes();
        sizes[index] = extent;
        let mut changed = if self.outputs.items[index].extent == extent {
            vec![false; self.declared.resources.len()]
        } else {
            validate::parts(&self.device, &self.declared.resources, &sizes, self.nodes.iter().map(Into::into))?;
            self.resources.resize(&self.declared, &self.usages, &sizes, output, self.number)?
        };
        let resized = self.outputs.items[index].extent != extent;
        self.outputs.items[index].extent = extent;
        if let Some(swapchain) = &self.outputs.items[index].swapchain {
            let (images, extent) = (swapchain.images(), swapchain.extent());
            self.resources.lend(&self.declared, output.0, images, extent, &mut changed);
        }
        self.renew(&changed, RecompileCause::Resize)?;
        if resized && self.outputs.items[index].swapchain.is_some() {
            self.events.resized(output, extent);
        }
        Ok(())
    }

    /// Tries again what failed halfway.
    pub(super) fn complete(&mut self) -> Result<(), CompileError> {
        let _phase = Phase::Compile.enter();
        self.device.wait_idle()?;
        let sizes = self.outputs.sizes();
        validate::parts(&self.device, &self.declared.resources, &sizes, self.nodes.iter().map(Into::into))?;
        self.renew(&[], RecompileCause::Resize)
    }

    /// Resolves, initialises and records again what hangs on the resources that changed. This graph's frames have finished.
    pub(super) fn renew(&mut self, changed: &[bool], cause: RecompileCause) -> Result<(), CompileError> {
        self.pending.iter_mut().zip(changed).for_each(|(pending, changed)| *pending |= changed);
        self.incomplete = true;
        let pending = std::mem::take(&mut self.pending);
        let result = self.renew_all(&pending);
        self.pending = pending;
        result?;
        self.pending.fill(false);
        self.incomplete = false;
        self.recompiles += 1;
        self.events.recompiled(cause, self.recompiles);
        Ok(())
    }

    fn renew_all(&mut self, changed: &[bool]) -> Result<(), CompileError> {
        for node in self.nodes.iter_mut().filter(|node| node.touches(|resource| changed[resource.0 as usize])) {
            let (declared, outputs) = (&self.declared, &self.outputs);
            node.count_variants(&self.resources, self.frame_slots, |resource| outputs.images_of(declared, resource));
            node.resolve(&mut self.resources, &self.layouts)?;
            node.write_descriptors(&self.device);
        }
        self.initialise(Some(changed))?;
        self.record_static(Some(changed))
    }

    /// Records the static segments, or those of them that touch what changed.
    pub(super) fn record_static(&mut self, changed: Option<&[bool]>) -> Result<(), CompileError> {
        self.assign_outputs();
        self.segments.allocate(&self.device)?;
        let recorder = Recorder {
            device: &self.device,
            plan: &self.plan,
            resources: &self.resources,
            living: &self.living,
            timing: self.timing.as_ref(),
        };
        let scratch = &mut self.scratch;
        for (index, segment) in self.plan.segments.iter().enumerate() {
            let runtime = &self.segments.items()[index];
            // A window without images has nothing to record for until it is restored.
            let minimised = segment.swapchain && self.outputs.is_minimised(runtime.variants.output);
            let touched = changed.is_none_or(|changed| {
                let mut touched = false;
                each_resource(&self.plan, segment, |step| match step {
                    Touch::Resource(resource) => touched |= changed[resource.0 as usize],
                    Touch::Node(node) => {
                        let node = self.living[node as usize].map(|index| &self.nodes[index as usize]);
                        touched |= node.is_some_and(|node| node.touches(|resource| changed[resource.0 as usize]));
                    }
                });
                touched
            });
            if runtime.dynamic || minimised || !touched {
                continue;
            }
            if changed.is_some() {
                self.segments.renew(&self.device, index)?;
            }
            let runtime = &self.segments.items()[index];
            for (variant, &commands) in runtime.commands.iter().enumerate() {
                let moment = runtime.variants.moment(variant);
                // Frames in flight share a recording that does not depend on the slot. Drivers make less of one that may be
                // pending twice, so only those say so.
                let shared = self.frame_slots > 1 && runtime.variants.slots == 1;
                let flags = if shared {
                    vk::CommandBufferUsageFlags::SIMULTANEOUS_USE
                } else {
                    vk::CommandBufferUsageFlags::empty()
                };
                recorder
                    .segment(&mut self.nodes, scratch, segment, &moment, commands, flags)
                    .map_err(|error| error.named(&self.nodes))?;
            }
        }
        Ok(())
    }

    /// Tells each segment that touches a swapchain which output's, and how many images that has.
    fn assign_outputs(&mut self) {
        for (segment, runtime) in self.plan.segments.iter().zip(self.segments.items_mut()) {
            if !segment.swapchain {
                continue;
            }
            let mut shown = ArrayVec::<(u32, u32), MAX_OUTPUTS>::new();
            let mut see = |resource: ResourceId| {
                let (output, images) = self.outputs.images_of(&self.declared, resource);
                let lent =
                    matches!(self.declared.resources[resource.0 as usize].placement, Placement::Swapchain { .. });
                if lent && shown.iter().all(|&(other, _)| other != output) {
                    shown.push((output, images));
                }
            };
            each_resource(&self.plan, segment, |touch| match touch {
                Touch::Resource(resource) => see(resource),
                Touch::Node(node) => {
                    if let Some(index) = self.living[node as usize] {
                        let bindings = &self.nodes[index as usize].bindings;
                        bindings.iter().flat_map(|binding| &binding.parts).for_each(|part| see(part.resource));
                    }
                }
            });
            match shown.as_slice() {
                &[(output, images)] => runtime.variants = Variants { output, images, ..runtime.variants },
                _ => runtime.dynamic = true,
            }
        }
    }
}

/// What a segment touches.
enum Touch {
    /// What its barriers name.
    Resource(ResourceId),
    /// What this declared node is wired to.
    Node(u32),
}

fn each_resource(plan: &Plan, segment: &Segment, mut touch: impl FnMut(Touch)) {
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
