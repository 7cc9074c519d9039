//! Values that the application sets between frames. A frame that nothing was set for does no work here.

use crate::device::DeviceError;
use crate::frame::physical::Resources;
use crate::graph::tables::{Declared, Placement, Shape};
use crate::plan::ResourceId;

/// All values of a graph, in the order of their resources.
pub(crate) struct Params {
    items: Vec<ParamRuntime>,
    /// Indices of those that some frame slot lacks; room for all.
    stale: Vec<u32>,
    /// A bit for each frame slot.
    all_slots: u32,
}

struct ParamRuntime {
    resource: ResourceId,
    value: Vec<u8>,
    /// The frame slots that have not got the value yet, a bit each.
    missing: u32,
}

impl Params {
    /// The values that a graph declares. `frame_slots` is at most 32.
    pub fn new(declared: &Declared, frame_slots: u32) -> Self {
        let items: Vec<ParamRuntime> = (0..)
            .zip(&declared.resources)
            .filter_map(|(index, resource)| match (&resource.placement, resource.shape) {
                (Placement::Upload { initial }, Shape::Buffer { stride, .. }) if !initial.is_empty() => {
                    let mut value = initial.clone();
                    value.resize(stride as usize, 0);
                    Some(ParamRuntime { resource: ResourceId(index), value, missing: 0 })
                }
                _ => None,
            })
            .collect();
        Self { stale: Vec::with_capacity(items.len()), items, all_slots: u32::MAX >> (32 - frame_slots) }
    }

    /// Gives a resource another value from the next frame on.
    pub fn set(&mut self, resource: ResourceId, value: &[u8]) {
        // A value without bytes is not listed.
        let Ok(index) = self.items.binary_search_by_key(&resource, |item| item.resource) else { return };
        let item = &mut self.items[index];
        item.value.copy_from_slice(value);
        if item.missing == 0 {
            self.stale.push(index as u32);
        }
        item.missing = self.all_slots;
    }

    /// Writes what a slot lacks. The slot's frame has finished.
    pub fn write(&mut self, resources: &Resources, slot: u32) -> Result<(), DeviceError> {
        let mut at = 0;
        while let Some(&index) = self.stale.get(at) {
            let item = &mut self.items[index as usize];
            if item.missing >> slot & 1 == 1
                && let Some(buffer) = resources.get(item.resource).and_then(|physical| physical.host_buffer(slot))
            {
                buffer.write(0, &item.value)?;
            }
            item.missing &= !(1 << slot);
            if item.missing == 0 {
                self.stale.swap_remove(at);
            } else {
                at += 1;
            }
        }
        Ok(())
    }
}
