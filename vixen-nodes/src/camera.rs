//! A camera that orbits a point.

use glam::{Quat, Vec3};
use vixen::{Block, Buffer, FrameInfo, Host, node};

use crate::voxel::{self, CameraUniform};

/// How far the camera has been turned and moved from where it started. All zero is the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Block)]
#[repr(C)]
pub struct Orbit {
    /// Turned around the vertical axis, in radians.
    pub yaw: f32,
    /// Raised above where it started, in radians; clamped short of the poles.
    pub pitch: f32,
    /// Natural logarithm of the distance over the distance at the start.
    pub zoom: f32,
}

/// Turns an [`Orbit`] into the camera that shaders read, on the CPU, in every frame.
#[node(host)]
pub struct OrbitCamera {
    /// Where the user has moved the camera: a `Param`'s wire.
    #[host]
    orbit: Buffer<Orbit>,
    /// The camera of the frame.
    #[create]
    uniform: Buffer<CameraUniform>,
    /// Where it starts.
    start: voxel::View,
}

#[node]
impl Host for OrbitCamera {
    fn run(view: &mut View, frame: &FrameInfo) {
        *view.uniform = orbited(view.start, view.orbit).fitted(frame.output).camera();
    }
}

/// The view after an orbit.
pub fn orbited(start: &voxel::View, orbit: &Orbit) -> voxel::View {
    const POLE: f32 = 1.5;
    let arm = start.eye - start.target;
    let distance = arm.length();
    let pitch = (arm.y / distance.max(f32::MIN_POSITIVE)).clamp(-1.0, 1.0).asin();
    let raised = (pitch + orbit.pitch).clamp(-POLE, POLE) - pitch;
    let axis = Vec3::Y.cross(arm).try_normalize().unwrap_or(Vec3::X);
    let arm = Quat::from_rotation_y(orbit.yaw) * Quat::from_axis_angle(axis, -raised) * arm;
    voxel::View { eye: start.target + arm * orbit.zoom.exp(), ..*start }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: voxel::View =
        voxel::View { eye: Vec3::new(3.0, 4.0, 0.0), target: Vec3::ZERO, fov_y: 1.0, sun_direction: Vec3::Y };

    #[test]
    fn nothing_moves_without_an_orbit() {
        assert!(orbited(&START, &Orbit::default()).eye.abs_diff_eq(START.eye, 1e-6));
    }

    #[test]
    fn an_orbit_keeps_the_distance_and_a_zoom_changes_it() {
        let turned = orbited(&START, &Orbit { yaw: 1.2, pitch: 0.3, zoom: 0.0 });
        assert!((turned.eye.length() - 5.0).abs() < 1e-5);
        assert!(turned.eye.y > START.eye.y);
        let nearer = orbited(&START, &Orbit { zoom: -std::f32::consts::LN_2, ..Orbit::default() });
        assert!((nearer.eye.length() - 2.5).abs() < 1e-5);
    }

    #[test]
    fn the_camera_never_passes_a_pole() {
        let over = orbited(&START, &Orbit { pitch: 10.0, ..Orbit::default() });
        assert!(over.eye.x > 0.0 && over.eye.y > 4.9);
    }
}
