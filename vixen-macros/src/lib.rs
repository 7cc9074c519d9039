//! The macros of `vixen`: `#[node]` makes a struct into a node's wiring, `#[derive(Block)]` states the layout of plain data.
//!
//! Use them through `vixen`, which exports both and documents what they are for. A node goes through four phases:
//! `args` and `fields` parse it into the `model`, `shader` loads what it names, `check` compares the two, and `expand`
//! writes the result. What needs types and not only names becomes a call in const evaluation (`contract`).

mod args;
mod block;
mod cfg;
mod check;
mod compare;
mod contract;
mod declaration;
mod errors;
mod expand;
mod fields;
mod files;
mod generics;
mod graph_budget;
mod graph_budget_walk;
mod implementation;
mod krate;
mod model;
mod node;
mod options;
mod shader;
mod signature;
mod structs;
#[cfg(test)]
mod tests;
mod words;

use proc_macro::TokenStream;
use quote::quote;
use syn::{DeriveInput, ItemStruct, parse_macro_input};

/// Makes a struct into a node, and its fields into slots; on an impl, says what the node does.
///
/// ```ignore
/// /// Casts one ray a pixel.
/// #[node(compute, shader = "voxel_march.comp.spv")]
/// pub struct VoxelMarch {
///     #[uniform]        camera: Buffer<CameraUniform>,
///     #[storage]        scene:  Buffer<[Brick]>,
///     #[storage(write)] color:  Image<Rgba16Float>,
///     #[push]           params: MarchParams,
/// }
///
/// #[node] // resolves `View` and `Commands`, which this makes and nobody writes
/// impl Compute for VoxelMarch {
///     fn record(view: &View, commands: &mut Commands) {
///         commands.dispatch_over(view.color.extent());
///     }
/// }
/// ```
///
/// The struct becomes the node's wiring: what reads is a `&Wire`, what writes is a `Target`, what does both is a `Wire`.
/// Beside it come `VoxelMarchOutputs`, which `graph.add` returns, and `VoxelMarchView`, which `record` gets.
/// All fields have the struct's visibility; documentation, generics and `cfg`s are kept.
///
/// # Arguments
/// The kind comes first: `compute`, `graphics`, `ray_tracing`, `transfer` or `host`. Then, in any order:
///
/// | argument | of | meaning |
/// | --- | --- | --- |
/// | `shader = "a.comp.spv"` | compute | the shader |
/// | `vertex = ".."`, `fragment = ".."` | graphics | the shaders |
/// | `topology`, `cull`, `front`, `polygon`, `depth_compare`, `blend` | graphics | fixed state: `cull = back`, `blend = alpha` |
/// | `raygen = ".."`, `miss = ".."`, `hit(closest = "..", any = "..", intersection = "..")`, `max_depth = 1` | ray tracing | the shaders; `miss` and `hit` as often as needed, in the order of their indices |
/// | `pipeline(name = "blur_x", ..)` | all with shaders | one of several pipelines, with its shaders and state inside; bound as `Self::BLUR_X` |
/// | `dynamic` | all | recorded anew in every frame |
/// | `emits(Event = 16)`, `receives(Event = 16)` | host and `dynamic` | events, and how many of them a frame has room for |
/// | `staging = bytes`, `history = frames`, `transient(bytes = .., per_pixel = ..)` | all | what else an instance needs: bytes that it uploads in a frame, how many frames back it reads at most, how much transient memory it is the first to write at most, with so much for each pixel of the largest output (without these two, as much as it is given) |
/// | `crate = path` | all | where `vixen` is, if its name in the manifest does not tell |
///
/// A shader is looked for in `shaders/` of the crate, in the crate, and in `shaders/` of every directory above.
/// `"kernels.spv#blur_x"` is the entry point `blur_x` of a module that has several.
///
/// # Slots
/// A slot's type is `Buffer<T>`, `Buffer<[T]>`, `Image<Format>` or `AccelerationStructure`; in an `Option` it may be left
/// empty, in an array `[..; N]` there are several, in a `Vec` up to `max = N`.
///
/// | attribute | effects, the default first | of |
/// | --- | --- | --- |
/// | `#[uniform]` | read | compute, graphics, ray tracing |
/// | `#[storage]` | `read`, `write`, `read_write`, `create` | compute, graphics, ray tracing |
/// | `#[sampled]`, `#[sampled(linear, clamp)]` with the sampler of a combined image sampler | read | compute, graphics, ray tracing |
/// | `#[acceleration_structure]` | read | compute, graphics, ray tracing |
/// | `#[indirect]` | read | compute, graphics, ray tracing |
/// | `#[color]`, `#[color(write, clear = [0.0, 0.0, 0.0, 1.0])]` | `write`, `read_write`, `create` | graphics |
/// | `#[depth]`, `#[depth(write, clear = 1.0)]` | `read_write`, `read`, `write`, `create` | graphics |
/// | `#[vertex]`, `#[index]` | read | graphics |
/// | `#[vertex(instance)]`, one element an instance | read | graphics |
/// | `#[transfer_source]` | read | transfer |
/// | `#[transfer_destination]` | `write`, `read_write`, `create` | transfer |
/// | `#[host]` | read | host |
/// | `#[create]` | create | host |
///
/// A `create` slot makes its resource, with `len = ..` elements or of an `extent = ..`; both may name `self.field`.
/// A filter is `linear` or `nearest`, an address mode `clamp`, `repeat`, `mirror` or `border`; a shadow sampler has
/// `compare = less`. Shaders find slots by the binding's name, then by the name of its block (`CameraUniform` answers to
/// `camera_uniform`); in a module that is stripped of names say `#[uniform(set = 0, binding = 1)]`.
///
/// Vertex shaders find their inputs among the members of all vertex slots, by name; a slot of bare numbers, vectors or
/// matrices (`#[vertex] positions: Buffer<[Vec3]>`) feeds the input of its own name. Where not one name fits, as in a stripped
/// module, they go by declared order.
///
/// Other fields: `#[sampler(linear)] name: Sampler` is a sampler of its own and has no wire (`Sampler` is a word here, not a
/// type to import); `#[push]` holds the push
/// constants, `#[spec]` or `#[spec(id = 3)]` a specialisation constant (not one that is the length of an array of a slot); without an attribute a field is plain data,
/// which the view refers to and which a host node may change.
///
/// # Errors
/// Everything that the shader says is compared with the struct, and an error points at the slot: what exists on one side
/// alone, descriptor types, counts, formats, dimensions, who stores and who only reads, push constants, specialisation
/// constants, attachments, vertex inputs, and the layout of every block, member by member. What depends on a generic
/// parameter is compared where the node is added to a graph.
///
/// An impl without `#[node]` above it does not compile either, and the compiler cannot know why: it misses a lifetime
/// (E0726), and the types `View` and `Commands`.
#[proc_macro_attribute]
pub fn node(args: TokenStream, item: TokenStream) -> TokenStream {
    node::node(args.into(), item.into(), &files::Roots::of_call_site()).into()
}

