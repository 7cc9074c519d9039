//! Values that the application sets between frames. A frame that nothing was set for does no work here.

use std::array;
use std::ptr::NonNull;

use crate::device::DeviceError;
use crate::frame::moment::MAX_FRAME_SLOTS;
use crate::frame::physical::Resources;
use crate::graph::tables::{Declared, Placement, Shape};
use crate::graph::view::Mapped;
use crate::plan::ResourceId;
use crate::shader::{Block, bytes_of};

/// All values of a graph, in the order of their resources.
pub(crate) struct Params {
    items: Vec<ParamRuntime>,
    /// Indices of those that some frame slot lacks; room for all.
    stale: Vec<u32>,
    /// A bit for each frame slot.
    all_slots: u32,
}

/// In this order, what two or three frames in flight touch of one is a cache line.
#[repr(C, align(64))]
struct ParamRuntime {
    resource: ResourceId,
    /// The frame slots that have not got the value yet, a bit each.
    missing: u32,
    value: Box<[u8]>,
    /// Where each slot's copy is mapped, if what is written there needs no flush.
    places: [Option<Mapped>; MAX_FRAME_SLOTS],
}

impl Params {
    /// The values that a graph declares and that some living node reads. `frame_slots` is at most [`MAX_FRAME_SLOTS`].
    pub fn new(declared: &Declared, resources: &Resources, frame_slots: u32) -> Self {
        let place = |resource, slot| {
            let buffer = resources.get(resource)?.host_buffer(slot)?;
            buffer.is_coherent().then(|| buffer.mapped()).flatten().map(Mapped)
        };
        let items: Vec<ParamRuntime> = (0..)
            .zip(&declared.resources)
            .filter_map(|(index, resource)| match (&resource.placement, resource.shape) {
                (Placement::Upload { initial }, Shape::Buffer { stride, .. }) if !initial.is_empty() => {
                    let mut value = initial.clone();
                    value.resize(stride as usize, 0);
                    let value = value.into_boxed_slice();
                    let resource = ResourceId(index);
                    let places = array::from_fn(|slot| place(resource, slot as u32));
                    Some(ParamRuntime { resource, value, missing: 0, places })
                }
                _ => None,
            })
            .collect();
        Self { stale: Vec::with_capacity(items.len()), items, all_slots: u32::MAX >> (32 - frame_slots) }
    }

    /// How many values there are, and how many of them can be noted as set.
    pub fn room(&self) -> (usize, usize) {
        (self.items.len(), self.stale.capacity().min(self.items.len()))
    }

    /// Gives a resource another value from the next frame on.
    // Inlined, so that how many bytes there are to copy is known.
    #[inline]
    pub fn set<T: Block>(&mut self, resource: ResourceId, value: &T) {
        // A value without bytes is not listed.
        let Ok(index) = self.items.binary_search_by_key(&resource, |item| item.resource) else { return };
        let item = &mut self.items[index];
        item.value.copy_from_slice(bytes_of(value));
        if item.missing == 0 {
            self.stale.push(index as u32);
        }
        item.missing = self.all_slots;
    }

    /// Writes what a slot lacks. The slot's frame has finished.
    // A good part of what an unchanged frame does: as a call of its own it would cost as much again.
    #[inline(always)]
    pub fn write(&mut self, resources: &Resources, slot: u32) -> Result<(), DeviceError> {
        let mut at = 0;
        while let Some(&index) = self.stale.get(at) {
            let item = &mut self.items[index as usize];
            let bit = 1 << slot;
            if item.missing & bit != 0 {
                match item.places[slot as usize] {
                    // SAFETY: the place is mapped for the whole buffer, which is as large as the value and lives as long as
                    // the graph: a value's size never changes. The GPU has finished the slot's frame, and the CPU writes
                    // here only, through `&mut self`.
                    Some(Mapped(place)) => unsafe {
                        place.copy_from_nonoverlapping(NonNull::from(&item.value[..]).cast(), item.value.len());
                    },
                    None => item.flush(resources, slot)?,
                }
            }
            item.missing &= !bit;
            if item.missing == 0 {
                self.stale.swap_remove(at);
            } else {
                at += 1;
            }
        }
        Ok(())
    }
}

impl ParamRuntime {
    /// Writes the value to where the device does not see it by itself.
    #[cold]
    fn flush(&self, resources: &Resources, slot: u32) -> Result<(), DeviceError> {
        let buffer = resources.get(self.resource).and_then(|physical| physical.host_buffer(slot));
        buffer.map_or(Ok(()), |buffer| Ok(buffer.write(0, &self.value)?))
    }
}
