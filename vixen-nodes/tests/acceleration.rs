//! Acceleration structures on a device, under validation: what rays meet, before and after updates, and what failures leave behind.

use glam::{Affine3A, Vec3};
use vixen::device::Feature;
use vixen::memory::Category;
use vixen::testing::serial;
use vixen::{
    AccelerationStructure, CompiledGraph, Device, DeviceOptions, Extent, Graph, Image, RayTracing, Readback, Rgba32Int,
    node,
};
use vixen_nodes::acceleration::{
    Aabb, AccelerationError, Blas, BlasDesc, Geometry, Instance, Prefer, Tlas, build_scene,
};
use vixen_nodes::{require_ray_tracing, traces_rays_in_hardware};

/// What each ray of a grid along z meets.
#[node(
    ray_tracing,
    raygen = "tests/shaders/probe.rgen.spv",
    miss = "tests/shaders/probe.rmiss.spv",
    hit(closest = "tests/shaders/probe_triangle.rchit.spv"),
    hit(closest = "tests/shaders/probe_box.rchit.spv", intersection = "tests/shaders/probe_box.rint.spv")
)]
struct Probe {
    #[acceleration_structure]
    scene: AccelerationStructure,
    /// Instance, primitive, z, kind; -1 for nothing.
    #[storage(write)]
    met: Image<Rgba32Int>,
}

#[node]
impl RayTracing for Probe {
    fn record(view: &View, commands: &mut Commands) {
        commands.trace_rays(view.met.extent());
    }
}

const WIDTH: u32 = 12;
const HEIGHT: u32 = 8;

type Met = [i32; 4];

fn device() -> Device {
    serial();
    let device = Device::new(&DeviceOptions::new().application_name("vixen tests").validation(true))
        .expect("the tests need a Vulkan device and the validation layer: `./x test` installs both");
    require_ray_tracing(&device).expect("the tests need a device that traces rays: `./x test` installs one");
    device
}

fn assert_clean(device: &Device) {
    let messages = device.validation_messages();
    assert!(messages.is_empty(), "the validation layer reported:\n{}", messages.join("\n"));
}

/// A graph that probes a structure.
struct Prober {
    graph: CompiledGraph,
    met: Readback<Image<Rgba32Int>>,
}

impl Prober {
    fn new(device: &Device, scene: &Tlas) -> Self {
        let graph = Graph::without_output();
        let probe = graph.add(Probe { scene: &graph.add(scene), met: graph.image(Extent::fixed(WIDTH, HEIGHT)) });
        let met = graph.read_back(&probe.met);
        Self { graph: graph.compile(device).expect("the graph is valid"), met }
    }

    /// Everything that was met, with where.
    fn probe(&mut self) -> Vec<((u32, u32), Met)> {
        // Two frames, so that both frames in flight see the structure.
        for _ in 0..2 {
            self.graph.frame().expect("the frame runs");
        }
        self.graph.wait().expect("the frames end");
        let (_, bytes) = self.graph.read(self.met).expect("the device lives").expect("the frame has finished");
        let number = |bytes: &[u8]| i32::from_le_bytes(bytes.try_into().expect("four bytes"));
        let met = bytes.chunks_exact(16).map(|texel| [0, 4, 8, 12].map(|at| number(&texel[at..at + 4])));
        (0..)
            .zip(met)
            .filter(|(_, met)| *met != [-1; 4])
            .map(|(index, met)| ((index % WIDTH, index / WIDTH), met))
            .collect()
    }
}

/// `count` boxes of edge 1 in a row, two apart.
fn boxes(count: u32) -> Vec<Aabb> {
    let at = |n: u32| Aabb { low: [2.0 * n as f32, 0.0, 0.0], high: [2.0 * n as f32 + 1.0, 1.0, 1.0] };
    (0..count).map(at).collect()
}

