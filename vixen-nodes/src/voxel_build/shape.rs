//! What is built: the device's copy of it, and the passes that look at it.

use std::sync::Arc;

use bytemuck::cast_slice;
use vixen::memory::Buffer as DeviceBuffer;
use vixen::{Buffer, Device, Graph, Shared, Wire};

use super::nodes::{BuildParams, BuildSlot, BuildTerrainEmit, BuildTerrainMeasure};
use super::surface::{
    BuildBinsClear, BuildBinsCount, BuildBinsFill, BuildBinsList, BuildBinsMark, BuildBinsSort, BuildBinsStart,
    BuildDraft, BuildListed, BuildSurface, BuildSurfacePlace,
};
use super::{BuildError, BuildRoom, BuildSums};
use crate::voxel::{Brick, Column, Node, Surface};
use crate::voxel_scene::{desc, side_by_side};

/// A shape in the device's memory.
pub(super) enum Shape {
    Land {
        /// Morton numbers of the cells of level 1 that may hold something.
        cells: Arc<DeviceBuffer>,
        columns: Arc<DeviceBuffer>,
    },
    Surface(SurfaceBuffers),
}

/// Triangles, and room for what sorting them into bricks needs.
pub(super) struct SurfaceBuffers {
    vertices: Arc<DeviceBuffer>,
    triangles: Arc<DeviceBuffer>,
    /// For bricks that have triangles.
    pub(super) listed: u32,
    /// For the triangles of all bricks.
    bins: u32,
}

/// A shape in a graph, of whose bricks is known how large they will be.
pub(super) struct Measured {
    /// Which cells of level 1 were looked at.
    pub(super) cells: Cells,
    pub(super) slots: Wire<Buffer<[BuildSlot]>>,
    pub(super) tree: Wire<Buffer<[Node]>>,
    pub(super) looked_at: LookedAt,
}

/// Cells of level 1.
pub(super) enum Cells {
    Given(Shared<Buffer<[u32]>>),
    Found(Wire<Buffer<[u32]>>),
}

/// What is looked at again to write bricks.
pub(super) enum LookedAt {
    Land { columns: Shared<Buffer<[Column]>> },
    Surface { list: Wire<Buffer<[BuildListed]>>, drafts: Wire<Buffer<[BuildDraft]>>, looks: Wire<Buffer<[u32]>> },
}

/// Where bricks go: what emitting them reads besides the shape.
pub(super) struct Places<'a> {
    pub cells: &'a Wire<Buffer<[u32]>>,
    pub slots: &'a Wire<Buffer<[BuildSlot]>>,
    pub tree: &'a Wire<Buffer<[Node]>>,
    pub sums: &'a Wire<Buffer<[BuildSums]>>,
    pub before: &'a Wire<Buffer<[BuildSums]>>,
    pub params: BuildParams,
}

/// Bricks, their masks, and their materials and normals.
pub(super) type Bricks = (Wire<Buffer<[Brick]>>, Wire<Buffer<[u32]>>, Wire<Buffer<[u32]>>);

impl Cells {
    pub(super) fn wire(&self) -> &Wire<Buffer<[u32]>> {
        match self {
            Self::Given(cells) => cells,
            Self::Found(cells) => cells,
        }
    }
}

impl Shape {
    /// Copies land and the cells that it is in to the device.
    pub(super) fn land(device: &Device, cells: &[u32], columns: &[Column]) -> Result<Self, BuildError> {
        let descs = [desc("voxel cells to build", cells), desc("columns of land", columns)];
        let ([cells, columns], _) = side_by_side(device, "land", descs, [cast_slice(cells), cast_slice(columns)])?;
        Ok(Self::Land { cells, columns })
    }

    /// Copies a surface to the device.
    pub(super) fn surface(device: &Device, surface: &Surface) -> Result<Self, BuildError> {
        let Surface { vertices, triangles, bricks, bins, .. } = surface;
        let descs = [desc("vertices of a surface", vertices), desc("triangles of a surface", triangles)];
        let contents = [cast_slice(vertices), cast_slice(triangles)];
        let ([vertices, triangles], _) = side_by_side(device, "surface", descs, contents)?;
        Ok(Self::Surface(SurfaceBuffers { vertices, triangles, listed: *bricks, bins: *bins }))
    }

