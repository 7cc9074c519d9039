//! What a host node knows of the frame that it runs in, and the events that it emits and receives.

use std::marker::PhantomData;

use crate::event::{EmittedBy, Event, EventBus, Events, QueueFull, Receives};

/// The frame that a host node runs in.
///
/// In the impl of a node one writes `frame: &FrameInfo`; `#[node]` adds which node it is, `N`, since that says which events
/// it may emit and receive.
#[non_exhaustive]
pub struct FrameInfo<'a, N = ()> {
    /// Number of the frame, counted from 0 since compile.
    pub number: u64,
    /// Seconds since the frame before; 0 in the first.
    pub delta_seconds: f32,
    /// Width and height of the graph's first output, in pixels.
    pub output: [u32; 2],
    bus: &'a EventBus,
    node: PhantomData<fn() -> N>,
}

impl<'a> FrameInfo<'a> {
    pub(crate) fn new(number: u64, delta_seconds: f32, output: [u32; 2], bus: &'a EventBus) -> Self {
        Self { number, delta_seconds, output, bus, node: PhantomData }
    }

    /// The same for a node.
    #[doc(hidden)]
    pub fn of<N>(&self) -> FrameInfo<'a, N> {
        let Self { number, delta_seconds, output, bus, .. } = *self;
        FrameInfo { number, delta_seconds, output, bus, node: PhantomData }
    }
}

impl<'a, N> FrameInfo<'a, N> {
    /// Queues an event, which is delivered when the next frame begins.
    ///
    /// # Errors
    /// When the queue is full and its policy is [`Overflow::Strict`](crate::event::Overflow::Strict).
    pub fn emit<T: EmittedBy<N>>(&self, event: T) -> Result<(), QueueFull> {
        let channel = self.bus.channel().expect("compile made a queue of everything that a node declares");
        self.bus.emit_shared(channel, T::Event::from(event))
    }

    /// The events of a type that were emitted before this frame began, since the one before began.
    pub fn events<T: Event>(&self) -> Events<'a, T>
    where
        N: Receives<T>,
    {
        self.bus.read(self.bus.channel().expect("compile made a queue of everything that a node declares"))
    }
}
