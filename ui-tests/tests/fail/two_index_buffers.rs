use glam::{Mat4, Vec3};
use vixen::{Block, Buffer, Graphics, Image, R32Uint, Rgba8Unorm, node};

#[derive(Clone, Copy, Block)]
#[repr(C)]
struct Camera {
    view_projection: Mat4,
}

#[derive(Clone, Copy, Block)]
#[repr(C)]
struct Vertex {
    tint: [u8; 4],
    position: Vec3,
}

#[node(graphics, vertex = "mesh.vert.spv", fragment = "mesh.frag.spv")]
struct DrawMeshes {
    #[uniform]
    camera: Buffer<Camera>,
    #[vertex]
    vertices: Buffer<[Vertex]>,
    #[index]
    near: Buffer<[u32]>,
    #[index]
    far: Buffer<[u16]>,
    #[color]
    albedo: Image<Rgba8Unorm>,
    #[color]
    object: Image<R32Uint>,
}

#[node]
impl Graphics for DrawMeshes {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
