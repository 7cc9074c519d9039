use vixen::event::Event;
use vixen::{Buffer, FrameInfo, Host, node};

#[derive(Clone, Copy)]
struct Zoomed(f32);

impl Event for Zoomed {}

#[node(host, emits(Zoomed = 4))]
struct Camera {
    #[create]
    zoom: Buffer<f32>,
}

#[node]
impl Host for Camera {
    fn run(view: &mut View, frame: &FrameInfo) {
        frame.emit(1.0_f32).ok();
        *view.zoom = 1.0;
    }
}

fn main() {
    let _ = vixen_ui_tests::graph().add(Camera {});
}