/// A square of edge 1 with its corner at x, as two triangles of which the first is below the diagonal.
fn square(x: f32) -> [[f32; 3]; 4] {
    [[x, 0.0, 0.0], [x + 1.0, 0.0, 0.0], [x + 1.0, 1.0, 0.0], [x, 1.0, 0.0]]
}
const SQUARE: [u32; 6] = [0, 1, 2, 0, 2, 3];

fn at(blas: &Blas, index: u32, hit_group: u32, x: f32, y: f32, z: f32) -> Instance {
    let transform = Affine3A::from_translation(Vec3::new(x, y, z));
    Instance { hit_group, ..Instance::new(blas).index(index).transform(transform) }
}

#[test]
fn rays_meet_what_was_built_updated_and_rebuilt() {
    let device = device();
    let (boxes, corners) = (boxes(3), square(-0.25));
    let triangles = Geometry::Triangles { vertices: &corners, indices: &SQUARE };
    let descs = [
        BlasDesc::new("boxes", Geometry::Aabbs(&boxes)),
        BlasDesc::new("square", triangles).updatable().prefer(Prefer::FastBuild),
    ];
    let scene = |blases: &[Blas]| {
        vec![
            at(&blases[0], 7, 1, 1.0, 2.0, 5.0),
            // Hides the second of the boxes, but not to rays of this mask.
            Instance { mask: 0x02, ..at(&blases[1], 8, 0, 3.0, 2.0, 1.0) },
            at(&blases[1], 9, 0, 5.0, 2.0, 4.0),
        ]
    };
    let (blases, mut tlas) = build_scene(&device, "scene", &descs, scene).expect("it can be built");
    let mut prober = Prober::new(&device, &tlas);
    let first = prober.probe();
    // The square at (5, 2) starts a quarter to the left: the ray at 5.5 is in its right half, below the diagonal.
    assert_eq!(first, [((1, 2), [7, 0, 5, 1]), ((3, 2), [7, 1, 5, 1]), ((5, 2), [9, 0, 4, 0])]);

    // Moved, and one turned by a quarter about z so that its boxes stand in a column.
    let quarter =
        Affine3A::from_translation(Vec3::new(9.0, 1.0, 2.0)) * Affine3A::from_rotation_z(std::f32::consts::FRAC_PI_2);
    let moved = [
        at(&blases[0], 7, 1, 1.0, 2.0, 5.0).transform(quarter),
        at(&blases[1], 8, 0, 3.0, 2.0, 1.0),
        at(&blases[1], 9, 0, 5.0, 7.0, -3.0),
    ];
    tlas.update(&moved).expect("as many instances");
    let turned = [
        ((8, 1), [7, 0, 2, 1]),
        ((3, 2), [8, 0, 1, 0]),
        ((8, 3), [7, 1, 2, 1]),
        ((8, 5), [7, 2, 2, 1]),
        ((5, 7), [9, 0, -3, 0]),
    ];
    assert_eq!(prober.probe(), turned);

    // The square moves to the right within its own space.
    let there = square(2.75);
    let geometry = Geometry::Triangles { vertices: &there, indices: &SQUARE };
    blases[1].update(&device, geometry).expect("it was built for updates");
    tlas.update(&moved).expect("as many instances");
    let right = prober.probe();
    assert!(right.contains(&((6, 2), [8, 0, 1, 0])) && right.contains(&((8, 7), [9, 0, -3, 0])), "{right:?}");
    assert_eq!(right.len(), turned.len());

    // Fewer instances, in the same place in memory; the graph knows nothing of it.
    tlas.rebuild(&[at(&blases[0], 3, 1, 0.0, 0.0, 0.0)]).expect("there is room");
    assert_eq!(prober.probe(), [((0, 0), [3, 0, 0, 1]), ((2, 0), [3, 1, 0, 1]), ((4, 0), [3, 2, 0, 1])]);
    tlas.rebuild(&[]).expect("there is room for none");
    assert_eq!(prober.probe(), []);

    let error = tlas.update(&moved).expect_err("another number of instances").to_string();
    assert_eq!(error, "'scene' cannot be updated: it has 0 instances, not 3; rebuild it");
    let four: Vec<_> = moved.iter().cloned().chain([moved[0].clone()]).collect();
    let error = tlas.rebuild(&four).expect_err("no room").to_string();
    assert_eq!(error, "'scene' cannot be updated: it has room for 3 instances, not for 4");
    let error = blases[0].update(&device, Geometry::Aabbs(&boxes)).expect_err("not built for it").to_string();
    assert_eq!(error, "'boxes' cannot be updated: it was not built for updates; build it with `BlasDesc::updatable`");
    let error = blases[1].update(&device, Geometry::Aabbs(&boxes)).expect_err("another shape");
    assert!(matches!(error, AccelerationError::NotUpdatable { .. }));
    drop((prober, tlas, blases));
    assert_clean(&device);
}

