use vixen::{Buffer, Graphics, Image, Rgba8Unorm, node};

#[node(graphics, vertex = "mesh.vert.spv", fragment = "clash.frag.spv")]
struct Draw {
    #[uniform]
    camera: Buffer<[[f32; 4]; 4]>,
    #[vertex]
    vertices: Buffer<[Vertex]>,
    #[color]
    albedo: Image<Rgba8Unorm>,
}

#[derive(Clone, Copy, vixen::Block)]
#[repr(C)]
struct Vertex {
    position: [f32; 3],
    tint: [f32; 4],
}

#[node]
impl Graphics for Draw {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
