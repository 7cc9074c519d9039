//! Rays: the reference against brute force, and the shaders' march against the reference.

use glam::{DVec3, IVec3, UVec2, UVec3, Vec3};

use super::{Random, march, random_voxel};
use crate::acceleration::VoxelCells;
use crate::voxel::reference::{self, FACE_INSIDE, Ray};
use crate::voxel::top_grid::Format;
use crate::voxel::{Scene, TopGrid, View};

/// A scene of random voxels and the function that made it.
fn scene(seed: u64, size: UVec3) -> (Scene, impl Fn(IVec3) -> bool) {
    let scene = Scene::from_fn("random", size, move |at| random_voxel(seed, at)).expect("it has voxels");
    (scene, move |at| random_voxel(seed, at).is_some())
}

/// A ray from in or around a scene to somewhere in it; every fourth is parallel to an axis or a plane, or starts on a grid point.
fn random_ray(random: &mut Random, size: UVec3) -> (Vec3, Vec3) {
    let size = size.as_dvec3();
    let mut point = |scale: f64| DVec3::from_array(std::array::from_fn(|_| (random.unit() - 0.5) * scale + 0.5)) * size;
    let (origin, target) = (point(3.0).as_vec3(), point(1.0).as_vec3());
    let (mut origin, mut direction) = (origin, target - origin);
    match random.below(12) {
        0 => direction[random.below(3)] = 0.0,
        1 => {
            let axis = random.below(3);
            (0..3).filter(|i| *i != axis).for_each(|i| direction[i] = 0.0);
            (0..3).filter(|i| *i != axis).for_each(|i| origin[i] = target[i]);
        }
        2 => origin = origin.floor(),
        _ => {}
    }
    (origin, direction)
}

#[test]
fn the_reference_agrees_with_brute_force() {
    let mut random = Random(1);
    for seed in 20..23 {
        let size = UVec3::new(24, 17, 20);
        let (_, solid) = scene(seed, size);
        let voxels: Vec<DVec3> = (0..size.element_product())
            .map(|i| UVec3::new(i % size.x, i / size.x % size.y, i / size.x / size.y).as_ivec3())
            .filter(|at| solid(*at))
            .map(|at| at.as_dvec3())
            .collect();
        let mut hits = 0;
        for _ in 0..2_000 {
            let (origin, direction) = random_ray(&mut random, size);
            let ray = Ray { origin: origin.as_dvec3(), direction: direction.as_dvec3() };
            let nearest =
                voxels.iter().filter_map(|low| Some((slab(&ray, *low)?, *low))).min_by(|a, b| a.0.total_cmp(&b.0));
            let hit = reference::trace(size, &solid, &ray);
            match (nearest, hit) {
                (None, None) => {}
                (Some((t, voxel)), Some(hit)) if voxel.as_ivec3() == hit.voxel => {
                    assert!((t - hit.t).abs() < 1e-9 * (1.0 + t), "{ray:?}");
                    assert!(hit.face != FACE_INSIDE || t == 0.0, "{ray:?}");
                    hits += 1;
                }
                // Exactly through an edge or along a side: either is right.
                (a, b) => {
                    let near = reference::disagreement(&ray, a.map(|a| a.1.as_ivec3()), b.map(|b| b.voxel));
                    assert!(near < 1e-9, "{ray:?}: {a:?}, not {b:?}; {near} from an edge");
                }
            }
        }
        assert!(hits > 500, "only {hits} rays hit anything");
    }
}

/// Where a ray enters a voxel: 0 if it starts inside.
fn slab(ray: &Ray, low: DVec3) -> Option<f64> {
    let (mut enter, mut leave) = (0.0f64, f64::INFINITY);
    for i in 0..3 {
        let (o, d) = (ray.origin[i], ray.direction[i]);
        if d == 0.0 {
            if o < low[i] || o >= low[i] + 1.0 {
                return None;
            }
        } else {
            let (a, b) = ((low[i] - o) / d, (low[i] + 1.0 - o) / d);
            (enter, leave) = (enter.max(a.min(b)), leave.min(a.max(b)));
        }
    }
    (enter < leave).then_some(enter)
}