    /// Adds the passes that say how large bricks will be; no other brick holds anything. All nodes of the tree come empty.
    #[track_caller]
    pub(super) fn measure(
        &self,
        graph: &Graph,
        tree: Wire<Buffer<[Node]>>,
        params: BuildParams,
        room: BuildRoom,
    ) -> Measured {
        let slots = graph.buffer(64 * u64::from(params.cells));
        match self {
            Self::Land { cells, columns } => {
                let (cells, columns) = (graph.share_buffer(cells), graph.share_buffer(columns));
                let measure = graph.add(BuildTerrainMeasure { columns: &columns, cells: &cells, slots, params });
                let looked_at = LookedAt::Land { columns };
                Measured { cells: Cells::Given(cells), slots: measure.slots, tree, looked_at }
            }
            Self::Surface(surface) => {
                let vertices = graph.share_buffer(&surface.vertices);
                let triangles = graph.share_buffer(&surface.triangles);
                let clear = graph.add(BuildBinsClear {
                    cells: graph.buffer(params.cells),
                    list: graph.buffer(surface.listed),
                    counts: graph.buffer(1),
                    slots,
                    bins: graph.buffer(surface.bins),
                });
                let mark = graph.add(BuildBinsMark { vertices: &vertices, triangles: &triangles, tree, params });
                let (cells, list, counts) = (clear.cells, clear.list, clear.counts);
                let listed = graph.add(BuildBinsList { tree: mark.tree, cells, list, counts, params });
                let count = graph.add(BuildBinsCount {
                    vertices: &vertices,
                    triangles: &triangles,
                    tree: &listed.tree,
                    list: listed.list,
                    params,
                });
                let start = graph.add(BuildBinsStart { list: count.list, counts: listed.counts, params });
                let fill = graph.add(BuildBinsFill {
                    vertices: &vertices,
                    triangles: &triangles,
                    tree: &listed.tree,
                    list: start.list,
                    unsorted: graph.buffer(surface.bins),
                    params,
                });
                let sort =
                    graph.add(BuildBinsSort { list: &fill.list, unsorted: fill.unsorted, bins: clear.bins, params });
                let built = graph.add(BuildSurface {
                    vertices: &vertices,
                    triangles: &triangles,
                    bins: &sort.bins,
                    list: &fill.list,
                    cells: &listed.cells,
                    slots: clear.slots,
                    drafts: graph.buffer(surface.listed),
                    looks: graph.buffer(room.words),
                    counts: start.counts,
                    params,
                });
                let looked_at = LookedAt::Surface { list: fill.list, drafts: built.drafts, looks: built.looks };
                Measured { cells: Cells::Found(listed.cells), slots: built.slots, tree: listed.tree, looked_at }
            }
        }
    }
}

impl LookedAt {
    /// Adds the pass that writes the bricks, and their masks to what is all zero.
    #[track_caller]
    pub(super) fn emit(
        &self,
        graph: &Graph,
        places: &Places<'_>,
        masks: Wire<Buffer<[u32]>>,
        room: BuildRoom,
    ) -> Bricks {
        let &Places { cells, slots, tree, sums, before, params } = places;
        let (bricks, attributes) = (graph.buffer(room.bricks), graph.buffer(room.words));
        match self {
            Self::Land { columns } => {
                let emit = BuildTerrainEmit { columns, cells, tree, sums, before, bricks, masks, attributes, params };
                let emit = graph.add(emit);
                (emit.bricks, emit.masks, emit.attributes)
            }
            Self::Surface { list, drafts, looks } => {
                let place = graph.add(BuildSurfacePlace {
                    list,
                    cells,
                    slots,
                    drafts,
                    looks,
                    sums,
                    before,
                    bricks,
                    masks,
                    attributes,
                    tree,
                    params,
                });
                (place.bricks, place.masks, place.attributes)
            }
        }
    }
}
