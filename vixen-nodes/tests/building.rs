//! Scenes that the GPU builds against those that the CPU builds, word for word, under validation.

use std::path::Path;

use bytemuck::{Pod, pod_read_unaligned};
use glam::{IVec3, UVec3};
use vixen::testing::serial;
use vixen::{Block, Buffer, CompiledGraph, Device, DeviceOptions, Graph, Readback};
use vixen_nodes::voxel::{
    BrickVoxels, Column, Content, Cube, Material, Procedural, ProceduralKind, SceneKind, SceneSource, Surface,
    SurfaceTriangle, SurfaceVertex, VoxelSource,
};
use vixen_nodes::{BuildError, BuildRoom, BuildTotals, VoxelBuilder};

fn device() -> Device {
    serial();
    Device::new(&DeviceOptions::new().application_name("vixen tests").validation(true))
        .expect("the tests need a Vulkan device and the validation layer: `./x test` installs both")
}

fn land(resolution: u32) -> SceneSource {
    let heightmap = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/assets/jacksboro-dem.png");
    SceneSource::open(Path::new(heightmap), resolution, &|_| ()).expect("the heightmap is in the repository")
}

/// The first elements of a buffer that was read back.
fn read<T: Block + Pod>(graph: &CompiledGraph, buffer: Readback<Buffer<[T]>>, count: u32) -> Vec<T> {
    let (_, bytes) = graph.read(buffer).expect("the device lives").expect("the frame has finished");
    bytes.chunks_exact(size_of::<T>()).take(count as usize).map(pod_read_unaligned).collect()
}

#[test]
fn land_is_built_as_on_the_cpu() {
    // Roots of levels 2, 3 and 4; sizes that cut bricks and cells.
    compare([77, 300, 520].map(land));
}

const KNOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/assets/knot.glb");

#[test]
fn triangles_are_built_as_on_the_cpu() {
    let knot =
        |resolution| SceneSource::open(Path::new(KNOT), resolution, &|_| ()).expect("the model is in the repository");
    compare([67, 260].map(knot));
}

#[test]
fn triangles_without_normals_are_built_as_on_the_cpu() {
    let mut bytes = std::fs::read(KNOT).expect("the model is in the repository");
    // An attribute that nobody knows.
    let name = bytes.windows(8).position(|name| name == b"\"NORMAL\"").expect("the knot has normals");
    bytes[name + 1] = b'_';
    let flat = SceneSource::from_bytes(Path::new(KNOT), &bytes, 130, &|_| ()).expect("it has triangles still");
    compare([flat]);
}

#[test]
fn triangles_of_any_size_are_built_as_on_the_cpu() {
    // Two that cross thousands of bricks, a line, a point, and a fan of 200 in one brick.
    let mut corners = vec![[0.0, 0.0, 0.0], [300.0, 40.0, 10.0], [20.0, 290.0, 280.0]];
    corners.extend([[0.0, 300.0, 0.0], [150.0, 150.0, 40.0], [300.0, 0.0, 80.0]]);
    corners.extend([[50.0, 7.0, 299.0]; 3]);
    corners.extend([[300.0, 0.0, 300.0], [0.0, 2.0, 299.0], [299.0, 1.0, 0.0]]);
    for i in 0..200u8 {
        let at = |i: u8| [100.0 + f32::from(i % 15) * 0.3, 101.0 + f32::from(i % 7) * 0.4, 203.0 + f32::from(i % 4)];
        corners.extend([at(i), at(i.wrapping_mul(7)), at(i.wrapping_mul(13).wrapping_add(5))]);
    }
    let source = SceneSource::from_bytes(Path::new("wide.glb"), &glb(&corners), 301, &|_| ());
    compare([source.expect("it is a model")]);
}

