//! Frames that present to a window allocate nothing either; the recompile that follows a new size is counted apart.

mod common;

use std::sync::Arc;

use common::display::on_display;
use common::nodes::{Amount, Paint};
use vixen::device::Surface;
use vixen::testing::{CountingAllocator, created_without_callbacks, frames};
use vixen::{Device, DeviceOptions, Extent, Graph, Image, Output, Rgba8Unorm, Transfer, node};
use winit::dpi::PhysicalSize;
use winit::platform::x11::WindowAttributesExtX11;
use winit::raw_window_handle::HasDisplayHandle;
use winit::window::WindowAttributes;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Clears what is shown, anew in every frame.
#[node(transfer, dynamic)]
struct Clear {
    #[transfer_destination]
    color: Image<Rgba8Unorm>,
}

#[node]
impl Transfer for Clear {
    fn record(view: &View, commands: &mut Commands) {
        commands.clear(view.color, [0.0, 0.5, 0.0, 1.0]);
    }
}

#[test]
fn frames_that_present_allocate_nothing() {
    on_display(|events| {
        let attributes =
            WindowAttributes::default().with_inner_size(PhysicalSize::new(64, 64)).with_override_redirect(true);
        let window = Arc::new(events.create_window(attributes).expect("the display makes windows"));
        let display = events.display_handle().expect("there is a display").as_raw();
        let device = Device::new(&DeviceOptions::new().display(display).watched()).expect("there is a driver");
        let log = device.validation_log().clone();
        let surface = Surface::new(&device, Arc::clone(&window)).expect("the device presents to this display");
        let graph = Graph::new(Output::window(surface, [64, 64]));
        graph.retain(graph.add(Paint { color: graph.image(Extent::Output), params: Amount { amount: 1 } }).color);
        graph.present(graph.add(Clear { color: graph.image(Extent::Output) }).color);
        let mut compiled = graph.compile(&device).expect("the graph is valid");
        let report = frames(&mut compiled, 300, |_graph, frame| {
            if frame % 100 == 50 {
                let size = PhysicalSize::new(64 + frame as u32, 96);
                let _ = window.request_inner_size(size);
            }
        });
        let report = report.unwrap_or_else(|error| panic!("{error}"));
        report.assert_empty();
        assert!(report.recompiles > 0, "the window had other sizes");
        assert_eq!(created_without_callbacks(), None);
        drop((compiled, device));
        let messages = log.messages();
        assert!(messages.is_empty(), "the validation layer reported:\n{}", messages.join("\n"));
    });
}