/// Compares the march through cells of every size that leads to all bricks with the reference; gives the share of rays that differ, all of them near an edge.
fn compare(
    map: &crate::voxel::BrickMap,
    solid: &impl Fn(IVec3) -> bool,
    rays: impl Iterator<Item = (Ray, Vec3, Vec3)>,
) -> f64 {
    let formats = Format::ALL.into_iter().filter(|format| map.bricks.len() <= format.most_bricks());
    let grids: Vec<TopGrid> = formats.map(|format| TopGrid::with_cells(map, format)).collect();
    let (mut count, mut differ) = (0u32, 0u32);
    let rays = rays.map(|(ray, origin, direction)| (reference::trace(map.size, solid, &ray), ray, origin, direction));
    for ((truth, ray, origin, direction), grid) in rays.flat_map(|ray| grids.iter().map(move |grid| (ray, grid))) {
        count += 1;
        differ += u32::from(differs(&ray, truth, march::trace(map, grid, origin, direction)));
    }
    f64::from(differ) / f64::from(count)
}

/// Whether a march hit another voxel than the reference, which only rays near an edge may.
fn differs(ray: &Ray, truth: Option<reference::Hit>, seen: Option<march::Seen>) -> bool {
    let direction = ray.direction;
    if truth.map(|hit| hit.voxel) != seen.map(|hit| hit.0) {
        let near = reference::disagreement(ray, truth.map(|hit| hit.voxel), seen.map(|hit| hit.0));
        assert!(near < 1e-3, "{ray:?}: {seen:?}, not {truth:?}; {near} from an edge");
        return true;
    }
    if let (Some(truth), Some(seen)) = (truth, seen) {
        let way = direction.length();
        assert!(
            (truth.t - f64::from(seen.2)).abs() * way < 1e-3 * (1.0 + truth.t * way * 1e-3),
            "{ray:?}: {seen:?}, not {truth:?}"
        );
        let face_differs = truth.face != seen.1;
        assert!(!face_differs || reference::edge_distance(ray, truth.voxel) < 1e-3, "{ray:?}: {seen:?}, not {truth:?}");
    }
    false
}

#[test]
fn a_march_from_the_nearest_box_on_finds_the_hit() {
    let mut random = Random(4);
    let size = UVec3::new(200, 260, 190);
    let (scene, solid) = scene(33, size);
    let grid = TopGrid::of(&scene.map);
    for edge in [8, 64, 256] {
        let cells = VoxelCells::of(&scene.map, edge).cells;
        let (mut differ, mut hits, rays) = (0, 0, 500);
        for _ in 0..rays {
            let (origin, direction) = random_ray(&mut random, size);
            let ray = Ray { origin: origin.as_dvec3(), direction: direction.as_dvec3() };
            let enter = |[low, high]: [UVec3; 2]| {
                let [a, b] = [low, high].map(|corner| (corner.as_vec3() - origin) / direction);
                let (near, far) = (a.min(b).max_element().max(0.0), a.max(b).min_element());
                (near <= far).then_some(near)
            };
            let start = cells.iter().filter_map(|cell| enter(cell.extent())).min_by(f32::total_cmp);
            let march = |start| march::trace_from(&scene.map, &grid, (origin, direction), start, &mut 0);
            let seen = start.and_then(march);
            hits += u32::from(seen.is_some());
            differ += u32::from(differs(&ray, reference::trace(size, &solid, &ray), seen));
        }
        assert!(
            differ * 100 < rays && hits * 10 > rays,
            "{differ} of {rays} rays from boxes of {edge}³ on differ, {hits} hit"
        );
    }
}

