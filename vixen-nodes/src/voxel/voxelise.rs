//! Triangles as voxels: every voxel that the surface touches is solid.

mod bins;
mod overlap;
mod quantise;
mod rows;

use glam::{UVec3, Vec3, Vec4};

use super::build::Progress;
use super::layout::{BRICK_EDGE, Material};
use super::source::{BrickVoxels, Content, Cube, MaterialIndex, Surface, SurfaceTriangle, SurfaceVertex, VoxelSource};
use bins::Bin;
use overlap::{Row, Triangle};
use rows::Rows;

/// Triangles in any space, y up.
#[derive(Default)]
pub(crate) struct Mesh {
    pub(crate) positions: Vec<Vec3>,
    /// One a vertex; zero where it is not known.
    pub(crate) normals: Vec<Vec3>,
    pub(crate) triangles: Vec<[u32; 3]>,
    /// Linear RGB of each triangle.
    pub(crate) colors: Vec<[f32; 3]>,
}

/// A mesh that yields voxels. Its memory grows with the surface: one entry for each triangle in each brick.
pub(super) struct VoxelMesh {
    size: UVec3,
    /// Positions in voxels; no normals at all if none is known.
    mesh: Mesh,
    materials: Vec<MaterialIndex>,
    bins: Vec<Bin>,
}

/// How far the mesh keeps from the sides of the scene. It also keeps surfaces that lie between two layers of voxels, as the sides of
/// boxes often do, from filling both.
const MARGIN: f32 = 1.0 / 1024.0;

impl VoxelMesh {
    /// Scales the mesh so that its longest side is `resolution` voxels. `None` if it would take too much memory.
    pub(super) fn new(
        mut mesh: Mesh,
        resolution: u32,
        progress: &dyn Fn(Progress),
    ) -> Option<(Box<[Material; 256]>, Self)> {
        let used = mesh.triangles.iter().flatten().map(|&corner| mesh.positions[corner as usize]);
        let none = (Vec3::INFINITY, Vec3::NEG_INFINITY);
        let (low, high) = used.fold(none, |(low, high), at| (low.min(at), high.max(at)));
        let extent = (high - low).max_element();
        let scale = if extent > 0.0 { (resolution as f32 - 2.0 * MARGIN) / extent } else { 0.0 };
        let side = |length: f32| ((length * scale + 2.0 * MARGIN).ceil() as u32).clamp(1, resolution);
        let size = UVec3::from_array((high - low).to_array().map(side));
        let last = size.as_vec3() - MARGIN;
        mesh.positions.iter_mut().for_each(|at| *at = ((*at - low) * scale + MARGIN).clamp(Vec3::splat(MARGIN), last));

        if mesh.normals.iter().all(|normal| *normal == Vec3::ZERO) {
            mesh.normals = Vec::new();
        }
        let (palette, materials) = quantise::palette(&mesh.colors);
        mesh.colors = Vec::new();
        let bins = bins::fill(mesh.triangles.len(), |index| corners(&mesh, index), progress)?;
        Some((palette, Self { size, mesh, materials, bins }))
    }

    /// The normals at a triangle's corners, its own where the mesh has none; `None` if it has none at all of them.
    #[inline]
    fn normals(&self, index: u32, triangle: &Triangle) -> Option<[Vec3; 3]> {
        if self.mesh.normals.is_empty() {
            return None;
        }
        let normals = self.mesh.triangles[index as usize].map(|corner| self.mesh.normals[corner as usize]);
        let own = |normal| if normal == Vec3::ZERO { triangle.normal() } else { normal };
        normals.iter().any(|normal| *normal != Vec3::ZERO).then(|| normals.map(own))
    }
}

/// A triangle's corners.
fn corners(mesh: &Mesh, index: u32) -> [Vec3; 3] {
    mesh.triangles[index as usize].map(|corner| mesh.positions[corner as usize])
}

impl VoxelSource for VoxelMesh {
    fn size(&self) -> UVec3 {
        self.size
    }

    fn content(&self, cube: Cube) -> Content {
        if bins::within(&self.bins, cube).is_empty() { Content::Empty } else { Content::Mixed }
    }

    fn cells(&self, cube: Cube) -> [Content; 64] {
        // A cell is 64 times as short on the curve as the cube.
        let bits = 3 * (cube.edge / BRICK_EDGE).trailing_zeros() - 6;
        let mut cells = [Content::Empty; 64];
        let bins = bins::within(&self.bins, cube).iter();
        bins.for_each(|bin| cells[(bin >> 32 >> bits & 63) as usize] = Content::Mixed);
        cells
    }

    fn surface(&self) -> Option<Surface> {
        let normals = self.mesh.normals.iter().copied().chain(std::iter::repeat(Vec3::ZERO));
        let vertex = |(position, normal): (&Vec3, Vec3)| SurfaceVertex {
            position: position.to_array(),
            normal: normal.to_array(),
        };
        let triangle =
            |(&corners, &material): (_, &MaterialIndex)| SurfaceTriangle { corners, material: material.into() };
        Some(Surface {
            vertices: self.mesh.positions.iter().zip(normals).map(vertex).collect(),
            triangles: self.mesh.triangles.iter().zip(&self.materials).map(triangle).collect(),
            bins: self.bins.clone(),
        })
    }

    // `shaders/build_surface.glsl` finds the very same voxels: change both.
    fn fill(&self, origin: UVec3, brick: &mut BrickVoxels) {
        let bins = bins::within(&self.bins, Cube { origin, edge: BRICK_EDGE });
        let Some(first) = bins.first() else { return };
        let material_of = |bin: Bin| self.materials[bin as u32 as usize];
        let material = material_of(*first);
        let one_material = bins.iter().all(|bin| material_of(*bin) == material);
        if one_material {
            brick.set_material(material);
        }
        let mut voxels = Rows::default();
        // A triangle ahead, so that memory has time.
        let mut next = corners(&self.mesh, *first as u32);
        for (bin, after) in bins.iter().zip(bins[1..].iter().chain(bins.last())) {
            let index = *bin as u32;
            let triangle = Triangle::new(next.map(|corner| corner - origin.as_vec3()));
            next = corners(&self.mesh, *after as u32);
            let (overlap, bounds) = (triangle.overlap(Vec3::ONE), triangle.bounds());
            let mut add = |row: Row, normal| {
                voxels.add(&row, normal);
                if !one_material {
                    voxels.set_materials(&row, material_of(*bin));
                }
            };
            match self.normals(index, &triangle) {
                None => {
                    let normal = triangle.normal().to_array().map(Vec4::splat);
                    overlap.rows(bounds, |row| add(row, normal));
                }
                Some([a, b, c]) => {
                    let weights = triangle.weights();
                    overlap.rows(bounds, |row| {
                        let middle = row.first.as_vec3() + 0.5;
                        let along = Vec4::splat(middle.x) + Vec4::new(0.0, 1.0, 2.0, 3.0);
                        let [by_a, by_b, by_c] = weights.at([along, Vec4::splat(middle.y), Vec4::splat(middle.z)]);
                        let sum = |a: f32, b: f32, c: f32| by_a * a + (by_b * b + by_c * c);
                        add(row, [sum(a.x, b.x, c.x), sum(a.y, b.y, c.y), sum(a.z, b.z, c.z)]);
                    });
                }
            }
        }
        brick.set_mask(voxels.mask());
        if !one_material {
            brick.number_materials(|number| voxels.material(number));
        }
        brick.number_normals(|number| voxels.normal(number));
    }
}
