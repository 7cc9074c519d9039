use vixen::Block;

#[derive(Clone, Copy, Block)]
struct Camera {
    zoom: f32,
    frame: u32,
}

fn main() {}
