//! What `#[node]`'s generated `wire` calls, once for each slot.

use std::rc::Rc;

use crate::event::EventDeclaration;
use crate::graph::builder::Graph;
use crate::graph::error::DeclarationError;
use crate::graph::extent::{ImageShape, Length};
use crate::graph::node::{NodeDeclaration, NodeKind};
use crate::graph::resource::Resource;
use crate::graph::tables::{CallSite, DeclaredBinding, DeclaredNode, DeclaredResource, Part, Placement, Shape, Tables};
use crate::graph::wire::{Handle, Target, Wire};
use crate::plan::{Condition, NodeId, Region, Residency, ResourceId};
use crate::shader::Block;

/// Registers the wires of one node that is being added.
pub struct Wiring<'a> {
    tables: &'a Rc<Tables>,
    node: NodeId,
    declared: DeclaredNode,
    /// It has no commands, and so there is no node.
    is_source: bool,
}

impl<'a> Wiring<'a> {
    pub(crate) fn new(
        tables: &'a Rc<Tables>,
        declaration: &'static NodeDeclaration,
        name: String,
        at: CallSite,
        record: fn(&mut crate::frame::RecordContext<'_>),
    ) -> Self {
        let node = NodeId(tables.declared.borrow().nodes.len() as u32);
        let declared = DeclaredNode {
            declaration,
            name,
            at,
            bindings: Vec::new(),
            push: Vec::new(),
            spec: vec![0; declaration.spec_bytes as usize],
            data: Box::new(()),
            record,
            events: &[],
            sink: false,
        };
        Self { tables, node, declared, is_source: false }
    }

    pub(crate) fn events(&mut self, events: &'static [EventDeclaration]) {
        self.declared.events = events;
    }

    pub(crate) fn keep(&mut self) {
        self.declared.sink = true;
    }

    pub(crate) fn finish(self) {
        if !self.is_source {
            self.tables.declared.borrow_mut().nodes.push(self.declared);
        }
    }

    /// The graph, for a [`Source`](super::source::Source), which only looks like a node. What it declares carries the call site of
    /// `graph.add`.
    pub(crate) fn source(&mut self) -> Graph {
        self.is_source = true;
        self.tables.caller.set(Some(self.declared.at));
        Graph { tables: Rc::clone(self.tables) }
    }

    /// A wire to read.
    pub fn read<R>(&mut self, slot: u32, wire: &Wire<R>) {
        self.bind(slot, &wire.handle);
    }

    /// A wire to read, or none.
    pub fn read_optional<R>(&mut self, slot: u32, wire: Option<&Wire<R>>) {
        if let Some(wire) = wire {
            self.read(slot, wire);
        }
    }

    /// A fixed number of wires to read.
    pub fn read_array<R, const N: usize>(&mut self, slot: u32, wires: [&Wire<R>; N]) {
        for wire in wires {
            self.bind(slot, &wire.handle);
        }
    }

    /// Wires to read, up to the declared maximum.
    pub fn read_runtime<R>(&mut self, slot: u32, wires: &[&Wire<R>]) {
        self.check_maximum(slot, wires.len());
        for wire in wires {
            self.bind(slot, &wire.handle);
        }
    }

    /// A target to define; gives the wire of what the node makes of it.
    pub fn write<R>(&mut self, slot: u32, target: Target<R>) -> Wire<R> {
        self.bind_written(slot, &target.handle)
    }

    /// A target to define, or none.
    pub fn write_optional<R>(&mut self, slot: u32, target: Option<Target<R>>) -> Option<Wire<R>> {
        target.map(|target| self.write(slot, target))
    }

    /// A fixed number of targets to define.
    pub fn write_array<R, const N: usize>(&mut self, slot: u32, targets: [Target<R>; N]) -> [Wire<R>; N] {
        targets.map(|target| self.bind_written(slot, &target.handle))
    }

    /// Targets to define, up to the declared maximum.
    pub fn write_runtime<R>(&mut self, slot: u32, targets: Vec<Target<R>>) -> Vec<Wire<R>> {
        self.check_maximum(slot, targets.len());
        targets.into_iter().map(|target| self.bind_written(slot, &target.handle)).collect()
    }

    /// A wire to change in place; gives its next version.
    pub fn read_write<R>(&mut self, slot: u32, wire: Wire<R>) -> Wire<R> {
        self.bind_written(slot, &wire.handle)
    }

    /// A wire to change in place, or none.
    pub fn read_write_optional<R>(&mut self, slot: u32, wire: Option<Wire<R>>) -> Option<Wire<R>> {
        wire.map(|wire| self.read_write(slot, wire))
    }

    /// A fixed number of wires to change in place.
    pub fn read_write_array<R, const N: usize>(&mut self, slot: u32, wires: [Wire<R>; N]) -> [Wire<R>; N] {
        wires.map(|wire| self.bind_written(slot, &wire.handle))
    }

    /// Wires to change in place, up to the declared maximum.
    pub fn read_write_runtime<R>(&mut self, slot: u32, wires: Vec<Wire<R>>) -> Vec<Wire<R>> {
        self.check_maximum(slot, wires.len());
        wires.into_iter().map(|wire| self.bind_written(slot, &wire.handle)).collect()
    }

    /// A buffer that the node makes itself.
    pub fn create_buffer<R: Resource>(&mut self, slot: u32, length: impl Into<Length>) -> Wire<R> {
        self.create(slot, Shape::Buffer { length: length.into(), stride: R::STRIDE })
    }

    /// An image that the node makes itself.
    ///
    /// # Panics
    /// When `R` is not an image; the macro's checks have excluded that.
    pub fn create_image<R: Resource>(&mut self, slot: u32, shape: impl Into<ImageShape>) -> Wire<R> {
        let format = R::FORMAT.expect("the macro creates images of image types only");
        let dimension = R::DIMENSION.expect("the macro creates images of image types only");
        self.create(slot, Shape::Image { format, dimension, shape: shape.into() })
    }

    /// The push constants, and what makes bytes of them.
    pub fn push<T>(&mut self, bytes: fn(&T) -> &[u8], value: &T) {
        self.declared.push = bytes(value).to_vec();
    }

    /// The value of a specialisation constant, at its offset in the node's specialisation data.
    pub fn spec<T: Block>(&mut self, offset: u32, value: &T) {
        let bytes = crate::shader::bytes_of(value);
        self.declared.spec[offset as usize..offset as usize + bytes.len()].copy_from_slice(bytes);
    }

    /// The plain fields, which the view refers to.
    pub fn data<T: Send + 'static>(&mut self, data: T) {
        self.declared.data = Box::new(data);
    }

