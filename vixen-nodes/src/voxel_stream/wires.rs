//! A streamed scene in a graph: what its nodes are wired to.

use vixen::{Buffer, Extent, Graph, Image, R32Uint, Readback, Rgba16Float, Rgba32Int, Wire};

use super::nodes::{StreamClear, StreamHits, StreamMarch, StreamRays};
use crate::voxel::{CameraUniform, MarchParams};
use crate::{RayKind, VoxelSceneWires};

/// A streamed scene in one graph.
pub struct StreamWires {
    /// Its buffers.
    pub scene: VoxelSceneWires,
    pub(super) bricks: u64,
}

/// What rays looked into, as the device tells it to [`StreamedScene::update`](super::StreamedScene::update).
pub type Uses = Readback<Buffer<[u32]>>;

impl StreamWires {
    /// Adds nodes that march through the scene: the light that reaches the camera, linear, as large as the graph's output.
    #[track_caller]
    pub fn draw(
        &self,
        graph: &Graph,
        camera: &Wire<Buffer<CameraUniform>>,
        params: MarchParams,
    ) -> (Wire<Image<Rgba16Float>>, Uses) {
        let VoxelSceneWires { nodes, bricks, masks, attributes, palette, grid, grid_format } = &self.scene;
        let (uses, color) = (self.clear(graph), graph.image(Extent::Output));
        let march = StreamMarch {
            grid_format: *grid_format,
            camera,
            nodes,
            bricks,
            masks,
            grid,
            attributes,
            palette,
            uses,
            color,
            params,
        };
        let drawn = graph.add(march);
        (drawn.color, graph.read_back(&drawn.uses))
    }

    /// As [`draw`](Self::draw), but says which voxel each ray hits: a [`HitRecord`](crate::voxel::HitRecord) a pixel.
    #[track_caller]
    pub fn hits(
        &self,
        graph: &Graph,
        camera: &Wire<Buffer<CameraUniform>>,
        params: MarchParams,
    ) -> (Wire<Image<Rgba32Int>>, Uses) {
        let VoxelSceneWires { nodes, bricks, masks, grid, grid_format, .. } = &self.scene;
        let (uses, hits) = (self.clear(graph), graph.image(Extent::Output));
        let traced = graph.add(StreamHits {
            counts: false,
            grid_format: *grid_format,
            camera,
            nodes,
            bricks,
            masks,
            grid,
            uses,
            hits,
            params,
        });
        (traced.hits, graph.read_back(&traced.uses))
    }

    /// Adds nodes that trace rays and shade nothing: as [`StructureWires::rays`](crate::StructureWires::rays).
    #[track_caller]
    pub fn rays(
        &self,
        graph: &Graph,
        camera: &Wire<Buffer<CameraUniform>>,
        params: MarchParams,
        kind: RayKind,
        counts: bool,
    ) -> (Wire<Image<R32Uint>>, Uses) {
        let VoxelSceneWires { nodes, bricks, masks, grid, grid_format, .. } = &self.scene;
        let (kind, uses, traced) = (kind as u32, self.clear(graph), graph.image(Extent::Output));
        let rays = StreamRays {
            counts,
            kind,
            grid_format: *grid_format,
            camera,
            nodes,
            bricks,
            masks,
            grid,
            uses,
            traced,
            params,
        };
        let traced = graph.add(rays);
        (traced.traced, graph.read_back(&traced.uses))
    }

    #[track_caller]
    fn clear(&self, graph: &Graph) -> Wire<Buffer<[u32]>> {
        graph.add(StreamClear { uses: graph.buffer(self.bricks.div_ceil(32)) }).uses
    }
}
