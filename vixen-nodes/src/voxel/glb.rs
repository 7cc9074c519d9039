//! Binary glTF: the triangles of all nodes, with their materials' colours.
//!
//! Of the `gltf` crate only the document's types are used: its validation and its readers trust indices and offsets
//! and panic on damaged files.

mod accessor;
mod container;

use std::path::Path;

use glam::{DMat3, DMat4, DQuat, DVec3, Vec3};
use gltf::Semantic;
use gltf::json::mesh::{Mode, Primitive};
use gltf::json::scene::Node;
use gltf::json::validation::Checked;
use gltf::json::{Index, Root, deserialize};

use super::build::Progress;
use super::error::SceneError;
use super::layout::Material;
use super::voxelise::{Mesh, VoxelMesh};
use accessor::Accessors;

/// The most triangles of all nodes together: a file can use one mesh any number of times.
const MAX_TRIANGLES: usize = 1 << 27;

/// Extensions that change nothing about where surfaces are; what they add to materials is not shown.
const HARMLESS: [&str; 3] = ["KHR_materials_", "KHR_texture_", "KHR_mesh_quantization"];

/// Reads a file and prepares its voxelisation: the longest side becomes `resolution` voxels.
pub(super) fn load(
    path: &Path,
    bytes: &[u8],
    resolution: u32,
    progress: &dyn Fn(Progress),
) -> Result<(Box<[Material; 256]>, VoxelMesh), SceneError> {
    let mesh = triangles_of(path, bytes)?;
    VoxelMesh::new(mesh, resolution, progress)
        .ok_or_else(|| SceneError::TooMuchMemory { name: path.display().to_string(), what: "surfaces" })
}

/// Reads a file's triangles.
pub(crate) fn triangles_of(path: &Path, bytes: &[u8]) -> Result<Mesh, SceneError> {
    read(bytes).map_err(|problem| match problem {
        Problem::Damaged(problem) => SceneError::Damaged { path: path.into(), problem },
        Problem::Unsupported(problem) => SceneError::Unsupported { path: path.into(), problem },
        Problem::TooMuch => SceneError::TooMuchMemory { name: path.display().to_string(), what: "triangles" },
    })
}

/// What is wrong, before it is known where.
#[derive(Debug)]
enum Problem {
    Damaged(String),
    Unsupported(String),
    TooMuch,
}

fn read(bytes: &[u8]) -> Result<Mesh, Problem> {
    let (json, blob) = container::split(bytes)?;
    let root: Root =
        deserialize::from_slice(json).map_err(|error| Problem::Damaged(format!("its document: {error}")))?;
    let unknown = root.extensions_required.iter().find(|name| !HARMLESS.iter().any(|known| name.starts_with(known)));
    if let Some(name) = unknown {
        return Err(Problem::Unsupported(format!("it needs the extension {name}; export it without")));
    }
    let mesh = gather(&Accessors { root: &root, blob })?;
    if mesh.triangles.is_empty() {
        return Err(Problem::Unsupported("it has no triangles; export it with its meshes".to_owned()));
    }
    Ok(mesh)
}

/// The triangles of all nodes of all scenes, in the space of the scene.
fn gather(accessors: &Accessors) -> Result<Mesh, Problem> {
    let root = accessors.root;
    let mut mesh = Mesh::default();
    // A node that belongs to two scenes is shown once; in one scene a node has one parent.
    let mut scene_of = vec![None; root.nodes.len()];
    for (number, nodes) in scenes(root).into_iter().enumerate() {
        let mut open: Vec<(Index<Node>, DMat4)> = nodes.into_iter().map(|node| (node, DMat4::IDENTITY)).collect();
        while let Some((index, parent)) = open.pop() {
            let node = root.get(index).ok_or_else(|| Problem::Damaged(format!("there is no node {index}")))?;
            match scene_of[index.value()].replace(number) {
                Some(before) if before == number => {
                    return Err(Problem::Damaged(format!("node {index} has two parents")));
                }
                Some(_) => continue,
                None => {}
            }
            let transform = parent * local_transform(node);
            if let Some(index) = node.mesh {
                let part = root.get(index).ok_or_else(|| Problem::Damaged(format!("there is no mesh {index}")))?;
                part.primitives.iter().try_for_each(|primitive| add(&mut mesh, primitive, transform, accessors))?;
            }
            open.extend(node.children.iter().flatten().map(|child| (*child, transform)));
        }
    }
    Ok(mesh)
}

