//! What is made anew in a graph that runs: resources that follow an output's size, swapchains, and rebound imports. Each is
//! a recompile of what it touches.

use arrayvec::ArrayVec;
use ash::vk;

use crate::device::DeviceError;
use crate::event::RecompileCause;
use crate::frame::compiled::CompiledGraph;
use crate::frame::moment::{MAX_OUTPUTS, Variants};
use crate::frame::recompile::{Touch, each_resource};
use crate::frame::run::FrameError;
use crate::frame::run::swapchain::{Acquired, Swapchain};
use crate::frame::validate;
use crate::graph::tables::{Declared, Placement};
use crate::graph::{
    AccelerationStructure, Buffer, CompileError, Dim, Image, Import, OutputId, Resource, format::Format,
};
use crate::memory::Phase;
use crate::plan::ResourceId;

/// The outputs of a graph while frames run.
pub(crate) struct Outputs {
    pub items: Vec<OutputRuntime>,
}

/// An output while frames run.
pub(crate) struct OutputRuntime {
    /// The size that resources follow.
    pub extent: [u32; 2],
    /// The size that it should have. A window's surface may say otherwise; a size of 0 hides what has no window.
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

    /// Acquires an image of every window that has none yet: one that a failed frame acquired is still there, and so is its
    /// semaphore, of the same slot. False when a window no longer fits, of which all are found in one go.
    pub fn acquire(&mut self, slot: u32) -> Result<bool, DeviceError> {
        let mut fit = true;
        for output in &mut self.items {
            let (Some(swapchain), None) = (&output.swapchain, output.image) else { continue };
            match swapchain.acquire(slot)? {
                Acquired::Image(image, suboptimal) => {
                    output.image = Some(image);
                    output.stale |= suboptimal;
                }
                Acquired::OutOfDate => (output.stale, fit) = (true, false),
            }
        }
        Ok(fit)
    }

    /// Whether some output has no size, or its window no images to draw to.
    pub fn any_minimised(&self) -> bool {
        self.items.iter().any(|output| match output.swapchain {
            Some(_) => output.needs_swapchain(),
            None => output.wanted.contains(&0),
        })
    }

    /// Whether a window has no images to draw to.
    pub fn is_minimised(&self, output: u32) -> bool {
        let swapchain = self.items.get(output as usize).and_then(|output| output.swapchain.as_ref());
        swapchain.is_some_and(|swapchain| swapchain.images().is_empty())
    }
}

impl OutputRuntime {
    /// Whether its swapchain has to be made anew before the next image: not while an image of it is still to be presented.
    pub fn needs_swapchain(&self) -> bool {
        let lacks = |swapchain: &Swapchain| self.stale || swapchain.images().is_empty();
        self.image.is_none() && self.swapchain.as_ref().is_some_and(lacks)
    }
}

impl CompiledGraph {
    /// Gives an output without a window another size. Windows are followed by themselves. With a size of 0 it is like a
    /// minimised window: frames are left out until it has another one, and everything stays as it was.
    ///
    /// # Errors
    /// When the resources of the new size cannot be made; the graph then goes on with the old ones. What failed halfway is
    /// tried again by the next frame.
    ///
    /// # Panics
    /// When there is no such output.
    pub fn resize(&mut self, output: OutputId, width: u32, height: u32) -> Result<(), CompileError> {
        self.resize_all(&[(output, [width, height])])
    }

