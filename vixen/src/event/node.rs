//! The bus as the nodes of a frame see it, on whichever threads they record.

use crate::event::batch::Events;
use crate::event::bus::EventBus;
use crate::event::kind::Event;
use crate::event::queue::QueueFull;

/// Reads the batch that was dispatched last, and emits into the next one.
#[derive(Clone, Copy)]
pub(crate) struct NodeEvents<'a> {
    bus: &'a EventBus,
}

// SAFETY: `new` borrows the bus exclusively, so that for `'a` only these methods reach it. From several threads at once they
// read what says which channels there are, which nothing writes; they push behind the lock of the queue for other threads; and
// they copy events out of queues that only a dispatch writes. The flag of the `RefCell` around one of these is never written:
// `Events::unguarded` does not borrow through it. Events are `Send`, and plain copies.
unsafe impl Send for NodeEvents<'_> {}
// SAFETY: as above.
unsafe impl Sync for NodeEvents<'_> {}

impl<'a> NodeEvents<'a> {
    /// Of a bus that does nothing else meanwhile.
    pub fn new(bus: &'a mut EventBus) -> Self {
        Self { bus }
    }

    pub fn emit<T: Event>(&self, event: T) -> Result<(), QueueFull> {
        let channel = self.bus.channel::<T>().expect("compile made a queue of everything that a node declares");
        self.bus.slots.lane(channel).shared.push(event)
    }

    pub fn read<T: Event>(&self) -> Events<'a, T> {
        let channel = self.bus.channel::<T>().expect("compile made a queue of everything that a node declares");
        // SAFETY: `new` borrowed the bus exclusively for `'a`, and nothing here changes what a dispatch delivered.
        unsafe { Events::unguarded(self.bus.slots.lane(channel)) }
    }
}
