use vixen::Block;

#[derive(Block)]
#[repr(C)]
struct Camera {
    zoom: f32,
}

fn main() {}
