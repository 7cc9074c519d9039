//! Scenes built on the GPU: the same buffers as [`SceneSource::build`] makes, word for word, by compute nodes of a graph.
//!
//! Land: the CPU lists the cells of level 1 (32 voxels along an edge) that may hold something. It asks the source for them, so nothing goes
//! through a dense grid. *Measure* looks at the voxels of every brick that may have some and notes how large the brick will be.
//!
//! Triangles are first sorted into bricks: each triangle marks the bricks that it may touch, the marked bricks are listed, and the triangles
//! of each brick are counted, written one after another and sorted by number. Then a workgroup builds each brick, before it is known where
//! the brick will be stored, so materials and normals are in memory twice for a while. How much room all of this takes was counted on the
//! CPU, by [`Surface`](crate::voxel::Surface).
//!
//! From there on the passes are the same for both:
//!
//! 1. *cells* and *close* make the nodes of each level from those below, as the CPU does, and add up what each will hold. What is solid and
//!    of one material becomes a single record.
//! 2. *place* writes the nodes of each level, from the root down, and works out what is stored before each, in the CPU's order.
//! 3. The last pass writes bricks, masks, materials and normals. For land it looks at the voxels again, for surfaces it copies them.
//!
//! Between the passes the nodes of a level lie side by side in Morton order, empty ones included. They take 32 bytes for each 32³ voxels of
//! the cube that the tree covers; a bit map would take 128 times as much.

mod error;
mod nodes;
mod shape;
mod surface;

use glam::UVec3;
use vixen::{Block, Buffer, Device, Graph, Wire};

use crate::voxel::brick_map::{cell_edge, levels_for};
use crate::voxel::{Brick, Column, Content, Cube, MAX_EDGE, Node, SceneSource, VoxelSource, morton};
pub use error::BuildError;
use nodes::{BuildCells, BuildClear, BuildClose, BuildParams, BuildPlace};
use shape::{Places, Shape};

/// Builds the brick map of land, or of a surface of triangles, on the GPU, in every frame of the graphs that it is added to.
pub struct VoxelBuilder {
    size: UVec3,
    levels: u32,
    /// How many cells of level 1 may hold something.
    cells: u32,
    shape: Shape,
}

/// How many elements the buffers of a scene have room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildRoom {
    /// Inner nodes.
    pub nodes: u32,
    /// Bricks.
    pub bricks: u32,
    /// Words of masks.
    pub masks: u32,
    /// Words of attributes.
    pub words: u32,
}

/// What a build needed. Where it is more than there was room for, what found no place is missing: build again with this much room.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable, Block)]
pub struct BuildTotals {
    /// Elements of the buffers.
    pub sums: BuildSums,
    /// Solid voxels, added to 256 times `voxels_256`.
    pub voxels: u32,
    /// See `voxels`.
    pub voxels_256: u32,
}

/// Elements of the buffers in a part of a scene, or before it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable, Block)]
pub struct BuildSums {
    /// Bricks.
    pub bricks: u32,
    /// Bytes of masks.
    pub masks: u32,
    /// Words of attributes.
    pub words: u32,
    /// Inner nodes.
    pub nodes: u32,
}

/// A scene that a graph builds; [`voxel::layout`](crate::voxel::layout) says what the buffers hold.
pub struct BuiltWires {
    /// Inner nodes of the tree.
    pub nodes: Wire<Buffer<[Node]>>,
    /// Its leaves.
    pub bricks: Wire<Buffer<[Brick]>>,
    /// Occupancy of the leaves.
    pub masks: Wire<Buffer<[u32]>>,
    /// Materials and normals of voxels.
    pub attributes: Wire<Buffer<[u32]>>,
    /// How much of the buffers is used.
    pub totals: Wire<Buffer<BuildTotals>>,
}

impl BuildTotals {
    /// Solid voxels.
    pub fn solid_voxels(&self) -> u64 {
        u64::from(self.voxels) + 256 * u64::from(self.voxels_256)
    }

    /// Room for exactly this; every buffer has an element.
    pub fn room(&self) -> BuildRoom {
        let BuildSums { bricks, masks, words, nodes } = self.sums;
        BuildRoom { nodes: nodes.max(1), bricks: bricks.max(1), masks: masks.div_ceil(4).max(1), words: words.max(1) }
    }
}

