//! What the executor hands to a node while it records: resolved slots, plain data and the commands of its kind.

use std::cell::Cell;

use ash::vk;

use crate::device::Device;
use crate::event::NodeEvents;
use crate::frame::provision::gathered::{Gathered, NodeNow};
use crate::frame::provision::node::NodeRuntime;
use crate::frame::record::commands::{
    ComputeCommands, Encoder, GraphicsCommands, NodeCommands, RayTracingCommands, TransferCommands,
};
use crate::frame::run::frame_info::FrameInfo;
use crate::graph::view::{RawView, Resolved};
use crate::graph::{Viewed, Views};

/// What a node's generated `record` is called with.
pub struct RecordContext<'a> {
    /// It and what it looks up in are of one graph.
    pub(crate) node: &'a mut NodeRuntime,
    pub(crate) work: Work<'a>,
}

/// What is to be done.
pub(crate) enum Work<'a> {
    /// Record commands.
    Record(&'a Recording<'a>),
    /// Run on the CPU.
    Run(&'a FrameInfo<'a>, &'a Gathered),
}

/// Where the commands of a segment go, and what they need.
pub(crate) struct Recording<'a> {
    pub device: &'a Device,
    /// Its table of functions.
    pub raw: &'a ash::Device,
    pub buffer: vk::CommandBuffer,
    pub gathered: &'a Gathered,
    /// The number of the frame; of no meaning while something is recorded once.
    pub frame: u64,
    /// The events of the frame; none while something is recorded once.
    pub events: Option<NodeEvents<'a>>,
    /// The first node (an index of the living ones) that asked for something that cannot be, and for what: said to whoever had it
    /// recorded.
    pub problem: Cell<Option<(u32, &'static str)>>,
}

impl RecordContext<'_> {
    /// Records a compute node.
    #[inline]
    pub fn compute<N, D: 'static>(
        &mut self,
        record: impl FnOnce(Resolver<'_>, &D, &mut NodeCommands<'_, N, ComputeCommands<'_>>),
    ) {
        self.recording(|data, encoder| {
            let mut commands = NodeCommands::new(ComputeCommands::begin(encoder), encoder.recording());
            record(Resolver::new(encoder.node()), data, &mut commands);
        });
    }

    /// Records a graphics node, inside the rendering scope of its attachments.
    #[inline]
    pub fn graphics<N, D: 'static>(
        &mut self,
        record: impl FnOnce(Resolver<'_>, &D, &mut NodeCommands<'_, N, GraphicsCommands<'_>>),
    ) {
        let declaration = self.node.declaration;
        self.recording(|data, encoder| {
            let resolver = Resolver::new(encoder.node());
            let commands = GraphicsCommands::begin(encoder, declaration, resolver);
            let mut commands = NodeCommands::new(commands, encoder.recording());
            record(resolver, data, &mut commands);
            commands.into_inner().end();
        });
    }

    /// Records a ray-tracing node.
    #[inline]
    pub fn ray_tracing<N, D: 'static>(
        &mut self,
        record: impl FnOnce(Resolver<'_>, &D, &mut NodeCommands<'_, N, RayTracingCommands<'_>>),
    ) {
        self.recording(|data, encoder| {
            let mut commands = NodeCommands::new(RayTracingCommands::begin(encoder), encoder.recording());
            record(Resolver::new(encoder.node()), data, &mut commands);
        });
    }

    /// Records a transfer node.
    #[inline]
    pub fn transfer<N, D: 'static>(
        &mut self,
        record: impl FnOnce(Resolver<'_>, &D, &mut NodeCommands<'_, N, TransferCommands<'_>>),
    ) {
        self.recording(|data, encoder| {
            let mut commands = NodeCommands::new(TransferCommands::begin(encoder), encoder.recording());
            record(Resolver::new(encoder.node()), data, &mut commands);
        });
    }

    /// Runs a host node.
    pub fn host<D: 'static>(&mut self, run: impl FnOnce(HostResolver<'_>, &mut D, &FrameInfo<'_>)) {
        let Work::Run(frame, gathered) = self.work else {
            unreachable!("the executor runs host nodes and records the others")
        };
        // SAFETY: a context's node has added to what its graph gathered.
        let (now, data) = unsafe { self.node.now_and_data(gathered) };
        let data = data.downcast_mut().expect("`wire` stored the data of this type");
        run(HostResolver { slots: now.slots(), resolved: now.resolved() }, data, frame);
    }

    #[inline]
    fn recording<D: 'static>(&mut self, record: impl FnOnce(&D, Encoder<'_>)) {
        let Work::Record(recording) = self.work else {
            unreachable!("the executor runs host nodes and records the others")
        };
        let node = &*self.node;
        // SAFETY: a context's node has added to what its graph gathered.
        let now = unsafe { node.now(recording.gathered) };
        debug_assert!(node.data.is::<D>(), "`wire` stored the data of this type");
        // SAFETY: this is called by `Node::record` alone, and for the type of the data that `wire` stored, as `Node` demands; or
        // by a node of this crate, which has `()`.
        let data = unsafe { &*std::ptr::from_ref(&*node.data).cast::<D>() };
        record(data, Encoder::new(recording, node, now));
    }
}

