//! The bus: emit, dispatch, count.

use std::ptr::NonNull;

use crate::event::batch::{Batch, Events};
use crate::event::builder::EventBusBuilder;
use crate::event::builtin::QueuePressure;
use crate::event::kind::Event;
use crate::event::lane::{ErasedLane, Lane};
use crate::event::queue::{Counts, QueueFull};
use crate::event::sender::Sender;
use crate::event::slot::Slots;

/// Names the queues of one type of event.
pub struct Channel<T> {
    /// Number of the bus that it belongs to.
    pub(super) bus: u64,
    /// The lane itself, so that emitting need not look it up. Only the bus with this number follows the pointer.
    pub(super) lane: NonNull<Lane<T>>,
}

// SAFETY: for whoever has a channel it is a name: the bus that it belongs to alone dereferences it, borrowed as its own queues are.
unsafe impl<T> Send for Channel<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Channel<T> {}

impl<T> Clone for Channel<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Channel<T> {}

/// Delivers events to subscribers. See the [module](crate::event) for an example.
///
/// Emitting and dispatching allocate nothing, but for a queue with [`Overflow::Fallback`](crate::event::Overflow::Fallback)
/// that is past its reserve; subscribers do what they do.
pub struct EventBus {
    pub(super) slots: Slots,
    /// In topological order.
    pub(super) subscribers: Vec<Subscriber>,
    pub(super) pressure: Channel<QueuePressure>,
}

/// Somebody who is run when a batch has something for it.
pub(super) struct Subscriber {
    pub name: String,
    pub reads: Vec<u32>,
    pub emits: Vec<u32>,
    pub emits_later: Vec<u32>,
    pub run: Box<dyn FnMut(&Batch<'_>) + Send>,
    /// How often it ran.
    pub runs: u64,
}

impl EventBus {
    /// Starts to declare queues and subscribers.
    pub fn builder() -> EventBusBuilder {
        EventBusBuilder::new()
    }

    /// The channel of a type of event; `None` where nobody declared it.
    pub fn channel<T: Event>(&self) -> Option<Channel<T>> {
        self.slots.channel()
    }

    /// How many events of a type there is room for before anything allocates or is lost, in each of its queues.
    pub(crate) fn room<T: Event>(&self) -> usize {
        self.channel::<T>().map_or(0, |channel| self.slots.lane(channel).room())
    }

    /// Queues an event for the next dispatch.
    ///
    /// # Errors
    /// When the queue is full and its policy is [`Overflow::Strict`](crate::event::Overflow::Strict).
    ///
    /// # Panics
    /// When the channel is of another bus.
    #[inline]
    pub fn emit<T: Event>(&mut self, channel: Channel<T>, event: T) -> Result<(), QueueFull> {
        self.slots.lane_mut(channel).incoming.get_mut().push(event)
    }

    /// As [`emit`](EventBus::emit), where the bus is shared on its own thread: for nodes, which run while the frame has it.
    pub(crate) fn emit_shared<T: Event>(&self, channel: Channel<T>, event: T) -> Result<(), QueueFull> {
        self.slots.lane(channel).incoming.borrow_mut().push(event)
    }

    /// What emits events of a type from other threads.
    ///
    /// # Panics
    /// As [`emit`](EventBus::emit).
    pub fn sender<T: Event>(&self, channel: Channel<T>) -> Sender<T> {
        Sender::new(&self.slots.lane(channel).shared)
    }

    /// Delivers all that was emitted until now, and what subscribers add to it: one batch, and at its end nobody has run
    /// twice. [`read`](EventBus::read) gives its events until the next one.
    ///
    /// What is emitted meanwhile, by other threads or with [`emit`](EventBus::emit), waits for the next dispatch.
    pub fn dispatch(&mut self) {
        if self.is_silent() {
            return;
        }
        let mut any = false;
        for index in 0..self.slots.len() {
            let (event, lane) = self.slots.erased_mut(index);
            let (filled, level) = lane.turn();
            any |= filled;
            if let Some(level) = level {
                any = true;
                // This queue was the first to be declared, so that this dispatch has already begun for it.
                let queue = self.slots.lane_mut(self.pressure).current.get_mut();
                // There is room, unless the application emits some itself; what is refused then is counted.
                let _ = queue.push(QueuePressure { event, level });
            }
        }
        if any {
            self.run();
        }
    }

    /// Whether there is no queue but the one that every bus has for pressure on the others, and no subscriber.
    pub(crate) fn is_silent(&self) -> bool {
        self.slots.len() == 1 && self.subscribers.is_empty()
    }

    /// Delivers one event at once, ahead of all that is queued, together with what subscribers add to it.
    ///
    /// # Errors
    /// When the queue has no room at all.
    ///
    /// # Panics
    /// As [`emit`](EventBus::emit).
    pub fn deliver<T: Event>(&mut self, channel: Channel<T>, event: T) -> Result<(), QueueFull> {
        for index in 0..self.slots.len() {
            self.slots.erased_mut(index).1.retire();
        }
        self.slots.lane(channel).current.borrow_mut().push(event)?;
        self.run();
        Ok(())
    }

    /// The events of a type in the batch that was delivered last.
    ///
    /// # Panics
    /// As [`emit`](EventBus::emit).
    pub fn read<T: Event>(&self, channel: Channel<T>) -> Events<'_, T> {
        Events::of(self.slots.lane(channel))
    }

    /// What became of the events of a type.
    ///
    /// # Panics
    /// As [`emit`](EventBus::emit).
    pub fn counts<T: Event>(&self, channel: Channel<T>) -> Counts {
        self.slots.lane(channel).counts()
    }

    /// What became of the events of every type: the type's name and its counts, in the order of their declaration.
    pub fn all_counts(&self) -> impl ExactSizeIterator<Item = (&'static str, Counts)> {
        (0..self.slots.len()).map(|index| {
            let (name, lane) = self.slots.erased(index);
            (name, lane.counts())
        })
    }

    /// The subscribers in the order in which they run, and how often each of them ran.
    pub fn subscribers(&self) -> impl ExactSizeIterator<Item = (&str, u64)> {
        self.subscribers.iter().map(|subscriber| (subscriber.name.as_str(), subscriber.runs))
    }

    fn run(&mut self) {
        let slots = &self.slots;
        for Subscriber { name, reads, emits, emits_later, run, runs } in &mut self.subscribers {
            if reads.iter().any(|&index| slots.erased(index as usize).1.is_current()) {
                *runs += 1;
                run(&Batch { slots, subscriber: name, reads, emits, emits_later });
            }
        }
    }
}
