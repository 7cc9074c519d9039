use glam::{Mat4, Vec3};
use vixen::{Block, Buffer, Compute, Image, Rgba16Float, node};
use vixen_ui_tests::{Brick, MarchParams, Sun};

#[derive(Clone, Copy, Block)]
#[repr(C)]
struct Camera {
    view: Mat4,
    eye: Vec3,
    fov: f32,
    sun: Sun,
    exposure: [f32; 4],
}

#[node(compute, shader = "voxel_march.comp.spv")]
struct March {
    #[uniform]
    camera: Buffer<Camera>,
    #[storage]
    scene: Buffer<[Brick]>,
    #[storage(write)]
    color: Image<Rgba16Float>,
    #[push]
    params: MarchParams,
}

#[node]
impl Compute for March {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
