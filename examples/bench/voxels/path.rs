//! The views of a scene that are measured: a path from outside all around, and places inside.

use glam::{IVec3, Vec3};
use vixen_nodes::voxel::{Scene, SceneKind, View, default_view};
use vixen_nodes::{Orbit, orbited};

/// How far from the camera no voxel may be solid, for the scene's longest side; and in voxels at least.
const CLEARANCE: (f32, i32) = (1.0 / 64.0, 2);

/// The views of a path: the even ones go around the scene and come nearer, the odd ones are from inside of it.
pub fn views(scene: &Scene, count: u32) -> Vec<View> {
    let start = start(scene);
    (0..count)
        .map(|i| {
            let part = (i as f32 + 0.5) / count as f32;
            let around = around(scene, &start, part);
            if i % 2 == 0 { around } else { inside(scene, &start, i).unwrap_or(around) }
        })
        .collect()
}

/// Where the path begins. Of all but land it is a view of the whole cube and not one that is near to what stands in it, so that figures
/// stay the same when pictures become nicer.
pub fn start(scene: &Scene) -> View {
    const FOV_Y: f32 = 0.6;
    let view = default_view(scene);
    if scene.kind == SceneKind::Terrain {
        return view;
    }
    let size = scene.map.size.as_vec3();
    let (middle, distance) = (0.5 * size, 0.42 * size.length() / (0.5 * FOV_Y).sin());
    let eye = middle + Vec3::new(0.55, 0.42, 1.0).normalize() * distance;
    View { eye, target: middle, fov_y: FOV_Y, sun_direction: Vec3::new(0.65, 0.75, 0.45).normalize() }
}

/// A swing around the scene, half a turn in all, which comes nearer until something is in the way.
fn around(scene: &Scene, start: &View, part: f32) -> View {
    let view = |zoom| {
        let swing = std::f32::consts::PI * (part - 0.5);
        orbited(start, &Orbit { yaw: swing, pitch: 0.25 * (7.0 * part).sin(), zoom })
    };
    let nearer = -0.9 * part;
    [nearer, 0.5 * nearer, 0.0].map(view).into_iter().find(|view| is_clear(scene, view.eye)).unwrap_or(*start)
}

/// A place inside with room around, from which it looks to the middle or past it.
fn inside(scene: &Scene, start: &View, number: u32) -> Option<View> {
    let size = scene.map.size.as_vec3();
    // Points that fill the scene evenly (Roberts 2018, the R3 sequence).
    let point = |i: u32| {
        let steps = Vec3::new(0.819_172_5, 0.671_043_6, 0.549_700_5) * i as f32;
        (steps + 0.5).fract() * size
    };
    let eye = (1..4000).map(|i| point(4001 * number + i)).find(|&eye| is_clear(scene, eye))?;
    let target = 0.5 * size + 0.2 * (point(number) - 0.5 * size);
    (eye.distance(target) > 1.0).then_some(View { eye, target, fov_y: 1.0, ..*start })
}

/// Whether nothing is solid at a place nor near it.
fn is_clear(scene: &Scene, eye: Vec3) -> bool {
    let reach = ((scene.map.size.max_element() as f32 * CLEARANCE.0) as i32).max(CLEARANCE.1);
    let near = (0..27).map(|i| IVec3::new(i % 3 - 1, i / 3 % 3 - 1, i / 9 - 1));
    near.flat_map(|step| [step, step * reach]).all(|step| scene.map.get(eye.floor().as_ivec3() + step).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use vixen_nodes::voxel::{Procedural, ProceduralKind, SceneSource};

    #[test]
    fn no_view_starts_in_a_voxel_and_all_differ() {
        for kind in ProceduralKind::ALL {
            let scene = SceneSource::procedural(Procedural::new(kind, 64)).build(&|_| ()).expect("it has voxels");
            let views = views(&scene, 8);
            for (i, view) in views.iter().enumerate() {
                assert!(is_clear(&scene, view.eye), "{kind:?}, view {i}");
                assert!(views[..i].iter().all(|other| other.eye != view.eye), "{kind:?}, view {i}");
            }
        }
    }
}
