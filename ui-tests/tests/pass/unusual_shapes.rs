//! Nodes that other macros write, names that generated code could trip over, odd places, paths and parameters.
#![deny(warnings)]
use vixen::{Block, Buffer, Compute, FrameInfo, Host, Image, Rgba16Float, node};

macro_rules! copier {
    ($(#[$meta:meta])* $vis:vis $name:ident of $element:ty, $shader:literal, $field:ident) => {
        $(#[$meta])*
        #[node(compute, shader = $shader)]
        $vis struct $name {
            #[storage(set = 0, binding = 0)]
            $field: Buffer<[$element]>,
            #[storage(write)]
            destination: Buffer<[$element]>,
        }

        #[node]
        impl Compute for $name {
            fn record(view: &View, commands: &mut Commands) {
                commands.dispatch_over([view.$field.len() as u32, 1, 1]);
            }
        }
    };
}

copier!(/// Copies.
    pub Words of u32, "copy.comp.spv", words);
copier!(pub(crate) Typed of u32, "copy.comp.spv", r#type);

/// Fields are called what generated functions call theirs.
#[node(compute, shader = "copy.comp.spv")]
struct Collide {
    #[storage(set = 0, binding = 0)]
    view: Buffer<[u32]>,
    #[storage(write, set = 0, binding = 1)]
    commands: Buffer<[u32]>,
    resolver: u32,
    data: u32,
    context: u32,
    wiring: u32,
    record: u32,
}

#[node]
impl Compute for Collide {
    fn record(v: &View, c: &mut Commands) {
        c.dispatch_over([*v.resolver + *v.data + *v.context + *v.wiring + *v.record, 1, 1]);
        assert_eq!(v.view.len(), v.commands.len());
    }
}

type Words4 = Buffer<[u32]>;

/// A length that is a parameter with a default, and a resource by another name.
#[node(compute, shader = "textures.comp.spv")]
struct Textures<const N: usize = 4> {
    #[sampled]
    layers: [Image<Rgba16Float>; N],
    #[sampled(max = 16)]
    textures: Vec<Image<Rgba16Float>>,
    #[sampler(linear, mirror)]
    filtering: Sampler,
    #[storage(write)]
    result: Image<Rgba16Float>,
}

#[node]
impl<const N: usize> Compute for Textures<N> {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over([view.textures.len() as u32, view.layers.len() as u32, 1]);
    }
}

/// A parameter that only what it makes needs, a derive, a field of another configuration, data that is no number.
#[vixen::node(host)]
#[derive(Debug, Clone)]
pub(in crate) struct Made<T: Block + std::fmt::Debug = u32>
where
    T: Default,
{
    #[create(len = { self.count * 2 })]
    one: ::vixen::Buffer<[T]>,
    #[cfg(not(any()))]
    count: usize,
    #[cfg(any())]
    other: Missing,
    label: &'static str,
    function: fn(u32) -> u32,
    pair: (u32, [f32; 4]),
    element: std::marker::PhantomData<T>,
}

#[node]
impl<T: Block + Default + std::fmt::Debug> Host for Made<T> {
    fn run(view: &mut View, _: &FrameInfo) {
        view.one.fill(T::default());
        *view.count = (view.function)(view.label.len() as u32 + view.pair.0) as usize;
    }
}

/// The names of this module are not those that generated code means.
mod shadow {
    #![allow(dead_code)]
    pub struct Option;
    pub struct Vec;
    pub struct Wire;
    pub struct Target;
    pub fn drop() {}

    #[vixen::node(compute, shader = "copy.comp.spv")]
    pub struct View {
        #[storage]
        source: std::option::Option<vixen::Buffer<[u32]>>,
        #[storage(write)]
        destination: super::Words4,
    }

    #[vixen::node]
    impl vixen::Compute for View {
        fn record(view: &View, commands: &mut Commands) {
            commands.dispatch_over([u32::from(view.source.is_some()), 1, 1]);
        }
    }
}

/// Keywords of other languages, and of this one.
mod r#type {
    use vixen::{Buffer, FrameInfo, Host, node};

    #[node(host)]
    pub struct r#Async {
        #[create]
        r#async: Buffer<u32>,
        r#loop: u32,
    }

    #[node]
    impl Host for Async {
        fn run(view: &mut View, _: &FrameInfo) {
            *view.r#async = *view.r#loop;
        }
    }
}

struct Outer;

impl Outer {
    fn inner() {
        let closure = || {
            #[node(host)]
            struct Deep {
                #[create]
                value: Buffer<u32>,
            }

            #[node]
            impl Host for Deep {
                fn run(view: &mut View, _: &FrameInfo) {
                    *view.value = 1;
                }
            }

            let graph = vixen_ui_tests::graph();
            let deep = graph.add(Deep {});
            let _ = graph.read_back(&deep.value);
        };
        closure();
    }
}

fn main() {
    Outer::inner();
    let graph = vixen_ui_tests::graph();
    let element = std::marker::PhantomData;
    let made = graph.add(Made::<u32> { count: 4, label: "x", function: |x| x, pair: (1, [0.0; 4]), element });
    let words = graph.add(Words { words: &made.one, destination: graph.buffer(8) });
    let typed = graph.add(Typed { r#type: &words.destination, destination: graph.buffer(8) });
    let (view, commands) = (&typed.destination, graph.buffer(8));
    let collide = graph.add(Collide { view, commands, resolver: 0, data: 0, context: 0, wiring: 0, record: 0 });
    let viewed = graph.add(shadow::View { source: Some(&collide.commands), destination: graph.buffer(8) });
    let _ = graph.read_back(&viewed.destination);
    let color = vixen_ui_tests::marched(&graph).1.color;
    let result = graph.image(vixen::Extent::Output);
    let textures = graph.add(Textures { layers: [&color; 4], textures: vec![&color], result });
    let _ = graph.read_back(&textures.result);
    let a = graph.add(r#type::Async { r#loop: 1 });
    let _ = graph.read_back(&a.r#async);
}