#[test]
fn many_triangles_in_a_brick_are_built_as_on_the_cpu() {
    // So many that they are sorted by their digits. Large ones come first and once more at the end, turned over, so that sums of normals
    // are what rounding leaves of the small ones between them, which is another in another order.
    let mut corners = vec![[0.0; 3], [64.0, 0.0, 0.0], [0.0, 64.0, 64.0]];
    let at = |number: u32, axis: u32| (number.wrapping_mul(2_654_435_769 + 97 * axis) >> 8) as f32 / (1 << 24) as f32;
    let triangle = |number: u32, size: f32| -> [[f32; 3]; 3] {
        let place: [f32; 3] = std::array::from_fn(|axis| [24.5, 8.5, 40.5][axis] + 4.0 * at(number, axis as u32));
        [0, 1, 2]
            .map(|corner| std::array::from_fn(|axis| place[axis] + size * at(3 * number + corner, 3 + axis as u32)))
    };
    corners.extend((0..3000).flat_map(|number| triangle(number, 3.0)));
    corners.extend((3000..9000).flat_map(|number| triangle(number, 0.03)));
    corners.extend((0..3000).rev().flat_map(|number| triangle(number, 3.0)).rev());
    let source = SceneSource::from_bytes(Path::new("many.glb"), &glb(&corners), 64, &|_| ());
    compare([source.expect("it is a model")]);
}

#[test]
fn what_is_seen_from_both_sides_is_built_as_on_the_cpu() {
    // A plane in each layer of voxels, seen from both sides, so that normals cancel out and cells are solid all through; and one beside
    // them, whose bricks stand after those that are no more.
    let mut corners = Vec::new();
    let mut plane = |z: f32, low: f32, high: f32| {
        let [a, b, c, d] = [[low, low, z], [high, low, z], [high, high, z], [low, high, z]];
        corners.extend([a, b, c, a, c, b, a, c, d, a, d, c]);
    };
    (0..64u8).for_each(|layer| plane(f32::from(layer) + 0.5, 0.0, 64.0));
    plane(70.5, 66.0, 90.0);
    plane(0.0, 0.0, 0.5);
    plane(99.0, 0.0, 0.5);
    let source = SceneSource::from_bytes(Path::new("full.glb"), &glb(&corners), 99, &|_| ()).expect("it is a model");
    let map = source.build(&|_| ()).expect("it has voxels").map;
    assert!(map.nodes.iter().any(|node| node.first == u32::MAX), "cells are solid all through");
    assert!(map.get(IVec3::new(70, 70, 70)).is_some_and(|voxel| voxel.normal.is_none()));
    compare([source]);
}

#[test]
fn sheets_with_two_sides_have_no_normals() {
    // A twisted sheet, and the same triangles turned over from another corner on: sums of normals round to what is not quite zero.
    let at = |x: u8, z: u8| [f32::from(x), 30.0 + 0.03 * f32::from(x) * (f32::from(z) - 20.0), f32::from(z)];
    let mut corners = Vec::new();
    for (x, z) in (0..60).step_by(3).flat_map(|x| (0..60).step_by(3).map(move |z| (x, z))) {
        let [a, b, c, d] = [at(x, z), at(x + 3, z), at(x + 3, z + 3), at(x, z + 3)];
        corners.extend([a, b, c, a, c, d, a, c, b, a, d, c]);
    }
    // And one with a single side.
    corners.extend([[70.0, 0.0, 0.0], [90.0, 0.0, 5.0], [70.0, 20.0, 30.0]]);
    let source = SceneSource::from_bytes(Path::new("sheet.glb"), &glb(&corners), 90, &|_| ()).expect("it is a model");
    let map = source.build(&|_| ()).expect("it has voxels").map;
    let size = map.size.as_ivec3();
    let all = (0..size.z).flat_map(|z| (0..size.y).flat_map(move |y| (0..size.x).map(move |x| IVec3::new(x, y, z))));
    let has_normal = |at: IVec3| Some((at, map.get(at)?.normal.is_some()));
    assert!(all.filter_map(has_normal).all(|(at, has_normal)| has_normal == (at.x > 54)));
    compare([source]);
}