/// States the layout of a `#[repr(C)]` struct, so that it can be compared with a shader's.
///
/// ```ignore
/// #[derive(Clone, Copy, Block)]
/// #[repr(C)]
/// struct CameraUniform {
///     view: Mat4,
///     eye: Vec3,
///     fov: f32,
/// }
/// ```
///
/// Members are numbers, `glam`'s vectors and matrices, arrays of these, and other blocks. Padding is an error: make it a
/// member whose name starts with `_`, which the shader need not have. Names match across conventions: `viewProjection`
/// is `view_projection`. A shader's `bool` is a `u32`, a `float16_t` the bits of one in a `u16`, and an element that an array
/// pads is a longer one: `vec3[4]` is `[Vec4; 4]`, and `float[4]` of a uniform block `[[f32; 4]; 4]`. `#[block(crate = path)]` says where `vixen` is, if its name in the manifest does not tell.
#[proc_macro_derive(Block, attributes(block))]
pub fn block(item: TokenStream) -> TokenStream {
    let input = parse_macro_input!(item as DeriveInput);
    let errors = errors::Errors::default();
    let krate = block::explicit_crate(&input, &errors).unwrap_or_else(krate::path);
    let expanded = block::expand(&input, &krate, &errors);
    let errors = errors.into_tokens();
    quote!(#expanded #errors).into()
}

/// Sums up what a function adds to a graph, and compares the sum with a budget.
///
/// ```ignore
/// #[graph(budget(descriptors = 64, events = 16, staging = 1 << 20, history = 2))]
/// pub fn bloom(graph: &Graph, hdr: &Wire<Image<Rgba16Float>>) -> Wire<Image<Rgba16Float>> {
///     let mut color = graph.add(Bright { hdr, color: graph.image(Extent::Output) }).color;
///     #[max(4)]
///     for _ in 0..levels() {
///         color = blur(graph, color); // another `#[graph]` function
///     }
///     color
/// }
/// const DESCRIPTORS: u32 = bloom::REQUIREMENTS.descriptors.total();
/// ```
///
/// The function stays as it is, and beside it comes a type of its name with the sum as `REQUIREMENTS`; for a function with type
/// or const parameters that is `requirements::<F>()`, a `const fn`. A budget that is exceeded is a compile error, which names what
/// adds most; with parameters it comes where the function is used, since types decide. `descriptors` counts those of all types in one variant,
/// `events` the room for events that are emitted or received, `staging` bytes a frame, and `history` the frames of the
/// deepest history that the function makes (`graph.history_buffer::<T, 2>(..)`) or a node declares. All branches count, whichever is taken.
///
/// So that nothing escapes the sum, the graph appears in the function only in `add` (of a node that is written out there),
/// resource constructors, sinks, and calls of other `#[graph]` functions; a loop that adds says `#[max(n)]`, and panics
/// where it runs more often. Type arguments of nodes, functions and histories are written out (`blur::<F>(graph, color)`). A function
/// that is called is known by its name alone: do not give the name of an imported `#[graph]` function to one that is none. The function
/// stands in a module or in another function, not in an impl, which has no place for the sum. `crate = path` says where `vixen` is, if its name in the manifest does not tell.
#[proc_macro_attribute]
pub fn graph(args: TokenStream, item: TokenStream) -> TokenStream {
    graph_budget::graph(args.into(), item.into()).into()
}

/// The second half of `#[node]` on a struct with `cfg`s on its fields. Not for users.
#[doc(hidden)]
#[proc_macro_derive(
    EvaluatedNode,
    attributes(
        vixen_node,
        vixen_type,
        uniform,
        storage,
        sampled,
        sampler,
        color,
        depth,
        vertex,
        index,
        indirect,
        transfer_source,
        transfer_destination,
        acceleration_structure,
        host,
        create,
        push,
        spec
    )
)]
pub fn evaluated_node(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as ItemStruct);
    cfg::evaluated(item, &files::Roots::of_call_site()).into()
}
