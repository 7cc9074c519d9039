use vixen::Block;

#[derive(Clone, Copy, Block)]
#[repr(C)]
struct Camera {
    zoom: f32,
    frame: u64,
}

fn main() {}