/// A model of the triangles with these corners.
fn glb(corners: &[[f32; 3]]) -> Vec<u8> {
    let (count, bytes) = (corners.len(), size_of_val(corners));
    let mut json = format!(
        r#"{{"asset":{{"version":"2.0"}},"scene":0,"scenes":[{{"nodes":[0]}}],"nodes":[{{"mesh":0}}],
        "meshes":[{{"primitives":[{{"attributes":{{"POSITION":0}}}}]}}],
        "accessors":[{{"bufferView":0,"componentType":5126,"count":{count},"type":"VEC3"}}],
        "bufferViews":[{{"buffer":0,"byteLength":{bytes}}}],"buffers":[{{"byteLength":{bytes}}}]}}"#
    );
    json += &" ".repeat(json.len().next_multiple_of(4) - json.len());
    let mut file = b"glTF".to_vec();
    let mut words = |words: &[usize]| file.extend(words.iter().flat_map(|word| (*word as u32).to_le_bytes()));
    words(&[2, 28 + json.len() + bytes, json.len(), 0x4E4F_534A]);
    file.extend(json.into_bytes());
    file.extend([bytes as u32, 0x004E_4942].map(u32::to_le_bytes).as_flattened());
    file.extend(bytemuck::cast_slice(corners));
    file
}

/// Builds scenes on both.
fn compare<const N: usize>(sources: [SceneSource; N]) {
    let device = device();
    for source in sources {
        let name = &source.name;
        let expected = source.build(&|_| ()).expect("it has voxels").map;
        let builder = VoxelBuilder::new(&device, &source).expect("it can be built");
        let graph = Graph::without_output();
        let built = builder.add(&graph, builder.likely_room());
        let nodes = graph.read_back(&built.nodes);
        let bricks = graph.read_back(&built.bricks);
        let masks = graph.read_back(&built.masks);
        let attributes = graph.read_back(&built.attributes);
        let totals = graph.read_back(&built.totals);
        let mut graph = graph.compile(&device).unwrap_or_else(|error| panic!("{error}"));
        // Twice: what a build leaves behind must not disturb the next.
        for _ in 0..2 {
            graph.frame().expect("the frame runs");
            graph.wait().expect("the frame ends");
            let (_, bytes) = graph.read(totals).expect("the device lives").expect("the frame has finished");
            let totals: BuildTotals = pod_read_unaligned(bytes);
            assert_eq!(totals.solid_voxels(), expected.solid_voxels);
            let room = BuildRoom {
                nodes: expected.nodes.len() as u32,
                bricks: expected.bricks.len() as u32,
                masks: expected.masks.len() as u32 / 4,
                words: expected.attributes.len() as u32,
            };
            assert_eq!(totals.room(), room, "{name}, {:?}", expected.size);
            assert_eq!(read(&graph, nodes, room.nodes), expected.nodes, "{name}, {:?}", expected.size);
            let words = read(&graph, masks, room.masks);
            assert_eq!(bytemuck::cast_slice::<_, u8>(&words), expected.masks, "{name}, {:?}", expected.size);
            assert_eq!(read(&graph, attributes, room.words), expected.attributes, "{name}, {:?}", expected.size);
            assert_eq!(read(&graph, bricks, room.bricks), expected.bricks, "{name}, {:?}", expected.size);
        }
    }
    let messages = device.validation_messages();
    assert!(messages.is_empty(), "the validation layer reported:\n{}", messages.join("\n"));
}

#[test]
fn a_build_without_room_says_how_much_it_needs() {
    let device = device();
    let knot = SceneSource::open(Path::new(KNOT), 67, &|_| ()).expect("the model is in the repository");
    for source in [land(100), knot] {
        let builder = VoxelBuilder::new(&device, &source).expect("it is land, or a model");
        let expected = source.build(&|_| ()).expect("it has voxels").map;
        let graph = Graph::without_output();
        let built = builder.add(&graph, BuildRoom { nodes: 1, bricks: 2, masks: 3, words: 4 });
        let totals = graph.read_back(&built.totals);
        let bricks = graph.read_back(&built.bricks);
        let mut graph = graph.compile(&device).unwrap_or_else(|error| panic!("{error}"));
        graph.frame().expect("the frame runs");
        graph.wait().expect("the frame ends");
        let (_, bytes) = graph.read(totals).expect("the device lives").expect("the frame has finished");
        let room = pod_read_unaligned::<BuildTotals>(bytes).room();
        assert_eq!((room.bricks, room.words), (expected.bricks.len() as u32, expected.attributes.len() as u32));
        assert_eq!(read(&graph, bricks, 2), expected.bricks[..2]);
    }
    assert!(device.validation_messages().is_empty());
}

