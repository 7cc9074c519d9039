//! From where a scene is looked at, and in which light.

use glam::Vec3;

use super::layout::{CameraUniform, MarchParams};
use super::scene::{Scene, SceneKind};

/// A place to look from and a sun.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// Where the camera is, in voxels.
    pub eye: Vec3,
    /// What it looks at; also what an orbit turns around.
    pub target: Vec3,
    /// Vertical field of view in radians.
    pub fov_y: f32,
    /// Towards the sun, of length 1.
    pub sun_direction: Vec3,
}

impl View {
    /// The camera at this view. Up is y, unless the view looks straight along it.
    pub fn camera(&self) -> CameraUniform {
        let forward = (self.target - self.eye).try_normalize().unwrap_or(Vec3::NEG_Z);
        let right = forward.cross(Vec3::Y).try_normalize().unwrap_or(Vec3::X);
        let scale = (0.5 * self.fov_y).tan();
        CameraUniform {
            position: self.eye.extend(1.0).to_array(),
            right: (right * scale).extend(0.0).to_array(),
            up: (right.cross(forward) * scale).extend(0.0).to_array(),
            forward: forward.extend(0.0).to_array(),
        }
    }
}

/// A view that shows the scene well: mountains from above a valley in evening light, anything else from the front and above.
pub fn default_view(scene: &Scene) -> View {
    let size = scene.map.size.as_vec3();
    match scene.kind {
        SceneKind::Terrain => {
            let across = size.x.max(size.z);
            View {
                eye: Vec3::new(1.0 * size.x, 0.17 * across, 0.55 * size.z),
                target: Vec3::new(0.40 * size.x, 0.005 * across, 0.60 * size.z),
                fov_y: 0.68,
                sun_direction: Vec3::new(0.30, 0.36, 0.90).normalize(),
            }
        }
        SceneKind::Model => {
            let middle = 0.5 * size;
            let fov_y = 0.6f32;
            let distance = 0.42 * size.length() / (0.5 * fov_y).sin();
            View {
                eye: middle + Vec3::new(0.55, 0.42, 1.0).normalize() * distance,
                target: middle,
                fov_y,
                sun_direction: Vec3::new(0.65, 0.75, 0.45).normalize(),
            }
        }
    }
}

/// Light and air that suit the scene.
pub fn default_params(scene: &Scene, view: &View) -> MarchParams {
    let size = scene.map.size;
    let across = size.max_element() as f32;
    let shared = MarchParams {
        scene_size: size.to_array(),
        scene_levels: scene.map.levels,
        sun_direction: view.sun_direction.to_array(),
        haze_height: 0.10 * across,
        ..MarchParams::default()
    };
    match scene.kind {
        SceneKind::Terrain => MarchParams {
            occlusion: 0.55,
            sun_color: [7.0, 5.0, 3.0],
            haze: 1.15 / across,
            sky_zenith: [0.09, 0.23, 0.62],
            sky_horizon: [0.52, 0.68, 0.92],
            exposure: 0.70,
            ..shared
        },
        SceneKind::Model => MarchParams {
            occlusion: 0.8,
            sun_color: [4.6, 4.1, 3.4],
            sky_zenith: [0.36, 0.55, 0.90],
            sky_horizon: [0.80, 0.90, 1.0],
            exposure: 0.27,
            floor_color: [0.42, 0.42, 0.40],
            floor_radius: 3.0 * across,
            ..shared
        },
    }
}