    fn bind(&mut self, slot: u32, handle: &Handle) {
        if handle.tables.id != self.tables.id {
            let user = format!(
                "slot `{}` of node `{}`",
                self.declared.declaration.slots[slot as usize].name, self.declared.name
            );
            let error = DeclarationError::ForeignWire {
                user,
                user_at: self.declared.at,
                graph_at: self.tables.at,
                wire_graph_at: handle.tables.at,
            };
            self.tables.declared.borrow_mut().errors.push(error);
            return;
        }
        let parts = handle.take_parts();
        self.declared.bindings.push(DeclaredBinding { slot, parts });
    }

    fn bind_written<R>(&mut self, slot: u32, handle: &Handle) -> Wire<R> {
        self.bind(slot, handle);
        let parts = self.declared.bindings.last().map_or_else(Vec::new, |binding| binding.parts.clone());
        if let [Part { resource, region: Region::WHOLE, .. }] = parts[..] {
            let resource = &mut self.tables.declared.borrow_mut().resources[resource.0 as usize];
            if std::mem::take(&mut resource.unwritten) {
                resource.name = self.name_of(slot);
            }
        }
        Wire::new(Handle::new(self.tables, parts, Some((self.node, slot))))
    }

    /// The name of what a slot makes.
    fn name_of(&self, slot: u32) -> String {
        format!("{}.{}", self.declared.name, self.declared.declaration.slots[slot as usize].name)
    }

    fn create<R: Resource>(&mut self, slot: u32, shape: Shape) -> Wire<R> {
        let host = self.declared.declaration.kind == NodeKind::Host;
        let resource = DeclaredResource {
            name: self.name_of(slot),
            unwritten: false,
            at: self.declared.at,
            shape,
            residency: if host { Residency::PerSlot } else { Residency::Transient },
            placement: if host { Placement::Upload { initial: Vec::new() } } else { Placement::Device },
            entry: None,
            exit: None,
            sink: false,
            kept: false,
        };
        let mut declared = self.tables.declared.borrow_mut();
        let id = ResourceId(declared.resources.len() as u32);
        declared.resources.push(resource);
        drop(declared);
        let part = Part { resource: id, age: 0, region: Region::WHOLE, condition: Condition::ALWAYS };
        self.declared.bindings.push(DeclaredBinding { slot, parts: vec![part] });
        Wire::new(Handle::new(self.tables, vec![part], Some((self.node, slot))))
    }

    fn check_maximum(&mut self, slot: u32, found: usize) {
        let declaration = &self.declared.declaration.slots[slot as usize];
        if let crate::graph::node::SlotShape::Runtime(maximum) = declaration.shape
            && found > maximum as usize
        {
            let error = DeclarationError::TooManyElements {
                node: self.declared.name.clone(),
                slot: declaration.name,
                at: self.declared.at,
                maximum,
                found,
            };
            self.tables.declared.borrow_mut().errors.push(error);
        }
    }
}
