//! What is built: the device's copy of it, and the two passes that look at its voxels.

use std::sync::Arc;

use bytemuck::cast_slice;
use vixen::memory::Buffer as DeviceBuffer;
use vixen::{Buffer, Device, Graph, Shared, Wire};

use super::nodes::{
    BuildClearSlots, BuildListed, BuildParams, BuildSlot, BuildSurfaceEmit, BuildSurfaceMeasure, BuildTerrainEmit,
    BuildTerrainMeasure,
};
use super::{BuildError, BuildRoom, BuildSums};
use crate::voxel::{Brick, Column, Node, Surface, SurfaceTriangle, SurfaceVertex};
use crate::voxel_scene::{desc, side_by_side};

/// A shape in the device's memory.
pub(super) enum Shape {
    Land { columns: Arc<DeviceBuffer> },
    Surface(SurfaceBuffers),
}

/// Triangles, and which bricks they may touch.
pub(super) struct SurfaceBuffers {
    vertices: Arc<DeviceBuffer>,
    triangles: Arc<DeviceBuffer>,
    bins: Arc<DeviceBuffer>,
    /// The bricks that have triangles, and one that ends the last.
    list: Arc<DeviceBuffer>,
    /// So many have some.
    pub(super) listed: u32,
}

/// A shape in a graph, of whose bricks is known how large they will be.
pub(super) enum Measured {
    Land {
        columns: Shared<Buffer<[Column]>>,
    },
    Surface {
        vertices: Shared<Buffer<[SurfaceVertex]>>,
        triangles: Shared<Buffer<[SurfaceTriangle]>>,
        bins: Shared<Buffer<[u32]>>,
        list: Shared<Buffer<[BuildListed]>>,
        solid_of: Wire<Buffer<[u32]>>,
    },
}

/// Where bricks go: what emitting them reads besides the shape.
pub(super) struct Places<'a> {
    pub cells: &'a Wire<Buffer<[u32]>>,
    pub tree: &'a Wire<Buffer<[Node]>>,
    pub sums: &'a Wire<Buffer<[BuildSums]>>,
    pub before: &'a Wire<Buffer<[BuildSums]>>,
    pub params: BuildParams,
}

/// Bricks, their masks, and their materials and normals.
pub(super) type Bricks = (Wire<Buffer<[Brick]>>, Wire<Buffer<[u32]>>, Wire<Buffer<[u32]>>);

impl Shape {
    /// Copies land and the cells that it is in to the device.
    pub(super) fn land(
        device: &Device,
        cells: &[u32],
        columns: &[Column],
    ) -> Result<(Arc<DeviceBuffer>, Self), BuildError> {
        let descs = [desc("voxel cells to build", cells), desc("columns of land", columns)];
        let ([cells, columns], _) = side_by_side(device, "land", descs, [cast_slice(cells), cast_slice(columns)])?;
        Ok((cells, Self::Land { columns }))
    }

    /// Copies a surface and the cells that it is in to the device.
    pub(super) fn surface(
        device: &Device,
        cells: &[u32],
        surface: &Surface,
    ) -> Result<(Arc<DeviceBuffer>, Self), BuildError> {
        let Surface { vertices, triangles, bins } = surface;
        let list = list(cells, bins);
        let listed = list.len() as u32 - 1;
        let bins: Vec<u32> = bins.iter().map(|bin| *bin as u32).collect();
        let descs = [
            desc("voxel cells to build", cells),
            desc("vertices of a surface", vertices),
            desc("triangles of a surface", triangles),
            desc("bins of triangles", &bins),
            desc("bricks that have triangles", &list),
        ];
        let contents =
            [cast_slice(cells), cast_slice(vertices), cast_slice(triangles), cast_slice(&bins), cast_slice(&list)];
        let ([cells, vertices, triangles, bins, list], _) = side_by_side(device, "surface", descs, contents)?;
        Ok((cells, Self::Surface(SurfaceBuffers { vertices, triangles, bins, list, listed })))
    }

    /// Adds the pass that says how large bricks will be; no other brick holds anything.
    #[track_caller]
    pub(super) fn measure(
        &self,
        graph: &Graph,
        cells: &Wire<Buffer<[u32]>>,
        params: BuildParams,
    ) -> (Wire<Buffer<[BuildSlot]>>, Measured) {
        let slots = graph.buffer(64 * u64::from(params.cells));
        match self {
            Self::Land { columns } => {
                let columns = graph.share_buffer(columns);
                let measure = graph.add(BuildTerrainMeasure { columns: &columns, cells, slots, params });
                (measure.slots, Measured::Land { columns })
            }
            Self::Surface(surface) => {
                let (vertices, triangles) =
                    (graph.share_buffer(&surface.vertices), graph.share_buffer(&surface.triangles));
                let (bins, list) = (graph.share_buffer(&surface.bins), graph.share_buffer(&surface.list));
                let measure = graph.add(BuildSurfaceMeasure {
                    vertices: &vertices,
                    triangles: &triangles,
                    bins: &bins,
                    list: &list,
                    cells,
                    solid_of: graph.buffer(16 * u64::from(surface.listed)),
                    slots: graph.add(BuildClearSlots { slots }).slots,
                    params,
                });
                (measure.slots, Measured::Surface { vertices, triangles, bins, list, solid_of: measure.solid_of })
            }
        }
    }
}

impl Measured {
    /// Adds the pass that writes the bricks, and their masks to what is all zero.
    #[track_caller]
    pub(super) fn emit(
        &self,
        graph: &Graph,
        places: &Places<'_>,
        masks: Wire<Buffer<[u32]>>,
        room: BuildRoom,
    ) -> Bricks {
        let &Places { cells, tree, sums, before, params } = places;
        let (bricks, attributes) = (graph.buffer(room.bricks), graph.buffer(room.words));
        match self {
            Self::Land { columns } => {
                let emit = BuildTerrainEmit { columns, cells, tree, sums, before, bricks, masks, attributes, params };
                let emit = graph.add(emit);
                (emit.bricks, emit.masks, emit.attributes)
            }
            Self::Surface { vertices, triangles, bins, list, solid_of } => {
                let emit = graph.add(BuildSurfaceEmit {
                    vertices,
                    triangles,
                    bins,
                    list,
                    solid_of,
                    cells,
                    tree,
                    sums,
                    before,
                    bricks,
                    masks,
                    attributes,
                    params,
                });
                (emit.bricks, emit.masks, emit.attributes)
            }
        }
    }
}

/// The bricks that bins are of, by their place in the list of cells, and where their triangles begin.
fn list(cells: &[u32], bins: &[u64]) -> Vec<BuildListed> {
    let (mut list, mut cell, mut start) = (Vec::new(), 0, 0);
    for same in bins.chunk_by(|a, b| a >> 32 == b >> 32) {
        let brick = (same[0] >> 32) as u32;
        // Both are in order along the curve.
        while cells[cell] != brick >> 6 {
            cell += 1;
        }
        list.push(BuildListed { slot: cell as u32 * 64 + (brick & 63), start });
        start += same.len() as u32;
    }
    list.push(BuildListed { slot: 0, start });
    list
}