#[test]
fn the_march_agrees_with_the_reference_on_random_rays() {
    let mut random = Random(2);
    for (seed, size) in
        [(30, [16, 16, 16]), (31, [50, 40, 33]), (32, [130, 20, 140]), (33, [200, 260, 190]), (34, [600, 40, 530])]
    {
        let size = UVec3::from_array(size);
        let (scene, solid) = scene(seed, size);
        let rays = (0..8_000).map(|_| random_ray(&mut random, size));
        let rays = rays.map(|(origin, direction)| {
            (Ray { origin: origin.as_dvec3(), direction: direction.as_dvec3() }, origin, direction)
        });
        let share = compare(&scene.map, &solid, rays);
        assert!(share < 1e-2, "{share} of the rays through scene {seed} differ");
    }
}

#[test]
fn the_march_agrees_with_the_reference_on_pictures() {
    let ball = |at: IVec3| (at - 100).as_vec3().length() < 90.0 || at.y < 3;
    let hollow = |at: IVec3| (at.x % 20 < 2) as u8 + (at.y % 20 < 2) as u8 + (at.z % 20 < 2) as u8 >= 2;
    let dust = |at: IVec3| random_voxel(40, at).is_some();
    type Solid = fn(IVec3) -> bool;
    let scenes: [(&str, Solid); 3] = [("ball", ball), ("lattice", hollow), ("dust", dust)];
    for (name, solid) in scenes {
        let size = UVec3::splat(200);
        let scene = Scene::from_fn(name, size, move |at| solid(at).then_some(0)).expect("it has voxels");
        let view = View {
            eye: Vec3::new(310.0, 260.0, 420.0),
            target: Vec3::splat(100.0),
            fov_y: 0.7,
            sun_direction: Vec3::Y,
        };
        let (camera, extent) = (view.camera(), UVec2::splat(256));
        let rays = (0..256 * 256).map(|i| {
            let pixel = UVec2::new(i % 256, i / 256);
            let (origin, direction) = primary(&camera, extent, pixel);
            (Ray::primary(&camera, extent, pixel), origin, direction)
        });
        let share = compare(&scene.map, &solid, rays);
        println!("{name}: {:.4}% of the pixels differ", share * 100.0);
        assert!(share < 1e-3, "{share} of the pixels of {name} differ");
    }
}

/// `primary_direction` of `voxel_view.glsl`.
fn primary(camera: &crate::voxel::CameraUniform, extent: UVec2, pixel: UVec2) -> (Vec3, Vec3) {
    let vector = |v: [f32; 4]| Vec3::new(v[0], v[1], v[2]);
    let extent = extent.as_vec2();
    let at = (pixel.as_vec2() + 0.5) / extent * 2.0 - 1.0;
    (
        vector(camera.position),
        vector(camera.forward) + vector(camera.right) * (at.x * extent.x / extent.y) - vector(camera.up) * at.y,
    )
}

#[test]
fn steps_are_far_fewer_than_voxels() {
    let (scene, _) = scene(33, UVec3::new(150, 60, 190));
    let grid = TopGrid::of(&scene.map);
    let (mut random, mut steps, mut count) = (Random(3), 0, 0);
    for _ in 0..20_000 {
        let (origin, direction) = random_ray(&mut random, scene.map.size);
        march::trace_counting(&scene.map, &grid, origin, direction, &mut steps);
        count += 1;
    }
    let mean = steps as f64 / f64::from(count);
    println!("{mean:.1} steps a ray");
    assert!(mean < 20.0);
}

#[test]
fn edges_are_as_far_as_they_look() {
    let ray = |x: f64, y: f64| Ray { origin: DVec3::new(x, y, -5.0), direction: DVec3::Z };
    let near = |x, y| reference::edge_distance(&ray(x, y), IVec3::ZERO);
    assert!((near(0.5, 0.25) - 0.25).abs() < 1e-12);
    assert!((near(0.999, 0.5) - 0.001).abs() < 1e-12);
    assert!((near(1.002, 0.5) - 0.002).abs() < 1e-9);
    assert_eq!(near(3.0, 0.5), f64::INFINITY);
    assert_eq!(reference::disagreement(&ray(0.5, 0.5), Some(IVec3::ZERO), Some(IVec3::ZERO)), 0.0);
    assert_eq!(reference::disagreement(&ray(5.5, 0.5), None, None), 0.0);
}
