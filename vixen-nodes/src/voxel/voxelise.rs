//! Triangles as voxels: every voxel that the surface touches is solid.

mod batch;
mod bins;
mod boxes;
mod lanes;
mod overlap;
mod quantise;
mod sums;
mod touched;

use std::cell::RefCell;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use glam::{UVec3, Vec3, Vec3A, Vec4};

use super::build::Progress;
use super::layout::{BRICK_EDGE, Material};
use super::normal::sized;
use super::parallel;
use super::source::{BrickVoxels, Content, Cube, MaterialIndex, VoxelSource};
use super::surface::{Surface, SurfaceTriangle, SurfaceVertex};
use batch::{Batch, Block, Corners};
use bins::Bin;
use lanes::{AT_ONCE, Lanes};
use sums::Sums;
use touched::{Solid, Touched};

/// Triangles in any space, y up.
#[derive(Default)]
pub(crate) struct Mesh {
    pub(crate) positions: Vec<Vec3A>,
    /// One a vertex, zero where it is not known; none at all if none is known.
    pub(crate) normals: Vec<Vec3>,
    pub(crate) triangles: Vec<[u32; 3]>,
    /// Linear RGB, and how many triangles on end have it.
    pub(crate) colors: Vec<([f32; 3], usize)>,
}

/// A mesh that yields voxels. Its memory grows with the surface: one entry for each triangle in each brick.
pub(super) struct VoxelMesh {
    /// No other mesh has it.
    id: u64,
    size: UVec3,
    /// In voxels.
    positions: Vec<Vec3A>,
    /// None at all if none is known.
    normals: Vec<Vec3>,
    triangles: Vec<[u32; 3]>,
    materials: Vec<MaterialIndex>,
    /// Whether these are all the same.
    one_material: bool,
    bins: Vec<Bin>,
}

/// What a thread draws bricks with. It lives as long as the thread, since to clear it takes as long as to draw a few triangles.
#[derive(Default)]
struct Drawing {
    /// Behind the bins of the last brick, where those of the next one are to be expected.
    after: usize,
    /// All zero between two bricks.
    sums: Sums,
    corners: Corners,
    batch: Batch,
    /// The mesh whose bins the batch is of, and the first of these.
    prepared: Option<(u64, usize)>,
    touched: Touched,
    solid: Solid,
}

/// How many meshes there were.
static MESHES: AtomicU64 = AtomicU64::new(0);

/// How far the mesh keeps from the sides of the scene. It also keeps surfaces that lie between two layers of voxels, as the sides of
/// boxes often do, from filling both.
const MARGIN: f32 = 1.0 / 1024.0;

/// The pairs of triangles and bricks that they may touch, sorted. `None` if there are too many.
pub(super) fn bins_of(size: UVec3, vertices: &[SurfaceVertex], triangles: &[SurfaceTriangle]) -> Option<Vec<Bin>> {
    let vertex = |index: u32, corner: usize| triangles[index as usize].corners[corner] as usize;
    bins::fill(size, triangles.len(), |index, corner| vertices[vertex(index, corner)].position.into(), &|_| ())
}

impl VoxelMesh {
    /// Scales the mesh so that its longest side is `resolution` voxels. `None` if it would take too much memory.
    pub(super) fn new(
        mesh: Mesh,
        resolution: u32,
        progress: &dyn Fn(Progress),
    ) -> Option<(Box<[Material; 256]>, Self)> {
        let Mesh { mut positions, mut normals, triangles, colors } = mesh;
        let none = (Vec3A::INFINITY, Vec3A::NEG_INFINITY);
        let bounds = |range: Range<usize>| {
            let used = triangles[range].iter().flatten().map(|&corner| positions[corner as usize]);
            used.fold(none, |(low, high), at| (low.min(at), high.max(at)))
        };
        let bounds = parallel::ranges(triangles.len(), bounds);
        let (low, high) = bounds.into_iter().fold(none, |all, one| (all.0.min(one.0), all.1.max(one.1)));
        let extent = (high - low).max_element();
        let scale = if extent > 0.0 { (resolution as f32 - 2.0 * MARGIN) / extent } else { 0.0 };
        let side = |length: f32| ((length * scale + 2.0 * MARGIN).ceil() as u32).clamp(1, resolution);
        let size = UVec3::from_array((high - low).to_array().map(side));
        let last = size.as_vec3() - MARGIN;
        let last = Vec3A::from(last);
        parallel::for_each(&mut positions, |at| {
            *at = ((*at - low) * scale + MARGIN).clamp(Vec3A::splat(MARGIN), last);
        });
        if normals.iter().all(|normal| *normal == Vec3::ZERO) {
            normals = Vec::new();
        }
        let (palette, materials) = quantise::palette(&colors);
        let one_material = materials.iter().all(|material| *material == materials[0]);
        let id = MESHES.fetch_add(1, Ordering::Relaxed);
        let mut voxels = Self { id, size, positions, normals, triangles, materials, one_material, bins: Vec::new() };
        voxels.bins = bins::fill(size, voxels.triangles.len(), |index, corner| voxels.corner(index, corner), progress)?;
        Some((palette, voxels))
    }

