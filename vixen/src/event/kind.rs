//! What an event is.

use std::any::Any;

/// A small value that tells others what happened. It is copied into a queue, so that emitting never allocates.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    note = "an event is `Copy`, and says so: `impl vixen::event::Event for {Self} {{}}`"
)]
pub trait Event: Copy + Send + 'static {
    /// What it is about: subscribers can ask for a whole category.
    const CATEGORY: Category = Category::Application;
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Category {
    /// A window: its size, its state, its end.
    Window,
    /// Keys and mice.
    Input,
    /// The GPU.
    Device,
    /// Shaders that changed.
    Shader,
    /// What is drawn.
    Scene,
    /// Memory and queues that fill up.
    Budget,
    /// Frames begin and end.
    Frame,
    /// Parts of a graph are made anew.
    Recompile,
    /// The application's own. The default.
    Application,
}

/// An event of any type, as the receiver of a category gets it.
#[derive(Clone, Copy)]
pub struct AnyEvent<'a> {
    pub(super) name: &'static str,
    pub(super) category: Category,
    pub(super) event: &'a dyn Any,
}

impl<'a> AnyEvent<'a> {
    /// The event, if it is a `T`.
    pub fn get<T: Event>(&self) -> Option<&'a T> {
        self.event.downcast_ref()
    }

    /// The name of its type.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it is about.
    pub fn category(&self) -> Category {
        self.category
    }
}
