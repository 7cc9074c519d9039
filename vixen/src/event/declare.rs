//! What a node says about events. `#[node]` implements these from `emits(..)` and `receives(..)`.

use std::any::TypeId;

use crate::event::builder::EventBusBuilder;
use crate::event::bus::EventBus;
use crate::event::kind::Event;

/// A type of event that a node emits or receives, as plain data, from which compile makes the queues.
#[derive(Clone, Copy)]
pub struct EventDeclaration {
    emits: bool,
    capacity: u32,
    kind: TypeId,
    make: fn(&mut EventBusBuilder, u32),
    room: fn(&EventBus) -> usize,
}

impl EventDeclaration {
    /// The most of them that it emits in a frame.
    pub const fn emits<N: Emits<T>, T>(capacity: u32) -> Self {
        Self {
            emits: true,
            capacity,
            kind: TypeId::of::<N::Event>(),
            make: |builder, capacity| {
                builder.queue::<N::Event>(capacity);
            },
            room: EventBus::room::<N::Event>,
        }
    }

    /// It receives as many of them in a frame at least.
    pub const fn receives<T: Event>(capacity: u32) -> Self {
        Self {
            emits: false,
            capacity,
            kind: TypeId::of::<T>(),
            make: EventBusBuilder::room_for::<T>,
            room: EventBus::room::<T>,
        }
    }

    /// Whether it is about emitting; else about receiving.
    pub(crate) fn emits_events(&self) -> bool {
        self.emits
    }

    /// How many events it is about.
    pub(crate) fn capacity(&self) -> u64 {
        self.capacity.into()
    }

    /// How many events of its type there must be room for, given all declarations.
    pub(crate) fn needed(&self, all: &[Self]) -> u32 {
        let same = || all.iter().filter(|event| event.kind == self.kind);
        let emitted = same().filter(|event| event.emits).fold(0, |sum: u32, event| sum.saturating_add(event.capacity));
        same().filter(|event| !event.emits).fold(emitted, |most, event| most.max(event.capacity))
    }

    /// How many events of its type a bus has room for.
    pub(crate) fn room(&self, bus: &EventBus) -> usize {
        (self.room)(bus)
    }

    /// Makes room for what nodes declare: for all that is emitted together, and for what each of the receivers wants.
    pub(crate) fn make_room(declared: impl Iterator<Item = Self> + Clone, builder: &mut EventBusBuilder) {
        for emits in [true, false] {
            for event in declared.clone().filter(|event| event.emits == emits) {
                (event.make)(builder, event.capacity);
            }
        }
    }
}

/// A node that declares to emit events of type `T`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not declare that it emits `{T}`",
    note = "add `emits({T} = capacity)` to its `#[node(..)]`"
)]
pub trait Emits<T> {
    /// `T`, with the bound that it is an event: a type that is not one is reported once, where it is declared.
    #[doc(hidden)]
    type Event: Event + From<T>;
    /// How many events a frame has room for.
    const CAPACITY: u32;
}

/// [`Emits`] the other way round: the compiler checks this bound only when it knows the type of event, and so can name it.
#[doc(hidden)]
pub trait EmittedBy<N> {
    /// It, as an event.
    type Event: Event + From<Self>
    where
        Self: Sized;
}

impl<T, N: Emits<T>> EmittedBy<N> for T {
    type Event = N::Event;
}

/// A node that declares to receive events of type `T`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not declare that it receives `{T}`",
    note = "add `receives({T} = capacity)` to its `#[node(..)]`"
)]
pub trait Receives<T> {
    /// How many events a frame has room for.
    const CAPACITY: u32;
}
