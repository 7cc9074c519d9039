//! The passes over triangles, in order: which bricks they may touch, sorted by brick, then the bricks' voxels.

use vixen::{Block, Buffer, Compute, Transfer, node};

use super::BuildSums;
use super::nodes::{BuildParams, BuildSlot, workgroups};
use crate::voxel::{Brick, Node, SurfaceTriangle, SurfaceVertex};

/// A brick that triangles may touch.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Block)]
pub struct BuildListed {
    /// 64 times the number of its cell, and its own there.
    pub slot: u32,
    /// Its first triangle in the bins.
    pub start: u32,
    /// The end of its triangles there.
    pub end: u32,
}

/// How long lists are.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Block)]
pub struct BuildLengths {
    /// Cells of level 1.
    pub cells: u32,
    /// Bricks.
    pub bricks: u32,
    /// Triangles of all bricks.
    pub bins: u32,
    /// Words of attributes.
    pub words: u32,
}

/// A brick that has no place yet.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Block)]
pub struct BuildDraft {
    /// A bit for each solid voxel.
    pub solid: [u32; 16],
    /// As in a brick, but for the word.
    pub looks: u32,
}

/// Empties what is listed.
#[node(transfer)]
pub struct BuildBinsClear {
    /// Cells of level 1.
    #[transfer_destination]
    cells: Buffer<[u32]>,
    /// Bricks.
    #[transfer_destination]
    list: Buffer<[BuildListed]>,
    /// How long these are.
    #[transfer_destination]
    counts: Buffer<BuildLengths>,
    /// How large bricks are, 64 a cell: those that have no triangles stay empty.
    #[transfer_destination]
    slots: Buffer<[BuildSlot]>,
    /// Triangles of each brick, which sorting reads as it writes them.
    #[transfer_destination]
    bins: Buffer<[u32]>,
}

#[node]
impl Transfer for BuildBinsClear {
    fn record(view: &View, commands: &mut Commands) {
        commands.fill(view.cells, u32::MAX);
        commands.fill(view.list, 0);
        commands.fill(view.counts, 0);
        commands.fill(view.slots, 0);
        commands.fill(view.bins, 0);
    }
}

/// Marks the bricks that triangles may touch.
#[node(compute, shader = "build_bins_mark.comp.spv")]
pub struct BuildBinsMark {
    /// Corners of triangles.
    #[storage]
    vertices: Buffer<[SurfaceVertex]>,
    /// The surface.
    #[storage]
    triangles: Buffer<[SurfaceTriangle]>,
    /// Cells of level 1, with a mask of their bricks.
    #[storage(read_write)]
    tree: Buffer<[Node]>,
    /// Which scene.
    #[push]
    params: BuildParams,
}

#[node]
impl Compute for BuildBinsMark {
    fn record(view: &View, commands: &mut Commands) {
        let [x, y, z] = workgroups(1, view.triangles.len().div_ceil(64) as u32);
        commands.dispatch(x, y, z);
    }
}

/// Lists cells and bricks that are marked.
#[node(compute, shader = "build_bins_list.comp.spv")]
pub struct BuildBinsList {
    /// Cells of level 1; then with the place of their first brick.
    #[storage(read_write)]
    tree: Buffer<[Node]>,
    /// Those that hold something.
    #[storage(read_write)]
    cells: Buffer<[u32]>,
    /// Their bricks.
    #[storage(read_write)]
    list: Buffer<[BuildListed]>,
    /// How long these are.
    #[storage(read_write)]
    counts: Buffer<BuildLengths>,
    /// Which scene.
    #[push]
    params: BuildParams,
}

#[node]
impl Compute for BuildBinsList {
    fn record(view: &View, commands: &mut Commands) {
        let cells = 1u32 << (6 * (view.params.levels - 1));
        let [x, y, z] = workgroups(1, cells.div_ceil(256));
        commands.dispatch(x, y, z);
    }
}

/// Counts the triangles of each brick.
#[node(compute, shader = "build_bins_count.comp.spv")]
pub struct BuildBinsCount {
    /// Corners of triangles.
    #[storage]
    vertices: Buffer<[SurfaceVertex]>,
    /// The surface.
    #[storage]
    triangles: Buffer<[SurfaceTriangle]>,
    /// Cells of level 1, with the place of their first brick.
    #[storage]
    tree: Buffer<[Node]>,
    /// Bricks.
    #[storage(read_write)]
    list: Buffer<[BuildListed]>,
    /// Which scene.
    #[push]
    params: BuildParams,
}

#[node]
impl Compute for BuildBinsCount {
    fn record(view: &View, commands: &mut Commands) {
        let [x, y, z] = workgroups(1, view.triangles.len().div_ceil(64) as u32);
        commands.dispatch(x, y, z);
    }
}

/// Says where the triangles of each brick begin.
#[node(compute, shader = "build_bins_start.comp.spv")]
pub struct BuildBinsStart {
    /// Bricks.
    #[storage(read_write)]
    list: Buffer<[BuildListed]>,
    /// How many triangles they have together.
    #[storage(read_write)]
    counts: Buffer<BuildLengths>,
    /// Which scene.
    #[push]
    params: BuildParams,
}

