//! A thousand instances of one mesh, traced with shadows, that move between frames: `instances [FILE.glb [PICTURE.png]]`.

use std::error::Error;
use std::f32::consts::TAU;
use std::path::Path;
use std::process::ExitCode;

use glam::{Affine3A, Quat, Vec3};
use vixen::{
    AccelerationStructure, Block, Buffer, CompiledGraph, Device, DeviceOptions, Extent, Graph, Image, Output,
    RayTracing, Readback, Rgba8Unorm, Rgba16Float, node,
};
use vixen_nodes::ToneMap;
use vixen_nodes::acceleration::{Blas, BlasDesc, Geometry, Instance, Tlas};
use vixen_nodes::mesh::{Mesh, MeshBuffers, MeshVertex};

/// `View` in `instances.rgen`.
#[derive(Clone, Copy, Block)]
#[repr(C)]
struct Eye {
    eye: Vec3,
    /// Of half the vertical field of view.
    tangent: f32,
    target: Vec3,
}

/// Traces primary rays and shadows. The library lays out the shader binding table.
#[node(ray_tracing, raygen = "instances.rgen.spv", miss = "instances.rmiss.spv", hit(closest = "instances.rchit.spv"))]
struct TraceInstances {
    #[acceleration_structure]
    scene: AccelerationStructure,
    #[storage]
    vertices: Buffer<[MeshVertex]>,
    #[storage]
    indices: Buffer<[u32]>,
    #[storage(write)]
    color: Image<Rgba16Float>,
    #[push]
    view: Eye,
}

#[node]
impl RayTracing for TraceInstances {
    fn record(view: &View, commands: &mut Commands) {
        commands.trace_rays(view.color.extent());
    }
}

const COUNT: u32 = 1000;

/// A spiral disc of instances, each of size 1 and turned its own way, at a moment between 0 and 1.
fn spiral(blas: &Blas, [low, high]: [Vec3; 2], moment: f32) -> Vec<Instance> {
    let to_unit = Affine3A::from_scale(Vec3::splat(1.0 / (high - low).max_element()))
        * Affine3A::from_translation(-0.5 * (low + high));
    let instance = |n: u32| {
        // Neighbours along the spiral stand a golden angle apart, so that all have as much room.
        let (angle, radius) = (n as f32 * 2.399_963 + 0.3 * moment, 0.75 * (n as f32).sqrt());
        let wave = (0.6 * radius - moment * TAU).sin();
        let place = Vec3::new(radius * angle.cos(), 0.8 * wave, radius * angle.sin());
        let turn = Quat::from_euler(glam::EulerRot::YXZ, angle, wave, 0.0);
        Instance::new(blas).index(n).transform(Affine3A::from_rotation_translation(turn, place) * to_unit)
    };
    (0..COUNT).map(instance).collect()
}

/// One structure of triangles, compacted since it is built once; and one of instances that refer to it.
fn build(device: &Device, mesh: &Mesh) -> Result<(Blas, Tlas), Box<dyn Error>> {
    let positions = mesh.positions();
    let triangles = Geometry::Triangles { vertices: &positions, indices: &mesh.indices };
    let blas = Blas::build(device, &BlasDesc::new("mesh", triangles).compact())?;
    let scene = Tlas::build(device, "instances", &spiral(&blas, mesh.bounds(), 0.0))?;
    Ok((blas, scene))
}

/// The graph that traces the instances, and where its picture arrives.
fn compile(
    device: &Device,
    mesh: &Mesh,
    scene: &Tlas,
    [width, height]: [u32; 2],
) -> Result<(CompiledGraph, Readback<Image<Rgba8Unorm>>), Box<dyn Error>> {
    let buffers = MeshBuffers::upload(device, mesh)?;
    let graph = Graph::new(Output::headless(width, height));
    let wires = graph.add(&buffers);
    let traced = graph.add(TraceInstances {
        scene: &graph.add(scene),
        vertices: &wires.vertices,
        indices: &wires.indices,
        color: graph.image(Extent::Output),
        view: Eye { eye: Vec3::new(0.0, 9.0, 24.0), tangent: 0.36, target: Vec3::new(0.0, -1.5, 2.0) },
    });
    let tone = graph.add(ToneMap { hdr: &traced.color, ldr: graph.image(Extent::Output) });
    let pixels = graph.read_back(&tone.ldr);
    Ok((graph.compile(device)?, pixels))
}

fn draw(file: &Path, picture: &Path) -> Result<(), Box<dyn Error>> {
    let [width, height] = [960, 540];
    let device = Device::new(&DeviceOptions::new().application_name("Vixen instances"))?;
    let mesh = Mesh::open(file)?;
    let (blas, mut scene) = build(&device, &mesh)?;
    let (mut graph, pixels) = compile(&device, &mesh, &scene, [width, height])?;

    const FRAMES: u32 = 4;
    for frame in 1..=FRAMES {
        // In place: the compiled graph goes on with the same structure.
        scene.update(&spiral(&blas, mesh.bounds(), frame as f32 / FRAMES as f32))?;
        graph.frame()?;
    }
    graph.wait()?;
    let (_, bytes) = graph.read(pixels)?.ok_or("the frame has not finished")?;
    vixen_examples::picture::save(picture, bytes, [width, height])?;
    println!("wrote {}: {COUNT} instances of {} triangles", picture.display(), mesh.indices.len() / 3);
    Ok(())
}

fn main() -> ExitCode {
    vixen_examples::picture_of("knot.glb", "instances.png", draw)
}

#[cfg(test)]
mod tests;
