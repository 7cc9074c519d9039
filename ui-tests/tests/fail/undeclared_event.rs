use vixen::event::Emits;
use vixen::{Buffer, Host, FrameInfo, node};

struct Resized;

#[node(host)]
struct Camera {
    #[create]
    zoom: Buffer<f32>,
}

#[node]
impl Host for Camera {
    fn run(view: &mut View, _frame: &FrameInfo) {
        *view.zoom = 1.0;
    }
}

fn emit<N: Emits<E>, E>(_event: E) {}

fn main() {
    emit::<Camera, Resized>(Resized);
}
