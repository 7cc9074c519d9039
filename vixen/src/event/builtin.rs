//! The events that Vixen and its windows emit themselves.

use crate::event::kind::{Category, Event};
use crate::graph::OutputId;
pub use crate::memory::BudgetWarning;

macro_rules! events {
    ($($(#[$doc:meta])* $category:ident $name:ident { $($(#[$field_doc:meta])* $field:ident: $ty:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $ty,)*
        }

        impl Event for $name {
            const CATEGORY: Category = Category::$category;
        }
    )*};
}

events! {
    /// A window, or an output without one, has another size, and what follows it was made anew.
    Window WindowResized {
        /// Which output.
        output: OutputId,
        /// Width and height in pixels.
        extent: [u32; 2],
    }
    /// A window is shown in another way.
    Window WindowStateChanged {
        /// The graph's output that the window is.
        output: OutputId,
        /// How it is shown now.
        state: WindowState,
    }
    /// The user wants a window to be gone.
    Window CloseRequested {
        /// The graph's output that the window is.
        output: OutputId,
    }
    /// A key went down or up.
    Input KeyInput {
        /// The key's place on the keyboard, by the window system's numbers.
        scancode: u32,
        /// It went down.
        pressed: bool,
        /// It is being held, and the window system says so again.
        repeat: bool,
    }
    /// The pointer is somewhere else.
    Input MouseMoved {
        /// Pixels from the window's upper left corner.
        position: [f32; 2],
        /// Pixels since the event before.
        delta: [f32; 2],
    }
    /// A button of the mouse went down or up.
    Input MouseInput {
        /// Which one.
        button: MouseButton,
        /// It went down.
        pressed: bool,
    }
    /// The wheel was turned.
    Input MouseWheel {
        /// Lines to the right and upwards.
        delta: [f32; 2],
    }
    /// The GPU stopped working, and everything on it is lost.
    Device DeviceLost {
        /// Number of the frame that found out.
        frame: u64,
    }
    /// A shader has another module (feature `hot-reload`).
    Shader ShaderReloaded {
        /// Its file, as the nodes name it.
        shader: &'static str,
        /// How many nodes run it.
        nodes: u32,
        /// How many pipelines were made anew.
        pipelines: u32,
    }
    /// What is drawn is another scene, or was edited.
    Scene SceneChanged {
        /// Which scene, by the number that its owner gave it.
        scene: u64,
        /// 1 for the scene as it was made, one more with each change.
        generation: u64,
    }
    /// A queue of events is nearly full, or fuller.
    Budget QueuePressure {
        /// The type of event.
        event: &'static str,
        /// How bad it was.
        level: QueueLevel,
    }
    /// A frame begins.
    Frame FrameBegin {
        /// Its number, counted from 0 since compile.
        number: u64,
    }
    /// A frame was submitted.
    Frame FrameEnd {
        /// Its number, counted from 0 since compile.
        number: u64,
    }
    /// Something has to be made anew before the next frame. Where that works, [`RecompileDone`] is in the same batch.
    Recompile RecompileRequested {
        /// Why.
        cause: RecompileCause,
    }
    /// What had to be made anew is there.
    Recompile RecompileDone {
        /// Why.
        cause: RecompileCause,
        /// How many recompiles there were since compile.
        count: u64,
    }
}

/// Emitted by the device's [`BudgetManager`](crate::memory::BudgetManager), on the thread that allocates.
impl Event for BudgetWarning {
    const CATEGORY: Category = Category::Budget;
}

/// How a window is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WindowState {
    /// It can be seen.
    Shown,
    /// Nothing of it can be seen.
    Hidden,
    /// It has no size on the screen.
    Minimised,
    /// It gets the keys.
    Focused,
    /// It does not get the keys.
    Unfocused,
}

/// A button of a mouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MouseButton {
    /// The first.
    Left,
    /// The second.
    Right,
    /// The wheel.
    Middle,
    /// Another one, by its number.
    Other(u16),
}

/// How full a queue was, in the time from one dispatch to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QueueLevel {
    /// 80% of its capacity.
    NearlyFull,
    /// Full: an event was refused, discarded, or kept in the reserve.
    Overflowed,
    /// Past its reserve, so that it had to allocate.
    Allocated,
}

/// Why something is made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecompileCause {
    /// An output has another size, or its swapchain was lost.
    Resize,
    /// A window shows its images in another format.
    OtherFormat,
    /// A shader was reloaded.
    Reload,
    /// A resource was replaced: a scene, an import, a managed buffer.
    Replacement,
}
