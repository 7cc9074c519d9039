//! What a user does to a window arrives on the graph's event bus: keys and sizes of a real X server.

use std::error::Error;
use std::sync::{Arc, Mutex};

use vixen::event::{Category, CloseRequested, KeyInput, MouseMoved, WindowResized, WindowState, WindowStateChanged};
use vixen::graph::OutputId;
use vixen::{CompiledGraph, Device, DeviceOptions, Extent, Graph, Image, Output, Rgba8Unorm, Transfer, node};
use vixen_nodes::window::{Application, WindowOptions, run};
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConfigureWindowAux, ConnectionExt, EventMask, InputFocus, KEY_PRESS_EVENT,
    KEY_RELEASE_EVENT, KeyButMask, KeyPressEvent, Window,
};
use x11rb::rust_connection::RustConnection;

const TITLE: &str = "vixen window test";
/// The key A, by X11's numbers, which are 8 more than the kernel's.
const KEY_A: u8 = 38;

/// Something to present.
#[node(transfer)]
struct Clear {
    #[transfer_destination]
    color: Image<Rgba8Unorm>,
}

#[node]
impl Transfer for Clear {
    fn record(view: &View, commands: &mut Commands) {
        commands.clear(view.color, [0.0, 0.0, 1.0, 1.0]);
    }
}

/// What was heard.
#[derive(Default)]
struct Heard {
    keys: Vec<(u32, bool)>,
    moved: Option<[f32; 2]>,
    sizes: Vec<[u32; 2]>,
    states: Vec<WindowState>,
    closes: u32,
    of_windows: u32,
}

struct Test {
    heard: Arc<Mutex<Heard>>,
    user: User,
    frames: u32,
    refused: bool,
}

/// Somebody at the keyboard.
struct User {
    connection: RustConnection,
    root: Window,
    window: Option<Window>,
}

impl User {
    fn new() -> Result<Self, Box<dyn Error>> {
        let (connection, screen) = x11rb::connect(None)?;
        let root = connection.setup().roots[screen].root;
        Ok(Self { connection, root, window: None })
    }

    /// Finds the window by its title, and gives it the keyboard: there is no window manager that would.
    fn find(&mut self) -> Result<(), Box<dyn Error>> {
        let tree = self.connection.query_tree(self.root)?.reply()?;
        for window in tree.children {
            let name = self.connection.get_property(false, window, AtomEnum::WM_NAME, AtomEnum::ANY, 0, 64)?.reply()?;
            if name.value == TITLE.as_bytes() {
                self.connection.set_input_focus(InputFocus::PARENT, window, x11rb::CURRENT_TIME)?.check()?;
                self.window = Some(window);
            }
        }
        Ok(())
    }

    /// Presses a key and moves the mouse. Buttons and the wheel would need an extension of the server.
    fn plays(&self, window: Window) -> Result<(), Box<dyn Error>> {
        for (x, y) in [(20, 20), (25, 22)] {
            self.connection.warp_pointer(x11rb::NONE, window, 0, 0, 0, 0, x, y)?.check()?;
        }
        for (response_type, mask) in
            [(KEY_PRESS_EVENT, EventMask::KEY_PRESS), (KEY_RELEASE_EVENT, EventMask::KEY_RELEASE)]
        {
            let key = KeyPressEvent {
                response_type,
                detail: KEY_A,
                sequence: 0,
                time: x11rb::CURRENT_TIME,
                root: self.root,
                event: window,
                child: x11rb::NONE,
                root_x: 25,
                root_y: 22,
                event_x: 25,
                event_y: 22,
                state: KeyButMask::default(),
                same_screen: true,
            };
            self.connection.send_event(false, window, mask, key)?.check()?;
        }
        let size = ConfigureWindowAux::new().width(90).height(70);
        Ok(self.connection.configure_window(window, &size)?.check()?)
    }

    /// As a window manager does it.
    fn closes(&self, window: Window) -> Result<(), Box<dyn Error>> {
        let atom =
            |name: &[u8]| -> Result<_, Box<dyn Error>> { Ok(self.connection.intern_atom(false, name)?.reply()?.atom) };
        let data = [atom(b"WM_DELETE_WINDOW")?, x11rb::CURRENT_TIME, 0, 0, 0];
        let message = ClientMessageEvent::new(32, window, atom(b"WM_PROTOCOLS")?, data);
        Ok(self.connection.send_event(false, window, EventMask::NO_EVENT, message)?.check()?)
    }
}

