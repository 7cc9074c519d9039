//! The passes, in order.

use vixen::{Block, Buffer, Compute, Transfer, node};

use super::{BuildSums, BuildTotals};
use crate::voxel::{Brick, Column, Node, SurfaceTriangle, SurfaceVertex};

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

/// A brick that triangles may touch.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, bytemuck::Pod, bytemuck::Zeroable, Block)]
pub struct BuildListed {
    /// 64 times the number of its cell, and its own there.
    pub slot: u32,
    /// Its first triangle in the bins.
    pub start: u32,
}

/// So many workgroups for each of so many items: no device allows as many as there may be along one axis.
fn workgroups(each: u32, items: u32) -> [u32; 3] {
    const ALONG_Y: u32 = 1 << 15;
    [each, items.min(ALONG_Y), items.div_ceil(ALONG_Y)]
}

/// A workgroup for each brick of a list.
fn workgroups_of(list: u64) -> [u32; 3] {
    workgroups(1, u32::try_from(list - 1).expect("bricks are numbered by 32 bits"))
}

/// Makes everything empty.
#[node(transfer)]
pub struct BuildClear {
    /// How large bricks are, 64 a cell.
    #[transfer_destination]
    slots: Buffer<[BuildSlot]>,
    /// Nodes of all levels.
    #[transfer_destination]
    tree: Buffer<[Node]>,
    /// What cells of level 1 hold.
    #[transfer_destination]
    cell_sums: Buffer<[BuildSums]>,
    /// What nodes of level 2 hold.
    #[transfer_destination]
    node_sums: Buffer<[BuildSums]>,
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
        commands.fill(view.slots, 0);
        commands.fill(view.tree, 0);
        commands.fill(view.cell_sums, 0);
        commands.fill(view.node_sums, 0);
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
    #[storage(read_write)]
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
    cell_sums: Buffer<[BuildSums]>,
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
    /// What cells of level 1 hold.
    #[storage]
    cell_sums: Buffer<[BuildSums]>,
    /// What nodes of level 2 hold.
    #[storage(read_write)]
    node_sums: Buffer<[BuildSums]>,
    /// Which level.
    #[push]
    params: BuildParams,
}

#[node]
impl Compute for BuildClose {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_items(1 << (6 * (view.params.levels - view.params.level)));
    }
}

/// What stands before each node of level 2.
#[node(compute, shader = "build_scan.comp.spv")]
pub struct BuildScan {
    /// Nodes of all levels.
    #[storage]
    tree: Buffer<[Node]>,
    /// What nodes of level 2 hold; then what stands before them.
    #[storage(read_write)]
    node_sums: Buffer<[BuildSums]>,
    /// Nodes of levels above the lowest that stand before them.
    #[storage(write)]
    upper: Buffer<[u32]>,
    /// What all holds.
    #[storage(read_write)]
    totals: Buffer<BuildTotals>,
    /// Which scene.
    #[push]
    params: BuildParams,
}

#[node]
impl Compute for BuildScan {
    fn record(_: &View, commands: &mut Commands) {
        commands.dispatch(1, 1, 1);
    }
}

/// Writes the children of a level's nodes to where they belong.
#[node(compute, shader = "build_place.comp.spv")]
pub struct BuildPlace {
    /// Nodes of all levels; then with the places of their children.
    #[storage(read_write)]
    tree: Buffer<[Node]>,
    /// What cells of level 1 hold; then what stands before them.
    #[storage(read_write)]
    cell_sums: Buffer<[BuildSums]>,
    /// What stands before nodes of level 2.
    #[storage]
    node_sums: Buffer<[BuildSums]>,
    /// Nodes of levels above the lowest that stand before them.
    #[storage]
    upper: Buffer<[u32]>,
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
        commands.dispatch_items(1 << (6 * (view.params.levels - view.params.level)));
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
    cell_sums: Buffer<[BuildSums]>,
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

/// How large the bricks of a surface are.
#[node(compute, shader = "build_surface_measure.comp.spv")]
pub struct BuildSurfaceMeasure {
    /// Corners of triangles.
    #[storage]
    vertices: Buffer<[SurfaceVertex]>,
    /// The surface.
    #[storage]
    triangles: Buffer<[SurfaceTriangle]>,
    /// Triangles of each brick.
    #[storage]
    bins: Buffer<[u32]>,
    /// Bricks that have some, and the end.
    #[storage]
    list: Buffer<[BuildListed]>,
    /// Which cells.
    #[storage]
    cells: Buffer<[u32]>,
    /// Solid voxels of each brick of the list, 16 words each.
    #[storage(write)]
    solid_of: Buffer<[u32]>,
    /// 64 a cell.
    #[storage(read_write)]
    slots: Buffer<[BuildSlot]>,
    /// Which scene.
    #[push]
    params: BuildParams,
}

#[node]
impl Compute for BuildSurfaceMeasure {
    fn record(view: &View, commands: &mut Commands) {
        let [x, y, z] = workgroups_of(view.list.len());
        commands.dispatch(x, y, z);
    }
}

/// The bricks of a surface.
#[node(compute, shader = "build_surface_emit.comp.spv")]
pub struct BuildSurfaceEmit {
    /// Corners of triangles.
    #[storage]
    vertices: Buffer<[SurfaceVertex]>,
    /// The surface.
    #[storage]
    triangles: Buffer<[SurfaceTriangle]>,
    /// Triangles of each brick.
    #[storage]
    bins: Buffer<[u32]>,
    /// Bricks that have some, and the end.
    #[storage]
    list: Buffer<[BuildListed]>,
    /// Solid voxels of each brick of the list, 16 words each.
    #[storage]
    solid_of: Buffer<[u32]>,
    /// Which cells.
    #[storage]
    cells: Buffer<[u32]>,
    /// Nodes of all levels.
    #[storage]
    tree: Buffer<[Node]>,
    /// What stands before each cell of level 1.
    #[storage]
    cell_sums: Buffer<[BuildSums]>,
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
impl Compute for BuildSurfaceEmit {
    fn record(view: &View, commands: &mut Commands) {
        let [x, y, z] = workgroups_of(view.list.len());
        commands.dispatch(x, y, z);
    }
}
