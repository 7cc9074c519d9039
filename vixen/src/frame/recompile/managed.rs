//! What a graph shares with others who may replace it, and what they retire while its frames are in flight.

use crate::device::DeviceError;
use crate::event::RecompileCause;
use crate::frame::compiled::CompiledGraph;
use crate::graph::tables::{Declared, DeclaredResource, Placement, Shape};
use crate::graph::{CompileError, Extent, ImageShape, Length, Placed};
use crate::memory::{RetireRing, Retired};
use crate::plan::ResourceId;

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

    /// Whether somebody has replaced something.
    pub(in crate::frame) fn is_placed_stale(&self) -> bool {
        self.placed.iter().any(Placed::is_stale)
    }

    /// Takes over what others have replaced. Other graphs' frames go on meanwhile; those of this one have finished, since their
    /// recordings and descriptors are what changes.
    pub(in crate::frame) fn follow_placed(&mut self, sizes: &[[u32; 2]]) -> Result<(), CompileError> {
        for placed in self.placed.iter_mut().filter(|placed| placed.is_stale()) {
            let (generation, parts) = placed.place.parts();
            let resources = &mut self.declared.resources[placed.parts.clone()];
            let fit = |(resource, part): (&DeclaredResource, &Placement)| replaced(resource, part).is_some();
            if resources.len() != parts.len() || !resources.iter().zip(&parts).all(fit) {
                let (what, at) = match resources.first() {
                    Some(resource) => (format!("`{}`", resource.name), resource.at),
                    None => continue,
                };
                let problem = "was replaced by something that shares other parts; let it share as many of the same kinds and formats, \
                               images with as many mip levels and layers";
                return Err(CompileError::Unsupported { what, at, problem });
            }
            for ((index, resource), part) in placed.parts.clone().zip(resources).zip(parts) {
                // Descriptors point to what goes now, whatever fails below: no frame runs before they were written.
                self.changes.resource(ResourceId(index as u32), RecompileCause::Replacement);
                resource.shape = replaced(resource, &part).unwrap_or(resource.shape);
                resource.placement = part;
            }
            for index in placed.parts.clone() {
                let resource = ResourceId(index as u32);
                self.resources.remake(&self.declared, &self.usages, sizes, resource, self.number)?;
            }
            placed.generation = generation;
        }
        Ok(())
    }
}

impl Placed {
    fn is_stale(&self) -> bool {
        self.place.generation() != self.generation
    }
}

/// The shape of a shared resource when this takes its place; none where it cannot.
fn replaced(resource: &DeclaredResource, part: &Placement) -> Option<Shape> {
    match (resource.shape, &resource.placement, part) {
        (Shape::Buffer { stride, .. }, Placement::SharedBuffer(_), Placement::SharedBuffer(next)) => {
            Some(Shape::Buffer { length: Length::Fixed(next.size() / stride.max(1)), stride })
        }
        (Shape::Image { format, dimension, shape }, Placement::SharedImage(_), Placement::SharedImage(next)) => {
            let same = (next.format(), next.mips(), next.layers()) == (format.format, shape.mips, shape.layers);
            let shape = ImageShape { extent: Extent::Fixed(next.extent()), ..shape };
            same.then_some(Shape::Image { format, dimension, shape })
        }
        (shape, Placement::SharedAccelerationStructure(current), Placement::SharedAccelerationStructure(next)) => {
            (next.kind() == current.kind()).then_some(shape)
        }
        _ => None,
    }
}