/// Stretched unevenly, mirrored, and both at once with a turn: where rays meet them follows from the transform alone.
#[test]
fn instances_may_be_stretched_and_mirrored() {
    let device = device();
    let (boxes, corners) = (boxes(2), square(0.0));
    let triangles = Geometry::Triangles { vertices: &corners, indices: &SQUARE };
    let descs = [BlasDesc::new("boxes", Geometry::Aabbs(&boxes)), BlasDesc::new("square", triangles)];
    let placed = |x: f32, y: f32, z: f32| Affine3A::from_translation(Vec3::new(x, y, z));
    let scaled = |x: f32, y: f32, z: f32| Affine3A::from_scale(Vec3::new(x, y, z));
    let scene = |blases: &[Blas]| {
        let at = |blas: usize, index, transform| Instance {
            hit_group: 1 - blas as u32,
            ..Instance::new(&blases[blas]).index(index).transform(transform)
        };
        vec![
            // The boxes along x from 0 to 2 and from 4 to 6, two high.
            at(0, 1, placed(0.0, 0.0, 3.0) * scaled(2.0, 2.0, 0.5)),
            // From 11 down to 9 and from 7 down to 5.
            at(0, 2, placed(11.0, 3.0, 3.0) * scaled(-2.0, 1.0, 1.0)),
            // The square seen from behind.
            at(1, 3, placed(3.0, 5.0, 4.0) * scaled(-3.0, 1.0, 1.0)),
            // Turned, mirrored and stretched: the row of boxes goes down along y, three wide.
            at(
                0,
                4,
                placed(8.0, 8.0, 5.0)
                    * Affine3A::from_rotation_z(-std::f32::consts::FRAC_PI_2)
                    * scaled(1.0, 3.0, 2.0)
                    * scaled(1.0, -1.0, 1.0),
            ),
        ]
    };
    let (_blases, tlas) = build_scene(&device, "scene", &descs, scene).expect("it can be built");
    let met = Prober::new(&device, &tlas).probe();
    let row = |y: u32, index: i32, z: i32| -> Vec<_> {
        met.iter()
            .filter(|((_, at), [instance, _, depth, _])| *at == y && *instance == index && *depth == z)
            .map(|((x, _), [_, primitive, ..])| (*x, *primitive))
            .collect()
    };
    for y in 0..2 {
        assert_eq!(row(y, 1, 3), [(0, 0), (1, 0), (4, 1), (5, 1)], "{met:?}");
    }
    assert_eq!(row(3, 2, 3), [(5, 1), (6, 1), (9, 0), (10, 0)], "{met:?}");
    assert_eq!(row(5, 3, 4).into_iter().map(|(x, _)| x).collect::<Vec<_>>(), [0, 1, 2], "{met:?}");
    assert_eq!([row(7, 4, 5), row(5, 4, 5)].map(|row| row.len()), [3, 3], "{met:?}");
    drop((tlas, _blases));
    assert_clean(&device);
}

