//! Host nodes that emit and receive events, and an application that hears of them.
#![deny(warnings)]
use vixen::event::{Event, FrameBegin, KeyInput, QueueFull};
use vixen::{Buffer, FrameInfo, Host, node};

#[derive(Clone, Copy)]
struct Picked<T>(T);

impl<T: Copy + Send + 'static> Event for Picked<T> {}

#[node(host, emits(Picked<u32> = 4), receives(KeyInput = 8, FrameBegin = 1))]
struct Picker {
    #[create]
    picked: Buffer<u32>,
    last: Option<QueueFull>,
}

#[node]
impl Host for Picker {
    fn run(view: &mut View, frame: &FrameInfo) {
        for key in frame.events::<KeyInput>() {
            *view.picked = key.scancode;
            *view.last = frame.emit(Picked(key.scancode)).err();
        }
        assert!(frame.events::<FrameBegin>().all(|begin| begin.number == frame.number));
    }
}

/// A generic node, whose event depends on its parameter.
#[node(host, receives(Picked<T> = 4))]
struct Keep<T: vixen::Block> {
    #[create]
    kept: Buffer<T>,
    value: T,
}

#[node]
impl<T: vixen::Block> Host for Keep<T> {
    fn run(view: &mut View, frame: &vixen::FrameInfo) {
        for Picked(value) in frame.events::<Picked<T>>() {
            *view.value = value;
        }
        *view.kept = *view.value;
    }
}

fn main() {
    let graph = vixen_ui_tests::graph();
    graph.events(|events| {
        let picked = events.queue::<Picked<u32>>(0);
        events.on(picked, "application", |event| assert_eq!(event.0, 1));
    });
    let picker = graph.add(Picker { last: None });
    let keep = graph.add(Keep { value: 0u32 });
    graph.retain(picker.picked);
    graph.retain(keep.kept);
}
