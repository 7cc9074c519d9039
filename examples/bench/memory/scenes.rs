//! Scenes that come and go, and the descriptors of a scene that stays.

use vixen::ash::vk;
use vixen::memory::{BufferDesc, Category, ManagedBuffer, Strategy};
use vixen::{CompiledGraph, Device, Extent, Graph, Output};
use vixen_nodes::voxel::{Material, Scene, default_params, default_view};
use vixen_nodes::{Orbit, OrbitCamera, ToneMap, VoxelMarch, VoxelScene};

use crate::Failure;

/// What was counted.
pub struct Counts {
    pub rewrites_unchanged: u64,
    pub rewrites_of_a_resize: u64,
    pub bytes_left: u64,
    pub resources_left: u64,
}

/// Loads, draws, replaces and unloads this many scenes, and counts descriptors on the way.
pub fn run(device: &Device, scenes: u32) -> Result<Counts, Failure> {
    let heightmap = &vixen_examples::assets("jacksboro-dem.png");
    let sources: Vec<Scene> =
        [24, 40, 32].into_iter().map(|edge| Scene::open(heightmap, edge, &|_| ())).collect::<Result<_, _>>()?;
    let before = device.budget().usage();
    let mut counts = Counts { rewrites_unchanged: 0, rewrites_of_a_resize: 0, bytes_left: 0, resources_left: 0 };
    for scene in sources.iter().cycle().take(scenes as usize) {
        let palette = palette(device, scene)?;
        let loaded = VoxelScene::upload(device, &scene.map)?;
        let mut graph = compile(device, scene, &loaded, &palette)?;
        frames(&mut graph, 2)?;
        let written = graph.descriptors_written();
        frames(&mut graph, 10)?;
        counts.rewrites_unchanged += graph.descriptors_written() - written;

        let written = graph.descriptors_written();
        palette.resize(2 * palette.size())?;
        frames(&mut graph, 2)?;
        counts.rewrites_of_a_resize = graph.descriptors_written() - written;
    }
    let after = device.budget().usage();
    counts.bytes_left = after.in_use - before.in_use;
    counts.resources_left = after.resources - before.resources;
    Ok(counts)
}

fn frames(graph: &mut CompiledGraph, count: u32) -> Result<(), Failure> {
    for _ in 0..count {
        graph.frame()?;
    }
    Ok(graph.wait()?)
}

/// The scene's palette in a buffer that can be resized.
fn palette(device: &Device, scene: &Scene) -> Result<std::sync::Arc<ManagedBuffer>, Failure> {
    let bytes = size_of_val(&scene.map.palette[..]) as u64;
    let desc = BufferDesc::new("palette", bytes, vk::BufferUsageFlags::STORAGE_BUFFER);
    Ok(ManagedBuffer::new(device, &desc, Category::Cacher, Strategy::DeviceLocal)?)
}

fn compile(
    device: &Device,
    scene: &Scene,
    voxels: &VoxelScene,
    palette: &std::sync::Arc<ManagedBuffer>,
) -> Result<CompiledGraph, Failure> {
    let start = default_view(scene);
    let graph = Graph::new(Output::headless(64, 48));
    let (_, orbit) = graph.param(Orbit::default());
    let wires = graph.add(voxels);
    let palette = graph.share_managed::<[Material]>(palette);
    let camera = graph.add(OrbitCamera { orbit: &orbit, start });
    let march = graph.add(VoxelMarch {
        grid_format: wires.grid_format,
        camera: &camera.uniform,
        nodes: &wires.nodes,
        bricks: &wires.bricks,
        masks: &wires.masks,
        grid: &wires.grid,
        attributes: &wires.attributes,
        palette: &palette,
        color: graph.image(Extent::Output),
        params: default_params(scene, &start),
    });
    let tone = graph.add(ToneMap { hdr: &march.color, ldr: graph.image(Extent::Output) });
    graph.present(tone.ldr);
    Ok(graph.compile(device)?)
}
