//! Binary glTF: the triangles of all nodes, with their materials' colours.

mod accessor;
mod container;

use std::path::Path;

use glam::{DMat4, DVec3, Vec3};
use gltf::mesh::Mode;
use gltf::{Document, Gltf, Node, Primitive, Semantic};

use super::build::Progress;
use super::error::SceneError;
use super::layout::Material;
use super::voxelise::{Mesh, VoxelMesh};
use accessor::Accessors;

/// The most triangles of all nodes together: a file can use one mesh any number of times.
const MAX_TRIANGLES: usize = 1 << 27;

/// Reads a file and prepares its voxelisation: the longest side becomes `resolution` voxels.
pub(super) fn load(
    path: &Path,
    bytes: &[u8],
    resolution: u32,
    progress: &dyn Fn(Progress),
) -> Result<(Box<[Material; 256]>, VoxelMesh), SceneError> {
    let problem = |problem: Problem| match problem {
        Problem::Damaged(problem) => SceneError::Damaged { path: path.into(), problem },
        Problem::Unsupported(problem) => SceneError::Unsupported { path: path.into(), problem },
        Problem::TooMuch => SceneError::TooMuchMemory { name: path.display().to_string(), what: "triangles" },
    };
    let (json, blob) = container::split(bytes).map_err(problem)?;
    let Gltf { document, .. } = Gltf::from_slice(json).map_err(|error| problem(container::explain(&error)))?;
    let mesh = gather(&document, &Accessors { blob }).map_err(problem)?;
    if mesh.triangles.is_empty() {
        let problem = "it has no triangles; export it with its meshes".to_owned();
        return Err(SceneError::Unsupported { path: path.into(), problem });
    }
    VoxelMesh::new(mesh, resolution, progress)
        .ok_or_else(|| SceneError::TooMuchMemory { name: path.display().to_string(), what: "surfaces" })
}

/// What is wrong, before it is known where.
enum Problem {
    Damaged(String),
    Unsupported(String),
    TooMuch,
}

/// The triangles of all nodes of all scenes, in the space of the scene.
fn gather(document: &Document, accessors: &Accessors) -> Result<Mesh, Problem> {
    let mut mesh = Mesh::default();
    // A node that belongs to two scenes is shown once; in one scene a node has one parent.
    let mut scene_of = vec![None; document.nodes().len()];
    for scene in document.scenes() {
        let mut open: Vec<(Node, DMat4)> = scene.nodes().map(|node| (node, DMat4::IDENTITY)).collect();
        while let Some((node, parent)) = open.pop() {
            match scene_of[node.index()].replace(scene.index()) {
                Some(before) if before == scene.index() => {
                    return Err(Problem::Damaged(format!("node {} has two parents", node.index())));
                }
                Some(_) => continue,
                None => {}
            }
            let local = DMat4::from_cols_array_2d(&node.transform().matrix().map(|column| column.map(f64::from)));
            let transform = parent * local;
            for primitive in node.mesh().iter().flat_map(|mesh| mesh.primitives()) {
                add(&mut mesh, &primitive, transform, accessors)?;
            }
            open.extend(node.children().map(|child| (child, transform)));
        }
    }
    Ok(mesh)
}

/// Adds a primitive's triangles. Points and lines have none.
fn add(mesh: &mut Mesh, primitive: &Primitive, transform: DMat4, accessors: &Accessors) -> Result<(), Problem> {
    let mode = primitive.mode();
    if !matches!(mode, Mode::Triangles | Mode::TriangleStrip | Mode::TriangleFan) {
        return Ok(());
    }
    let Some(positions) = primitive.get(&Semantic::Positions) else { return Ok(()) };
    let positions = accessors.vectors::<3>(&positions)?;
    let corners = match primitive.indices() {
        Some(indices) => accessors.indices(&indices)?,
        None => (0..positions.len() as u32).collect(),
    };
    if let Some(corner) = corners.iter().find(|corner| **corner as usize >= positions.len()) {
        return Err(Problem::Damaged(format!("a triangle uses vertex {corner} of {}", positions.len())));
    }
    if mesh.triangles.len() + corners.len() > MAX_TRIANGLES
        || mesh.positions.len() + positions.len() > u32::MAX as usize
    {
        return Err(Problem::TooMuch);
    }

    let first = mesh.positions.len() as u32;
    for position in &positions {
        let at = transform.transform_point3(DVec3::from_array(position.map(f64::from)));
        if !at.is_finite() || at.abs().max_element() > 1e30 {
            return Err(Problem::Damaged("a vertex is not at a finite place".to_owned()));
        }
        mesh.positions.push(at.as_vec3());
    }

    let normals = primitive.get(&Semantic::Normals).map(|normals| accessors.vectors::<3>(&normals)).transpose()?;
    let to_world = glam::DMat3::from_mat4(transform).inverse().transpose();
    let normal = |normal: [f32; 3]| (to_world * DVec3::from_array(normal.map(f64::from))).as_vec3().normalize_or_zero();
    match normals {
        Some(normals) if normals.len() == positions.len() => mesh.normals.extend(normals.into_iter().map(normal)),
        // Their faces' normals will do.
        _ => mesh.normals.resize(mesh.positions.len(), Vec3::ZERO),
    }

    let [r, g, b, _] = primitive.material().pbr_metallic_roughness().base_color_factor();
    let factor = Vec3::new(r, g, b);
    let colors = primitive.get(&Semantic::Colors(0)).map(|colors| accessors.colors(&colors)).transpose()?;
    let colors = colors.filter(|colors| colors.len() == positions.len());
    for corners in triangles(mode, &corners) {
        let vertex = colors.as_ref().map_or(Vec3::ONE, |colors| {
            corners.iter().map(|&c| Vec3::from_array(colors[c as usize])).sum::<Vec3>() / 3.0
        });
        mesh.triangles.push(corners.map(|corner| first + corner));
        mesh.colors.push((factor * vertex).to_array().map(|v| if v.is_finite() { v.clamp(0.0, 1.0) } else { 0.0 }));
    }
    Ok(())
}

/// The corners of each triangle.
fn triangles(mode: Mode, corners: &[u32]) -> impl Iterator<Item = [u32; 3]> {
    let count = match mode {
        Mode::Triangles => corners.len() / 3,
        _ => corners.len().saturating_sub(2),
    };
    (0..count).map(move |i| match mode {
        Mode::Triangles => [corners[3 * i], corners[3 * i + 1], corners[3 * i + 2]],
        Mode::TriangleFan => [corners[0], corners[i + 1], corners[i + 2]],
        _ if i % 2 == 0 => [corners[i], corners[i + 1], corners[i + 2]],
        _ => [corners[i + 1], corners[i], corners[i + 2]],
    })
}
