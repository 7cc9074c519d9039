use vixen::{Block, Buffer, Host, node};

#[derive(Clone, Copy, Block)]
struct Camera {
    zoom: f32,
    frame: u32,
}

#[node(host)]
struct Zoom {
    #[create]
    camera: Buffer<Camera>,
}

#[node]
impl Host for Zoom {
    fn run(view: &mut View, _: &vixen::FrameInfo) {
        view.camera.zoom = 2.0;
    }
}

fn main() {}