    /// A triangle's corner, one of three.
    #[inline(always)]
    fn corner(&self, index: u32, corner: usize) -> Vec3A {
        self.positions[self.triangles[index as usize][corner] as usize]
    }

    /// Prepares a batch of these bins, which begin at one.
    #[inline(always)]
    fn prepare(&self, lanes: impl Lanes, start: usize, bins: &[Bin], corners: &mut Corners, batch: &mut Batch) {
        // All of them before the first is drawn, so that memory answers many questions at once; and what is asked for next.
        let (mut triangles, mut places) = ([[0; 3]; AT_ONCE], [0; AT_ONCE]);
        for number in 0..AT_ONCE {
            let bin = bins[number.min(bins.len() - 1)];
            triangles[number] = self.triangles[bin as u32 as usize];
            places[number] = (bin >> 32) as u32;
            self.fetch(lanes, start + number);
        }
        corners.set(lanes, |triangle, corner| self.positions[triangles[triangle][corner] as usize]);
        batch.prepare(corners, bins.len(), &boxes::origins(&places), lanes);
    }

    /// Has what is drawn some triangles after a bin come nearer: first the triangle, then its corners.
    #[inline(always)]
    fn fetch(&self, lanes: impl Lanes, bin: usize) {
        if let Some(bin) = self.bins.get(bin + 3 * AT_ONCE) {
            lanes.fetch(&self.triangles, *bin as u32 as usize);
        }
        if let Some(bin) = self.bins.get(bin + AT_ONCE) {
            let [a, b, c] = self.triangles[*bin as u32 as usize];
            lanes.fetch(&self.positions, a as usize);
            lanes.fetch(&self.positions, b as usize);
            lanes.fetch(&self.positions, c as usize);
        }
    }

    /// The normals at a triangle's corners, its own where the mesh has none; `None` if it has none at all of them.
    #[inline(always)]
    fn normals(&self, index: u32, own: impl Fn() -> Vec3) -> Option<[Vec3; 3]> {
        if self.normals.is_empty() {
            return None;
        }
        let normals = self.triangles[index as usize].map(|corner| self.normals[corner as usize]);
        let own = |normal| if normal == Vec3::ZERO { own() } else { normal };
        normals.iter().any(|normal| *normal != Vec3::ZERO).then(|| normals.map(own))
    }
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
        let normals = self.normals.iter().copied().chain(std::iter::repeat(Vec3::ZERO));
        let vertex = |(position, normal): (&Vec3A, Vec3)| SurfaceVertex {
            position: position.to_array(),
            normal: normal.to_array(),
        };
        let triangle =
            |(&corners, &material): (_, &MaterialIndex)| SurfaceTriangle { corners, material: material.into() };
        let vertices = self.positions.iter().zip(normals).map(vertex).collect();
        let triangles = self.triangles.iter().zip(&self.materials).map(triangle).collect();
        Some(Surface::counted(self.size, vertices, triangles, self.bins.iter().map(|bin| (bin >> 32) as u32)))
    }

    fn fill(&self, origin: UVec3, brick: &mut BrickVoxels) {
        thread_local! {
            static DRAWING: RefCell<Drawing> = RefCell::default();
        }
        DRAWING.with_borrow_mut(|drawing| {
            #[cfg(target_arch = "x86_64")]
            if let Some(lanes) = lanes::Avx512::detect() {
                // SAFETY: the processor has all the features that `draw_with_avx512` asks for, since `detect` looked for each.
                return unsafe { self.draw_with_avx512(lanes, drawing, origin, brick) };
            }
            #[cfg(target_arch = "x86_64")]
            if lanes::has_avx2() {
                // SAFETY: the processor has all the features that `draw_with_avx2` asks for, since `has_avx2` looked for each.
                return unsafe { self.draw_with_avx2(drawing, origin, brick) };
            }
            self.draw(lanes::Fours, drawing, origin, brick);
        });
    }
}

