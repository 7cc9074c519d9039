//! Triangle meshes, from binary glTF to the device.

use std::collections::HashMap;
use std::iter::repeat_n;
use std::path::Path;
use std::sync::Arc;

use bytemuck::{Pod, Zeroable, cast_slice};
use glam::{Vec3, Vec3A};
use vixen::ash::vk;
use vixen::device::DeviceError;
use vixen::memory::{Buffer as DeviceBuffer, BufferDesc, Category, upload_buffer};
use vixen::{Block, Buffer, Device, Graph, Shared, Source};

use crate::acceleration::{Aabb, morton_order};
use crate::file;
use crate::voxel::{SceneError, glb};

/// A corner of triangles. Shaders that read it from a storage buffer declare it in scalar layout.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable, Block)]
pub struct MeshVertex {
    /// Where it is.
    pub position: [f32; 3],
    /// Which way the surface faces there, of length 1.
    pub normal: [f32; 3],
    /// Linear RGB reflectance.
    pub color: [f32; 3],
}

/// Triangles with normals and colours, y up.
#[derive(Clone, Debug, Default)]
pub struct Mesh {
    /// Corners.
    pub vertices: Vec<MeshVertex>,
    /// Three a triangle.
    pub indices: Vec<u32>,
}

impl Mesh {
    /// Reads all triangles of a binary glTF file. Where it has no normals, those of the surface around a corner stand in.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged, has no triangles, or needs what is not supported.
    pub fn open(path: &Path) -> Result<Self, SceneError> {
        Self::from_bytes(path, &file::read(path)?)
    }

    /// The same of a file's contents. The path is for messages.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_bytes(path: &Path, bytes: &[u8]) -> Result<Self, SceneError> {
        let mut read = glb::triangles_of(path, bytes)?;
        read.normals.resize(read.positions.len(), Vec3::ZERO);
        fill_normals(&read.positions, &read.triangles, &mut read.normals);

        // A corner where colours meet becomes one vertex for each of them.
        let mut mesh = Self::default();
        let mut numbers = HashMap::new();
        let colors: Vec<_> = read.colors.iter().flat_map(|(color, times)| repeat_n(color, *times)).collect();
        for triangle in along_curve(&read.positions, &read.triangles) {
            let color = colors[triangle as usize];
            for corner in read.triangles[triangle as usize] {
                let number = *numbers.entry((corner, color.map(f32::to_bits))).or_insert_with(|| {
                    let (position, normal) = (read.positions[corner as usize], read.normals[corner as usize]);
                    let (position, normal) = (position.to_array(), normal.to_array());
                    mesh.vertices.push(MeshVertex { position, normal, color: *color });
                    mesh.vertices.len() as u32 - 1
                });
                mesh.indices.push(number);
            }
        }
        Ok(mesh)
    }

    /// Where the corners are: what acceleration structures are built of.
    pub fn positions(&self) -> Vec<[f32; 3]> {
        self.vertices.iter().map(|vertex| vertex.position).collect()
    }

    /// The least box around it: its corners with the least and the greatest coordinates.
    pub fn bounds(&self) -> [Vec3; 2] {
        let positions = || self.vertices.iter().map(|vertex| Vec3::from(vertex.position));
        [positions().fold(Vec3::INFINITY, Vec3::min), positions().fold(Vec3::NEG_INFINITY, Vec3::max)]
    }
}

/// The order of triangles along a curve through space: neighbours in memory are neighbours in space, as caches and the builders of
/// acceleration structures like it.
fn along_curve(positions: &[Vec3A], triangles: &[[u32; 3]]) -> Vec<u32> {
    let around = |corners: &[u32; 3]| {
        let corners = corners.map(|corner| positions[corner as usize]);
        let (low, high) = (corners.into_iter().reduce(Vec3A::min), corners.into_iter().reduce(Vec3A::max));
        let corner = |corner: Option<Vec3A>| corner.expect("a triangle has corners").to_array();
        Aabb { low: corner(low), high: corner(high) }
    };
    morton_order(&triangles.iter().map(around).collect::<Vec<_>>())
}

/// Gives a normal to each vertex that has none: the mean of its triangles', by their areas.
fn fill_normals(positions: &[Vec3A], triangles: &[[u32; 3]], normals: &mut [Vec3]) {
    let mut sums = vec![Vec3::ZERO; positions.len()];
    for corners in triangles {
        let [a, b, c] = corners.map(|corner| positions[corner as usize]);
        let twice_area = Vec3::from((b - a).cross(c - a));
        corners.iter().for_each(|&corner| sums[corner as usize] += twice_area);
    }
    for (normal, sum) in normals.iter_mut().zip(sums) {
        if *normal == Vec3::ZERO {
            *normal = sum.try_normalize().unwrap_or(Vec3::Y);
        }
    }
}

/// A mesh in the device's memory: for vertex and index slots, and for storage slots of what traces rays. Graphs share it.
#[derive(Clone, Debug)]
pub struct MeshBuffers {
    vertices: Arc<DeviceBuffer>,
    indices: Arc<DeviceBuffer>,
}

/// A mesh as wires of one graph.
#[derive(Clone)]
pub struct MeshWires {
    /// Corners.
    pub vertices: Shared<Buffer<[MeshVertex]>>,
    /// Three a triangle.
    pub indices: Shared<Buffer<[u32]>>,
}

impl MeshBuffers {
    /// Copies a mesh to the device and waits until it is there.
    ///
    /// # Errors
    /// When the device's memory or budget does not suffice, or the mesh is empty.
    pub fn upload(device: &Device, mesh: &Mesh) -> Result<Self, DeviceError> {
        let buffer = |name, bytes: &[u8], usage| -> Result<_, DeviceError> {
            let usage = usage | vk::BufferUsageFlags::STORAGE_BUFFER | vk::BufferUsageFlags::TRANSFER_DST;
            let buffer = device.budget().buffer(&BufferDesc::new(name, bytes.len() as u64, usage), Category::Cacher)?;
            upload_buffer(device, &buffer, bytes)?;
            Ok(Arc::new(buffer))
        };
        Ok(Self {
            vertices: buffer("mesh vertices", cast_slice(&mesh.vertices), vk::BufferUsageFlags::VERTEX_BUFFER)?,
            indices: buffer("mesh indices", cast_slice(&mesh.indices), vk::BufferUsageFlags::INDEX_BUFFER)?,
        })
    }

    /// Bytes of device memory.
    pub fn bytes(&self) -> u64 {
        self.vertices.bytes() + self.indices.bytes()
    }

    /// Whether a graph, or a clone of this, has its buffers too.
    pub fn is_shared(&self) -> bool {
        [&self.vertices, &self.indices].into_iter().any(|buffer| Arc::strong_count(buffer) > 1)
    }
}

impl Source for MeshBuffers {
    const NAME: &'static str = "MeshBuffers";
    type Wires = MeshWires;

    fn share(&self, graph: &Graph) -> MeshWires {
        MeshWires { vertices: graph.share_buffer(&self.vertices), indices: graph.share_buffer(&self.indices) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_normals_come_from_the_surface_and_others_stay() {
        let positions = [Vec3A::ZERO, Vec3A::X, Vec3A::Z, Vec3A::ONE];
        let mut normals = [Vec3::ZERO, Vec3::X, Vec3::ZERO, Vec3::ZERO];
        fill_normals(&positions, &[[0, 2, 1]], &mut normals);
        assert_eq!(normals, [Vec3::Y, Vec3::X, Vec3::Y, Vec3::Y]);
    }
}
