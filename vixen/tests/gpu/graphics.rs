//! Graphics nodes: vertex and index buffers, attachments, depth, blending, indirect draws.

use vixen::{
    Block, Buffer, Compute, Depth32Float, Extent, FrameInfo, Graph, Graphics, Host, Image, R32Float, Rgba8Unorm, node,
};

use crate::common::nodes::{Amount, Tint};
use crate::common::{bytes, floats, in_every_order, on_device, step};
use crate::errors::refused;

#[derive(Clone, Copy, Block)]
#[repr(C)]
struct Vertex {
    position: [f32; 4],
    color: [f32; 4],
}

/// A quad over the left half, in two triangles, and its indices.
#[node(host)]
struct LeftHalf {
    #[create(len = 4)]
    vertices: Buffer<[Vertex]>,
    #[create(len = 6)]
    indices: Buffer<[u32]>,
}

#[node]
impl Host for LeftHalf {
    fn run(view: &mut View, _frame: &FrameInfo) {
        for (index, vertex) in view.vertices.iter_mut().enumerate() {
            let (x, y) = ((index % 2) as f32 - 1.0, (index / 2) as f32 * 2.0 - 1.0);
            *vertex = Vertex { position: [x, y, 0.5, 1.0], color: [1.0, 0.0, 1.0, 1.0] };
        }
        view.indices.copy_from_slice(&[0, 1, 2, 2, 1, 3]);
    }
}

#[node(graphics, vertex = "tests/shaders/mesh.vert.spv", fragment = "tests/shaders/mesh.frag.spv")]
struct DrawMesh {
    #[vertex]
    vertices: Buffer<[Vertex]>,
    #[index]
    indices: Buffer<[u32]>,
    #[color(clear = [0.0, 1.0, 0.0, 1.0])]
    color: Image<Rgba8Unorm>,
}

#[node]
impl Graphics for DrawMesh {
    fn record(view: &View, commands: &mut Commands) {
        commands.draw_indexed(0, view.indices.len() as u32, 1);
    }
}

const MAGENTA: [u8; 4] = [255, 0, 255, 255];
const GREEN: [u8; 4] = [0, 255, 0, 255];

#[test]
fn a_mesh_is_drawn_over_a_cleared_attachment() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let mesh = graph.add(LeftHalf {});
        let color = graph.image(Extent::fixed(8, 4));
        let drawn = graph.add(DrawMesh { vertices: &mesh.vertices, indices: &mesh.indices, color });
        let color = graph.read_back(&drawn.color);
        let mut compiled = compile(&graph);
        for _ in 0..3 {
            step(&mut compiled);
            let row = [[MAGENTA; 4], [GREEN; 4]].concat().concat();
            assert_eq!(bytes(&compiled, color), row.repeat(4));
        }
    });
}

#[derive(Clone, Copy, Block)]
#[repr(C)]
struct Corner {
    position: [f32; 4],
}

#[derive(Clone, Copy, Block)]
#[repr(C)]
struct Paint {
    color: [f32; 4],
}

/// The corners of the left half, and a colour for each of two instances.
#[node(host)]
struct Instances {
    #[create(len = 4)]
    corners: Buffer<[Corner]>,
    #[create(len = 2)]
    paints: Buffer<[Paint]>,
}

#[node]
impl Host for Instances {
    fn run(view: &mut View, _frame: &FrameInfo) {
        for (index, corner) in view.corners.iter_mut().enumerate() {
            corner.position = [(index % 2) as f32 - 1.0, (index / 2) as f32 * 2.0 - 1.0, 0.5, 1.0];
        }
        view.paints.copy_from_slice(&[Paint { color: [0.0; 4] }, Paint { color: [1.0, 0.0, 1.0, 1.0] }]);
    }
}

#[node(
    graphics,
    vertex = "tests/shaders/mesh.vert.spv",
    fragment = "tests/shaders/mesh.frag.spv",
    topology = triangle_strip
)]
struct DrawInstances {
    #[vertex]
    corners: Buffer<[Corner]>,
    #[vertex(instance)]
    paints: Buffer<[Paint]>,
    #[color(clear = [0.0, 1.0, 0.0, 1.0])]
    color: Image<Rgba8Unorm>,
}

#[node]
impl Graphics for DrawInstances {
    fn record(view: &View, commands: &mut Commands) {
        commands.draw(view.corners.len() as u32, view.paints.len() as u32);
    }
}

