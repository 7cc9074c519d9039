//! The graph under construction: nodes, resources, sinks and handles.

use std::marker::PhantomData;
use std::panic::Location;
use std::rc::Rc;

use crate::event::EventBusBuilder;
use crate::graph::error::DeclarationError;
use crate::graph::extent::{ImageShape, Length, OutputId};
use crate::graph::format::Format;
use crate::graph::handles::{History, Param, Switch};
use crate::graph::node::Node;
use crate::graph::output::Output;
use crate::graph::resource::{Buffer, Dim, Dimension, Image, Resource};
use crate::graph::tables::{CallSite, DeclaredResource, Part, Placement, Shape, Tables};
use crate::graph::wire::{Handle, Shared, Target, Wire};
use crate::graph::wiring::Wiring;
use crate::plan::{Condition, Region, Residency, ResourceId, SwitchId};
use crate::shader::Block;

/// A graph being declared. [`compile`](Graph::compile) makes it runnable.
///
/// Methods take `&self`, so that calls nest: `graph.add(Tone { hdr: &graph.add(March { .. }).color, .. })`.
pub struct Graph {
    pub(crate) tables: Rc<Tables>,
}

impl Graph {
    /// A graph whose [`Extent::Output`](crate::Extent::Output) is `output`.
    #[track_caller]
    pub fn new(output: Output) -> Self {
        let graph = Self { tables: Rc::new(Tables::new(Location::caller())) };
        graph.add_output(output);
        graph
    }

    /// A graph without an output: every size in it is fixed.
    #[track_caller]
    pub fn without_output() -> Self {
        Self { tables: Rc::new(Tables::new(Location::caller())) }
    }

    /// One more output.
    pub fn add_output(&self, output: Output) -> OutputId {
        let outputs = &mut self.tables.declared.borrow_mut().outputs;
        outputs.push(output);
        OutputId(outputs.len() as u32 - 1)
    }

    /// Adds a node and returns its outputs.
    #[track_caller]
    pub fn add<N: Node>(&self, node: N) -> N::Outputs {
        const { N::CHECK }
        self.add_at(N::DECLARATION.name, node, Location::caller(), false)
    }

    /// Adds a node under a name of its own, for messages, labels and reports.
    #[track_caller]
    pub fn add_named<N: Node>(&self, name: &str, node: N) -> N::Outputs {
        const { N::CHECK }
        self.add_at(name, node, Location::caller(), false)
    }

    /// Adds a node that stays even where nothing reads what it writes.
    #[track_caller]
    pub fn add_kept<N: Node>(&self, node: N) -> N::Outputs {
        const { N::CHECK }
        self.add_at(N::DECLARATION.name, node, Location::caller(), true)
    }

    /// Declares queues and subscribers of the application on the graph's event bus, which has the queues of its nodes anyway.
    ///
    /// The graph itself emits some events if a queue for them was declared: the [module](crate::event) says which.
    ///
    /// # Panics
    /// When called in its own closure.
    pub fn events<T>(&self, declare: impl FnOnce(&mut EventBusBuilder) -> T) -> T {
        declare(&mut self.tables.events.borrow_mut())
    }

    /// `N::CHECK` is evaluated by its callers, so that the compiler names the call in the user's code.
    fn add_at<N: Node>(&self, name: &str, node: N, at: CallSite, keep: bool) -> N::Outputs {
        let caller = self.tables.caller.get();
        let at = caller.unwrap_or(at);
        let mut wiring = Wiring::new(&self.tables, &N::DECLARATION, self.unique_name(name), at, N::record);
        wiring.events(N::EVENTS);
        if keep {
            wiring.keep();
        }
        let outputs = node.wire(&mut wiring);
        wiring.finish();
        self.tables.caller.set(caller);
        outputs
    }

    /// An image whose contents are undefined until a `write` slot defines them. A cube has its six faces unless the shape says more.
    #[track_caller]
    pub fn image<F: Format, D: Dim>(&self, shape: impl Into<ImageShape>) -> Target<Image<F, D>> {
        self.target(image_shape::<F, D>(shape.into()), "image", Location::caller())
    }

    /// A buffer whose contents are undefined until a `write` slot defines them. `length` is 1 for a `Buffer<T>`.
    #[track_caller]
    pub fn buffer<T: ?Sized>(&self, length: impl Into<Length>) -> Target<Buffer<T>>
    where
        Buffer<T>: Resource,
    {
        let shape = Shape::Buffer { length: length.into(), stride: Buffer::<T>::STRIDE };
        self.target(shape, "buffer", Location::caller())
    }

