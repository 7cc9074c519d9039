//! Layouts that are equal though the types are spelled differently.
#![deny(warnings)]
use glam::Vec3;
use vixen::{Block, Buffer, Compute, node};

/// `std140` pads the elements of an array to 16 bytes.
#[derive(Clone, Copy, Block)]
#[repr(C)]
struct Power {
    value: f32,
    _pad: [f32; 3],
}

fn main() {
    #[derive(Clone, Copy, Block)]
    #[repr(C)]
    struct Camera {
        view: [[f32; 4]; 4],
        eye: [f32; 3],
        fov: f32,
        sun: Sun,
    }

    #[derive(Clone, Copy, Block)]
    #[repr(C)]
    struct Sun {
        direction: Vec3,
        intensity: f32,
    }

    #[derive(Clone, Copy, Block)]
    #[repr(C)]
    struct Params {
        steps: u32,
        bias: f32,
        _unused: [u32; 2],
    }

    #[node(compute, shader = "voxel_march.comp.spv")]
    struct March {
        #[uniform]
        camera: Buffer<Camera>,
        #[storage]
        scene: Buffer<[vixen_ui_tests::Brick]>,
        #[storage(write)]
        color: vixen::Image<vixen::Rgba16Float>,
        #[push]
        params: Params,
    }

    #[node]
    impl Compute for March {
        fn record(view: &View, commands: &mut Commands) {
            commands.dispatch_over(view.color.extent());
        }
    }
    let power = Power { value: 1.0, _pad: [0.0; 3] };
    assert_eq!(vixen::shader::bytes_of(&power).len(), 16);
    assert_eq!(power.value, 1.0);
}
