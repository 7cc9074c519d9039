use vixen::Block;

#[derive(Clone, Copy, Block)]
#[repr(C)]
struct Camera {
    zoom: f32,
    enabled: bool,
}

fn main() {}