    /// A value that nodes read and [`CompiledGraph::set`](crate::CompiledGraph::set) changes between frames.
    #[track_caller]
    pub fn param<T: Block>(&self, initial: T) -> (Param<T>, Shared<Buffer<T>>) {
        let shape = Shape::Buffer { length: Length::Fixed(1), stride: size_of::<T>() as u64 };
        let placement = Placement::Upload { initial: crate::shader::bytes_of(&initial).to_vec() };
        let resource = self.resource("param", shape, Residency::PerSlot, placement, Location::caller());
        let param = Param { graph: self.tables.id, resource, kind: PhantomData };
        (param, self.wire(resource, 0).share())
    }

    /// A resource of which earlier frames can be read, and the target of this frame's version.
    ///
    /// The target must be written in every frame. Contents of frames before the first, and after a resize, are zero. The node
    /// that writes it runs only while something needs it. So a part that a switch turns on again first sees what was there when it
    /// was turned off; where that is not wanted, add the writer with [`add_kept`](Graph::add_kept).
    #[track_caller]
    pub fn history<F: Format, D: Dim, const DEPTH: u32>(
        &self,
        shape: impl Into<ImageShape>,
    ) -> (History<Image<F, D>, DEPTH>, Target<Image<F, D>>) {
        self.history_of(image_shape::<F, D>(shape.into()), Location::caller())
    }

    /// A buffer of which earlier frames can be read, and the target of this frame's version.
    #[track_caller]
    pub fn history_buffer<T: ?Sized, const DEPTH: u32>(
        &self,
        length: impl Into<Length>,
    ) -> (History<Buffer<T>, DEPTH>, Target<Buffer<T>>)
    where
        Buffer<T>: Resource,
    {
        let shape = Shape::Buffer { length: length.into(), stride: Buffer::<T>::STRIDE };
        self.history_of(shape, Location::caller())
    }

    fn history_of<R: Resource, const DEPTH: u32>(&self, shape: Shape, at: CallSite) -> (History<R, DEPTH>, Target<R>) {
        let residency = Residency::History { depth: DEPTH };
        let resource = self.resource("history", shape, residency, Placement::Device, at);
        let past = (1..=DEPTH).map(|age| self.wire(resource, age).share()).collect();
        (History { past }, Target::new(self.handle(resource, 0)))
    }

    /// A switch, on or off before anything sets it.
    #[track_caller]
    pub fn switch(&self, on: bool) -> Switch {
        let at = Location::caller();
        let mut declared = self.tables.declared.borrow_mut();
        if declared.switches.len() == 32 {
            declared.errors.push(DeclarationError::TooManySwitches { at });
        } else {
            declared.switches.push(on);
        }
        Switch { graph: self.tables.id, switch: SwitchId(declared.switches.len() as u32 - 1) }
    }

    /// The wire `on` while the switch is on, and `off` while it is off. Nodes that only the other one needs do not run.
    #[track_caller]
    pub fn select<R: Resource>(&self, switch: Switch, on: Wire<R>, off: Wire<R>) -> Wire<R> {
        self.select_parts(switch, &on.handle, &off.handle, Location::caller())
    }

    /// As [`select`](Graph::select), for wires that are only read; `wire.share()` makes them.
    #[track_caller]
    pub fn select_shared<R: Resource>(&self, switch: Switch, on: &Shared<R>, off: &Shared<R>) -> Shared<R> {
        self.select_parts::<R>(switch, &on.handle, &off.handle, Location::caller()).share()
    }

    fn select_parts<R: Resource>(&self, switch: Switch, on: &Handle, off: &Handle, at: CallSite) -> Wire<R> {
        let bit = 1 << switch.switch.0;
        let sizes = [self.size(on), self.size(off)];
        if sizes[0] != sizes[1] {
            let [on, off] = sizes;
            self.tables.declared.borrow_mut().errors.push(DeclarationError::UnequalAlternatives { at, on, off });
        }
        if switch.graph != self.tables.id {
            self.tables
                .declared
                .borrow_mut()
                .errors
                .push(DeclarationError::ForeignSwitch { at, graph_at: self.tables.at });
        }
        let mut parts = Vec::new();
        for (handle, value) in [(on, bit), (off, 0)] {
            // A part that an inner switch already ties to the other state of this one is never wanted.
            let wanted = |part: &Part| part.condition.mask & bit == 0 || part.condition.value & bit == value;
            parts.extend(self.take_parts(handle, "select", at).into_iter().filter(wanted).map(|part| {
                let condition = Condition { mask: part.condition.mask | bit, value: part.condition.value | value };
                Part { condition, ..part }
            }));
        }
        Wire::new(Handle::new(&self.tables, parts, None))
    }