/// The nodes that each scene begins with; a file without scenes shows all that it has.
fn scenes(root: &Root) -> Vec<Vec<Index<Node>>> {
    if !root.scenes.is_empty() {
        return root.scenes.iter().map(|scene| scene.nodes.clone()).collect();
    }
    let mut is_child = vec![false; root.nodes.len()];
    for child in root.nodes.iter().flat_map(|node| node.children.iter().flatten()) {
        if let Some(is_child) = is_child.get_mut(child.value()) {
            *is_child = true;
        }
    }
    let roots = (0u32..).zip(is_child).filter(|(_, is_child)| !is_child);
    vec![roots.map(|(node, _)| Index::new(node)).collect()]
}

fn local_transform(node: &Node) -> DMat4 {
    if let Some(matrix) = node.matrix {
        return DMat4::from_cols_array(&matrix.map(f64::from));
    }
    let vector = |v: [f32; 3]| DVec3::from_array(v.map(f64::from));
    let rotation = node.rotation.map_or(DQuat::IDENTITY, |q| DQuat::from_array(q.0.map(f64::from)));
    // The rotation of a damaged file may have any length, and a length of 0 has no direction.
    let length = rotation.length();
    let rotation = if length > 0.0 && length.is_finite() { rotation / length } else { DQuat::IDENTITY };
    let scale = node.scale.map_or(DVec3::ONE, vector);
    DMat4::from_scale_rotation_translation(scale, rotation, node.translation.map_or(DVec3::ZERO, vector))
}

/// Adds a primitive's triangles. Points and lines have none.
fn add(mesh: &mut Mesh, primitive: &Primitive, transform: DMat4, accessors: &Accessors) -> Result<(), Problem> {
    let mode = match primitive.mode {
        Checked::Valid(mode @ (Mode::Triangles | Mode::TriangleStrip | Mode::TriangleFan)) => mode,
        Checked::Valid(_) => return Ok(()),
        Checked::Invalid => return Err(Problem::Damaged("a primitive has an unknown mode".to_owned())),
    };
    let attribute = |semantic| primitive.attributes.get(&Checked::Valid(semantic)).copied();
    let Some(positions) = attribute(Semantic::Positions) else { return Ok(()) };
    let positions = accessors.vectors::<3>(positions)?;
    let corners = match primitive.indices {
        Some(indices) => accessors.indices(indices)?,
        None => (0..positions.len() as u32).collect(),
    };
    if let Some(corner) = corners.iter().find(|corner| **corner as usize >= positions.len()) {
        return Err(Problem::Damaged(format!("a triangle uses vertex {corner} of {}", positions.len())));
    }
    if mesh.triangles.len() + corners.len() > MAX_TRIANGLES || mesh.positions.len() + positions.len() > MAX_TRIANGLES {
        return Err(Problem::TooMuch);
    }

    let first = mesh.positions.len() as u32;
    for position in &positions {
        let at = transform.transform_point3(DVec3::from_array(position.map(f64::from)));
        // Far enough from the largest float that sums and differences stay finite.
        if !at.is_finite() || at.abs().max_element() > 1e30 {
            return Err(Problem::Damaged("a vertex is not at a finite place".to_owned()));
        }
        mesh.positions.push(at.as_vec3());
    }

    let normals = attribute(Semantic::Normals).map(|normals| accessors.vectors::<3>(normals)).transpose()?;
    let to_world = DMat3::from_mat4(transform).inverse().transpose();
    let normal = |normal: [f32; 3]| (to_world * DVec3::from_array(normal.map(f64::from))).as_vec3().normalize_or_zero();
    match normals {
        Some(normals) if normals.len() == positions.len() => mesh.normals.extend(normals.into_iter().map(normal)),
        // Their faces' normals will do.
        _ => mesh.normals.resize(mesh.positions.len(), Vec3::ZERO),
    }

    let material = primitive.material.and_then(|material| accessors.root.get(material));
    let factor = material.map_or(Vec3::ONE, |material| {
        let [r, g, b, _] = material.pbr_metallic_roughness.base_color_factor.0;
        Vec3::new(r, g, b)
    });
    let colors = attribute(Semantic::Colors(0)).map(|colors| accessors.colors(colors)).transpose()?;
    let colors = colors.filter(|colors| colors.len() == positions.len());
    for corners in triangles(mode, &corners) {
        // One colour a triangle: the mean of its corners.
        let mean =
            |colors: &Vec<[f32; 3]>| corners.iter().map(|&c| Vec3::from_array(colors[c as usize])).sum::<Vec3>() / 3.0;
        let color = factor * colors.as_ref().map_or(Vec3::ONE, mean);
        mesh.triangles.push(corners.map(|corner| first + corner));
        mesh.colors.push(color.to_array().map(|v| if v.is_finite() { v.clamp(0.0, 1.0) } else { 0.0 }));
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