    /// As [`resize`](CompiledGraph::resize), several outputs at once: one recompile, in which a node that follows several of
    /// them is touched once.
    ///
    /// # Errors
    /// As [`resize`](CompiledGraph::resize).
    ///
    /// # Panics
    /// As [`resize`](CompiledGraph::resize).
    pub fn resize_all(&mut self, wanted: &[(OutputId, [u32; 2])]) -> Result<(), CompileError> {
        let mut sizes = self.outputs.sizes();
        for &(output, extent) in wanted {
            if self.outputs.items[output.0 as usize].swapchain.is_some() {
                self.window_resized(output, extent[0], extent[1]);
                continue;
            }
            self.outputs.items[output.0 as usize].wanted = extent;
            if !extent.contains(&0) {
                sizes[output.0 as usize] = extent;
            }
        }
        if sizes == self.outputs.sizes() {
            return Ok(());
        }
        let _phase = Phase::Compile.enter();
        self.device.wait_idle()?;
        self.give_sizes(&sizes)?;
        self.renew()
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

    /// Lets a window show its images in another format from the next frame on, if its surface has that and images can be copied
    /// into it: an sRGB format for nodes that write linear values, or one of more bits. Otherwise it has eight bits, and shows the
    /// values as they are. Nothing but the swapchain and what presents to it is made anew.
    ///
    /// # Panics
    /// When there is no such output.
    pub fn prefer_format(&mut self, output: OutputId, format: vk::Format) {
        let output = &mut self.outputs.items[output.0 as usize];
        if let Some(swapchain) = &mut output.swapchain {
            swapchain.prefer(format);
            output.stale |= swapchain.format() != format;
        }
    }

    /// The format of a window's images; `None` for an output without a window, or without images so far.
    ///
    /// # Panics
    /// When there is no such output.
    pub fn window_format(&self, output: OutputId) -> Option<vk::Format> {
        let format = self.outputs.items[output.0 as usize].swapchain.as_ref()?.format();
        (format != vk::Format::UNDEFINED).then_some(format)
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
        self.declared.resources[import.resource.0 as usize].placement = placement;
        let sizes = self.outputs.sizes();
        if self.resources.remake(&self.declared, &self.usages, &sizes, import.resource, self.number)? {
            self.changes.resource(import.resource, RecompileCause::Replacement);
        }
        self.renew()
    }

    /// Makes anew, in one pass, whatever changed since the last frame: swapchains that no longer fit their windows, what
    /// follows those windows' sizes, what others have replaced, and what failed before.
    pub(in crate::frame) fn follow(&mut self) -> Result<(), FrameError> {
        let windows = self.outputs.items.iter().any(OutputRuntime::needs_swapchain);
        if !windows && self.changes.is_empty() && !self.is_placed_stale() {
            return Ok(());
        }
        let _phase = Phase::Compile.enter();
        if windows {
            // What presents has no semaphore that tells when it is done.
            self.device.wait_idle()?;
        } else {
            self.timeline.wait(self.number)?;
        }
        self.recreate_swapchains()?;
        let sizes = self.outputs.sizes();
        self.follow_placed(&sizes)?;
        if !self.changes.is_empty() {
            validate::parts(&self.device, &self.declared.resources, &sizes, self.nodes.iter().map(Into::into))?;
        }
        Ok(self.renew()?)
    }

    /// Makes the swapchains anew that need it, and what follows their sizes. A window that has none stays without images.
    fn recreate_swapchains(&mut self) -> Result<(), FrameError> {
        let mut sizes = self.outputs.sizes();
        let mut recreated = ArrayVec::<usize, MAX_OUTPUTS>::new();
        let mut cause = RecompileCause::Resize;
        for (index, output) in self.outputs.items.iter_mut().enumerate().filter(|(_, output)| output.needs_swapchain())
        {
            let Some(swapchain) = &mut output.swapchain else { continue };
            // The old images are gone: until the new ones are in their place it stays stale.
            output.stale = true;
            let format = swapchain.format();
            swapchain.recreate(output.wanted)?;
            if swapchain.images().is_empty() {
                output.stale = false;
            } else {
                sizes[index] = swapchain.extent();
                recreated.push(index);
                // Without images it had none.
                if format != vk::Format::UNDEFINED && swapchain.format() != format {
                    cause = RecompileCause::OtherFormat;
                }
            }
        }
        if recreated.is_empty() {
            return Ok(());
        }
        self.give_sizes(&sizes)?;
        for index in recreated {
            let output = &mut self.outputs.items[index];
            let Some(swapchain) = &output.swapchain else { continue };
            (output.stale, output.wanted) = (false, output.extent);
            self.changes.begin(cause).swapchains += 1;
            let (images, extent) = (swapchain.images(), swapchain.extent());
            for lent in self.resources.lend(&self.declared, index as u32, images, extent) {
                self.changes.resource(lent, cause);
            }
        }
        Ok(())
    }

    /// Makes what follows outputs of another size anew, each resource once. When this fails nothing has changed.
    fn give_sizes(&mut self, sizes: &[[u32; 2]]) -> Result<(), CompileError> {
        let resized = |outputs: &Outputs, output: OutputId| {
            let index = output.0 as usize;
            outputs.items.get(index).zip(sizes.get(index)).is_some_and(|(output, size)| output.extent != *size)
        };
        validate::parts(&self.device, &self.declared.resources, sizes, self.nodes.iter().map(Into::into))?;
        let follows = |output| resized(&self.outputs, output);
        let made = self.resources.resize(&self.declared, &self.usages, sizes, follows, self.number)?;
        for output in (0..sizes.len() as u32).map(OutputId).filter(|&output| resized(&self.outputs, output)) {
            self.changes.begin(RecompileCause::Resize);
            self.events.resized(output, sizes[output.0 as usize]);
        }
        made.into_iter().for_each(|resource| self.changes.resource(resource, RecompileCause::Resize));
        self.outputs.items.iter_mut().zip(sizes).for_each(|(output, size)| output.extent = *size);
        Ok(())
    }

    /// Tells each segment that touches a swapchain which output's, and how many images that has.
    pub(in crate::frame) fn assign_outputs(&mut self) {
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
                        let bindings = &self.nodes[index as usize].facts.bindings;
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