impl Application for Test {
    fn start(&mut self, device: &Device, output: Output) -> Result<CompiledGraph, Box<dyn Error>> {
        let graph = Graph::new(output);
        graph.present(graph.add(Clear { color: graph.image(Extent::Output) }).color);
        graph.events(|events| {
            macro_rules! hear {
                ($event:ty, $note:expr) => {
                    let (channel, heard) = (events.queue::<$event>(16), Arc::clone(&self.heard));
                    let note: fn(&mut Heard, &$event) = $note;
                    events.on(channel, stringify!($event), move |event| {
                        note(&mut heard.lock().expect("nobody panics"), event);
                    });
                };
            }
            hear!(KeyInput, |heard, event| heard.keys.push((event.scancode, event.pressed)));
            hear!(MouseMoved, |heard, event| heard.moved = Some(event.delta));
            hear!(WindowResized, |heard, event| heard.sizes.push(event.extent));
            hear!(WindowStateChanged, |heard, event| {
                assert_eq!(event.output, OutputId::FIRST);
                heard.states.push(event.state);
            });
            hear!(CloseRequested, |heard, _| heard.closes += 1);
            let heard = Arc::clone(&self.heard);
            events.on_category(Category::Window, "all of windows", move |_| {
                heard.lock().expect("nobody panics").of_windows += 1;
            });
        });
        Ok(graph.compile(device)?)
    }

    fn dragged(&mut self, _graph: &mut CompiledGraph, _dx: f32, _dy: f32) {}

    fn scrolled(&mut self, _graph: &mut CompiledGraph, _lines: f32) {}

    fn close_requested(&mut self, _graph: &mut CompiledGraph) -> bool {
        // The first time it stays open.
        std::mem::replace(&mut self.refused, true)
    }

    fn frame(&mut self, graph: &mut CompiledGraph) -> Result<bool, Box<dyn Error>> {
        self.frames += 1;
        assert!(
            self.frames < 2000,
            "the window never heard all of it: {:?}",
            self.heard.lock().map(|heard| heard.keys.clone())
        );
        graph.frame()?;
        graph.wait()?;
        std::thread::sleep(std::time::Duration::from_millis(5));
        let heard = self.heard.lock().expect("nobody panics");
        let all = heard.keys.len() == 2 && heard.moved.is_some() && heard.sizes.last() == Some(&[90, 70]);
        match self.user.window {
            None => {
                self.user.find()?;
                if let Some(window) = self.user.window {
                    self.user.plays(window)?;
                }
            }
            Some(window) if all && self.frames.is_multiple_of(10) => self.user.closes(window)?,
            Some(_) => {}
        }
        Ok(true)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::var_os("DISPLAY").is_none() {
        assert!(std::env::var_os("VIXEN_REQUIRE_ALL").is_none(), "the test needs a display: `./x test` starts one");
        println!("skipped: there is no display");
        return Ok(());
    }
    let heard = Arc::new(Mutex::new(Heard::default()));
    let mut test = Test { heard: Arc::clone(&heard), user: User::new()?, frames: 0, refused: false };
    let device = DeviceOptions::new().application_name("vixen window test").validation(true);
    let graph = run(WindowOptions { title: TITLE.to_owned(), size: [64, 48], device }, &mut test)?;
    let heard = std::mem::take(&mut *heard.lock().expect("nobody panics"));
    assert_eq!(heard.keys, [(u32::from(KEY_A) - 8, true), (u32::from(KEY_A) - 8, false)]);
    assert!(heard.moved.is_some());
    assert_eq!(heard.sizes.last(), Some(&[90, 70]));
    assert!(heard.states.contains(&WindowState::Focused), "{:?}", heard.states);
    assert_eq!(heard.closes, 2, "it stayed open the first time");
    assert_eq!(heard.of_windows as usize, heard.sizes.len() + heard.states.len() + 2);
    let graph = graph.expect("it was started");
    let log = graph.device().validation_log().clone();
    drop(graph);
    assert_eq!(log.messages(), Vec::<String>::new());
    println!("a window's events: ok");
    Ok(())
}
