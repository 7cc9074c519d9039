//! From a channel to the queues of its type.

use std::any::TypeId;
use std::ptr::NonNull;

use crate::event::bus::Channel;
use crate::event::kind::Event;
use crate::event::lane::{ErasedLane, Lane};
use crate::event::queue::Limits;

/// A lane with the type that it is of.
pub(super) struct Slot {
    type_id: TypeId,
    name: &'static str,
    /// Owned. Not a `Box`, which would have to be the only pointer to it, while channels have others.
    lane: NonNull<dyn ErasedLane>,
}

// SAFETY: it owns its lane, as a box would, and lanes are `Send`.
unsafe impl Send for Slot {}

impl Slot {
    /// A lane with queues that have no room yet, and a pointer to it for its channel.
    pub fn new<T: Event>(index: u32) -> (Self, NonNull<Lane<T>>) {
        let lane = Lane::<T>::new(index, Limits::default()).expect("there is memory for four events");
        let lane = NonNull::from(Box::leak(Box::new(lane)));
        (Self { type_id: TypeId::of::<T>(), name: std::any::type_name::<T>(), lane }, lane)
    }

    /// The name of its type.
    pub fn name(&self) -> &'static str {
        self.name
    }

    pub fn is<T: Event>(&self) -> bool {
        self.type_id == TypeId::of::<T>()
    }

    /// The way to the lane, where it is of this type.
    pub fn of<T: Event>(&self) -> Option<NonNull<Lane<T>>> {
        self.is::<T>().then(|| self.lane.cast())
    }

    fn lane(&self) -> &dyn ErasedLane {
        // SAFETY: the lane lives as long as the slot. It is reached by what is borrowed from the slot or from all slots alone,
        // here and in `Slots::lane`, so nobody has it exclusively.
        unsafe { self.lane.as_ref() }
    }

    pub fn lane_mut(&mut self) -> &mut dyn ErasedLane {
        // SAFETY: as in `lane`, and the slot is borrowed exclusively.
        unsafe { self.lane.as_mut() }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // SAFETY: `new` took it from a box, and nobody else frees it.
        drop(unsafe { Box::from_raw(self.lane.as_ptr()) });
    }
}

/// The slots of one bus. Only here does a channel become a lane.
pub(super) struct Slots {
    /// The bus: what a channel must have been made for.
    bus: u64,
    items: Vec<Slot>,
}

impl Slots {
    /// # Safety
    /// Every channel with this bus number points to the lane of one of `items`.
    pub unsafe fn new(bus: u64, items: Vec<Slot>) -> Self {
        Self { bus, items }
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// The name of a slot's type, and its lane.
    pub fn erased(&self, index: usize) -> (&'static str, &dyn ErasedLane) {
        let slot = &self.items[index];
        (slot.name, slot.lane())
    }

    /// The name of a slot's type, and its lane.
    pub fn erased_mut(&mut self, index: usize) -> (&'static str, &mut dyn ErasedLane) {
        let slot = &mut self.items[index];
        (slot.name, slot.lane_mut())
    }

    /// The channel of a type.
    pub fn channel<T: Event>(&self) -> Option<Channel<T>> {
        let lane = self.items.iter().find_map(Slot::of)?;
        Some(Channel { bus: self.bus, lane })
    }

    #[inline]
    pub fn lane<T: Event>(&self, channel: Channel<T>) -> &Lane<T> {
        self.check(channel);
        // SAFETY: the channel is of this bus, so the promise to `new` makes its lane one of `items`, which live as long as this;
        // those are borrowed exclusively through an exclusive borrow of this alone.
        unsafe { channel.lane.as_ref() }
    }

    #[inline]
    pub fn lane_mut<T: Event>(&mut self, mut channel: Channel<T>) -> &mut Lane<T> {
        self.check(channel);
        // SAFETY: as in `lane`, and this is borrowed exclusively.
        unsafe { channel.lane.as_mut() }
    }

    #[inline]
    fn check<T>(&self, channel: Channel<T>) {
        if channel.bus != self.bus {
            foreign_channel(std::any::type_name::<T>());
        }
    }
}

#[cold]
#[inline(never)]
pub(super) fn foreign_channel(event: &str) -> ! {
    panic!("this channel of `{event}` belongs to another event bus; take it from the builder of this one")
}
