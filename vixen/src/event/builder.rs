//! Declaring queues and subscribers.

use std::any::type_name;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::event::batch::Batch;
use crate::event::builtin::QueuePressure;
use crate::event::bus::{Channel, EventBus, Subscriber};
use crate::event::kind::{AnyEvent, Category, Event};
use crate::event::order::{Ports, order};
use crate::event::queue::{Limits, Overflow};
use crate::event::slot::{Slot, Slots, foreign_channel};

/// Collects what an [`EventBus`] is to have.
pub struct EventBusBuilder {
    /// Unique in the process: tells channels of buses apart.
    id: u64,
    queues: Vec<QueueDeclaration>,
    subscribers: Vec<Subscriber>,
    /// Subscribers that read a whole category, by their index.
    categories: Vec<(usize, Category)>,
}

struct QueueDeclaration {
    slot: Slot,
    category: Category,
    limits: Limits,
}

/// Why a bus cannot be built.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No order lets each subscriber see the events of the one before it.
    #[error(
        "the subscribers {} wait for each other's events in a ring; let one of them emit with `emits_later`",
        subscribers.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    )]
    Ring {
        /// Their names, in the order in which events go round.
        subscribers: Vec<String>,
    },
    /// There is no memory for a queue.
    #[error("there is no memory for queues of {capacity} events of `{event}`; declare a smaller capacity or reserve")]
    TooLarge {
        /// The type of event.
        event: &'static str,
        /// How many there was to be room for in each of its queues, the reserve included.
        capacity: u64,
    },
}

crate::debug_as_display!(BuildError);

