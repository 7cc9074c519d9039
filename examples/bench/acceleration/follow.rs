//! What it costs a frame that the structure follows an edit.

use glam::IVec3;
use vixen::memory::{StagingPool, Uploader, UploaderOptions};
use vixen::{CompileOptions, Device, Graph, Output};
use vixen_nodes::acceleration::EditableVoxelStructure;
use vixen_nodes::voxel::{Edit, Editor, Shape, default_params};
use vixen_nodes::{Updated, VoxelPipeline, VoxelScene};

use super::scenes::Sample;
use crate::Failure;
use crate::report::{Report, Row};
use crate::statistics::median;
use crate::voxels::path::start;

/// Voxels along the edge of the box that is edited.
const BOX: i32 = 32;

/// Adds the device's time of a build within a frame, and that of the whole frame beside one without an edit.
pub fn run(
    device: &Device,
    sample: &Sample,
    extent: [u32; 2],
    rounds: usize,
    report: &mut Report,
) -> Result<(), Failure> {
    let scene = &sample.scene;
    let voxels = VoxelScene::upload_for_editing(device, &scene.map)?;
    let mut structure = EditableVoxelStructure::build(device, &scene.map)?;
    let uploader = Uploader::new(device, &StagingPool::new(device), UploaderOptions::default())?;
    let view = start(scene);
    let graph = Graph::new(Output::headless(extent[0], extent[1]));
    let (_, camera) = graph.param(view.camera());
    let boxes = graph.add(&structure);
    let pipeline = VoxelPipeline::RayTracing(&boxes);
    let hits = pipeline.hits(&graph, &camera, &graph.add(&voxels), default_params(scene, &view));
    let _ = graph.retain(hits);
    let options = CompileOptions { gpu_times: true, ..CompileOptions::default() };
    let mut graph = graph.compile_with(device, &options)?;
    graph.attach_uploader(&uploader)?;

    let mut editor = Editor::new(scene.map.clone());
    // In the air above a corner, where a box comes and goes with it: edits within a box leave the structure as it is.
    let corner = IVec3::new(0, scene.map.size.y as i32 - BOX, 0);
    let shape = Shape::Box { min: corner, max: corner + IVec3::splat(BOX) };
    let (mut builds, mut edited, mut idle) = (Vec::new(), Vec::new(), Vec::new());
    // The first rounds warm the device and the uploader.
    let warm = rounds.min(5);
    for round in 0..warm + rounds {
        let edit = if round % 2 == 0 { Edit::Clear } else { Edit::Set(1) };
        let changes = editor.edit(shape, edit)?;
        let shown = voxels.update(&uploader, editor.map(), &changes)?;
        let followed = structure.update(&uploader, editor.map(), &changes)?;
        if shown == Updated::Outgrown || followed == Updated::Outgrown {
            return Err(format!("{}: an edit needs more room than there is", sample.name).into());
        }
        for (frames, is_edited) in [(&mut edited, true), (&mut idle, false)] {
            graph.frame()?;
            graph.wait()?;
            let times: Vec<_> = graph.gpu_times().collect();
            if round >= warm {
                frames.push(times.iter().map(|(_, time)| time).sum());
                let build = times.iter().filter(|(node, _)| is_edited && node.starts_with("FollowEdits"));
                builds.extend(build.map(|(_, time)| time));
            }
        }
    }
    let mut row = |name: &str, value, unit| report.add(Row::new(name, value, unit).key("scene", sample.name));
    row("follow_edit_build_ms", median(&mut builds), "ms");
    row("follow_edit_frame_over_idle_frame", median(&mut edited) / median(&mut idle), "ratio");
    row("follow_edit_stalls", uploader.statistics().stalls as f64, "stalls");
    Ok(())
}