#[test]
fn every_instance_reads_its_own_element() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let instances = graph.add(Instances {});
        let color = graph.image(Extent::fixed(8, 4));
        let drawn = graph.add(DrawInstances { corners: &instances.corners, paints: &instances.paints, color });
        let color = graph.read_back(&drawn.color);
        let mut compiled = compile(&graph);
        step(&mut compiled);
        // The second instance covers the first, in one colour all over.
        let row = [[MAGENTA; 4], [GREEN; 4]].concat().concat();
        assert_eq!(bytes(&compiled, color), row.repeat(4));
    });
}

/// A strip over the left half as bare vectors, moved to the right by a matrix.
#[node(host)]
struct Streams {
    #[create(len = 4)]
    corners: Buffer<[[f32; 2]]>,
    #[create(len = 4)]
    colors: Buffer<[[f32; 4]]>,
    #[create(len = 1)]
    places: Buffer<[[[f32; 4]; 4]]>,
}

#[node]
impl Host for Streams {
    fn run(view: &mut View, _frame: &FrameInfo) {
        for (index, corner) in view.corners.iter_mut().enumerate() {
            *corner = [(index % 2) as f32 - 1.0, (index / 2) as f32 * 2.0 - 1.0];
        }
        view.colors.fill([1.0, 0.0, 1.0, 1.0]);
        view.places[0] = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 1.0]];
    }
}

/// A slot of bare elements feeds the input of its own name.
#[node(
    graphics,
    vertex = "tests/shaders/placed.vert.spv",
    fragment = "tests/shaders/mesh.frag.spv",
    topology = triangle_strip
)]
struct DrawStreams {
    #[vertex]
    color: Buffer<[[f32; 4]]>,
    #[vertex(instance)]
    place: Buffer<[[[f32; 4]; 4]]>,
    #[vertex]
    corner: Buffer<[[f32; 2]]>,
    #[color(clear = [0.0, 1.0, 0.0, 1.0])]
    drawn: Image<Rgba8Unorm>,
}

#[node]
impl Graphics for DrawStreams {
    fn record(view: &View, commands: &mut Commands) {
        commands.draw(view.corner.len() as u32, view.place.len() as u32);
    }
}

#[test]
fn streams_of_vectors_and_a_matrix_feed_inputs() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let streams = graph.add(Streams {});
        let drawn = graph.add(DrawStreams {
            color: &streams.colors,
            place: &streams.places,
            corner: &streams.corners,
            drawn: graph.image(Extent::fixed(8, 4)),
        });
        let color = graph.read_back(&drawn.drawn);
        let mut compiled = compile(&graph);
        step(&mut compiled);
        let row = [[GREEN; 4], [MAGENTA; 4]].concat().concat();
        assert_eq!(bytes(&compiled, color), row.repeat(4));
    });
}

#[node(
    graphics,
    vertex = "tests/shaders/cover.vert.spv",
    fragment = "tests/shaders/cover.frag.spv",
    depth_compare = less
)]
struct Cover {
    #[color(read_write)]
    color: Image<Rgba8Unorm>,
    #[depth]
    depth: Image<Depth32Float>,
    #[push]
    params: Tint,
}

#[node]
impl Graphics for Cover {
    fn record(_view: &View, commands: &mut Commands) {
        commands.draw(3, 1);
    }
}

#[node(graphics, vertex = "tests/shaders/cover.vert.spv", fragment = "tests/shaders/cover.frag.spv", depth_compare = always)]
struct Start {
    #[color(clear = [0.0; 4])]
    color: Image<Rgba8Unorm>,
    #[depth(write, clear = 1.0)]
    depth: Image<Depth32Float>,
    #[push]
    params: Tint,
}

#[node]
impl Graphics for Start {
    fn record(_view: &View, commands: &mut Commands) {
        commands.scissor(0, 0, 2, 4);
        commands.draw(3, 1);
    }
}

