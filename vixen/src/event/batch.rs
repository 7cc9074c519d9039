//! What a subscriber sees while a dispatch runs it.

use std::cell::Ref;
use std::ops::Deref;

use crate::event::bus::Channel;
use crate::event::kind::{AnyEvent, Event};
use crate::event::lane::Lane;
use crate::event::queue::{Queue, QueueFull};
use crate::event::slot::Slots;

/// The events of one dispatch, for one subscriber: what it reads and what it emits, as it was declared.
pub struct Batch<'a> {
    pub(super) slots: &'a Slots,
    pub(super) subscriber: &'a str,
    pub(super) reads: &'a [u32],
    pub(super) emits: &'a [u32],
    pub(super) emits_later: &'a [u32],
}

impl<'a> Batch<'a> {
    /// The events of a type, in the order in which they were emitted; those of other threads come first.
    ///
    /// # Panics
    /// When the subscriber does not declare that it reads them.
    pub fn read<T: Event>(&self, channel: Channel<T>) -> Events<'a, T> {
        Events::of(self.lane(self.reads, channel, "reads"))
    }

    /// Calls for each event that the subscriber reads, type by type.
    pub fn each(&self, mut call: impl FnMut(AnyEvent<'_>)) {
        for &index in self.reads {
            self.slots.erased(index as usize).1.each(&mut call);
        }
    }

    /// Calls for each event of a type: the fast way to [`read`](Batch::read) all of them.
    #[inline]
    pub(super) fn each_of<T: Event>(&self, channel: Channel<T>, mut call: impl FnMut(&T)) {
        let (shared, own) = self.slots.lane(channel).current();
        for events in shared.slices().into_iter().chain(own.slices()) {
            events.iter().for_each(&mut call);
        }
    }

    /// Adds an event to this same batch: those who read it run after this subscriber.
    ///
    /// # Errors
    /// When the queue is full and its policy is [`Overflow::Strict`](crate::event::Overflow::Strict).
    ///
    /// # Panics
    /// When the subscriber does not declare that it emits it.
    pub fn emit<T: Event>(&self, channel: Channel<T>, event: T) -> Result<(), QueueFull> {
        // Whoever reads this lane runs later, so nobody has borrowed it.
        self.lane(self.emits, channel, "emits").current.borrow_mut().push(event)
    }

    /// Queues an event for the next dispatch.
    ///
    /// # Errors
    /// When the queue is full and its policy is [`Overflow::Strict`](crate::event::Overflow::Strict).
    ///
    /// # Panics
    /// When the subscriber does not declare that it emits it later.
    pub fn emit_later<T: Event>(&self, channel: Channel<T>, event: T) -> Result<(), QueueFull> {
        self.lane(self.emits_later, channel, "emits_later").incoming.borrow_mut().push(event)
    }

    fn lane<T: Event>(&self, declared: &[u32], channel: Channel<T>, verb: &str) -> &'a Lane<T> {
        let (subscriber, event) = (self.subscriber, std::any::type_name::<T>());
        let lane = self.slots.lane(channel);
        assert!(declared.contains(&lane.index), "the subscriber `{subscriber}` did not declare `{verb}` for `{event}`");
        lane
    }
}

/// The events of one type in a batch.
pub struct Events<'a, T> {
    shared: &'a Queue<T>,
    own: Own<'a, T>,
    at: usize,
}

/// What the bus's own thread emitted, and what makes sure that nobody changes it meanwhile.
enum Own<'a, T> {
    Guarded(Ref<'a, Queue<T>>),
    Unguarded(&'a Queue<T>),
}

impl<T> Deref for Own<'_, T> {
    type Target = Queue<T>;

    fn deref(&self) -> &Queue<T> {
        match self {
            Self::Guarded(queue) => queue,
            Self::Unguarded(queue) => queue,
        }
    }
}

impl<'a, T: Event> Events<'a, T> {
    pub(super) fn of(lane: &'a Lane<T>) -> Self {
        let (shared, own) = lane.current();
        Self { shared, own: Own::Guarded(own), at: 0 }
    }

    /// Without the borrow flag, which is not for several threads.
    ///
    /// # Safety
    /// Nobody changes for `'a` what the lane delivers.
    pub(super) unsafe fn unguarded(lane: &'a Lane<T>) -> Self {
        // SAFETY: the caller promises that nobody borrows it mutably for `'a`.
        let own = unsafe { lane.current.try_borrow_unguarded() }.expect("nobody changes what is delivered");
        Self { shared: &lane.shared_current, own: Own::Unguarded(own), at: 0 }
    }
}

impl<T: Event> Iterator for Events<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let others = self.shared.len();
        let event = if self.at < others { self.shared.get(self.at) } else { self.own.get(self.at - others) };
        self.at += usize::from(event.is_some());
        event
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.shared.len() + self.own.len() - self.at;
        (left, Some(left))
    }
}

impl<T: Event> ExactSizeIterator for Events<'_, T> {}
