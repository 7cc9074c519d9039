//! All queues of one type of event, and the same without its type.

use std::any::Any;
use std::cell::{Ref, RefCell};
use std::collections::TryReserveError;
use std::mem;
use std::sync::Arc;

use crate::event::builtin::QueueLevel;
use crate::event::kind::{AnyEvent, Event};
use crate::event::queue::{Counts, Limits, Queue};
use crate::event::sender::SharedQueue;

/// The queues of one type: what waits and what is being delivered, each from the bus's own thread and from others.
pub(super) struct Lane<T> {
    /// Its number on the bus.
    pub index: u32,
    /// Emitted since the last dispatch.
    pub incoming: RefCell<Queue<T>>,
    /// What the last dispatch delivers, what its subscribers add included.
    pub current: RefCell<Queue<T>>,
    /// Emitted since the last dispatch by others.
    pub shared: Arc<SharedQueue<T>>,
    /// What others had emitted before the last dispatch.
    pub shared_current: Queue<T>,
}

/// A lane whose type is not known.
pub(super) trait ErasedLane: Any + Send {
    /// Makes the queues anew, before there is anything in them.
    ///
    /// # Errors
    /// When there is no memory for this many events.
    fn open(&mut self, limits: Limits) -> Result<(), TryReserveError>;
    /// Forgets what the last dispatch delivered.
    fn retire(&mut self);
    /// Forgets what the last dispatch delivered and makes what waits the current batch. Returns whether there is anything,
    /// and how full a queue has been since the last call.
    fn turn(&mut self) -> (bool, Option<QueueLevel>);
    /// Whether the current batch has anything of this type.
    fn is_current(&self) -> bool;
    /// Calls for every event of the current batch.
    fn each(&self, call: &mut dyn FnMut(AnyEvent<'_>));
    /// The counts of all its queues.
    fn counts(&self) -> Counts;
}

impl<T: Event> Lane<T> {
    /// # Errors
    /// When there is no memory for this many events.
    pub fn new(index: u32, limits: Limits) -> Result<Self, TryReserveError> {
        Ok(Self {
            index,
            incoming: RefCell::new(Queue::new(limits)?),
            current: RefCell::new(Queue::new(limits)?),
            shared: Arc::new(SharedQueue::new(Queue::new(limits)?)),
            shared_current: Queue::new(limits)?,
        })
    }

    /// How many events each of the queues has room for.
    pub fn room(&self) -> usize {
        let own = self.incoming.borrow().room().min(self.current.borrow().room());
        own.min(self.shared.lock().room()).min(self.shared_current.room())
    }

    /// Whether nobody emitted anything that was not delivered and forgotten. Most lanes are idle when a frame begins, and the caches
    /// cold: this looks at a fraction of the queues' memory.
    fn is_idle(&mut self) -> bool {
        let own = self.incoming.get_mut().is_idle() && self.current.get_mut().is_idle();
        own && self.shared_current.is_idle() && !self.shared.is_filled()
    }

    /// What others emitted, then what the bus's own thread did.
    pub fn current(&self) -> (&Queue<T>, Ref<'_, Queue<T>>) {
        (&self.shared_current, self.current.borrow())
    }
}

impl<T: Event> ErasedLane for Lane<T> {
    fn open(&mut self, limits: Limits) -> Result<(), TryReserveError> {
        *self = Self::new(self.index, limits)?;
        Ok(())
    }

    fn retire(&mut self) {
        self.current.get_mut().clear();
        self.shared_current.clear();
    }

    fn turn(&mut self) -> (bool, Option<QueueLevel>) {
        if self.is_idle() {
            return (false, None);
        }
        // What subscribers added after the last call.
        let mut level = self.current.get_mut().take_level();
        self.retire();
        let (incoming, current) = (self.incoming.get_mut(), self.current.get_mut());
        mem::swap(incoming, current);
        level = level.max(current.take_level());
        if let Some(mut shared) = self.shared.lock_filled() {
            mem::swap(&mut *shared, &mut self.shared_current);
            level = level.max(self.shared_current.take_level());
        }
        (!current.is_empty() || !self.shared_current.is_empty(), level)
    }

    fn is_current(&self) -> bool {
        let (shared, own) = self.current();
        !shared.is_empty() || !own.is_empty()
    }

    fn each(&self, call: &mut dyn FnMut(AnyEvent<'_>)) {
        let (shared, own) = self.current();
        for event in shared.slices().into_iter().chain(own.slices()).flatten() {
            call(AnyEvent { name: std::any::type_name::<T>(), category: T::CATEGORY, event });
        }
    }

    fn counts(&self) -> Counts {
        let delivered = |queue: &Queue<T>| {
            let counts = queue.counts();
            Counts { delivered: counts.delivered + counts.pending, pending: 0, ..counts }
        };
        let waiting = self.incoming.borrow().counts().plus(self.shared.lock().counts());
        let (shared, own) = self.current();
        waiting.plus(delivered(shared)).plus(delivered(&own))
    }
}