impl Default for EventBusBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl EventBusBuilder {
    pub(super) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut builder = Self { id, queues: Vec::new(), subscribers: Vec::new(), categories: Vec::new() };
        let pressure = builder.queue::<QueuePressure>(0);
        builder.overflow(pressure, Overflow::Discard);
        builder
    }

    /// Makes room for this many more events of a type between two dispatches: as many from the bus's own thread, and as many
    /// from all other threads.
    pub fn queue<T: Event>(&mut self, capacity: u32) -> Channel<T> {
        let known = self.queues.iter_mut().find_map(|queue| Some((queue.slot.of::<T>()?, &mut queue.limits)));
        let lane = if let Some((lane, limits)) = known {
            limits.capacity = limits.capacity.saturating_add(capacity);
            lane
        } else {
            let (slot, lane) = Slot::new::<T>(self.queues.len() as u32);
            let limits = Limits { capacity, overflow: Overflow::default() };
            self.queues.push(QueueDeclaration { slot, category: T::CATEGORY, limits });
            lane
        };
        Channel { bus: self.id, lane }
    }

    /// Makes sure that there is room for at least this many events of a type.
    pub(super) fn room_for<T: Event>(&mut self, capacity: u32) {
        let channel = self.queue::<T>(0);
        let limits = self.limits(channel);
        limits.capacity = limits.capacity.max(capacity);
    }

    /// Says what happens to events that find their queue full; without it they are refused.
    ///
    /// # Panics
    /// When the channel is of another builder.
    pub fn overflow<T: Event>(&mut self, channel: Channel<T>, overflow: Overflow) {
        self.limits(channel).overflow = overflow;
    }

    /// Calls for every event of a type.
    ///
    /// # Panics
    /// When the channel is of another builder.
    pub fn on<T: Event>(
        &mut self,
        channel: Channel<T>,
        name: impl Into<String>,
        mut call: impl FnMut(&T) + Send + 'static,
    ) {
        self.subscribe(name).reads(channel).run(move |batch| batch.each_of(channel, &mut call));
    }

    /// Calls for every event of a category, type by type in the order of their declaration.
    pub fn on_category(
        &mut self,
        category: Category,
        name: impl Into<String>,
        mut call: impl FnMut(AnyEvent<'_>) + Send + 'static,
    ) {
        self.categories.push((self.subscribers.len(), category));
        self.subscribe(name).run(move |batch| batch.each(&mut call));
    }

    /// Begins a subscriber that reads several types of event, or emits some itself.
    pub fn subscribe(&mut self, name: impl Into<String>) -> Subscription<'_> {
        let subscriber = Subscriber {
            name: name.into(),
            reads: Vec::new(),
            emits: Vec::new(),
            emits_later: Vec::new(),
            run: Box::new(|_| {}),
            runs: 0,
        };
        Subscription { builder: self, subscriber }
    }

    /// Makes all queues, and finds the order of the subscribers.
    ///
    /// # Errors
    /// When subscribers wait for each other's events in a ring, or when there is no memory for the queues.
    pub fn build(mut self) -> Result<EventBus, BuildError> {
        let pressure = self.queue::<QueuePressure>(0);
        // Every queue can complain once in a dispatch.
        let all = self.queues.len() as u32;
        let limits = self.limits(pressure);
        limits.capacity = limits.capacity.saturating_add(all);
        for (subscriber, category) in self.categories {
            let of_category = (0..).zip(&self.queues).filter(|(_, queue)| queue.category == category);
            self.subscribers[subscriber].reads.extend(of_category.map(|(index, _)| index));
        }
        let ports: Vec<_> = self
            .subscribers
            .iter()
            .map(|subscriber| Ports { reads: &subscriber.reads, emits: &subscriber.emits })
            .collect();
        let order = order(&ports).map_err(|ring| BuildError::Ring {
            subscribers: ring.into_iter().map(|index| self.subscribers[index].name.clone()).collect(),
        })?;
        let mut unordered: Vec<_> = self.subscribers.into_iter().map(Some).collect();
        let subscribers = order.into_iter().filter_map(|index| unordered[index].take()).collect();
        let open = |QueueDeclaration { mut slot, limits, .. }| match slot.lane_mut().open(limits) {
            Ok(()) => Ok(slot),
            Err(_) => Err(BuildError::TooLarge { event: slot.name(), capacity: limits.room() as u64 }),
        };
        let slots = self.queues.into_iter().map(open).collect::<Result<_, _>>()?;
        // SAFETY: channels with this number come from `queue` alone, with the lane of a declaration's slot, and from
        // `Slots::channel` later on. Declarations are never removed.
        let slots = unsafe { Slots::new(self.id, slots) };
        Ok(EventBus { slots, subscribers, pressure })
    }

    fn limits<T: Event>(&mut self, channel: Channel<T>) -> &mut Limits {
        let index = self.index(channel);
        &mut self.queues[index as usize].limits
    }

    fn index<T: Event>(&self, channel: Channel<T>) -> u32 {
        if channel.bus != self.id {
            foreign_channel(type_name::<T>());
        }
        let index = self.queues.iter().position(|queue| queue.slot.is::<T>());
        index.expect("`queue` makes the channels of this builder, with their declarations") as u32
    }
}

/// A subscriber that is being declared. Only [`run`](Subscription::run) adds it.
#[must_use = "it is subscribed by `run`"]
pub struct Subscription<'a> {
    builder: &'a mut EventBusBuilder,
    subscriber: Subscriber,
}

impl Subscription<'_> {
    /// It is run when there are such events.
    ///
    /// # Panics
    /// When the channel is of another builder.
    pub fn reads<T: Event>(mut self, channel: Channel<T>) -> Self {
        self.subscriber.reads.push(self.builder.index(channel));
        self
    }

    /// It may emit such events into the batch that it is run for: those who read them run after it.
    ///
    /// # Panics
    /// When the channel is of another builder.
    pub fn emits<T: Event>(mut self, channel: Channel<T>) -> Self {
        self.subscriber.emits.push(self.builder.index(channel));
        self
    }

    /// It may emit such events for the next dispatch.
    ///
    /// # Panics
    /// When the channel is of another builder.
    pub fn emits_later<T: Event>(mut self, channel: Channel<T>) -> Self {
        self.subscriber.emits_later.push(self.builder.index(channel));
        self
    }

    /// Adds the subscriber. It runs at most once in a dispatch, for all events that it reads.
    pub fn run(mut self, run: impl FnMut(&Batch<'_>) + Send + 'static) {
        self.subscriber.run = Box::new(run);
        self.builder.subscribers.push(self.subscriber);
    }
}
