use vixen::{Buffer, Compute, Image, Rgba16Float, node};
use vixen_ui_tests::{Brick, CameraUniform, MarchParams};

#[derive(Clone, Copy)]
enum Quality {
    Low,
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
    quality: Quality,
}

#[node]
impl Compute for March {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
