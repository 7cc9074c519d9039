//! Binary glTF: the triangles of all nodes, with the colours of their materials and vertices. Textures are not read.
//!
//! Of the `gltf` crate only the document's types are used: its validation and its readers trust indices and offsets
//! and panic on damaged files.

mod accessor;
mod container;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use glam::{DMat3, DMat4, DQuat, DVec3, Vec3};
use gltf::Semantic;
use gltf::json::mesh::{Mode, Primitive};
use gltf::json::scene::Node;
use gltf::json::validation::Checked;
use gltf::json::{Index, Root, deserialize};

use super::build::Progress;
use super::error::SceneError;
use super::layout::Material;
use super::parallel;
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
    if !mesh.normals.is_empty() {
        mesh.normals.resize(mesh.positions.len(), Vec3::ZERO);
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
    let indices = primitive.indices.map(|indices| accessors.indices(indices)).transpose()?;
    let corner_count = indices.as_ref().map_or(positions.len(), |indices| indices.len());
    let corner = |number: usize| indices.as_ref().map_or(number as u32, |indices| indices.at(number));
    if mesh.triangles.len() + corner_count > MAX_TRIANGLES || mesh.positions.len() + positions.len() > MAX_TRIANGLES {
        return Err(Problem::TooMuch);
    }
    if triangle_count(mode, corner_count) == 0 {
        // Its colour, which would be that of nothing, takes no place in the palette.
        return Ok(());
    }

    let (first, wrong) = (mesh.positions.len() as u32, AtomicBool::new(false));
    let is_wrong = || wrong.load(Ordering::Relaxed);
    let triangles = parallel::collect(triangle_count(mode, corner_count), |number| {
        let [a, b, c] = corners_of(mode, number);
        let [a, b, c] = [corner(a), corner(b), corner(c)];
        if a.max(b).max(c) as usize >= positions.len() {
            wrong.store(true, Ordering::Relaxed);
        }
        [a.wrapping_add(first), b.wrapping_add(first), c.wrapping_add(first)]
    });
    if is_wrong() {
        let beyond = (0..corner_count).map(corner).find(|corner| *corner as usize >= positions.len());
        let corner = beyond.map_or_else(String::new, |corner| format!(" {corner}"));
        return Err(Problem::Damaged(format!("a triangle uses vertex{corner} of {}", positions.len())));
    }

    let placed = parallel::collect(positions.len(), |number| {
        let [x, y, z] = positions.at(number);
        let at = transform.transform_point3(DVec3::new(x.into(), y.into(), z.into()));
        // Far enough from the largest float that sums and differences stay finite.
        if !at.is_finite() || at.abs().max_element() > 1e30 {
            wrong.store(true, Ordering::Relaxed);
        }
        at.as_vec3a()
    });
    if is_wrong() {
        return Err(Problem::Damaged("a vertex lies nowhere, or too far away".to_owned()));
    }
    append(&mut mesh.positions, placed);

    let normals = attribute(Semantic::Normals).map(|normals| accessors.vectors::<3>(normals)).transpose()?;
    // Where there are none, their faces' normals will do.
    if let Some(normals) = normals.filter(|normals| normals.len() == positions.len()) {
        let to_world = DMat3::from_mat4(transform).inverse().transpose();
        let normal = |number: usize| {
            (to_world * DVec3::from_array(normals.at(number).map(f64::from))).as_vec3().normalize_or_zero()
        };
        mesh.normals.resize(first as usize, Vec3::ZERO);
        append(&mut mesh.normals, parallel::collect(normals.len(), normal));
    }

    let material = primitive.material.and_then(|material| accessors.root.get(material));
    let factor = material.map_or(Vec3::ONE, |material| {
        let [r, g, b, _] = material.pbr_metallic_roughness.base_color_factor.0;
        Vec3::new(r, g, b)
    });
    let colored =
        |color: Vec3| (factor * color).to_array().map(|v| if v.is_finite() { v.clamp(0.0, 1.0) } else { 0.0 });
    let colors = attribute(Semantic::Colors(0)).map(|colors| accessors.colors(colors)).transpose()?;
    match colors.filter(|colors| colors.len() == positions.len()) {
        None => mesh.colors.push((colored(Vec3::ONE), triangles.len())),
        Some(colors) => {
            // One colour a triangle: the mean of its corners.
            let mean = |corners: &[u32; 3]| {
                corners.iter().map(|&corner| Vec3::from_array(colors.at((corner - first) as usize))).sum::<Vec3>() / 3.0
            };
            let means = parallel::collect(triangles.len(), |number| colored(mean(&triangles[number])));
            mesh.colors.extend(means.chunk_by(|a, b| a == b).map(|same| (same[0], same.len())));
        }
    }
    append(&mut mesh.triangles, triangles);
    Ok(())
}

/// Appends without copying where nothing is there.
fn append<T>(all: &mut Vec<T>, more: Vec<T>) {
    if all.is_empty() {
        *all = more;
    } else {
        all.extend(more);
    }
}

/// How many triangles this many corners make.
fn triangle_count(mode: Mode, corners: usize) -> usize {
    match mode {
        Mode::Triangles => corners / 3,
        _ => corners.saturating_sub(2),
    }
}

/// Which corners a triangle has.
#[inline]
fn corners_of(mode: Mode, i: usize) -> [usize; 3] {
    match mode {
        Mode::Triangles => [3 * i, 3 * i + 1, 3 * i + 2],
        Mode::TriangleFan => [0, i + 1, i + 2],
        _ if i.is_multiple_of(2) => [i, i + 1, i + 2],
        _ => [i + 1, i, i + 2],
    }
}