/// Land or a surface of a user's own, who says of it what may be wrong.
struct Own {
    size: UVec3,
    columns: Option<Vec<Column>>,
    surface: Option<Surface>,
}

impl VoxelSource for Own {
    fn size(&self) -> UVec3 {
        self.size
    }

    fn content(&self, _: Cube) -> Content {
        Content::Mixed
    }

    fn columns(&self) -> Option<Vec<Column>> {
        self.columns.clone()
    }

    fn surface(&self) -> Option<Surface> {
        self.surface.clone()
    }

    fn fill(&self, _: UVec3, _: &mut BrickVoxels) {}
}

impl Own {
    fn source(self) -> SceneSource {
        let palette = Box::new([Material { color: [0.5; 4] }; 256]);
        SceneSource { name: "own".to_owned(), kind: SceneKind::Model, palette, voxels: Box::new(self) }
    }
}

#[test]
fn a_surface_of_ones_own_is_built() {
    let device = device();
    let vertex = |x: f32, y: f32| SurfaceVertex { position: [x, y, 10.5], normal: [0.0; 3] };
    let vertices = [vertex(8.5, 8.5), vertex(39.5, 8.5), vertex(39.5, 39.5), vertex(8.5, 39.5)].to_vec();
    let triangles = [[0, 1, 2], [0, 2, 3]].map(|corners| SurfaceTriangle { corners, material: 7 }).to_vec();
    let size = UVec3::new(50, 40, 20);
    let surface = Surface::new(size, vertices, triangles).expect("all lie inside");
    let source = Own { size, columns: None, surface: Some(surface) }.source();
    let builder = VoxelBuilder::new(&device, &source).expect("it can be built");
    let graph = Graph::without_output();
    let built = builder.add(&graph, builder.likely_room());
    let totals = graph.read_back(&built.totals);
    let mut graph = graph.compile(&device).unwrap_or_else(|error| panic!("{error}"));
    graph.frame().expect("the frame runs");
    graph.wait().expect("the frame ends");
    let (_, bytes) = graph.read(totals).expect("the device lives").expect("the frame has finished");
    assert_eq!(pod_read_unaligned::<BuildTotals>(bytes).solid_voxels(), 32 * 32);
    assert_eq!(device.validation_messages(), Vec::<String>::new());
}

#[test]
fn what_contradicts_itself_is_refused() {
    let device = device();
    let size = UVec3::new(64, 20, 50);
    let refused = |columns, surface| {
        let error = VoxelBuilder::new(&device, &Own { size, columns, surface }.source()).map(|_| ());
        error.expect_err("it is wrong").to_string()
    };
    let columns = |count, height, ground| Some(vec![Column { height, ground }; count]);
    assert_eq!(
        refused(columns(64 * 49, 5.0, 0), None),
        "own cannot be built: it has 3136 columns of land, not 3200, one for each x and z of its size"
    );
    for (height, ground) in [(f32::NAN, 0), (5.0, 256)] {
        let message = refused(columns(64 * 50, height, ground), None);
        assert!(message.ends_with("the height must be finite, the material less than 256"), "{message}");
    }
    let other = |size| Surface::new(size, Vec::new(), Vec::new()).ok();
    let message = refused(None, other(UVec3::splat(64)));
    assert!(message.ends_with("its surface is of a scene of [64, 64, 64] voxels, not of [64, 20, 50]"), "{message}");
    assert!(refused(None, other(size)).ends_with("there is nothing to show"));
}

#[test]
fn what_has_no_shape_is_refused() {
    let device = device();
    let noise = SceneSource::procedural(Procedural::new(ProceduralKind::Noise, 64));
    let refused = |source| VoxelBuilder::new(&device, source).map(|_| ()).expect_err("it cannot be built");
    assert!(matches!(refused(&noise), BuildError::NoShape { .. }));
    assert!(matches!(refused(&land(20)), BuildError::TooSmall { .. }));
}