#[test]
fn depth_is_tested_and_kept_between_nodes() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let at = |tint, depth| Tint { tint, depth };
        let start = graph.add(Start {
            color: graph.image(Extent::fixed(4, 4)),
            depth: graph.image(Extent::fixed(4, 4)),
            params: at([1.0, 0.0, 0.0, 1.0], 0.25),
        });
        // Behind what covers the left half, before what covers nothing.
        let second = graph.add(Cover { color: start.color, depth: start.depth, params: at([0.0, 0.0, 1.0, 1.0], 0.5) });
        let third =
            graph.add(Cover { color: second.color, depth: second.depth, params: at([0.0, 1.0, 0.0, 1.0], 0.75) });
        let (color, depth) = (graph.read_back(&third.color), graph.read_back(&third.depth));
        let mut compiled = compile(&graph);
        for _ in 0..2 {
            step(&mut compiled);
            let row = [[255, 0, 0, 255], [255, 0, 0, 255], [0, 0, 255, 255], [0, 0, 255, 255]].concat();
            assert_eq!(bytes(&compiled, color), row.repeat(4));
            assert_eq!(floats(&compiled, depth), [0.25, 0.25, 0.5, 0.5].repeat(4));
        }
    });
}

#[node(graphics, vertex = "tests/shaders/cover.vert.spv", fragment = "tests/shaders/cover.frag.spv", blend = alpha)]
struct Blend {
    #[color(read_write)]
    color: Image<Rgba8Unorm>,
    #[depth(read)]
    depth: Option<Image<Depth32Float>>,
    #[push]
    params: Tint,
}

#[node]
impl Graphics for Blend {
    fn record(_view: &View, commands: &mut Commands) {
        commands.draw(3, 1);
    }
}

#[test]
fn blending_mixes_and_an_absent_depth_tests_nothing() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let start = graph.add(Start {
            color: graph.image(Extent::fixed(4, 4)),
            depth: graph.image(Extent::fixed(4, 4)),
            params: Tint { tint: [1.0, 0.0, 0.0, 1.0], depth: 0.25 },
        });
        // Far away: with the depth it is hidden on the left, without it is not.
        let params = Tint { tint: [0.0, 0.0, 1.0, 1.0], depth: 0.5 };
        let tested = graph.add(Blend { color: start.color, depth: Some(&start.depth), params });
        let params = Tint { tint: [0.0, 1.0, 0.0, 0.0], depth: 0.9 };
        let color = graph.add(Blend { color: tested.color, depth: None, params }).color;
        let params = Tint { tint: [0.0, 0.0, 0.0, 1.0], depth: 0.9 };
        let color = graph.add(Blend { color, depth: Some(&start.depth), params }).color;
        let color = graph.read_back(&color);
        let mut compiled = compile(&graph);
        step(&mut compiled);
        let row = [[255, 0, 0, 255], [255, 0, 0, 255], [0, 0, 0, 255], [0, 0, 0, 255]].concat();
        assert_eq!(bytes(&compiled, color), row.repeat(4));
    });
}

#[node(graphics, vertex = "tests/shaders/cover.vert.spv", fragment = "tests/shaders/two_targets.frag.spv")]
pub struct TwoTargets {
    #[color]
    first: Option<Image<R32Float>>,
    #[color]
    second: Image<Rgba8Unorm>,
    #[push]
    params: Tint,
}

#[node]
impl Graphics for TwoTargets {
    fn record(_view: &View, commands: &mut Commands) {
        commands.draw(3, 1);
    }
}

#[test]
fn an_absent_attachment_leaves_its_location_free() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let params = Tint { tint: [1.0, 0.0, 0.0, 1.0], depth: 0.5 };
        let extent = Extent::fixed(2, 2);
        let both = graph.add(TwoTargets { first: Some(graph.image(extent)), second: graph.image(extent), params });
        let one = graph.add(TwoTargets { first: None, second: graph.image(extent), params });
        assert!(one.first.is_none());
        let first = graph.read_back(&both.first.expect("it was given"));
        let seconds = [graph.read_back(&both.second), graph.read_back(&one.second)];
        let mut compiled = compile(&graph);
        step(&mut compiled);
        assert_eq!(floats(&compiled, first), [1.0; 4]);
        for second in seconds {
            assert_eq!(bytes(&compiled, second), [255, 0, 0, 255].repeat(4));
        }
    });
}

#[node(compute, shader = "tests/shaders/arguments.comp.spv")]
struct Arguments {
    #[storage(write)]
    values: Buffer<[u32]>,
    #[push]
    params: Amount,
}

#[node]
impl Compute for Arguments {
    fn record(_view: &View, commands: &mut Commands) {
        commands.dispatch(1, 1, 1);
    }
}

