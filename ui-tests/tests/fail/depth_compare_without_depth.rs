use vixen::{Block, Buffer, Graphics, Image, R32Uint, Rgba8Unorm, node};

#[derive(Clone, Copy, Block)]
#[repr(C)]
struct Vertex {
    position: [f32; 3],
    tint: [f32; 4],
}

#[node(graphics, vertex = "mesh.vert.spv", fragment = "mesh.frag.spv", depth_compare = less)]
struct Draw {
    #[uniform]
    camera: Buffer<[[f32; 4]; 4]>,
    #[vertex]
    vertices: Buffer<[Vertex]>,
    #[color]
    albedo: Image<Rgba8Unorm>,
    #[color]
    object: Image<R32Uint>,
}

#[node]
impl Graphics for Draw {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
