use vixen::{Block, Buffer, Graphics, Image, Rgba8Unorm, node};

#[derive(Clone, Copy, Block)]
#[repr(C)]
struct Vertex {
    position: [f32; 3],
}

#[node(graphics, vertex = "cover.vert.spv", fragment = "clash.frag.spv")]
struct Draw {
    #[vertex]
    vertices: Buffer<[Vertex]>,
    #[sampled(linear)]
    skin: Image<Rgba8Unorm>,
    #[color]
    albedo: Image<Rgba8Unorm>,
}

#[node]
impl Graphics for Draw {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
