//! The view and the light in which a scene is shown.

use glam::{Vec2, Vec3};

use super::layout::{CameraUniform, MarchParams};
use super::scene::{Scene, SceneKind};

/// Width over height of the narrowest picture that views are made for.
const ASPECT: f32 = 4.0 / 3.0;

/// A place to look from and a sun.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// Where the camera is, in voxels.
    pub eye: Vec3,
    /// What it looks at; also what an orbit turns around.
    pub target: Vec3,
    /// Vertical field of view in radians; see [`fitted`](Self::fitted) for upright pictures.
    pub fov_y: f32,
    /// Towards the sun, of length 1.
    pub sun_direction: Vec3,
}

impl View {
    /// The same for a picture of this width and height: an upright one sees as much from side to side as one of 4:3, and more above
    /// and below.
    #[must_use]
    pub fn fitted(self, [width, height]: [u32; 2]) -> Self {
        let narrower = (ASPECT * height as f32 / width.max(1) as f32).max(1.0);
        Self { fov_y: 2.0 * (narrower * (0.5 * self.fov_y).tan()).atan(), ..self }
    }

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

/// A view that shows the scene well: mountains from above a valley in evening light, a room from its front, anything else from the
/// front and above, so near that it fills the picture.
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
        SceneKind::Model => showing(scene, Vec3::new(0.55, 0.42, 1.0), Vec3::new(0.90, 0.62, 0.25)),
        SceneKind::Room => showing(scene, Vec3::new(0.0, 0.04, 1.0), Vec3::new(0.28, 0.42, 1.0)),
    }
}

/// All of a scene from a side, as large as it fits into a picture of [`ASPECT`].
fn showing(scene: &Scene, towards_eye: Vec3, towards_sun: Vec3) -> View {
    const FOV_Y: f32 = 0.6;
    /// How far from the picture's middle the scene may reach, for half of its height.
    const REACH: Vec2 = Vec2::new(1.25, 0.92);
    let [low, high] = scene.map.bounds().map(|corner| corner.as_vec3());
    let side = |i: i32, bit: i32| if i & bit == 0 { -0.5 } else { 0.5 };
    let corners = (0..8).map(|i| (high - low) * Vec3::new(side(i, 1), side(i, 2), side(i, 4)));

    let slope = (0.5 * FOV_Y).tan();
    let back = towards_eye.normalize();
    let right = Vec3::Y.cross(back).normalize();
    let up = back.cross(right);
    // What is near looks larger than what is far, so the middle of the picture is not that of the scene: it is found step by step.
    let (mut raised, mut distance) = (0.0, 1.0);
    for _ in 0..6 {
        let places =
            corners.clone().map(|corner| Vec3::new(corner.dot(right), corner.dot(up) - raised, corner.dot(back)));
        let fits = |at: Vec3| at.z + (at.truncate().abs() / (slope * REACH)).max_element();
        distance = places.clone().map(fits).fold(1.0, f32::max);
        let seen = |at: Vec3| at.y / (distance - at.z);
        let (lowest, highest) = places.map(seen).fold((f32::MAX, f32::MIN), |(low, high), y| (low.min(y), high.max(y)));
        raised += 0.5 * (lowest + highest) * distance;
    }
    let middle = 0.5 * (low + high) + up * raised;
    View { eye: middle + back * distance, target: middle, fov_y: FOV_Y, sun_direction: towards_sun.normalize() }
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
            sun_color: [8.2, 6.9, 5.2],
            sky_zenith: [0.36, 0.85, 2.1],
            sky_horizon: [1.7, 2.2, 2.9],
            exposure: 0.15,
            floor_color: [0.40, 0.385, 0.36],
            floor_radius: 3.0 * across,
            ..shared
        },
        SceneKind::Room => MarchParams {
            occlusion: 0.8,
            sun_color: [7.0, 6.2, 5.0],
            sky_zenith: [1.1, 1.3, 1.7],
            sky_horizon: [2.4, 2.4, 2.5],
            exposure: 0.15,
            floor_color: [0.40, 0.39, 0.37],
            floor_radius: 3.0 * across,
            ..shared
        },
    }
}

#[cfg(test)]
mod tests {
    use glam::{IVec3, UVec3};

    use super::*;
    use crate::voxel::{Procedural, ProceduralKind, SceneSource};

    #[test]
    fn all_of_a_scene_is_seen_and_fills_the_picture() {
        let procedural =
            |kind| SceneSource::procedural(Procedural::new(kind, 64)).build(&|_| ()).expect("it has voxels");
        // High, flat, and a single voxel in a corner.
        let boxes = [([9, 100, 20], [0; 3]), ([100, 3, 90], [0; 3]), ([50, 60, 70], [49, 59, 69])];
        let boxed = |(size, low)| {
            let low = IVec3::from_array(low);
            let scene = Scene::from_fn("box", UVec3::from_array(size), move |at| at.cmpge(low).all().then_some(1));
            scene.expect("it has voxels")
        };
        for scene in ProceduralKind::ALL.map(procedural).into_iter().chain(boxes.map(boxed)) {
            for size in [[400, 300], [300, 300], [200, 800]] {
                let (camera, aspect) = (default_view(&scene).fitted(size).camera(), size[0] as f32 / size[1] as f32);
                let [eye, right, up, forward] =
                    [camera.position, camera.right, camera.up, camera.forward].map(|v| Vec3::from_slice(&v[..3]));
                let scale = up.length_squared();
                let bounds = scene.map.bounds().map(|corner| corner.as_vec3());
                let (mut low, mut high) = (Vec2::MAX, Vec2::MIN);
                for i in 0..8 {
                    let corner = Vec3::new(bounds[i & 1].x, bounds[i >> 1 & 1].y, bounds[i >> 2].z) - eye;
                    let at = Vec2::new(corner.dot(right) / aspect, corner.dot(up)) / (scale * corner.dot(forward));
                    (low, high) = (low.min(at), high.max(at));
                }
                assert!(low.min_element() > -1.0 && high.max_element() < 1.0, "{}: {low} to {high}", scene.name);
                let filled = (high - low) * Vec2::new(1.0, ASPECT / aspect);
                assert!(filled.max_element() > 1.2, "{}: {low} to {high}", scene.name);
            }
        }
    }

    #[test]
    fn bounds_are_those_of_the_bricks_with_voxels() {
        for size in [UVec3::new(70, 33, 150), UVec3::splat(8), UVec3::new(1, 1, 1)] {
            let last = size.as_ivec3() - 1;
            let scene = Scene::from_fn("dots", size, move |at| {
                let low = IVec3::new(20, 9, 41).min(last);
                (at == low || at == IVec3::new(50, 30, 100).min(last)).then_some(1)
            })
            .expect("it has voxels");
            let low = UVec3::new(20, 9, 41).min(size - 1) / 8 * 8;
            let high = (UVec3::new(50, 30, 100).min(size - 1) / 8 * 8 + 8).min(size);
            assert_eq!(scene.map.bounds(), [low, high], "{size}");
        }
    }
}