    /// `name`, with a number from the second node of that name on, so that names are unique.
    pub(crate) fn unique_name(&self, name: &str) -> String {
        let names = &mut self.tables.declared.borrow_mut().names;
        match names.get_mut(name) {
            None => {
                names.insert(name.to_owned(), 1);
                name.to_owned()
            }
            Some(count) => {
                *count += 1;
                format!("{name}#{count}")
            }
        }
    }

    /// What a wire of this graph stands for; a wire of another graph is an error that `compile` reports.
    pub(crate) fn take_parts(&self, handle: &Handle, user: &str, at: CallSite) -> Vec<Part> {
        if handle.tables.id == self.tables.id {
            return handle.take_parts();
        }
        self.tables.declared.borrow_mut().errors.push(DeclarationError::ForeignWire {
            user: format!("`{user}`"),
            user_at: at,
            graph_at: self.tables.at,
            wire_graph_at: handle.tables.at,
        });
        Vec::new()
    }

    #[track_caller]
    fn target<R: Resource>(&self, shape: Shape, name: &str, at: CallSite) -> Target<R> {
        let resource = self.resource(name, shape, Residency::Transient, Placement::Device, at);
        Target::new(self.handle(resource, 0))
    }

    pub(crate) fn wire<R: Resource>(&self, resource: ResourceId, age: u32) -> Wire<R> {
        Wire::new(self.handle(resource, age))
    }

    fn handle(&self, resource: ResourceId, age: u32) -> Handle {
        let part = Part { resource, age, region: Region::WHOLE, condition: Condition::ALWAYS };
        Handle::new(&self.tables, vec![part], None)
    }

    pub(crate) fn resource(
        &self,
        name: &str,
        shape: Shape,
        residency: Residency,
        placement: Placement,
        at: CallSite,
    ) -> ResourceId {
        let at = self.tables.caller.get().unwrap_or(at);
        let resources = &mut self.tables.declared.borrow_mut().resources;
        let id = ResourceId(resources.len() as u32);
        let name = format!("{name} {}", id.0);
        resources.push(DeclaredResource {
            name,
            unwritten: residency == Residency::Transient,
            at,
            shape,
            residency,
            placement,
            entry: None,
            exit: None,
            sink: false,
            kept: false,
        });
        id
    }

    /// Extent or length of what a handle stands for, for comparison and messages.
    fn size(&self, handle: &Handle) -> String {
        let declared = handle.tables.declared.borrow();
        let part = declared.wires.get(handle.index as usize).and_then(|wire| wire.parts.first().copied());
        let shape = part.map(|part| declared.resources[part.resource.0 as usize].shape);
        drop(declared);
        match (part, shape) {
            (Some(part), Some(Shape::Image { shape, .. })) => {
                let Region { major: [mip, mip_end], minor: [layer, layer_end] } = handle.image_region(&part);
                let extent = shape.extent;
                format!("{extent}, mip levels {mip} to {mip_end}, layers {layer} to {layer_end}")
            }
            (Some(part), Some(Shape::Buffer { length, .. })) => match part.region.major {
                [0, u64::MAX] => length.to_string(),
                [start, u64::MAX] => format!("{length}, from byte {start} on"),
                [start, end] => format!("bytes {start} to {end} of {length}"),
            },
            (_, Some(Shape::AccelerationStructure)) => "acceleration structure".into(),
            _ => "nothing".into(),
        }
    }
}

pub(crate) fn image_shape<F: Format, D: Dim>(mut shape: ImageShape) -> Shape {
    // A cube of one layer would be of no use: whoever does not say how many layers there are means the six faces.
    if D::DIMENSION == Dimension::Cube && shape.layers == 1 {
        shape.layers = 6;
    }
    Shape::Image { format: crate::graph::resource::ImageFormat::of::<F>(), dimension: D::DIMENSION, shape }
}
