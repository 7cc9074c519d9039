//! From a channel to the queues of its type.

use std::any::TypeId;
use std::marker::PhantomData;

use crate::event::bus::Channel;
use crate::event::kind::Event;
use crate::event::lane::{ErasedLane, Lane};
use crate::event::queue::Limits;

/// A lane with the type that it is of.
pub(super) struct Slot {
    type_id: TypeId,
    name: &'static str,
    lane: Box<dyn ErasedLane>,
}

impl Slot {
    pub fn new<T: Event>(limits: Limits) -> Self {
        Self { type_id: TypeId::of::<T>(), name: std::any::type_name::<T>(), lane: Box::new(Lane::<T>::new(limits)) }
    }

    fn is<T: Event>(&self) -> bool {
        self.type_id == TypeId::of::<T>()
    }

    /// The lane with its type.
    ///
    /// # Safety
    /// The slot was made by `new::<T>`.
    #[inline]
    unsafe fn of<T: Event>(&self) -> &Lane<T> {
        debug_assert!(self.is::<T>());
        let lane: *const dyn ErasedLane = &*self.lane;
        // SAFETY: `new::<T>` stored a `Lane<T>`, and nothing replaces it; the pointer is alive and borrowed as `self` is.
        unsafe { &*lane.cast::<Lane<T>>() }
    }

    /// The lane with its type.
    ///
    /// # Safety
    /// The slot was made by `new::<T>`.
    #[inline]
    unsafe fn of_mut<T: Event>(&mut self) -> &mut Lane<T> {
        debug_assert!(self.is::<T>());
        let lane: *mut dyn ErasedLane = &mut *self.lane;
        // SAFETY: as in `of`; `self` is borrowed mutably, so nobody else has the lane.
        unsafe { &mut *lane.cast::<Lane<T>>() }
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
    /// Every `Channel<T>` with this number of a bus has an index in `items`, of a slot that was made by `Slot::new::<T>`.
    pub unsafe fn new(bus: u64, items: Vec<Slot>) -> Self {
        Self { bus, items }
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// The name of a slot's type, and its lane.
    pub fn erased(&self, index: usize) -> (&'static str, &dyn ErasedLane) {
        let slot = &self.items[index];
        (slot.name, &*slot.lane)
    }

    /// The name of a slot's type, and its lane.
    pub fn erased_mut(&mut self, index: usize) -> (&'static str, &mut dyn ErasedLane) {
        let slot = &mut self.items[index];
        (slot.name, &mut *slot.lane)
    }

    /// The channel of a type.
    pub fn channel<T: Event>(&self) -> Option<Channel<T>> {
        let index = self.items.iter().position(Slot::is::<T>)?;
        Some(Channel { bus: self.bus, index: index as u32, kind: PhantomData })
    }

    #[inline]
    pub fn lane<T: Event>(&self, channel: Channel<T>) -> &Lane<T> {
        self.check(channel);
        // SAFETY: the channel is of this bus, so the promise to `new` gives a slot at its index, made by `Slot::new::<T>`.
        unsafe { self.items.get_unchecked(channel.index as usize).of() }
    }

    #[inline]
    pub fn lane_mut<T: Event>(&mut self, channel: Channel<T>) -> &mut Lane<T> {
        self.check(channel);
        // SAFETY: as in `lane`.
        unsafe { self.items.get_unchecked_mut(channel.index as usize).of_mut() }
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
