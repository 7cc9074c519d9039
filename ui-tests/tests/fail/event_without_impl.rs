use vixen::{Buffer, FrameInfo, Host, node};

#[derive(Clone, Copy)]
struct Zoomed(f32);

#[node(host, emits(Zoomed = 4))]
struct Camera {
    #[create]
    zoom: Buffer<f32>,
}

#[node]
impl Host for Camera {
    fn run(view: &mut View, frame: &FrameInfo) {
        *view.zoom = frame.delta_seconds;
    }
}

fn main() {
    let _ = vixen_ui_tests::graph().add(Camera {});
}
