use vixen::{Buffer, Compute, Image, Rgba16Float, node};
use vixen_ui_tests::{Brick, CameraUniform};

#[derive(Clone, Copy)]
struct MarchParams {
    max_steps: u32,
}

#[node(compute, shader = "voxel_march.comp.spv")]
struct March {
    #[uniform]
    camera: Buffer<CameraUniform>,
    #[storage]
    scene: Buffer<[Brick]>,
    #[storage(write)]
    color: Image<Rgba16Float>,
    #[push]
    params: MarchParams,
    #[spec]
    quality: u32,
}

#[node]
impl Compute for March {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
