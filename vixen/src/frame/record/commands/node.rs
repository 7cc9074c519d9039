//! Commands of a certain node.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use crate::event::{EmittedBy, Event, Events, NodeEvents, QueueFull, Receives};
use crate::frame::record::context::Recording;

/// The commands `C` of a node's kind, and the events that the node `N` may emit and receive.
///
/// In the impl of a node one writes `commands: &mut Commands`, which `#[node]` resolves. Only dynamic nodes declare events: the
/// others are recorded once, and not in a frame.
pub struct NodeCommands<'a, N, C> {
    commands: C,
    recording: &'a Recording<'a>,
    node: PhantomData<fn() -> N>,
}

impl<'a, N, C> NodeCommands<'a, N, C> {
    #[inline]
    pub(crate) fn new(commands: C, recording: &'a Recording<'a>) -> Self {
        Self { commands, recording, node: PhantomData }
    }

    #[inline]
    pub(crate) fn into_inner(self) -> C {
        self.commands
    }

    /// The number of the frame, of use to dynamic nodes alone: the others are recorded before the first. A frame that fails before its
    /// submission leaves its number to the next one, so a node that does something once can tell that it was for nothing.
    pub fn frame(&self) -> u64 {
        self.recording.frame
    }

    /// Queues an event, which is delivered when the next frame begins. Events of nodes that record on several threads are in no
    /// certain order.
    ///
    /// # Errors
    /// When the queue is full and its policy is [`Overflow::Strict`](crate::event::Overflow::Strict).
    pub fn emit<T: EmittedBy<N>>(&self, event: T) -> Result<(), QueueFull> {
        self.bus().emit(T::Event::from(event))
    }

    /// The events of a type that were emitted before this frame began, since the one before began.
    pub fn events<T: Event>(&self) -> Events<'a, T>
    where
        N: Receives<T>,
    {
        self.bus().read()
    }

    fn bus(&self) -> NodeEvents<'a> {
        self.recording
            .events
            .expect("`#[node]` lets only dynamic nodes declare events, and these are recorded in frames")
    }
}

impl<N, C> Deref for NodeCommands<'_, N, C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.commands
    }
}

impl<N, C> DerefMut for NodeCommands<'_, N, C> {
    fn deref_mut(&mut self) -> &mut C {
        &mut self.commands
    }
}