#[node]
impl Compute for BuildBinsStart {
    fn record(view: &View, commands: &mut Commands) {
        let [x, y, z] = workgroups(1, view.list.len().div_ceil(256) as u32);
        commands.dispatch(x, y, z);
    }
}

/// Writes the triangles of each brick one after another.
#[node(compute, shader = "build_bins_fill.comp.spv")]
pub struct BuildBinsFill {
    /// Corners of triangles.
    #[storage]
    vertices: Buffer<[SurfaceVertex]>,
    /// The surface.
    #[storage]
    triangles: Buffer<[SurfaceTriangle]>,
    /// Cells of level 1, with the place of their first brick.
    #[storage]
    tree: Buffer<[Node]>,
    /// Bricks.
    #[storage(read_write)]
    list: Buffer<[BuildListed]>,
    /// Triangles of each brick, in no order.
    #[storage(write)]
    unsorted: Buffer<[u32]>,
    /// Which scene.
    #[push]
    params: BuildParams,
}

#[node]
impl Compute for BuildBinsFill {
    fn record(view: &View, commands: &mut Commands) {
        let [x, y, z] = workgroups(1, view.triangles.len().div_ceil(64) as u32);
        commands.dispatch(x, y, z);
    }
}

/// Sorts the triangles of each brick.
#[node(compute, shader = "build_bins_sort.comp.spv")]
pub struct BuildBinsSort {
    /// Bricks.
    #[storage]
    list: Buffer<[BuildListed]>,
    /// Triangles of each brick, in no order; where a brick has many, sorting them changes it.
    #[storage(read_write)]
    unsorted: Buffer<[u32]>,
    /// Triangles of each brick, in order.
    #[storage(read_write)]
    bins: Buffer<[u32]>,
    /// Which scene.
    #[push]
    params: BuildParams,
}

#[node]
impl Compute for BuildBinsSort {
    fn record(view: &View, commands: &mut Commands) {
        let [x, y, z] = workgroups(1, view.list.len() as u32);
        commands.dispatch(x, y, z);
    }
}

/// The bricks of a surface, before it is known where they belong.
#[node(compute, shader = "build_surface.comp.spv")]
pub struct BuildSurface {
    /// Corners of triangles.
    #[storage]
    vertices: Buffer<[SurfaceVertex]>,
    /// The surface.
    #[storage]
    triangles: Buffer<[SurfaceTriangle]>,
    /// Triangles of each brick.
    #[storage]
    bins: Buffer<[u32]>,
    /// Bricks that have some.
    #[storage]
    list: Buffer<[BuildListed]>,
    /// Which cells.
    #[storage]
    cells: Buffer<[u32]>,
    /// How large bricks are, 64 a cell.
    #[storage(read_write)]
    slots: Buffer<[BuildSlot]>,
    /// The bricks of the list.
    #[storage(write)]
    drafts: Buffer<[BuildDraft]>,
    /// Materials and normals of voxels, brick by brick in no order.
    #[storage(write)]
    looks: Buffer<[u32]>,
    /// How many words these are.
    #[storage(read_write)]
    counts: Buffer<BuildLengths>,
    /// Which scene.
    #[push]
    params: BuildParams,
}

#[node]
impl Compute for BuildSurface {
    fn record(view: &View, commands: &mut Commands) {
        let [x, y, z] = workgroups(1, view.list.len() as u32);
        commands.dispatch(x, y, z);
    }
}

/// Puts the bricks of a surface to where they belong.
#[node(compute, shader = "build_surface_place.comp.spv")]
pub struct BuildSurfacePlace {
    /// Bricks that have triangles.
    #[storage]
    list: Buffer<[BuildListed]>,
    /// Which cells.
    #[storage]
    cells: Buffer<[u32]>,
    /// How large bricks are, 64 a cell.
    #[storage]
    slots: Buffer<[BuildSlot]>,
    /// The bricks of the list.
    #[storage]
    drafts: Buffer<[BuildDraft]>,
    /// What their voxels look like.
    #[storage]
    looks: Buffer<[u32]>,
    /// What stands before each cell of level 1.
    #[storage]
    sums: Buffer<[BuildSums]>,
    /// What stands before each brick in its cell.
    #[storage]
    before: Buffer<[BuildSums]>,
    /// Bricks.
    #[storage(write)]
    bricks: Buffer<[Brick]>,
    /// Occupancy of bricks, into which this writes what is not zero.
    #[storage(read_write)]
    masks: Buffer<[u32]>,
    /// Materials and normals of voxels.
    #[storage(write)]
    attributes: Buffer<[u32]>,
    /// Which cells are solid all through.
    #[storage]
    tree: Buffer<[Node]>,
    /// Which scene.
    #[push]
    params: BuildParams,
}

#[node]
impl Compute for BuildSurfacePlace {
    fn record(view: &View, commands: &mut Commands) {
        let [x, y, z] = workgroups(1, view.list.len() as u32);
        commands.dispatch(x, y, z);
    }
}
