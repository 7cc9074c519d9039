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
                eye: Vec3::new(0.97 * size.x, 0.30 * across, 0.86 * size.z),
                target: Vec3::new(0.40 * size.x, 0.03 * across, 0.52 * size.z),
                fov_y: 0.66,
                sun_direction: Vec3::new(0.22, 0.40, 0.80).normalize(),
            }
        }
        SceneKind::Model => {
            let middle = 0.5 * size;
            let fov_y = 0.6f32;
            let distance = 0.5 * size.length() / (0.5 * fov_y).sin();
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
    let (haze, occlusion) = match scene.kind {
        SceneKind::Terrain => (0.55 / across, 0.55),
        SceneKind::Model => (0.0, 0.8),
    };
    MarchParams {
        scene_size: size.to_array(),
        scene_levels: scene.map.levels,
        sun_direction: view.sun_direction.to_array(),
        occlusion,
        sun_color: [5.2, 4.35, 3.3],
        haze,
        sky_zenith: [0.20, 0.42, 0.88],
        haze_height: 0.12 * across,
        sky_horizon: [0.78, 0.92, 1.08],
        exposure: 0.62,
    }
}
