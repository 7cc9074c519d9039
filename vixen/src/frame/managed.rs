//! What a graph shares with others who may replace it, and what they retire while its frames are in flight.

use std::sync::Arc;

use crate::device::DeviceError;
use crate::event::RecompileCause;
use crate::frame::compiled::CompiledGraph;
use crate::graph::tables::{Declared, Placement, Shape};
use crate::graph::{CompileError, Length};
use crate::memory::{ManagedBuffer, RetireRing, Retired};
use crate::plan::ResourceId;

/// A shared buffer whose size may change, and the generation that the graph binds.
pub(crate) struct ManagedRuntime {
    resource: ResourceId,
    buffer: Arc<ManagedBuffer>,
    generation: u64,
}

impl ManagedRuntime {
    /// Those that a graph shares and uses.
    pub fn of(declared: &Declared) -> Vec<Self> {
        let generation = |resource: ResourceId| match &declared.resources[resource.0 as usize].placement {
            Placement::SharedBuffer(buffer) => buffer.generation(),
            _ => 0,
        };
        let shared = declared.managed.iter();
        shared
            .map(|(resource, buffer)| Self {
                resource: *resource,
                buffer: Arc::clone(buffer),
                generation: generation(*resource),
            })
            .collect()
    }

    fn is_stale(&self) -> bool {
        self.buffer.generation() != self.generation
    }
}

/// Room for what is retired.
pub(crate) fn retire_ring(declared: &Declared, frame_slots: u32) -> RetireRing<Retired> {
    RetireRing::new(most_retired(declared, frame_slots))
}

/// How much there is room for: as much as the graph has resources, for each frame in flight.
pub(crate) fn most_retired(declared: &Declared, frame_slots: u32) -> usize {
    const LEAST: usize = 8;
    declared.resources.len().max(LEAST) * frame_slots as usize
}

impl CompiledGraph {
    /// Drops something once all frames that were submitted so far have finished. It allocates nothing: there is room for as
    /// many things as the graph has resources (8 at least), for each frame in flight, and where that is full it waits for the
    /// oldest of them.
    ///
    /// # Errors
    /// When the device is lost; the thing is dropped then.
    pub fn retire(&mut self, item: impl Into<Retired>) -> Result<(), DeviceError> {
        let mut item = item.into();
        self.chores.retired = true;
        while let Err(refused) = self.retired.retire(item, self.number) {
            item = refused;
            if let Some(frames) = self.retired.oldest() {
                self.timeline.wait(frames)?;
                self.retired.collect(frames);
            }
        }
        Ok(())
    }

    /// How many retired things wait for their frames.
    pub fn retired(&self) -> usize {
        self.retired.len()
    }

    /// How many descriptors were written since compile began.
    pub fn descriptors_written(&self) -> u64 {
        self.nodes.iter().map(|node| node.descriptors_written()).sum()
    }

    /// Whether a managed buffer was resized.
    pub(super) fn is_managed_stale(&self) -> bool {
        self.managed.iter().any(ManagedRuntime::is_stale)
    }

    /// Takes over the managed buffers that were resized. Others' frames go on meanwhile; those of this graph have finished,
    /// since their recordings and descriptors are what changes.
    pub(super) fn follow_managed(&mut self, sizes: &[[u32; 2]]) -> Result<(), CompileError> {
        for managed in self.managed.iter_mut().filter(|managed| managed.is_stale()) {
            // Descriptors point to what goes now, whatever fails below: no frame runs before they were written.
            self.changes.resource(managed.resource, RecompileCause::Replacement);
            let current = managed.buffer.current();
            let declared = &mut self.declared.resources[managed.resource.0 as usize];
            if let Shape::Buffer { length, stride } = &mut declared.shape {
                *length = Length::Fixed(current.size() / (*stride).max(1));
            }
            let generation = current.generation();
            declared.placement = Placement::SharedBuffer(current);
            self.resources.remake(&self.declared, &self.usages, sizes, managed.resource, self.number)?;
            managed.generation = generation;
        }
        Ok(())
    }
}
