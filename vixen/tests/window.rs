//! Windows: presenting, resizing and losing them, checked by what the X server shows.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;

use common::device_for;
use common::display::on_display;
use common::nodes::Tint;
use vixen::ash::vk;
use vixen::device::Surface;
use vixen::event::{RecompileCause, RecompileDone, WindowResized};
use vixen::frame::FrameOutcome;
use vixen::graph::OutputId;
use vixen::memory::{BufferDesc, Category, ManagedBuffer, Strategy};
use vixen::{
    Buffer, CompileError, CompiledGraph, Device, Extent, Graph, Graphics, Image, Output, Rgba8Unorm, Transfer, node,
};
use winit::dpi::{PhysicalPosition, PhysicalSize};
use winit::platform::x11::WindowAttributesExtX11;
use winit::raw_window_handle::{HasDisplayHandle, HasWindowHandle, RawWindowHandle};
use winit::window::{Window, WindowAttributes};
use x11rb::protocol::xproto::{ConfigureWindowAux, ConnectionExt, ImageFormat};
use x11rb::rust_connection::RustConnection;

/// Green, with another colour over the left half.
#[node(graphics, vertex = "tests/shaders/cover.vert.spv", fragment = "tests/shaders/cover.frag.spv")]
struct Halves {
    #[color(clear = [0.0, 1.0, 0.0, 1.0])]
    color: Image<Rgba8Unorm>,
    #[push]
    params: Tint,
}

#[node]
impl Graphics for Halves {
    fn record(view: &View, commands: &mut Commands) {
        let [width, height, _] = view.color.extent();
        commands.scissor(0, 0, width / 2, height);
        commands.draw(3, 1);
    }
}

const GREEN: [u8; 3] = [0, 255, 0];
const RED: [u8; 3] = [255, 0, 0];
const BLUE: [u8; 3] = [0, 0, 255];

/// What the X server knows of our windows.
struct Screen {
    connection: RustConnection,
}

impl Screen {
    fn id(window: &Window) -> u32 {
        match window.window_handle().expect("the window exists").as_raw() {
            RawWindowHandle::Xlib(handle) => handle.window as u32,
            RawWindowHandle::Xcb(handle) => handle.window.get(),
            other => panic!("the test runs under X11, and this is {other:?}"),
        }
    }