#[test]
fn many_at_once_are_what_one_by_one_are_compacted_or_not() {
    let device = device();
    let geometry: Vec<_> = (1..=64).map(boxes).collect();
    let built = |compact: bool, at_once: bool| {
        let desc = |boxes| {
            let desc = BlasDesc::new("boxes", Geometry::Aabbs(boxes));
            if compact { desc.compact() } else { desc }
        };
        let descs: Vec<_> = geometry.iter().map(|boxes| desc(boxes)).collect();
        let blases = if at_once {
            Blas::build_many(&device, &descs).expect("they can be built")
        } else {
            descs.iter().map(|desc| Blas::build(&device, desc).expect("it can be built")).collect()
        };
        let bytes: u64 = blases.iter().map(|blas| blas.structure().size()).sum();
        // One above the other, each as far in z as it is long, so that every square of the picture tells which was met.
        let instances: Vec<_> =
            (0..).zip(&blases).map(|(n, blas)| at(blas, n, 1, 0.0, (n % HEIGHT) as f32, n as f32)).collect();
        let tlas = Tlas::build(&device, "all", &instances).expect("it can be built");
        drop(blases);
        (Prober::new(&device, &tlas).probe(), bytes)
    };
    // In each row the first instance is met as far as it reaches, and beyond that the next one.
    let nearest = |x: u32, y: u32| {
        ((2 * x, y), [if x <= y { y } else { y + 8 }, x, if x <= y { y } else { y + 8 }, 1].map(|v| v as i32))
    };
    let expected: Vec<_> = (0..HEIGHT).flat_map(|y| (0..WIDTH / 2).map(move |x| nearest(x, y))).collect();
    let (met, bytes) = built(false, false);
    assert_eq!(met, expected);
    assert_eq!(built(false, true), (expected.clone(), bytes));
    for at_once in [false, true] {
        let (met, compacted) = built(true, at_once);
        assert_eq!(met, expected);
        assert!(compacted <= bytes, "{compacted} bytes compacted, {bytes} as built");
    }
    assert_clean(&device);
}

#[test]
fn a_failure_in_the_middle_frees_what_was_made_before() {
    let device = device();
    let boxes = boxes(5000);
    let descs = [
        BlasDesc::new("first", Geometry::Aabbs(&boxes)).compact(),
        BlasDesc::new("second", Geometry::Aabbs(&boxes[..3000])),
        BlasDesc::new("third", Geometry::Aabbs(&boxes[..4000])).compact(),
    ];
    let scene = |blases: &[Blas]| blases.iter().map(Instance::new).collect();
    let before = device.budget().usage();
    let unlimited = before.limit;
    let mut failures = 0;
    // Every limit from nothing on, until all of it fits.
    let built = (0..).find_map(|step| {
        device.budget().set_limit(before.in_use + step * 65_536);
        match build_scene(&device, "scene", &descs, scene) {
            Ok(built) => Some(built),
            Err(error) => {
                assert!(error.to_string().contains("of the budget of"), "{error}");
                let after = device.budget().usage();
                assert_eq!((after.in_use, after.resources), (before.in_use, before.resources), "{error}");
                failures += 1;
                None
            }
        }
    });
    let (blases, mut tlas) = built.expect("it fits at last");
    assert!(failures > 10, "{failures} limits were too low: they end in different places");

    // Nothing but the structures stays: input and scratch memory are gone.
    let bytes = blases.iter().map(Blas::bytes).sum::<u64>() + tlas.bytes();
    assert_eq!(device.budget().usage().of(Category::AccelerationStructure), bytes);

    // A rebuild that finds no memory changes nothing.
    device.budget().set_limit(device.budget().usage().in_use);
    let error = tlas.rebuild(&[Instance::new(&blases[1])]).expect_err("there is no memory").to_string();
    assert!(error.contains("of the budget of"), "{error}");
    device.budget().set_limit(unlimited);
    tlas.update(&blases.iter().map(Instance::new).collect::<Vec<_>>()).expect("it still has three instances");
    drop((blases, tlas));
    let after = device.budget().usage();
    assert_eq!((after.in_use, after.resources), (before.in_use, before.resources));
    assert_clean(&device);
}

