//! Images: mip levels, layers, cubes, volumes and samplers.

use vixen::{
    Buffer, Compute, Cube, D2Array, D3, Depth32Float, Extent, Graph, Image, R32Float, R32Uint, Target, Transfer, Wire,
    node,
};

use crate::common::nodes::{Amount, Paint, PaintLayers};
use crate::common::{floats, in_every_order, step, words};

#[node(compute, shader = "tests/shaders/reduce.comp.spv")]
struct Reduce {
    #[storage]
    fine: Image<R32Uint>,
    #[storage(write)]
    coarse: Image<R32Uint>,
}

#[node]
impl Compute for Reduce {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.coarse.extent());
    }
}

#[node(compute, shader = "tests/shaders/levels.comp.spv")]
struct Levels {
    #[sampled(nearest)]
    chain: Image<R32Uint>,
    #[storage(write)]
    values: Buffer<[u32]>,
}

#[node]
impl Compute for Levels {
    fn record(view: &View, commands: &mut Commands) {
        assert_eq!(u64::from(view.chain.mips()), view.values.len());
        commands.dispatch(1, 1, 1);
    }
}

#[test]
fn a_mip_chain_is_written_level_by_level_and_read_whole() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let levels = graph.image::<R32Uint, _>(Extent::fixed(16, 16).mips(5)).split_mips();
        assert_eq!(levels.len(), 5);
        let mut levels = levels.into_iter();
        let first = levels.next().expect("there are five");
        let mut done = vec![graph.add(Paint { color: first, params: Amount { amount: 1 } }).color];
        for coarse in levels {
            let fine = done.last().expect("the first is there");
            done.push(graph.add(Reduce { fine, coarse }).coarse);
        }
        let single = graph.read_back(&done[3]);
        let chain = Wire::join(done);
        let corner = graph.add(Levels { chain: &chain, values: graph.buffer(5) });
        let corner = graph.read_back(&corner.values);
        let mut compiled = compile(&graph);
        for _ in 0..3 {
            step(&mut compiled);
            let sum = |size: u32| -> u32 { (0..size * size).map(|at| at % size + 256 * (at / size) + 1).sum() };
            assert_eq!(words(&compiled, corner), [1, 2, 4, 8, 16].map(sum));
            assert_eq!(words(&compiled, single)[0], sum(8), "the fourth level has 2×2 texels");
            assert_eq!(words(&compiled, single).len(), 4);
        }
    });
}

#[node(compute, shader = "tests/shaders/layers.comp.spv")]
struct Layers {
    #[sampled(nearest)]
    stack: Image<R32Uint, D2Array>,
    #[storage(write)]
    values: Buffer<[u32]>,
}

#[node]
impl Compute for Layers {
    fn record(_view: &View, commands: &mut Commands) {
        commands.dispatch(1, 1, 1);
    }
}

#[test]
fn layers_are_written_apart_and_read_whole() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let layers = graph.image::<R32Uint, D2Array>(Extent::fixed(8, 8).layers(4)).split_layers();
        let mut layers: Vec<Target<_>> = layers;
        let last = layers.split_off(2);
        let pair = graph.add(PaintLayers { color: Target::join(last), params: Amount { amount: 70 } }).color;
        let singles =
            (10..).zip(layers).map(|(amount, color)| graph.add(PaintLayers { color, params: Amount { amount } }).color);
        let mut all: Vec<_> = singles.collect();
        all.insert(1, pair);
        let stack = Wire::join(all);
        let values = graph.add(Layers { stack: &stack, values: graph.buffer(4) }).values;
        let values = graph.read_back(&values);
        let mut compiled = compile(&graph);
        for _ in 0..2 {
            step(&mut compiled);
            assert_eq!(words(&compiled, values), [10, 11, 70, 71]);
        }
    });
}

#[node(compute, shader = "tests/shaders/volume.comp.spv")]
struct Volume {
    #[storage(create, extent = Extent::Fixed([9, 5, 3]))]
    color: Image<R32Uint, D3>,
}

#[node]
impl Compute for Volume {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.color.extent());
    }
}

#[test]
fn a_volume_has_a_depth() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let volume = graph.add(Volume {}).color;
        let texels = graph.read_back(&volume);
        let mut compiled = compile(&graph);
        step(&mut compiled);
        let expected: Vec<u32> = (0..9 * 5 * 3).map(|at| at % 9 + 16 * (at / 9 % 5) + 256 * (at / 45)).collect();
        assert_eq!(words(&compiled, texels), expected);
    });
}

#[node(transfer)]
struct ClearFaces {
    #[transfer_destination]
    face: Image<R32Float, Cube>,
    value: f32,
}

#[node]
impl Transfer for ClearFaces {
    fn record(view: &View, commands: &mut Commands) {
        commands.clear(view.face, [*view.value; 4]);
    }
}

#[node(compute, shader = "tests/shaders/faces.comp.spv")]
struct Faces {
    #[sampled(nearest)]
    sky: Image<R32Float, Cube>,
    #[storage(write)]
    values: Buffer<[f32]>,
}

