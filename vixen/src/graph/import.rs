//! What a graph uses and does not own: resources of cachers, and raw handles of the application.

use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use ash::vk;

use crate::graph::builder::{Graph, image_shape};
use crate::graph::error::DeclarationError;
use crate::graph::extent::{Extent, ImageShape, Length};
use crate::graph::format::Format;
use crate::graph::handles::Import;
use crate::graph::resource::{AccelerationStructure, Buffer, Dim, Image, Resource};
use crate::graph::source::Placed;
use crate::graph::tables::{CallSite, Placement, Shape};
use crate::graph::wire::{Shared, Wire};
use crate::memory;
use crate::plan::{Residency, Use};

impl Graph {
    /// The layout in which every frame finds and leaves what [`share_image`](Graph::share_image) shares.
    pub const SHARED_LAYOUT: vk::ImageLayout = vk::ImageLayout::SHADER_READ_ONLY_OPTIMAL;

    /// A device buffer that somebody else, a cacher for one, owns too.
    #[track_caller]
    pub fn share_buffer<T: ?Sized>(&self, buffer: &Arc<memory::Buffer>) -> Shared<Buffer<T>>
    where
        Buffer<T>: Resource,
    {
        let stride = Buffer::<T>::STRIDE;
        let shape = Shape::Buffer { length: Length::Fixed(buffer.size() / stride.max(1)), stride };
        let placement = Placement::SharedBuffer(Arc::clone(buffer));
        let resource = self.resource("shared", shape, Residency::Persistent, placement, Location::caller());
        self.wire(resource, 0).share()
    }

    /// A buffer that somebody else owns too and may resize between frames. The graph follows by itself, with a recompile of what
    /// binds the buffer. Changes of its contents need no recompile.
    #[track_caller]
    pub fn share_managed<T: ?Sized>(&self, buffer: &Arc<memory::ManagedBuffer>) -> Shared<Buffer<T>>
    where
        Buffer<T>: Resource,
    {
        let (current, first) = (buffer.current(), self.tables.declared.borrow().resources.len());
        let shared = self.share_buffer(&current);
        let place = Placed { parts: first..first + 1, generation: current.generation(), place: buffer.clone() };
        self.tables.declared.borrow_mut().placed.push(place);
        shared
    }

    /// An image that somebody else, a cacher for one, owns too.
    ///
    /// Its owner has put it into the layout [`SHARED_LAYOUT`](Graph::SHARED_LAYOUT), in which every frame finds it and leaves it.
    /// Another format, or a shape that does not go with `D`, is an error that `compile` reports.
    #[track_caller]
    pub fn share_image<F: Format, D: Dim>(&self, image: &Arc<memory::Image>) -> Shared<Image<F, D>> {
        let shape = ImageShape { extent: Extent::Fixed(image.extent()), mips: image.mips(), layers: image.layers() };
        let between = Use {
            stages: vk::PipelineStageFlags2::ALL_COMMANDS,
            access: vk::AccessFlags2::SHADER_SAMPLED_READ,
            layout: Graph::SHARED_LAYOUT,
        };
        let placement = Placement::SharedImage(Arc::clone(image));
        let shape = image_shape::<F, D>(shape);
        let (wire, _) = self.import::<Image<F, D>>("shared", shape, placement, [Some(between); 2], Location::caller());
        wire.share()
    }

    /// A top-level acceleration structure that somebody else, a cacher for one, owns too. It must have been built, with a barrier
    /// or a wait that makes it visible to what is submitted later; the same goes for each rebuild between frames. A structure of
    /// another level is an error that `compile` reports.
    #[track_caller]
    pub fn share_acceleration_structure(
        &self,
        structure: &Arc<memory::AccelerationStructure>,
    ) -> Shared<AccelerationStructure> {
        let at = Location::caller();
        if structure.kind() != vk::AccelerationStructureTypeKHR::TOP_LEVEL {
            let error = DeclarationError::NotTopLevel { structure: structure.name().to_owned(), at };
            self.tables.declared.borrow_mut().errors.push(error);
        }
        let placement = Placement::SharedAccelerationStructure(Arc::clone(structure));
        let resource = self.resource("shared", Shape::AccelerationStructure, Residency::Persistent, placement, at);
        self.wire(resource, 0).share()
    }

    /// A buffer of the application. `entry` and `exit` say how it is used before and after a frame; without them the frames
    /// of this graph wait for one another only.
    ///
    /// # Safety
    /// The buffer belongs to the device that the graph is compiled for, was made with the usage that the graph's slots
    /// need, holds `length` elements, and outlives the compiled graph; between frames only what `entry` and `exit` say
    /// touches it.
    #[track_caller]
    pub unsafe fn import_buffer<T: ?Sized>(
        &self,
        buffer: vk::Buffer,
        length: u64,
        entry: Option<Use>,
        exit: Option<Use>,
    ) -> (Wire<Buffer<T>>, Import<Buffer<T>>)
    where
        Buffer<T>: Resource,
    {
        let shape = Shape::Buffer { length: Length::Fixed(length), stride: Buffer::<T>::STRIDE };
        self.import("import", shape, Placement::ImportedBuffer { buffer }, [entry, exit], Location::caller())
    }

    /// An image of the application. `entry` and `exit` say how it is used, and in which layout it is, before and after.
    ///
    /// # Safety
    /// As for [`import_buffer`](Graph::import_buffer); the image has format `F` and this shape.
    #[track_caller]
    pub unsafe fn import_image<F: Format, D: Dim>(
        &self,
        image: vk::Image,
        shape: impl Into<ImageShape>,
        entry: Use,
        exit: Use,
    ) -> (Wire<Image<F, D>>, Import<Image<F, D>>) {
        let shape = image_shape::<F, D>(shape.into());
        let uses = [Some(entry), Some(exit)];
        self.import("import", shape, Placement::ImportedImage { image }, uses, Location::caller())
    }

    /// A top-level acceleration structure of the application.
    ///
    /// # Safety
    /// As for [`import_buffer`](Graph::import_buffer); it has been built, with a barrier or a wait that makes it visible.
    #[track_caller]
    pub unsafe fn import_acceleration_structure(
        &self,
        structure: vk::AccelerationStructureKHR,
    ) -> (Shared<AccelerationStructure>, Import<AccelerationStructure>) {
        let placement = Placement::ImportedAccelerationStructure { structure };
        let (wire, import) =
            self.import("import", Shape::AccelerationStructure, placement, [None, None], Location::caller());
        (wire.share(), import)
    }

    fn import<R: Resource>(
        &self,
        name: &str,
        shape: Shape,
        placement: Placement,
        [entry, exit]: [Option<Use>; 2],
        at: CallSite,
    ) -> (Wire<R>, Import<R>) {
        let resource = self.resource(name, shape, Residency::Persistent, placement, at);
        let mut declared = self.tables.declared.borrow_mut();
        let item = &mut declared.resources[resource.0 as usize];
        (item.entry, item.exit) = (entry, exit);
        // Whoever says how it goes on wants what the graph writes.
        item.sink = exit.is_some();
        drop(declared);
        (self.wire(resource, 0), Import { graph: self.tables.id, resource, kind: PhantomData })
    }
}