impl VoxelMesh {
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx512vbmi2,avx2,bmi1,bmi2,popcnt,lzcnt")]
    fn draw_with_avx512(&self, lanes: lanes::Avx512, drawing: &mut Drawing, origin: UVec3, brick: &mut BrickVoxels) {
        self.draw(lanes, drawing, origin, brick);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
    fn draw_with_avx2(&self, drawing: &mut Drawing, origin: UVec3, brick: &mut BrickVoxels) {
        self.draw(lanes::Fours, drawing, origin, brick);
    }

    // `shaders/build_surface.glsl` finds the very same voxels: change both.
    #[inline(always)]
    fn draw(&self, lanes: impl Lanes, drawing: &mut Drawing, origin: UVec3, brick: &mut BrickVoxels) {
        let Drawing { after, sums, corners, batch, prepared, touched, solid } = drawing;
        let range = bins::of_brick(&self.bins, origin, *after);
        *after = range.end;
        let Some(&first) = self.bins.get(range.start).filter(|_| !range.is_empty()) else { return };
        let material_of = |bin: Bin| self.materials[bin as u32 as usize];
        let material = if self.one_material { self.materials[0] } else { material_of(first) };
        let one_material =
            self.one_material || self.bins[range.clone()].iter().all(|bin| material_of(*bin) == material);
        if one_material {
            brick.set_material(material);
        }
        let origin = origin.as_vec3().to_array();
        for start in (range.start / AT_ONCE * AT_ONCE..range.end).step_by(AT_ONCE) {
            let bins = &self.bins[start..self.bins.len().min(start + AT_ONCE)];
            if *prepared != Some((self.id, start)) {
                // Whatever bricks they are of: the next brick finds its own ready.
                self.prepare(lanes, start, bins, corners, batch);
                *prepared = Some((self.id, start));
            }
            let own = range.start.saturating_sub(start)..bins.len().min(range.end - start);
            if self.normals.is_empty() {
                touched.clear();
                for number in own {
                    batch.blocks(number, lanes, |block| {
                        sums.make_solid(&block);
                        touched.push(lanes, number, &block);
                    });
                }
                let normals = batch.normals();
                sums.add(touched.iter().map(|(place, number)| (place, normals[number])));
                if !one_material {
                    touched.iter().for_each(|(place, number)| sums.set_material(place, material_of(bins[number])));
                }
                continue;
            }
            for (number, bin) in bins.iter().enumerate().take(own.end).skip(own.start) {
                let set_materials = |sums: &mut Sums, block: &Block| {
                    if !one_material {
                        sums.set_materials(block, material_of(*bin));
                    }
                };
                match self.normals(*bin as u32, || corners.triangle(number, origin).normal()) {
                    None => {
                        let normal = sized(batch.normal(number));
                        batch.blocks(number, lanes, |block| {
                            sums.add_each(&block, |_| normal);
                            set_materials(sums, &block);
                        });
                    }
                    Some(normals) => {
                        let weights = corners.triangle(number, origin).weights();
                        let [a, b, c] = normals.map(sized);
                        let normal = |at: UVec3| -> Vec4 {
                            let [by_a, by_b, by_c] = weights.at(at.as_vec3() + 0.5);
                            a * by_a + (b * by_b + c * by_c)
                        };
                        batch.blocks(number, lanes, |block| {
                            sums.add_each(&block, normal);
                            set_materials(sums, &block);
                        });
                    }
                }
            }
        }
        let mask = sums.take_mask();
        brick.set_mask(mask);
        if !one_material {
            brick.number_materials(|number| sums.material(number));
        }
        let mut places = solid.set(lanes, &mask);
        brick.set_normals(|| sums.take_normals(lanes, places.next().expect("a brick has no more voxels than places")));
    }
}