impl VoxelBuilder {
    /// Copies the columns of land, or the triangles of a surface, to the device and waits until they are there.
    ///
    /// # Errors
    /// When the source is neither, is too small, contradicts itself, or the device's memory or budget does not suffice.
    pub fn new(device: &Device, source: &SceneSource) -> Result<Self, BuildError> {
        let (voxels, name) = (&*source.voxels, || source.name.clone());
        let (size, levels) = (voxels.size(), levels_for(voxels.size()));
        if levels < 2 {
            return Err(BuildError::TooSmall { name: name() });
        }
        let nothing = || BuildError::NothingSolid { name: name() };
        let bad = |problem| BuildError::BadShape { name: name(), problem };
        if size.max_element() > MAX_EDGE {
            return Err(bad(format!("no side may exceed {MAX_EDGE} voxels, and its size is {size}")));
        }
        match (voxels.columns(), voxels.surface()) {
            (Some(columns), _) => {
                check_columns(size, &columns).map_err(bad)?;
                let mut cells = Vec::new();
                list_cells(voxels, levels, UVec3::ZERO, &mut cells);
                let count = u32::try_from(cells.len()).ok().filter(|count| *count > 0).ok_or_else(nothing)?;
                Ok(Self { size, levels, cells: count, shape: Shape::land(device, &cells, &columns)? })
            }
            (None, Some(surface)) => {
                if surface.size != size.to_array() {
                    return Err(bad(format!("its surface is of a scene of {:?} voxels, not of {size}", surface.size)));
                }
                let cells = Some(surface.cells).filter(|count| *count > 0).ok_or_else(nothing)?;
                Ok(Self { size, levels, cells, shape: Shape::surface(device, &surface)? })
            }
            (None, None) => Err(BuildError::NoShape { name: name() }),
        }
    }

    /// Room that a scene needs at most as a rule: bricks along its surface, with a few materials and normals each.
    pub fn likely_room(&self) -> BuildRoom {
        let bricks = match &self.shape {
            Shape::Land { .. } => 4 * (self.size.x.div_ceil(8) + 1) * (self.size.z.div_ceil(8) + 1),
            Shape::Surface(surface) => surface.listed,
        };
        let inside = 64 * self.cells.min(bricks / 4);
        let words = bricks.saturating_mul(128).min(1 << 29);
        let masks = bricks.saturating_mul(10).min(1 << 29);
        BuildRoom { nodes: 2 * self.cells + 64, bricks: bricks.saturating_add(inside), masks, words }
    }

    /// Adds the nodes that build the scene.
    #[track_caller]
    pub fn add(&self, graph: &Graph, room: BuildRoom) -> BuiltWires {
        let (cells, levels) = (self.cells, self.levels);
        let params = |level| BuildParams { size: self.size.to_array(), levels, cells, level };
        let nodes_of = |level| 1u64 << (6 * (levels - level));

        let inner = (1..=levels).map(nodes_of).sum::<u64>();
        let clear = graph.add(BuildClear {
            tree: graph.buffer(inner),
            sums: graph.buffer(inner),
            uppers: graph.buffer(inner - nodes_of(1)),
            nodes: graph.buffer(room.nodes),
            masks: graph.buffer(room.masks),
            totals: graph.buffer(1),
        });
        let measured = self.shape.measure(graph, clear.tree, params(1), room);
        let built = graph.add(BuildCells {
            cells: measured.cells.wire(),
            slots: &measured.slots,
            before: graph.buffer(64 * u64::from(cells)),
            tree: measured.tree,
            sums: clear.sums,
            totals: clear.totals,
            params: params(1),
        });
        let (mut tree, mut sums, mut uppers, mut totals) = (built.tree, built.sums, clear.uppers, built.totals);
        for level in 2..=levels {
            let close = graph.add(BuildClose { tree, sums, uppers, totals, params: params(level) });
            (tree, sums, uppers, totals) = (close.tree, close.sums, close.uppers, close.totals);
        }
        let mut nodes = clear.nodes;
        for level in (2..=levels).rev() {
            let place = graph.add(BuildPlace { tree: &tree, sums, uppers, nodes, params: params(level) });
            (sums, uppers, nodes) = (place.sums, place.uppers, place.nodes);
        }
        let (tree, sums, before) = (&tree, &sums, &built.before);
        let places =
            Places { cells: measured.cells.wire(), slots: &measured.slots, tree, sums, before, params: params(1) };
        let (bricks, masks, attributes) = measured.looked_at.emit(graph, &places, clear.masks, room);
        BuiltWires { nodes, bricks, masks, attributes, totals }
    }
}

/// Shaders trust the number of columns, and materials.
fn check_columns(size: UVec3, columns: &[Column]) -> Result<(), String> {
    let count = u64::from(size.x) * u64::from(size.z);
    if columns.len() as u64 != count {
        return Err(format!("it has {} columns of land, not {count}, one for each x and z of its size", columns.len()));
    }
    match columns.iter().enumerate().find(|(_, column)| column.ground > 255 || !column.height.is_finite()) {
        Some((number, Column { height, ground })) => Err(format!(
            "column {number} is {height} voxels high, of material {ground}: the height must be finite, the material less than 256"
        )),
        None => Ok(()),
    }
}

/// Lists the cells of level 1 in a node that may hold something, in Morton order.
fn list_cells(source: &dyn VoxelSource, level: u32, origin: UVec3, list: &mut Vec<u32>) {
    let edge = cell_edge(level);
    if level == 1 {
        list.push(morton::key(origin / (4 * edge)) as u32);
        return;
    }
    let cells = source.cells(Cube { origin, edge: 4 * edge });
    for (number, content) in (0..).zip(cells) {
        let cell = origin + UVec3::from_array(crate::voxel::layout::unmorton3(number)) * edge;
        if content != Content::Empty && cell.cmplt(source.size()).all() {
            list_cells(source, level - 1, cell, list);
        }
    }
}
