use vixen::{Buffer, FrameInfo, Host, node};

#[node(host)]
struct Camera {
    #[create]
    zoom: Buffer<f32>,
}

#[node]
impl Host for Camera {
    fn record(view: &mut View, _frame: &FrameInfo) {
        *view.zoom = 1.0;
    }
}

fn main() {}