#[node]
impl Compute for Faces {
    fn record(_view: &View, commands: &mut Commands) {
        commands.dispatch(1, 1, 1);
    }
}

#[test]
fn the_faces_of_a_cube_are_written_apart() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let faces = graph.image::<R32Float, Cube>(Extent::fixed(4, 4)).split_layers();
        let faces =
            (1u8..).zip(faces).map(|(face, target)| graph.add(ClearFaces { face: target, value: face.into() }).face);
        let sky = Wire::join(faces.collect::<Vec<_>>());
        let values = graph.add(Faces { sky: &sky, values: graph.buffer(6) }).values;
        let values = graph.read_back(&values);
        let mut compiled = compile(&graph);
        step(&mut compiled);
        assert_eq!(floats(&compiled, values), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    });
}

#[node(compute, shader = "tests/shaders/ramp.comp.spv")]
struct Slope {
    #[storage(write)]
    color: Image<R32Float>,
}

#[node]
impl Compute for Slope {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.color.extent());
    }
}

macro_rules! sampling_node {
    ($name:ident, $($sampler:tt)*) => {
        #[node(compute, shader = "tests/shaders/sample.comp.spv")]
        struct $name {
            #[sampled($($sampler)*)]
            source: Image<R32Float>,
            #[storage(write)]
            values: Buffer<[f32]>,
        }

        #[node]
        impl Compute for $name {
            fn record(_view: &View, commands: &mut Commands) {
                commands.dispatch(1, 1, 1);
            }
        }
    };
}

sampling_node!(LinearClamp, linear, clamp);
sampling_node!(NearestRepeat, nearest, repeat);
sampling_node!(LinearMirror, linear, mirror);

#[node(compute, shader = "tests/shaders/separate.comp.spv")]
struct Separate {
    #[sampled]
    source: Image<R32Float>,
    #[sampler(linear, clamp)]
    smooth_sampler: Sampler,
    #[sampler(nearest, repeat)]
    sharp_sampler: Sampler,
    #[storage(write)]
    values: Buffer<[f32]>,
}

#[node]
impl Compute for Separate {
    fn record(_view: &View, commands: &mut Commands) {
        commands.dispatch(1, 1, 1);
    }
}

#[test]
fn samplers_filter_and_continue_as_they_say() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        // Four texels, 0 to 3: their centres are at 1/8, 3/8, 5/8 and 7/8.
        let slope = graph.add(Slope { color: graph.image(Extent::fixed(4, 1)) }).color;
        let linear = graph.add(LinearClamp { source: &slope, values: graph.buffer(5) }).values;
        let nearest = graph.add(NearestRepeat { source: &slope, values: graph.buffer(5) }).values;
        let mirror = graph.add(LinearMirror { source: &slope, values: graph.buffer(5) }).values;
        let separate = graph.add(Separate { source: &slope, values: graph.buffer(2) }).values;
        let readbacks = [&linear, &nearest, &mirror, &separate].map(|wire| graph.read_back(wire));
        let mut compiled = compile(&graph);
        step(&mut compiled);
        let [linear, nearest, mirror, separate] = readbacks.map(|readback| floats(&compiled, readback));
        assert_eq!(linear, [0.0, 0.5, 2.0, 0.0, 3.0]);
        assert_eq!(nearest[..1], [0.0]);
        assert_eq!(nearest[2..], [2.0, 3.0, 0.0]);
        assert_eq!(mirror, [0.0, 0.5, 2.0, 0.0, 3.0]);
        assert_eq!(separate, [0.5, 0.0]);
    });
}

#[node(transfer)]
struct ClearDepth {
    #[transfer_destination]
    depth: Image<Depth32Float>,
}

#[node]
impl Transfer for ClearDepth {
    fn record(view: &View, commands: &mut Commands) {
        commands.clear(view.depth, [0.5; 4]);
    }
}

#[node(compute, shader = "tests/shaders/shadow.comp.spv")]
struct Shadow {
    #[sampled(nearest, clamp, compare = less)]
    depth: Image<Depth32Float>,
    #[storage(write)]
    values: Buffer<[f32]>,
}

#[node]
impl Compute for Shadow {
    fn record(_view: &View, commands: &mut Commands) {
        commands.dispatch(1, 1, 1);
    }
}

#[test]
fn a_shadow_sampler_compares() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let depth = graph.add(ClearDepth { depth: graph.image(Extent::fixed(4, 4)) }).depth;
        let values = graph.add(Shadow { depth: &depth, values: graph.buffer(2) }).values;
        let [values, texels] = [graph.read_back(&values), graph.read_back(&values)];
        let depth = graph.read_back(&depth);
        let _ = texels;
        let mut compiled = compile(&graph);
        step(&mut compiled);
        assert_eq!(floats(&compiled, values), [1.0, 0.0]);
        assert_eq!(floats(&compiled, depth), [0.5; 16]);
    });
}