    /// Waits until the server has mapped the window: what is not shown cannot be looked at.
    fn wait_for(&self, window: &Window) {
        use x11rb::protocol::xproto::MapState;
        for _ in 0..500 {
            let attributes = self.connection.get_window_attributes(Self::id(window)).expect("the server answers");
            if attributes.reply().expect("the window exists").map_state == MapState::VIEWABLE {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("the window was never shown");
    }

    fn resize(&self, window: &Window, width: u32, height: u32) {
        let size = ConfigureWindowAux::new().width(width).height(height);
        let sent = self.connection.configure_window(Self::id(window), &size).expect("the server answers");
        sent.check().expect("the window exists");
    }

    fn destroy(&self, window: &Window) {
        let sent = self.connection.destroy_window(Self::id(window)).expect("the server answers");
        sent.check().expect("the window exists");
    }

    /// The colours at some places, in fractions of the window's size.
    fn colors<const N: usize>(&self, window: &Window, places: [(f32, f32); N]) -> [[u8; 3]; N] {
        let id = Self::id(window);
        let size = self.connection.get_geometry(id).expect("the server answers").reply().expect("the window exists");
        let image = self
            .connection
            .get_image(ImageFormat::Z_PIXMAP, id, 0, 0, size.width, size.height, u32::MAX)
            .expect("the server answers")
            .reply()
            .expect("the window is shown");
        let at = |fraction: f32, size: u16| ((f32::from(size) * fraction) as usize).min(usize::from(size) - 1);
        places.map(|(x, y)| {
            let pixel = at(y, size.height) * usize::from(size.width) + at(x, size.width);
            let bytes = &image.data[4 * pixel..];
            // Blue, green, red, as X servers of this depth keep them.
            [bytes[2], bytes[1], bytes[0]]
        })
    }
}

const CORNERS: [(f32, f32); 4] = [(0.02, 0.02), (0.98, 0.02), (0.02, 0.98), (0.98, 0.98)];

/// Runs frames until the windows show what they must; presenting is not synchronised with what another client sees.
fn frames_until(graph: &mut CompiledGraph, shown: impl Fn() -> bool) {
    for _ in 0..200 {
        assert!(matches!(graph.frame().expect("the frame runs"), FrameOutcome::Submitted(_)));
        graph.wait().expect("the device lives");
        if shown() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(shown(), "200 frames later the window still shows something else");
}

fn output(device: &Device, window: &Arc<Window>) -> Output {
    let size = window.inner_size();
    let surface = Surface::new(device, Arc::clone(window)).expect("the device presents to this display");
    Output::window(surface, [size.width, size.height])
}

fn halves(graph: &Graph, extent: Extent, [red, green, blue]: [u8; 3]) -> vixen::Wire<Image<Rgba8Unorm>> {
    let tint = [red, green, blue, 255].map(|channel| f32::from(channel) / 255.0);
    graph.add(Halves { color: graph.image(extent), params: Tint { tint, depth: 0.5 } }).color
}

fn one_window_shows_what_is_presented_in_every_size(device: &Device, screen: &Screen, window: &Arc<Window>) {
    let graph = Graph::new(output(device, window));
    graph.present(halves(&graph, Extent::Output, RED));
    let mut compiled = graph.compile(device).expect("the graph is valid");
    for (recompiles, [width, height]) in (0..).zip([[96, 64], [200, 150], [33, 77], [640, 480], [16, 16]]) {
        if recompiles > 0 {
            // With frames in flight.
            compiled.frame().expect("the frame runs");
            screen.resize(window, width, height);
        }
        frames_until(&mut compiled, || screen.colors(window, CORNERS) == [RED, GREEN, RED, GREEN]);
        for _ in 0..5 {
            compiled.frame().expect("the frame runs");
        }
        assert_eq!(compiled.output_extent(OutputId::FIRST), [width, height]);
        assert!(compiled.recompiles() >= recompiles, "each size is a recompile");
    }
}

fn two_windows_and_a_picture_of_another_size(device: &Device, screen: &Screen, windows: [&Arc<Window>; 2]) {
    let graph = Graph::new(output(device, windows[0]));
    let second = graph.add_output(output(device, windows[1]));
    let wire = halves(&graph, Extent::Output, BLUE);
    graph.present_to(second, halves(&graph, Extent::fixed(8, 8), RED));
    graph.present(wire);
    let mut compiled = graph.compile(device).expect("the graph is valid");
    let both = || {
        screen.colors(windows[0], CORNERS) == [BLUE, GREEN, BLUE, GREEN]
            && screen.colors(windows[1], CORNERS) == [RED, GREEN, RED, GREEN]
    };
    frames_until(&mut compiled, both);
    screen.resize(windows[1], 111, 55);
    frames_until(&mut compiled, both);
    assert_eq!(compiled.output_extent(second), [111, 55]);
}

/// As `Halves`, and counts its recordings.
#[node(graphics, vertex = "tests/shaders/cover.vert.spv", fragment = "tests/shaders/cover.frag.spv")]
struct Counted {
    #[color(clear = [0.0, 1.0, 0.0, 1.0])]
    color: Image<Rgba8Unorm>,
    #[push]
    params: Tint,
    recordings: Arc<AtomicU32>,
}

#[node]
impl Graphics for Counted {
    fn record(view: &View, commands: &mut Commands) {
        view.recordings.fetch_add(1, Ordering::Relaxed);
        let [width, height, _] = view.color.extent();
        commands.scissor(0, 0, width / 2, height);
        commands.draw(3, 1);
    }
}

/// Copies what others may replace.
#[node(transfer)]
struct CopyBuffer {
    #[transfer_source]
    source: Buffer<[u32]>,
    #[transfer_destination]
    copy: Buffer<[u32]>,
}

#[node]
impl Transfer for CopyBuffer {
    fn record(view: &View, commands: &mut Commands) {
        commands.copy_buffer(view.source, view.copy);
    }
}

/// Two windows and a shared buffer change before one frame: one recompile, one batch of events, every node once.
fn what_changes_together_is_one_cascade(device: &Device, screen: &Screen, windows: [&Arc<Window>; 2]) {
    let graph = Graph::new(output(device, windows[0]));
    let second = graph.add_output(output(device, windows[1]));
    let recordings = [(); 2].map(|()| Arc::new(AtomicU32::new(0)));
    let params = Tint { tint: [1.0, 0.0, 0.0, 1.0], depth: 0.5 };
    let counted = |extent, index: usize| {
        let (color, recordings) = (graph.image(extent), Arc::clone(&recordings[index]));
        graph.add(Counted { color, params, recordings }).color
    };
    graph.present(counted(Extent::Output, 0));
    graph.present_to(second, counted(Extent::of(second), 1));
    let desc = BufferDesc::new("shared", 64, vk::BufferUsageFlags::TRANSFER_SRC);
    let shared = ManagedBuffer::new(device, &desc, Category::Cacher, Strategy::DeviceLocal).expect("there is memory");
    let source = graph.share_managed::<[u32]>(&shared);
    graph.retain(graph.add(CopyBuffer { source: &source, copy: graph.buffer(16) }).copy);
    let (sender, heard) = channel();
    graph.events(|events| {
        let (resized, done) = (events.queue::<WindowResized>(4), events.queue::<RecompileDone>(4));
        events.subscribe("cascade").reads(resized).reads(done).run(move |batch| {
            let resized: Vec<_> = batch.read(resized).map(|event| (event.output, event.extent)).collect();
            sender.send((resized, batch.read(done).len())).expect("the test waits");
        });
    });
    let mut compiled = graph.compile(device).expect("the graph is valid");
    let counts = || recordings.each_ref().map(|count| count.load(Ordering::Relaxed));
    for _ in 0..3 {
        compiled.frame().expect("the frame runs");
    }
    let (before, recompiles) = (counts(), compiled.recompiles());
    let _ = heard.try_iter().count();
    screen.resize(windows[0], 120, 90);
    screen.resize(windows[1], 70, 66);
    compiled.window_resized(OutputId::FIRST, 120, 90);
    compiled.window_resized(second, 70, 66);
    shared.resize(4096).expect("there is memory");
    compiled.frame().expect("the frame runs");
    assert_eq!(compiled.recompiles(), recompiles + 1);
    assert_eq!(counts(), before.map(|count| 2 * count), "each recording once more");
    let last = compiled.last_recompile().expect("there was one");
    assert_eq!((last.swapchains, last.images, last.buffers), (2, 2, 1));
    // Two that draw, two that present, one that copies.
    assert_eq!(last.nodes, 5);
    let expected = (vec![(OutputId::FIRST, [120, 90]), (second, [70, 66])], 1);
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), [expected]);
}

/// Black and full colours are the same in every format: what is shown stays, and nothing but presenting is made anew.
fn another_format_is_another_swapchain_and_nothing_else(device: &Device, screen: &Screen, window: &Arc<Window>) {
    let graph = Graph::new(output(device, window));
    let recordings = Arc::new(AtomicU32::new(0));
    let params = Tint { tint: [1.0, 0.0, 0.0, 1.0], depth: 0.5 };
    let color = graph.image(Extent::Output);
    graph.present(graph.add(Counted { color, params, recordings: Arc::clone(&recordings) }).color);
    let mut compiled = graph.compile(device).expect("the graph is valid");
    frames_until(&mut compiled, || screen.colors(window, CORNERS) == [RED, GREEN, RED, GREEN]);
    assert_eq!(compiled.window_format(OutputId::FIRST), Some(vk::Format::B8G8R8A8_UNORM));
    let (recompiles, recorded) = (compiled.recompiles(), recordings.load(Ordering::Relaxed));
    for (count, format) in (1..).zip([vk::Format::B8G8R8A8_SRGB, vk::Format::B8G8R8A8_UNORM]) {
        compiled.prefer_format(OutputId::FIRST, format);
        frames_until(&mut compiled, || screen.colors(window, CORNERS) == [RED, GREEN, RED, GREEN]);
        assert_eq!(
            (compiled.window_format(OutputId::FIRST), compiled.recompiles()),
            (Some(format), recompiles + count)
        );
        let last = compiled.last_recompile().expect("there was one");
        assert_eq!((last.cause, last.swapchains, last.nodes), (RecompileCause::OtherFormat, 1, 1));
        assert_eq!((last.images, last.buffers, last.descriptors), (0, 0, 0));
    }
    assert_eq!(recordings.load(Ordering::Relaxed), recorded);
    // What the surface does not have is not had, and said so.
    compiled.prefer_format(OutputId::FIRST, vk::Format::R32G32B32A32_SFLOAT);
    compiled.frame().expect("the frame runs");
    assert_eq!(compiled.window_format(OutputId::FIRST), Some(vk::Format::B8G8R8A8_UNORM));
}

/// As `Halves`, but its third recording asks for what cannot be.
#[node(graphics, dynamic, vertex = "tests/shaders/cover.vert.spv", fragment = "tests/shaders/cover.frag.spv")]
struct FailsOnce {
    #[color(clear = [0.0, 1.0, 0.0, 1.0])]
    color: Image<Rgba8Unorm>,
    #[push]
    params: Tint,
    recordings: AtomicU32,
}

#[node]
impl Graphics for FailsOnce {
    fn record(view: &View, commands: &mut Commands) {
        if view.recordings.fetch_add(1, Ordering::Relaxed) == 2 {
            commands.push(&0_u32);
        }
        let [width, height, _] = view.color.extent();
        commands.scissor(0, 0, width / 2, height);
        commands.draw(3, 1);
    }
}

/// The frame that failed had its image already; the next one uses it.
fn a_frame_that_fails_loses_nothing(device: &Device, screen: &Screen, window: &Arc<Window>) {
    let graph = Graph::new(output(device, window));
    let params = Tint { tint: [0.0, 0.0, 1.0, 1.0], depth: 0.5 };
    graph.present(graph.add(FailsOnce { color: graph.image(Extent::Output), params, recordings: 0.into() }).color);
    let mut compiled = graph.compile(device).expect("the graph is valid");
    let failed = (0..8).filter(|_| compiled.frame().is_err()).count();
    assert_eq!((failed, compiled.frames()), (1, 7));
    frames_until(&mut compiled, || screen.colors(window, CORNERS) == [BLUE, GREEN, BLUE, GREEN]);
}

/// Whatever a driver says of a window that is gone, it is no panic, and dropping the graph works.
fn a_window_that_is_gone(device: &Device, screen: &Screen, window: &Arc<Window>) {
    let graph = Graph::new(output(device, window));
    graph.present(halves(&graph, Extent::Output, RED));
    let mut compiled = graph.compile(device).expect("the graph is valid");
    compiled.frame().expect("the frame runs");
    compiled.wait().expect("the device lives");
    screen.destroy(window);
    let lost = (0..20).any(|_| compiled.frame().is_err());
    assert!(lost, "frames of a window that is gone are errors");
    assert!(compiled.frame().is_err(), "and stay so");
}

fn a_window_of_another_device(device: &Device, other: &Device, window: &Arc<Window>) {
    let surface = Surface::new(other, Arc::clone(window)).expect("the device presents to this display");
    let graph = Graph::new(Output::window(surface, [96, 64]));
    let params = Tint { tint: [0.0; 4], depth: 0.0 };
    graph.present(graph.add(Halves { color: graph.image(Extent::Output), params }).color);
    let error = graph.compile(device).map(drop).expect_err("the window is the other device's");
    assert!(matches!(error, CompileError::OtherDevice { .. }), "{error}");
    assert!(error.to_string().starts_with("`output 0` (declared at "), "{error}");
    assert_eq!(other.validation_messages(), Vec::<String>::new());
}

#[test]
fn windows_show_what_is_presented() {
    on_display(|events| {
        // Beside each other: what another window covers cannot be looked at.
        let window = |x, width, height| {
            let attributes = WindowAttributes::default()
                .with_position(PhysicalPosition::new(x, 0))
                .with_inner_size(PhysicalSize::new(width, height))
                .with_override_redirect(true);
            Arc::new(events.create_window(attributes).expect("the display makes windows"))
        };
        let windows = [window(0, 96, 64), window(700, 64, 64)];
        let screen = Screen { connection: x11rb::connect(None).expect("the display answers").0 };
        windows.iter().for_each(|window| screen.wait_for(window));
        let display = events.display_handle().expect("there is a display").as_raw();
        let device = device_for(display);
        let log = device.validation_log().clone();
        one_window_shows_what_is_presented_in_every_size(&device, &screen, &windows[0]);
        two_windows_and_a_picture_of_another_size(&device, &screen, windows.each_ref());
        what_changes_together_is_one_cascade(&device, &screen, windows.each_ref());
        another_format_is_another_swapchain_and_nothing_else(&device, &screen, &windows[0]);
        a_frame_that_fails_loses_nothing(&device, &screen, &windows[0]);
        a_window_that_is_gone(&device, &screen, &windows[1]);
        a_window_of_another_device(&device, &device_for(display), &windows[0]);
        drop(device);
        let messages = log.messages();
        assert!(messages.is_empty(), "the validation layer reported:\n{}", messages.join("\n"));
    });
}