/// Gives the views of a node's slots.
#[derive(Clone, Copy)]
pub struct Resolver<'v> {
    slots: &'v [(u32, u32)],
    resolved: &'v [Resolved],
}

impl<'v> Resolver<'v> {
    #[inline]
    fn new(node: NodeNow<'v>) -> Self {
        Self { slots: node.slots(), resolved: node.resolved() }
    }

    /// The view of a slot with exactly one wire.
    #[inline]
    pub fn one<R: Viewed>(&self, slot: u32) -> R::View<'v> {
        R::view(RawView { inner: self.raw(slot) })
    }

    /// The view of an optional slot.
    #[inline]
    pub fn optional<R: Viewed>(&self, slot: u32) -> Option<R::View<'v>> {
        self.all(slot).first().map(|inner| R::view(RawView { inner }))
    }

    /// The views of an array slot.
    #[inline]
    pub fn array<R: Viewed, const N: usize>(&self, slot: u32) -> [R::View<'v>; N] {
        let all = self.all(slot);
        std::array::from_fn(|element| R::view(RawView { inner: &all[element] }))
    }

    /// The views of a run-time array slot.
    #[inline]
    pub fn runtime<R: Viewed>(&self, slot: u32) -> Views<'v, R> {
        Views::new(self.all(slot))
    }

    /// What is in a slot with exactly one wire.
    #[inline]
    pub(crate) fn raw(&self, slot: u32) -> &'v Resolved {
        debug_assert!(self.all(slot).len() == 1, "slots are asked for as they are declared");
        // SAFETY: `Node::record` and nodes of this crate alone ask, and for their own slots as they are declared, as `Node`
        // demands. `NodeRuntime::new` has seen that those of this shape have a binding.
        unsafe { self.resolved.get_unchecked(self.slots.get_unchecked(slot as usize).0 as usize) }
    }

    #[inline]
    pub(crate) fn all(&self, slot: u32) -> &'v [Resolved] {
        let (first, count) = self.slots[slot as usize];
        &self.resolved[first as usize..(first + count) as usize]
    }
}

/// Gives a host node the memory of its slots. [`Node::record`](crate::Node::record) alone gets one, and asks for each slot once.
pub struct HostResolver<'v> {
    slots: &'v [(u32, u32)],
    resolved: &'v [Resolved],
}

impl<'v> HostResolver<'v> {
    /// The value in a slot that the node reads.
    pub fn host_read<T: crate::Block>(&self, slot: u32) -> &'v T {
        &self.host_read_slice(slot)[0]
    }

    /// The values in a slot that the node reads.
    pub fn host_read_slice<T: crate::Block>(&self, slot: u32) -> &'v [T] {
        let (pointer, length) = self.memory::<T>(slot);
        // SAFETY: `memory` proves address, alignment and length; `Block` says that every bit pattern is a `T`; the CPU
        // writes this copy only in `frame`, which holds the graph exclusively and runs one node at a time, and the GPU never.
        unsafe { std::slice::from_raw_parts(pointer, length) }
    }

    /// The value in a slot that the node writes.
    pub fn host_write<T: crate::Block>(&self, slot: u32) -> &'v mut T {
        &mut self.host_write_slice(slot)[0]
    }

    /// The values in a slot that the node writes.
    pub fn host_write_slice<T: crate::Block>(&self, slot: u32) -> &'v mut [T] {
        let (pointer, length) = self.memory::<T>(slot);
        // SAFETY: as in `host_read_slice`; the wire system gives a written part to one slot only, `Node`'s contract is to
        // ask once for each slot, and the frame that used this copy last has finished, since `frame` waited for its slot.
        unsafe { std::slice::from_raw_parts_mut(pointer, length) }
    }

    fn memory<T: crate::Block>(&self, slot: u32) -> (*mut T, usize) {
        let (first, count) = self.slots[slot as usize];
        assert!(count == 1, "compile refuses host slots without exactly one wire");
        let resolved = &self.resolved[first as usize];
        let mapped = resolved.mapped.expect("compile rejects host slots without mapped memory");
        let pointer = mapped.0.as_ptr().cast::<T>();
        assert!(pointer.is_aligned(), "mapped memory is aligned to at least 64 bytes (minMemoryMapAlignment)");
        (pointer, resolved.size as usize / size_of::<T>())
    }
}
