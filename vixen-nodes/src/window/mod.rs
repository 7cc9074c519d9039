//! A window that a graph presents to (winit).
//!
//! [`run`] opens a window, asks the application for a graph, and runs a frame whenever the window wants one. What happens to the
//! window, its keys and its mouse also goes to the graph's event bus, as far as somebody declared queues for it:
//! [`KeyInput`], [`MouseMoved`], [`MouseInput`], [`MouseWheel`], [`WindowStateChanged`], [`CloseRequested`], and from the graph
//! itself [`WindowResized`].
//!
//! [`KeyInput`]: vixen::event::KeyInput
//! [`MouseMoved`]: vixen::event::MouseMoved
//! [`MouseInput`]: vixen::event::MouseInput
//! [`MouseWheel`]: vixen::event::MouseWheel
//! [`WindowStateChanged`]: vixen::event::WindowStateChanged
//! [`WindowResized`]: vixen::event::WindowResized

mod input;

use std::sync::Arc;

use vixen::device::{DeviceError, Surface};
use vixen::event::CloseRequested;
use vixen::graph::OutputId;
use vixen::{CompiledGraph, Device, DeviceOptions, Output};
use winit::application::ApplicationHandler;
use winit::dpi::PhysicalSize;
use winit::event::{ElementState, MouseButton, WindowEvent};
use winit::event_loop::{ActiveEventLoop, EventLoop};
use winit::raw_window_handle::HasDisplayHandle;
use winit::window::{Window, WindowId};

use self::input::Translator;

/// What a window shows.
pub trait Application {
    /// Makes the graph that presents to `output`. Called once, when there is a window and a device that can present to it.
    ///
    /// # Errors
    /// Whatever went wrong; [`run`] returns it.
    fn start(&mut self, device: &Device, output: Output) -> Result<CompiledGraph, Box<dyn std::error::Error>>;

    /// The user dragged with the left button held, by this many pixels.
    fn dragged(&mut self, graph: &mut CompiledGraph, dx: f32, dy: f32);

    /// The user turned the wheel, by this many lines; positive is away from the user.
    fn scrolled(&mut self, graph: &mut CompiledGraph, lines: f32);

    /// The user wants the window to be gone; subscribers have heard of it. False keeps it open.
    fn close_requested(&mut self, _graph: &mut CompiledGraph) -> bool {
        true
    }

    /// Runs a frame, [`CompiledGraph::frame`] and what belongs to it. False closes the window.
    ///
    /// # Errors
    /// Whatever went wrong; [`run`] returns it.
    fn frame(&mut self, graph: &mut CompiledGraph) -> Result<bool, Box<dyn std::error::Error>>;
}

/// How to open the window.
#[derive(Clone, Debug)]
pub struct WindowOptions {
    /// What its title bar says.
    pub title: String,
    /// Its width and height, in pixels.
    pub size: [u32; 2],
    /// How to make the device; the display is filled in.
    pub device: DeviceOptions,
}

/// Why a window ended badly.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum WindowError {
    /// There is no display, or it broke.
    #[error("cannot open a window: {0}")]
    Display(String),
    /// No device can present to it.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The application failed.
    #[error("{0}")]
    Application(Box<dyn std::error::Error>),
}

vixen::debug_as_display!(WindowError);

/// Opens a window and runs the application in it until the window is closed. Returns the graph, for its last readings.
///
/// # Errors
/// When there is no display or no device that can present to it, or when the application fails.
pub fn run(options: WindowOptions, application: &mut dyn Application) -> Result<Option<CompiledGraph>, WindowError> {
    let events = EventLoop::new().map_err(|error| WindowError::Display(error.to_string()))?;
    let mut runner = Runner {
        options,
        application,
        window: None,
        graph: None,
        error: None,
        input: Translator::default(),
        dragging: false,
    };
    events.run_app(&mut runner).map_err(|error| WindowError::Display(error.to_string()))?;
    match runner.error {
        Some(error) => Err(error),
        None => Ok(runner.graph),
    }
}

struct Runner<'a> {
    options: WindowOptions,
    application: &'a mut dyn Application,
    graph: Option<CompiledGraph>,
    window: Option<Arc<Window>>,
    error: Option<WindowError>,
    input: Translator,
    dragging: bool,
}

impl Runner<'_> {
    fn open(&mut self, events: &ActiveEventLoop) -> Result<(), WindowError> {
        let display = |error: &dyn std::fmt::Display| WindowError::Display(error.to_string());
        let [width, height] = self.options.size;
        let attributes = Window::default_attributes()
            .with_title(&self.options.title)
            .with_inner_size(PhysicalSize::new(width, height));
        let window = Arc::new(events.create_window(attributes).map_err(|error| display(&error))?);
        let handle = window.display_handle().map_err(|error| display(&error))?.as_raw();
        let device = Device::new(&self.options.device.clone().display(handle))?;
        let surface = Surface::new(&device, Arc::clone(&window))?;
        let PhysicalSize { width, height } = window.inner_size();
        let output = Output::window(surface, [width, height]);
        self.graph = Some(self.application.start(&device, output).map_err(WindowError::Application)?);
        window.request_redraw();
        self.window = Some(window);
        Ok(())
    }

    fn frame(&mut self, events: &ActiveEventLoop) -> Result<(), WindowError> {
        let (Some(graph), Some(window)) = (&mut self.graph, &self.window) else { return Ok(()) };
        if self.application.frame(graph).map_err(WindowError::Application)? {
            window.request_redraw();
        } else {
            events.exit();
        }
        Ok(())
    }

    fn handle(&mut self, events: &ActiveEventLoop, event: WindowEvent) -> Result<(), WindowError> {
        let Some(graph) = &mut self.graph else { return Ok(()) };
        let happened = self.input.translate(&event, graph.events());
        match event {
            WindowEvent::CloseRequested => {
                let bus = graph.events();
                if let Some(channel) = bus.channel() {
                    // At once: there may be no frame any more. What is refused is counted.
                    let _ = bus.deliver(channel, CloseRequested { output: OutputId::FIRST });
                }
                if self.application.close_requested(graph) {
                    events.exit();
                }
            }
            WindowEvent::Resized(PhysicalSize { width, height }) => {
                let resized = graph.resize(OutputId::FIRST, width, height);
                resized.map_err(|error| WindowError::Application(error.into()))?;
            }
            WindowEvent::MouseInput { state, button: MouseButton::Left, .. } => {
                self.dragging = state == ElementState::Pressed;
            }
            WindowEvent::CursorMoved { .. } if self.dragging => {
                let [dx, dy] = happened.moved;
                self.application.dragged(graph, dx, dy);
            }
            WindowEvent::MouseWheel { .. } => self.application.scrolled(graph, happened.scrolled[1]),
            WindowEvent::RedrawRequested => self.frame(events)?,
            _ => {}
        }
        Ok(())
    }

    /// Keeps the first error and leaves the loop.
    fn check(&mut self, events: &ActiveEventLoop, result: Result<(), WindowError>) {
        if let Err(error) = result {
            self.error.get_or_insert(error);
            events.exit();
        }
    }
}

impl ApplicationHandler for Runner<'_> {
    fn resumed(&mut self, events: &ActiveEventLoop) {
        if self.window.is_none() {
            let opened = self.open(events);
            self.check(events, opened);
        }
    }

    fn window_event(&mut self, events: &ActiveEventLoop, _: WindowId, event: WindowEvent) {
        let handled = self.handle(events, event);
        self.check(events, handled);
    }
}
