//! One node of every kind, with every kind of slot.
#![deny(warnings, missing_docs)]
#![forbid(unsafe_code)]
use glam::{Mat4, Vec3};
use vixen::{
    AccelerationStructure, Block, Buffer, Depth32Float, Graphics, Image, R32Uint, RayTracing, Rgba8Unorm,
    Rgba16Float, Transfer, node,
};

/// What the camera sees.
#[derive(Clone, Copy, Block)]
#[repr(C)]
pub struct Camera {
    view_projection: Mat4,
}

/// One vertex.
#[derive(Clone, Copy, Block)]
#[repr(C)]
pub struct Vertex {
    tint: [u8; 4],
    position: Vec3,
}

/// Draws meshes.
#[node(
    graphics,
    vertex = "mesh.vert.spv",
    fragment = "mesh.frag.spv",
    cull = back,
    front = "clockwise",
    depth_compare = greater,
    blend = alpha
)]
pub struct DrawMeshes {
    #[uniform]
    camera: Buffer<Camera>,
    #[vertex]
    vertices: Buffer<[Vertex]>,
    #[index]
    indices: Buffer<[u32]>,
    #[indirect]
    arguments: Buffer<[u32]>,
    #[color(write, clear = [0.0, 0.0, 0.0, 1.0])]
    albedo: Image<Rgba8Unorm>,
    #[color]
    object: Image<R32Uint>,
    #[depth(write, clear = 0.0)]
    depth: Image<Depth32Float>,
}

#[node]
impl Graphics for DrawMeshes {
    fn record(_view: &View, _commands: &mut Commands) {}
}

/// Traces rays.
#[node(
    ray_tracing,
    raygen = "trace.rgen.spv",
    hit(closest = "trace.rchit.spv"),
    miss = "trace.rmiss.spv",
    max_depth = 2
)]
pub struct Trace {
    #[acceleration_structure]
    scene: AccelerationStructure,
    #[storage(write)]
    color: Image<Rgba16Float>,
}

#[node]
impl RayTracing for Trace {
    fn record(_view: &View, _commands: &mut Commands) {}
}

/// Copies an image.
#[node(transfer, dynamic, staging = 1024, history = 2, transient(bytes = 64, per_pixel = 8))]
pub struct Copy {
    #[transfer_source]
    source: Image<Rgba16Float>,
    #[transfer_destination]
    destination: Image<Rgba16Float>,
    #[transfer_destination(read_write)]
    partial: Image<Rgba16Float>,
}

#[node]
impl Transfer for Copy {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {
    use vixen::Node;
    assert_eq!(<DrawMeshes as Node>::DECLARATION.kind, vixen::graph::NodeKind::Graphics);
    let vixen::shader::ProgramKind::Graphics { attributes, depth_write, .. } = DrawMeshes::DECLARATION.programs[0].kind else {
        panic!("a graphics program");
    };
    assert!(depth_write);
    assert_eq!(attributes.iter().map(|a| (a.location, a.slot, a.offset)).collect::<Vec<_>>(), [(0, 1, 4), (1, 1, 0)]);
    let stages = Trace::DECLARATION.programs[0].stages;
    assert_eq!(stages.iter().map(|s| s.path).collect::<Vec<_>>(), ["trace.rgen.spv", "trace.rmiss.spv", "trace.rchit.spv"]);
    let vixen::shader::ProgramKind::RayTracing { misses, hit_groups, max_depth } = Trace::DECLARATION.programs[0].kind else {
        panic!("a ray-tracing program");
    };
    assert_eq!((misses, hit_groups[0].closest, max_depth), (1, Some(2), 2));
    let copy = Copy::REQUIREMENTS;
    assert_eq!((copy.staging_bytes, copy.history_depth, copy.command_buffers), (1024, 2, 1));
    assert_eq!((copy.transient_bytes, copy.transient_bytes_per_pixel), (64, 8));
    assert_eq!(Trace::REQUIREMENTS.descriptors.acceleration_structures, 1);
    assert_eq!(Trace::REQUIREMENTS.sets, 1);
}
