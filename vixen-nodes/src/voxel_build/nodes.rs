//! The passes, in order.

use vixen::{Block, Buffer, Compute, Transfer, node};

use super::{BuildSums, BuildTotals};
use crate::voxel::{Brick, Column, Node};

/// Push constants of all passes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Block)]
pub struct BuildParams {
    /// Size of the scene in voxels.
    pub size: [u32; 3],
    /// Level of the root.
    pub levels: u32,
    /// Cells of level 1 that are built.
    pub cells: u32,
    /// Of the pass.
    pub level: u32,
}

/// How large a brick will be.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Block)]
pub struct BuildSlot {
    /// Solid voxels, and the material that stands for all.
    pub what: u32,
    /// Words of attributes.
    pub words: u32,
}

/// Workgroups for a number of items, `each` for one of them, spread over two axes: no device allows as many along one as there may be.
pub(super) fn workgroups(each: u32, items: u32) -> [u32; 3] {
    const ALONG_Y: u32 = 1 << 15;
    [each, items.min(ALONG_Y), items.div_ceil(ALONG_Y)]
}

/// Makes everything empty.
#[node(transfer)]
pub struct BuildClear {
    /// Nodes of all levels.
    #[transfer_destination]
    tree: Buffer<[Node]>,
    /// What each holds.
    #[transfer_destination]
    sums: Buffer<[BuildSums]>,
    /// Nodes above level 1 below each of those above level 2.
    #[transfer_destination]
    uppers: Buffer<[u32]>,
    /// Nodes as they are stored.
    #[transfer_destination]
    nodes: Buffer<[Node]>,
    /// Occupancy of bricks: where two of them meet in a word, both write to it.
    #[transfer_destination]
    masks: Buffer<[u32]>,
    /// What all holds.
    #[transfer_destination]
    totals: Buffer<BuildTotals>,
}

#[node]
impl Transfer for BuildClear {
    fn record(view: &View, commands: &mut Commands) {
        commands.fill(view.tree, 0);
        commands.fill(view.sums, 0);
        commands.fill(view.uppers, 0);
        commands.fill(view.nodes, 0);
        commands.fill(view.masks, 0);
        commands.fill(view.totals, 0);
    }
}

/// How large the bricks of a piece of land are.
#[node(compute, shader = "build_terrain_measure.comp.spv")]
pub struct BuildTerrainMeasure {
    /// The land.
    #[storage]
    columns: Buffer<[Column]>,
    /// Which cells.
    #[storage]
    cells: Buffer<[u32]>,
    /// 64 a cell.
    #[storage(write)]
    slots: Buffer<[BuildSlot]>,
    /// Which scene.
    #[push]
    params: BuildParams,
}

#[node]
impl Compute for BuildTerrainMeasure {
    fn record(view: &View, commands: &mut Commands) {
        let [x, y, z] = workgroups(64, view.params.cells);
        commands.dispatch(x, y, z);
    }
}

/// Nodes of level 1 from their bricks.
#[node(compute, shader = "build_cells.comp.spv")]
pub struct BuildCells {
    /// Which cells.
    #[storage]
    cells: Buffer<[u32]>,
    /// Their bricks.
    #[storage]
    slots: Buffer<[BuildSlot]>,
    /// What stands before each brick in its cell.
    #[storage(write)]
    before: Buffer<[BuildSums]>,
    /// Nodes of all levels.
    #[storage(read_write)]
    tree: Buffer<[Node]>,
    /// What each holds.
    #[storage(read_write)]
    sums: Buffer<[BuildSums]>,
    /// Solid voxels.
    #[storage(read_write)]
    totals: Buffer<BuildTotals>,
    /// Which scene.
    #[push]
    params: BuildParams,
}

#[node]
impl Compute for BuildCells {
    fn record(view: &View, commands: &mut Commands) {
        let [x, y, z] = workgroups(1, view.params.cells);
        commands.dispatch(x, y, z);
    }
}

/// Nodes of a level from those below.
#[node(compute, shader = "build_close.comp.spv")]
pub struct BuildClose {
    /// Nodes of all levels.
    #[storage(read_write)]
    tree: Buffer<[Node]>,
    /// What each holds.
    #[storage(read_write)]
    sums: Buffer<[BuildSums]>,
    /// Nodes above level 1 below each of those above level 2.
    #[storage(read_write)]
    uppers: Buffer<[u32]>,
    /// What all holds.
    #[storage(read_write)]
    totals: Buffer<BuildTotals>,
    /// Which level.
    #[push]
    params: BuildParams,
}

#[node]
impl Compute for BuildClose {
    fn record(view: &View, commands: &mut Commands) {
        let [x, y, z] = workgroups(1, 1 << (6 * (view.params.levels - view.params.level)));
        commands.dispatch(x, y, z);
    }
}

/// Writes the children of a level's nodes to where they belong.
#[node(compute, shader = "build_place.comp.spv")]
pub struct BuildPlace {
    /// Nodes of all levels.
    #[storage]
    tree: Buffer<[Node]>,
    /// What each holds; then, below this level, what stands before each.
    #[storage(read_write)]
    sums: Buffer<[BuildSums]>,
    /// Nodes above level 1 below each of those above level 2; then, below this level, before each.
    #[storage(read_write)]
    uppers: Buffer<[u32]>,
    /// Nodes as they are stored.
    #[storage(read_write)]
    nodes: Buffer<[Node]>,
    /// Which level.
    #[push]
    params: BuildParams,
}

#[node]
impl Compute for BuildPlace {
    fn record(view: &View, commands: &mut Commands) {
        let [x, y, z] = workgroups(1, 1 << (6 * (view.params.levels - view.params.level)));
        commands.dispatch(x, y, z);
    }
}

/// The bricks of a piece of land.
#[node(compute, shader = "build_terrain_emit.comp.spv")]
pub struct BuildTerrainEmit {
    /// The land.
    #[storage]
    columns: Buffer<[Column]>,
    /// Which cells.
    #[storage]
    cells: Buffer<[u32]>,
    /// Nodes of all levels.
    #[storage]
    tree: Buffer<[Node]>,
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
    /// Which scene.
    #[push]
    params: BuildParams,
}

#[node]
impl Compute for BuildTerrainEmit {
    fn record(view: &View, commands: &mut Commands) {
        let [x, y, z] = workgroups(64, view.params.cells);
        commands.dispatch(x, y, z);
    }
}
