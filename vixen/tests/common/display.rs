//! Tests that need a display.

use winit::application::ApplicationHandler;
use winit::event::WindowEvent;
use winit::event_loop::{ActiveEventLoop, EventLoop};
use winit::platform::x11::EventLoopBuilderExtX11;
use winit::window::WindowId;

/// Runs a test where windows can be made. Without a display it is skipped, only where nothing demands that every test runs.
pub fn on_display(test: impl FnOnce(&ActiveEventLoop)) {
    if std::env::var_os("DISPLAY").is_none() {
        assert!(std::env::var_os("VIXEN_REQUIRE_ALL").is_none(), "the test needs a display: `./x test` starts one");
        println!("skipped: there is no display");
        return;
    }
    let events = EventLoop::builder().with_x11().with_any_thread(true).build().expect("there is an X display");
    let mut test = Test(Some(test));
    events.run_app(&mut test).expect("the event loop runs");
    assert!(test.0.is_none(), "the event loop began");
}

struct Test<F>(Option<F>);

impl<F: FnOnce(&ActiveEventLoop)> ApplicationHandler for Test<F> {
    fn resumed(&mut self, events: &ActiveEventLoop) {
        if let Some(test) = self.0.take() {
            test(events);
        }
        events.exit();
    }

    fn window_event(&mut self, _events: &ActiveEventLoop, _window: WindowId, _event: WindowEvent) {}
}
