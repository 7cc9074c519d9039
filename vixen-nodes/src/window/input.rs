//! From winit's events to those of a graph's bus.

use vixen::event::{
    Event, EventBus, KeyInput, MouseButton, MouseInput, MouseMoved, MouseWheel, WindowState, WindowStateChanged,
};
use vixen::graph::OutputId;
use winit::dpi::PhysicalSize;
use winit::event::{ElementState, MouseScrollDelta, WindowEvent};
use winit::platform::scancode::PhysicalKeyExtScancode;

/// Translates the events of one window.
#[derive(Default)]
pub(super) struct Translator {
    /// Where the pointer was seen last.
    pointer: Option<[f64; 2]>,
    /// It had no size.
    minimised: bool,
}

/// What an event comes to, in numbers.
#[derive(Clone, Copy, Default)]
pub(super) struct Happened {
    /// How far the pointer moved, in pixels.
    pub moved: [f32; 2],
    /// How far the wheel was turned: lines to the right and upwards.
    pub scrolled: [f32; 2],
}

impl Translator {
    /// Emits what an event means, where somebody declared a queue for it.
    pub fn translate(&mut self, event: &WindowEvent, bus: &mut EventBus) -> Happened {
        let mut happened = Happened::default();
        match event {
            WindowEvent::KeyboardInput { event, .. } => {
                let (pressed, repeat) = (event.state == ElementState::Pressed, event.repeat);
                if let Some(scancode) = event.physical_key.to_scancode() {
                    emit(bus, KeyInput { scancode, pressed, repeat });
                }
            }
            WindowEvent::CursorMoved { position, .. } => {
                let now = [position.x, position.y];
                let before = self.pointer.replace(now).unwrap_or(now);
                happened.moved = [0, 1].map(|axis| (now[axis] - before[axis]) as f32);
                emit(bus, MouseMoved { position: now.map(|at| at as f32), delta: happened.moved });
            }
            WindowEvent::CursorLeft { .. } => self.pointer = None,
            WindowEvent::MouseInput { state, button, .. } => {
                emit(bus, MouseInput { button: mouse_button(*button), pressed: *state == ElementState::Pressed });
            }
            WindowEvent::MouseWheel { delta, .. } => {
                const PIXELS_A_LINE: f64 = 40.0;
                happened.scrolled = match *delta {
                    MouseScrollDelta::LineDelta(right, up) => [right, up],
                    MouseScrollDelta::PixelDelta(pixels) => {
                        [pixels.x, pixels.y].map(|far| (far / PIXELS_A_LINE) as f32)
                    }
                };
                emit(bus, MouseWheel { delta: happened.scrolled });
            }
            WindowEvent::Focused(true) => change(bus, WindowState::Focused),
            WindowEvent::Focused(false) => change(bus, WindowState::Unfocused),
            WindowEvent::Occluded(true) => change(bus, WindowState::Hidden),
            WindowEvent::Occluded(false) => change(bus, WindowState::Shown),
            WindowEvent::Resized(PhysicalSize { width, height }) => {
                let minimised = *width == 0 || *height == 0;
                if std::mem::replace(&mut self.minimised, minimised) != minimised {
                    change(bus, if minimised { WindowState::Minimised } else { WindowState::Shown });
                }
            }
            _ => {}
        }
        happened
    }
}

fn mouse_button(button: winit::event::MouseButton) -> MouseButton {
    use winit::event::MouseButton as B;
    match button {
        B::Left => MouseButton::Left,
        B::Right => MouseButton::Right,
        B::Middle => MouseButton::Middle,
        // The numbers by which X11 and Windows know them.
        B::Back => MouseButton::Other(8),
        B::Forward => MouseButton::Other(9),
        B::Other(number) => MouseButton::Other(number),
    }
}

fn change(bus: &mut EventBus, state: WindowState) {
    emit(bus, WindowStateChanged { output: OutputId::FIRST, state });
}

fn emit<T: Event>(bus: &mut EventBus, event: T) {
    if let Some(channel) = bus.channel() {
        // A full queue counts what it refuses, and says so by `QueuePressure`.
        let _ = bus.emit(channel, event);
    }
}

#[cfg(test)]
mod tests {
    use winit::dpi::PhysicalPosition;
    use winit::event::{DeviceId, TouchPhase};

    use super::*;

    #[test]
    fn what_winit_says_is_what_the_bus_says() {
        let mut builder = EventBus::builder();
        let (moved, pressed, wheel) = (builder.queue(8), builder.queue(8), builder.queue::<MouseWheel>(8));
        let states = builder.queue(8);
        let mut bus = builder.build().expect("nobody waits for anybody");
        let (device_id, mut translator) = (DeviceId::dummy(), Translator::default());
        let mut tell = |event| translator.translate(&event, &mut bus);
        for (x, y) in [(3.0, 4.0), (5.0, 1.0)] {
            tell(WindowEvent::CursorMoved { device_id, position: PhysicalPosition::new(x, y) });
        }
        tell(WindowEvent::MouseInput {
            device_id,
            state: ElementState::Pressed,
            button: winit::event::MouseButton::Back,
        });
        let (delta, phase) = (MouseScrollDelta::PixelDelta(PhysicalPosition::new(0.0, -80.0)), TouchPhase::Moved);
        let scrolled = tell(WindowEvent::MouseWheel { device_id, delta, phase }).scrolled;
        assert_eq!(scrolled, [0.0, -2.0]);
        for size in [(0, 0), (0, 0), (4, 4), (8, 8)] {
            tell(WindowEvent::Resized(size.into()));
        }
        tell(WindowEvent::Focused(false));
        tell(WindowEvent::Occluded(true));
        bus.dispatch();
        let moves: Vec<MouseMoved> = bus.read(moved).collect();
        assert_eq!(moves[1], MouseMoved { position: [5.0, 1.0], delta: [2.0, -3.0] });
        assert_eq!((moves.len(), moves[0].delta), (2, [0.0; 2]));
        let presses: Vec<MouseInput> = bus.read(pressed).collect();
        assert_eq!(presses, [MouseInput { button: MouseButton::Other(8), pressed: true }]);
        assert_eq!(bus.read(wheel).collect::<Vec<_>>(), [MouseWheel { delta: scrolled }]);
        let states: Vec<_> = bus.read(states).map(|event: WindowStateChanged| event.state).collect();
        let expected = [WindowState::Minimised, WindowState::Shown, WindowState::Unfocused, WindowState::Hidden];
        assert_eq!(states, expected);
    }
}