#[test]
fn what_has_a_second_life_is_kept_by_what_refers_to_it() {
    let device = device();
    let before = device.budget().usage().resources;
    let boxes = boxes(2);
    let blas = Blas::build(&device, &BlasDesc::new("boxes", Geometry::Aabbs(&boxes))).expect("it can be built");
    let tlas = Tlas::build(&device, "scene", &[at(&blas, 1, 1, 0.0, 0.0, 0.0)]).expect("it can be built");
    let mut prober = Prober::new(&device, &tlas);
    // Only the compiled graph holds on to them now.
    drop((blas, tlas));
    assert_eq!(prober.probe(), [((0, 0), [1, 0, 0, 1]), ((2, 0), [1, 1, 0, 1])]);
    drop(prober);
    assert_eq!(device.budget().usage().resources, before);
    assert_clean(&device);
}

#[test]
fn instances_that_a_device_would_choke_on_are_refused() {
    let device = device();
    let boxes = boxes(2);
    let updatable = |device| {
        let desc = BlasDesc::new("boxes", Geometry::Aabbs(&boxes)).updatable();
        Blas::build(device, &desc).expect("two boxes are small")
    };
    let elsewhere = Device::new(&DeviceOptions::new().validation(true)).expect("there is a driver");
    let (own, foreign) = (updatable(&device), updatable(&elsewhere));
    let said = |instances: &[Instance]| Tlas::build(&device, "scene", instances).err().map(|error| error.to_string());
    assert_eq!(said(&[Instance::new(&own)]), None);
    let other = said(&[Instance::new(&own), Instance::new(&foreign)]).expect("it is another device's");
    assert!(other.starts_with("'boxes' does not belong to"), "{other}");
    assert!(foreign.update(&device, Geometry::Aabbs(&boxes)).is_err());
    for transform in [Affine3A::from_scale(Vec3::new(1.0, 0.0, 1.0)), Affine3A::from_translation(Vec3::NAN)] {
        let bad = said(&[Instance::new(&own), Instance::new(&own).transform(transform)]);
        assert_eq!(
            bad.as_deref(),
            Some("the transform of instance 1 of 'scene' is not finite or flattens it: leave it out")
        );
    }
    assert_clean(&device);
    assert_clean(&elsewhere);
}

#[test]
fn geometry_alone_cannot_be_shared() {
    let device = device();
    let blas = Blas::build(&device, &BlasDesc::new("boxes", Geometry::Aabbs(&boxes(1)))).expect("it can be built");
    let graph = Graph::without_output();
    let _ = graph.share_acceleration_structure(blas.structure());
    let error = graph.compile(&device).map(drop).expect_err("it holds no instances").to_string();
    assert!(error.starts_with("'boxes' (shared at ") && error.contains("acceleration.rs:"), "{error}");
    assert!(error.ends_with("is no top-level acceleration structure; share one that holds instances of it"), "{error}");
}

#[test]
fn a_device_that_cannot_trace_rays_is_told_so() {
    for feature in [Feature::AccelerationStructure, Feature::RayTracingPipeline] {
        let options = DeviceOptions::new().application_name("vixen tests").validation(true).without(feature);
        let lesser = Device::new(&options).expect("a device without ray tracing serves");
        let complaint = format!(
            "the device '{}' lacks the feature {feature}: choose another device or a newer driver",
            lesser.info().name
        );
        assert!(!traces_rays_in_hardware(&lesser));
        let error = require_ray_tracing(&lesser).expect_err("it cannot").to_string();
        assert_eq!(error, complaint);
        let error = Blas::build(&lesser, &BlasDesc::new("boxes", Geometry::Aabbs(&boxes(1)))).expect_err("it cannot");
        assert_eq!(error.to_string(), complaint);
        let error = Tlas::build(&lesser, "scene", &[]).expect_err("it cannot").to_string();
        assert_eq!(error, complaint);
        assert_clean(&lesser);
    }
}
