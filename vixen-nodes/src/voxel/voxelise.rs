//! Triangles as voxels: every voxel that the surface touches is solid.

mod overlap;
mod quantise;

use glam::{IVec3, UVec3, Vec3};

use super::build::Progress;
use super::layout::{BRICK_EDGE, BRICK_VOXELS, Material, morton3};
use super::morton;
use super::source::{BrickVoxels, Content, Cube, MaterialIndex, VoxelSource};
use overlap::Triangle;

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
    /// Positions in voxels.
    mesh: Mesh,
    materials: Vec<MaterialIndex>,
    /// The brick's place on the Morton curve and the triangle, sorted.
    bins: Vec<(u32, u32)>,
}

/// How far the mesh keeps from the sides of the scene. It also keeps surfaces that lie between two layers of voxels, as the sides of
/// boxes often do, from filling both.
const MARGIN: f32 = 1.0 / 1024.0;
/// The most triangles that all bricks hold together: 4 GiB.
const MAX_BINS: usize = 1 << 29;

impl VoxelMesh {
    /// Scales the mesh so that its longest side is `resolution` voxels. `None` if it would take too much memory.
    pub(super) fn new(
        mut mesh: Mesh,
        resolution: u32,
        progress: &dyn Fn(Progress),
    ) -> Option<(Box<[Material; 256]>, Self)> {
        let used = || mesh.triangles.iter().flatten().map(|&corner| mesh.positions[corner as usize]);
        let low = used().fold(Vec3::INFINITY, Vec3::min);
        let high = used().fold(Vec3::NEG_INFINITY, Vec3::max);
        let extent = (high - low).max_element();
        let scale = if extent > 0.0 { (resolution as f32 - 2.0 * MARGIN) / extent } else { 0.0 };
        let side = |length: f32| ((length * scale + 2.0 * MARGIN).ceil() as u32).clamp(1, resolution);
        let size = UVec3::from_array((high - low).to_array().map(side));
        let last = size.as_vec3() - MARGIN;
        mesh.positions.iter_mut().for_each(|at| *at = ((*at - low) * scale + MARGIN).clamp(Vec3::splat(MARGIN), last));

        let (palette, materials) = quantise::palette(&mesh.colors);
        mesh.colors = Vec::new();
        let mut this = Self { size, mesh, materials, bins: Vec::new() };
        this.fill_bins(progress)?;
        Some((palette, this))
    }

    /// Notes which triangles touch which bricks.
    fn fill_bins(&mut self, progress: &dyn Fn(Progress)) -> Option<()> {
        let total = self.mesh.triangles.len();
        let mut bins = Vec::with_capacity(total + total / 2);
        for index in 0..total {
            if index % 65_536 == 0 {
                progress(Progress { stage: "sorting triangles", done: index as u64, total: total as u64 });
            }
            let triangle = self.triangle(index as u32);
            let (low, high) = triangle.bounds();
            let (first, last) = (low / BRICK_EDGE as i32, high / BRICK_EDGE as i32);
            // The least cube of the curve that holds all of it.
            let differing = first ^ last;
            let bits = 32 - (differing.x | differing.y | differing.z).leading_zeros();
            let edge = BRICK_EDGE << bits;
            let origin = low.as_uvec3() / edge * edge;
            triangle.cubes(origin, edge, BRICK_EDGE, &mut |brick| {
                if bins.len() < MAX_BINS {
                    bins.push((morton::key(brick / BRICK_EDGE) as u32, index as u32));
                }
            });
            if bins.len() == MAX_BINS {
                return None;
            }
        }
        bins.sort_unstable();
        self.bins = bins;
        Some(())
    }

    fn triangle(&self, index: u32) -> Triangle {
        Triangle::new(self.mesh.triangles[index as usize].map(|corner| self.mesh.positions[corner as usize]))
    }

    /// The bins of the bricks in an aligned cube of bricks.
    fn bins(&self, cube: Cube) -> &[(u32, u32)] {
        morton::cube(&self.bins, |bin| u64::from(bin.0), cube.origin / BRICK_EDGE, cube.edge / BRICK_EDGE)
    }

    /// The direction that a triangle's surface faces near a point.
    fn normal(&self, index: u32, triangle: &Triangle, near: Vec3) -> Vec3 {
        let corners = self.mesh.triangles[index as usize];
        let weights = triangle.weights(near);
        let smooth: Vec3 = (0..3).map(|i| self.mesh.normals[corners[i] as usize] * weights[i]).sum();
        smooth.try_normalize().unwrap_or_else(|| triangle.normal())
    }
}

impl VoxelSource for VoxelMesh {
    fn size(&self) -> UVec3 {
        self.size
    }

    fn content(&self, cube: Cube) -> Content {
        if self.bins(cube).is_empty() { Content::Empty } else { Content::Mixed }
    }

    fn fill(&self, origin: UVec3, brick: &mut BrickVoxels) {
        let mut normals = [Vec3::ZERO; BRICK_VOXELS];
        for &(_, index) in self.bins(Cube { origin, edge: BRICK_EDGE }) {
            let triangle = self.triangle(index);
            triangle.cubes(origin, BRICK_EDGE, 1, &mut |voxel| {
                let at = voxel - origin;
                let sum = &mut normals[morton3(at.x, at.y, at.z) as usize];
                *sum += self.normal(index, &triangle, voxel.as_vec3() + 0.5);
                brick.set_with_normal(at, self.materials[index as usize], *sum);
            });
        }
    }
}

/// The cell of a point.
fn cell(at: Vec3) -> IVec3 {
    at.floor().as_ivec3()
}
