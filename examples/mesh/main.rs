//! Draws the triangles of a binary glTF file with a depth buffer and one light: `mesh [FILE.glb [PICTURE.png]]`.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use glam::camera::rh::proj::vulkan::perspective;
use glam::camera::rh::view::look_at_mat4;
use glam::{Mat4, Vec3};
use vixen::{
    Block, Buffer, CompiledGraph, Depth32Float, Device, DeviceOptions, Extent, Graph, Graphics, Image, Output,
    Readback, Rgba8Unorm, Rgba16Float, node,
};
use vixen_nodes::ToneMap;
use vixen_nodes::mesh::{Mesh, MeshBuffers, MeshVertex};

/// What the vertex shader sees of the camera: `Camera` in `mesh.vert`.
#[derive(Clone, Copy, Block)]
#[repr(C)]
struct Camera {
    view_projection: Mat4,
}

/// `Light` in `mesh.frag`.
#[derive(Clone, Copy, Block)]
#[repr(C)]
struct Light {
    towards: Vec3,
    ambient: f32,
}

/// Draws one mesh, nearest surfaces first.
#[node(graphics, vertex = "mesh.vert.spv", fragment = "mesh.frag.spv", depth_compare = less)]
struct DrawMesh {
    #[uniform]
    camera: Buffer<Camera>,
    #[vertex]
    vertices: Buffer<[MeshVertex]>,
    #[index]
    indices: Buffer<[u32]>,
    #[color(write, clear = [0.30, 0.38, 0.52, 1.0])]
    color: Image<Rgba16Float>,
    #[depth(write, clear = 1.0)]
    depth: Image<Depth32Float>,
    #[push]
    light: Light,
}

#[node]
impl Graphics for DrawMesh {
    fn record(view: &View, commands: &mut Commands) {
        commands.draw_indexed(0, view.indices.len() as u32, 1);
    }
}

/// Looks at a mesh from the front and above, so that all of it is in the picture.
fn camera([low, high]: [Vec3; 2], aspect: f32) -> Camera {
    const FOV_Y: f32 = 0.6;
    let (middle, radius) = ((low + high) * 0.5, (high - low).length() * 0.5);
    let distance = radius / (0.5 * FOV_Y).sin();
    let eye = middle + Vec3::new(0.5, 0.4, 1.0).normalize() * distance;
    // For Vulkan's pictures, in which y points down.
    let projection = perspective(FOV_Y, aspect, distance - radius, distance + radius);
    Camera { view_projection: projection * look_at_mat4(eye, middle, Vec3::Y) }
}

/// The graph that draws a mesh, and where its picture arrives.
fn compile(
    device: &Device,
    mesh: &Mesh,
    [width, height]: [u32; 2],
) -> Result<(CompiledGraph, Readback<Image<Rgba8Unorm>>), Box<dyn Error>> {
    let buffers = MeshBuffers::upload(device, mesh)?;
    let graph = Graph::new(Output::headless(width, height));
    let (_, camera) = graph.param(camera(mesh.bounds(), width as f32 / height as f32));
    let wires = graph.add(&buffers);
    let drawn = graph.add(DrawMesh {
        camera: &camera,
        vertices: &wires.vertices,
        indices: &wires.indices,
        color: graph.image(Extent::Output),
        depth: graph.image(Extent::Output),
        light: Light { towards: Vec3::new(0.4, 0.8, 0.45).normalize(), ambient: 0.3 },
    });
    let tone = graph.add(ToneMap { hdr: &drawn.color, ldr: graph.image(Extent::Output) });
    let pixels = graph.read_back(&tone.ldr);
    Ok((graph.compile(device)?, pixels))
}

fn draw(file: &Path, picture: &Path) -> Result<(), Box<dyn Error>> {
    const SIZE: [u32; 2] = [960, 720];
    let device = Device::new(&DeviceOptions::new().application_name("Vixen mesh"))?;
    let mesh = Mesh::open(file)?;
    let (mut graph, pixels) = compile(&device, &mesh, SIZE)?;
    graph.frame()?;
    graph.wait()?;
    let (_, bytes) = graph.read(pixels)?.ok_or("the frame has not finished")?;
    vixen_examples::picture::save(picture, bytes, SIZE)?;
    println!("wrote {}: {} triangles", picture.display(), mesh.indices.len() / 3);
    Ok(())
}

fn main() -> ExitCode {
    vixen_examples::picture_of("knot.glb", "mesh.png", draw)
}

#[cfg(test)]
mod tests {
    use vixen::testing::{CountingAllocator, frames};

    use super::*;

    #[global_allocator]
    static ALLOCATOR: CountingAllocator = CountingAllocator;

    #[test]
    fn frames_allocate_nothing() {
        let knot = Mesh::open(&vixen_examples::assets("knot.glb")).expect("it is a mesh");
        let device = Device::new(&DeviceOptions::new().watched()).expect("there is a driver");
        let (mut graph, _) = compile(&device, &knot, [16, 16]).expect("the graph is valid");
        frames(&mut graph, 200, |_graph, _frame| {}).expect("frames run").assert_empty();
    }
}