#[node(graphics, vertex = "tests/shaders/mesh.vert.spv", fragment = "tests/shaders/mesh.frag.spv")]
struct DrawIndirect {
    #[vertex]
    vertices: Buffer<[Vertex]>,
    #[indirect]
    arguments: Buffer<[u32]>,
    #[color(clear = [0.0, 1.0, 0.0, 1.0])]
    color: Image<Rgba8Unorm>,
}

#[node]
impl Graphics for DrawIndirect {
    fn record(view: &View, commands: &mut Commands) {
        commands.draw_indirect(view.arguments, 1);
    }
}

#[test]
fn the_gpu_can_say_what_to_draw() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let mesh = graph.add(LeftHalf {});
        // Three vertices of one instance, the upper left triangle of the quad.
        let arguments = graph.add(Arguments { values: graph.buffer(5), params: Amount { amount: 3 } });
        let color = graph.image(Extent::fixed(8, 8));
        let drawn = graph.add(DrawIndirect { vertices: &mesh.vertices, arguments: &arguments.values, color });
        let color = graph.read_back(&drawn.color);
        let mut compiled = compile(&graph);
        step(&mut compiled);
        let pixels = bytes(&compiled, color);
        let pixel = |x: usize, y: usize| pixels[4 * (8 * y + x)..][..4].to_vec();
        assert_eq!(pixel(3, 7), MAGENTA, "the lower right corner of the quad is covered");
        assert_eq!(
            [pixel(0, 0), pixel(7, 7)],
            [GREEN, GREEN],
            "the upper left one and what is beside the quad are not"
        );
    });
}

#[node(graphics, vertex = "tests/shaders/mesh.vert.spv", fragment = "tests/shaders/mesh.frag.spv")]
struct DrawIndexedIndirect {
    #[vertex]
    vertices: Buffer<[Vertex]>,
    #[index]
    indices: Buffer<[u32]>,
    #[indirect]
    arguments: Buffer<[u32]>,
    #[color(clear = [0.0, 1.0, 0.0, 1.0])]
    color: Image<Rgba8Unorm>,
}

#[node]
impl Graphics for DrawIndexedIndirect {
    fn record(view: &View, commands: &mut Commands) {
        commands.draw_indexed_indirect(view.arguments, 1);
    }
}

/// Six indices of one instance.
#[node(host)]
struct SixIndices {
    #[create(len = 5)]
    arguments: Buffer<[u32]>,
}

#[node]
impl Host for SixIndices {
    fn run(view: &mut View, _frame: &FrameInfo) {
        view.arguments.copy_from_slice(&[6, 1, 0, 0, 0]);
    }
}

#[test]
fn a_buffer_can_say_how_many_indices_to_draw() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let mesh = graph.add(LeftHalf {});
        let arguments = &graph.add(SixIndices {}).arguments;
        let (vertices, indices, color) = (&mesh.vertices, &mesh.indices, graph.image(Extent::fixed(8, 4)));
        let drawn = graph.add(DrawIndexedIndirect { vertices, indices, arguments, color });
        let color = graph.read_back(&drawn.color);
        let mut compiled = compile(&graph);
        step(&mut compiled);
        let row = [[MAGENTA; 4], [GREEN; 4]].concat().concat();
        assert_eq!(bytes(&compiled, color), row.repeat(4));
    });
}

#[node(graphics, vertex = "tests/shaders/mesh.vert.spv", fragment = "tests/shaders/mesh.frag.spv")]
struct DrawSome {
    #[vertex]
    vertices: Option<Buffer<[Vertex]>>,
    #[color]
    color: Image<Rgba8Unorm>,
    count: u32,
}

#[node]
impl Graphics for DrawSome {
    fn record(view: &View, commands: &mut Commands) {
        commands.draw(*view.count, 1);
    }
}

#[test]
fn no_more_is_drawn_than_there_is() {
    on_device(|device| {
        for (wired, count, problem) in [(true, 5, "draw as many as `view` says"), (false, 3, "without a wire")] {
            let graph = Graph::without_output();
            let mesh = graph.add(LeftHalf {});
            let vertices = wired.then_some(&mesh.vertices);
            let _ = graph.read_back(&graph.add(DrawSome { vertices, color: graph.image([4, 4, 1]), count }).color);
            refused(device, &graph, &["node `DrawSome`", "`#[vertex]`", problem]);
        }
    });
}
