//! Values that the application sets between frames. A frame that nothing was set for does no work here.

use std::ptr::NonNull;
use std::{array, mem};

use crate::device::DeviceError;
use crate::frame::moment::MAX_FRAME_SLOTS;
use crate::frame::provision::resources::Resources;
use crate::frame::run::FrameError;
use crate::graph::tables::{Declared, Placement, Shape};
use crate::graph::view::Mapped;
use crate::plan::ResourceId;
use crate::shader::{Block, bytes_of};

/// All values of a graph, in the order of their resources.
pub(crate) struct Params {
    items: Box<[ParamRuntime]>,
    /// The first of those that some frame slot lacks; the others follow it by `next`.
    stale: u32,
    /// A bit for each frame slot.
    all_slots: u32,
}

/// The end of the list of those that some frame slot lacks.
const NONE: u32 = u32::MAX;

/// Bytes of a value that lies in its item.
const SMALL: usize = 16;

/// In this order, what two to four frames in flight touch of a small one is a cache line.
#[repr(C, align(64))]
struct ParamRuntime {
    resource: ResourceId,
    /// The frame slots that have not got the value yet, a bit each.
    missing: u32,
    /// The next one that some frame slot lacks.
    next: u32,
    /// Bytes that the value has.
    size: u32,
    /// The value, where it is small.
    small: [u8; SMALL],
    /// Where each slot's copy is mapped, if what is written there needs no flush.
    places: [Option<Mapped>; MAX_FRAME_SLOTS],
    /// The value, where it is not small.
    large: Box<[u8]>,
}

impl Params {
    /// The values that a graph declares and that some living node reads. `frame_slots` is at most [`MAX_FRAME_SLOTS`].
    pub fn new(declared: &Declared, resources: &Resources, frame_slots: u32) -> Self {
        let place = |resource, slot| {
            let buffer = resources.get(resource)?.host_buffer(slot)?;
            buffer.is_coherent().then(|| buffer.mapped()).flatten().map(Mapped)
        };
        let items = (0..).zip(&declared.resources).filter_map(|(index, resource)| {
            match (&resource.placement, resource.shape) {
                (Placement::Upload { initial }, Shape::Buffer { stride, .. }) if !initial.is_empty() => {
                    let resource = ResourceId(index);
                    let places = array::from_fn(|slot| place(resource, slot as u32));
                    Some(ParamRuntime::new(resource, initial, stride as u32, places))
                }
                _ => None,
            }
        });
        Self { items: items.collect(), stale: NONE, all_slots: u32::MAX >> (32 - frame_slots) }
    }

    /// Gives a resource another value from the next frame on.
    // Inlined, so that how many bytes there are to copy is known.
    #[inline]
    pub fn set<T: Block>(&mut self, resource: ResourceId, value: &T) {
        // A value without bytes is not listed.
        let Ok(index) = self.items.binary_search_by_key(&resource, |item| item.resource) else { return };
        let item = &mut self.items[index];
        let bytes = bytes_of(value);
        if size_of::<T>() <= SMALL {
            item.small[..bytes.len()].copy_from_slice(bytes);
        } else {
            item.large.copy_from_slice(bytes);
        }
        if item.missing == 0 {
            (item.next, self.stale) = (self.stale, index as u32);
        }
        item.missing = self.all_slots;
    }

    /// Writes what a slot lacks. The slot's frame has finished.
    // Inlined, as this is a good part of what an unchanged frame does, and a call would cost as much again.
    #[inline(always)]
    pub fn write(&mut self, resources: &Resources, slot: u32) -> Result<(), Box<FrameError>> {
        let mut to_flush = false;
        self.bring(slot, |item| match item.places.get(slot as usize) {
            Some(&Some(place)) => {
                item.copy_to(place);
                true
            }
            _ => {
                to_flush = true;
                false
            }
        });
        if to_flush { self.flush(resources, slot) } else { Ok(()) }
    }

    /// Writes what a slot lacks, where memory has to be flushed.
    #[cold]
    fn flush(&mut self, resources: &Resources, slot: u32) -> Result<(), Box<FrameError>> {
        let mut result = Ok(());
        self.bring(slot, |item| match item.flush(resources, slot) {
            Ok(()) => true,
            Err(error) => {
                result = Err(error.into());
                false
            }
        });
        result
    }

    /// Calls `call` for each value that a slot lacks; `true` means that the slot has it now. Values that some slot still lacks stay listed.
    #[inline(always)]
    fn bring(&mut self, slot: u32, mut call: impl FnMut(&ParamRuntime) -> bool) {
        let mut at = mem::replace(&mut self.stale, NONE);
        while let Some(item) = self.items.get_mut(at as usize) {
            let next = item.next;
            if item.missing & 1 << slot != 0 && call(item) {
                item.missing &= !(1 << slot);
            }
            if item.missing != 0 {
                (item.next, self.stale) = (self.stale, at);
            }
            at = next;
        }
    }
}

impl ParamRuntime {
    fn new(resource: ResourceId, initial: &[u8], size: u32, places: [Option<Mapped>; MAX_FRAME_SLOTS]) -> Self {
        let mut value = initial.to_vec();
        value.resize(size as usize, 0);
        let (mut small, mut large) = ([0; SMALL], Box::default());
        match small.get_mut(..value.len()) {
            Some(bytes) => bytes.copy_from_slice(&value),
            None => large = value.into_boxed_slice(),
        }
        Self { resource, missing: 0, next: NONE, size, small, places, large }
    }

    fn value(&self) -> &[u8] {
        self.small.get(..self.size as usize).unwrap_or(&self.large)
    }

    /// Copies the value to its place in a slot whose frame has finished.
    // A copy of a size that is known takes an instruction or two, instead of a call into a library that is cold by then.
    #[inline]
    fn copy_to(&self, place: Mapped) {
        let from = NonNull::from(&self.small);
        // SAFETY: the place is mapped for the whole buffer, which is as large as the value and lives as long as the graph: a
        // value's size never changes, and `small` is no smaller. The GPU has finished the slot's frame, and the CPU writes here
        // only, where `Params` is borrowed exclusively.
        unsafe {
            match self.size {
                4 => place.0.cast::<[u8; 4]>().write(from.cast().read()),
                16 => place.0.cast::<[u8; 16]>().write(from.cast().read()),
                _ => self.copy_any_to(place),
            }
        }
    }

    #[inline(never)]
    fn copy_any_to(&self, Mapped(place): Mapped) {
        let value = self.value();
        // SAFETY: as in `copy_to`.
        unsafe { place.copy_from_nonoverlapping(NonNull::from(value).cast(), value.len()) };
    }

    /// Writes the value where memory has to be flushed.
    fn flush(&self, resources: &Resources, slot: u32) -> Result<(), DeviceError> {
        let buffer = resources.get(self.resource).and_then(|physical| physical.host_buffer(slot));
        buffer.map_or(Ok(()), |buffer| Ok(buffer.write(0, self.value())?))
    }
}
