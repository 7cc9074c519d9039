//! Optional slots are written out, fixed arrays are arrays, run-time arrays are `Vec`s.
#![deny(warnings)]
use vixen::{Buffer, Compute, Extent, Image, Node, Rgba16Float, node};

const LAYERS: usize = 4;

#[node(compute, shader = "textures.comp.spv")]
struct Textures {
    #[sampled]
    layers: [Image<Rgba16Float>; LAYERS],
    #[sampled(max = 16)]
    textures: Vec<Image<Rgba16Float>>,
    #[sampler(linear, mirror)]
    filtering: Sampler,
    #[storage(write)]
    result: Image<Rgba16Float>,
}

#[node]
impl Compute for Textures {
    fn record(view: &View, commands: &mut Commands) {
        assert_eq!(view.layers.len(), LAYERS);
        commands.dispatch_over([view.textures.len() as u32, 1, 1]);
    }
}

#[node(compute, shader = "copy.comp.spv")]
struct Copy {
    #[storage]
    source: Option<Buffer<[u32]>>,
    #[storage(write)]
    destination: Option<Buffer<[u32]>>,
}

#[node]
impl Compute for Copy {
    fn record(view: &View, commands: &mut Commands) {
        if let (Some(source), Some(_)) = (view.source, view.destination) {
            commands.dispatch_over([source.len() as u32, 1, 1]);
        }
    }
}

fn main() {
    let graph = vixen_ui_tests::graph();
    let [a, b] = [vixen_ui_tests::marched(&graph).1.color, vixen_ui_tests::marched(&graph).1.color];
    let result = graph.image(Extent::fixed(1, 1));
    let textures = graph.add(Textures { layers: [&a, &a, &b, &b], textures: vec![&a, &b, &b], result });
    let _ = graph.read_back(&textures.result);
    let copy = graph.add(Copy { source: None, destination: Some(graph.buffer(4)) });
    assert!(copy.destination.is_some());
    assert_eq!(Textures::DECLARATION.slots[1].binding.map(|binding| (binding.set, binding.count)), Some((1, 16)));
    assert_eq!(Textures::DECLARATION.samplers.len(), 1);
    assert_eq!((Textures::REQUIREMENTS.descriptors.sampled_images, Textures::REQUIREMENTS.sets), (20, 2));
}
