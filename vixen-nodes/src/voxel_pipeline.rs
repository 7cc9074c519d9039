//! The ways to trace the same voxels, of which a program chooses one.

use vixen::device::{DeviceError, DeviceKind, Feature};
use vixen::{Buffer, Device, Extent, Graph, Image, Rgba16Float, Rgba32Int, Wire};

use crate::acceleration::VoxelStructureWires;
use crate::voxel::{CameraUniform, MarchParams};
use crate::{
    VoxelFind, VoxelFragment, VoxelFragmentHits, VoxelMarch, VoxelRayHits, VoxelRayTrace, VoxelResume, VoxelResumeHits,
    VoxelSceneWires,
};

/// A way to trace voxels. All give the same picture.
#[derive(Clone, Copy)]
pub enum VoxelPipeline<'w> {
    /// [`VoxelMarch`]: compute marches through the tree of bricks.
    Compute,
    /// [`VoxelFragment`]: so does a fragment shader.
    Fragment,
    /// [`VoxelRayTrace`]: ray-tracing hardware finds which rays meet boxes of voxels, a closest-hit shader marches along these.
    RayTracing(&'w VoxelStructureWires),
    /// [`VoxelFind`] and [`VoxelResume`]: ray-tracing hardware finds the first box, compute marches on from there.
    Hybrid(&'w VoxelStructureWires),
}

/// Fails with the name of the feature that the device lacks to trace rays through acceleration structures.
///
/// # Errors
/// When it lacks one.
pub fn require_ray_tracing(device: &Device) -> Result<(), DeviceError> {
    let missing = [Feature::AccelerationStructure, Feature::RayTracingPipeline]
        .into_iter()
        .find(|&feature| !device.capabilities().has(feature));
    missing.map_or(Ok(()), |feature| Err(DeviceError::MissingFeature { device: device.info().name.clone(), feature }))
}

/// Whether the device traces rays in hardware rather than by a program of its driver's, which compute outruns. GPUs without units for
/// it have no ray queries: their drivers add ray-tracing pipelines alone.
pub fn traces_rays_in_hardware(device: &Device) -> bool {
    require_ray_tracing(device).is_ok()
        && device.capabilities().has(Feature::RayQuery)
        && device.info().kind != DeviceKind::Cpu
}

impl VoxelPipeline<'_> {
    /// Adds the pipeline's nodes: the light that reaches the camera, linear, as large as the graph's output.
    #[track_caller]
    pub fn draw(
        self,
        graph: &Graph,
        camera: &Wire<Buffer<CameraUniform>>,
        scene: &VoxelSceneWires,
        params: MarchParams,
    ) -> Wire<Image<Rgba16Float>> {
        let VoxelSceneWires { nodes, bricks, masks, attributes, palette, grid, grid_format } = scene;
        let color = graph.image(Extent::Output);
        match self {
            Self::Compute => {
                graph
                    .add(VoxelMarch {
                        grid_format: *grid_format,
                        camera,
                        nodes,
                        bricks,
                        masks,
                        grid,
                        attributes,
                        palette,
                        color,
                        params,
                    })
                    .color
            }
            Self::Fragment => {
                let params = params.into();
                graph
                    .add(VoxelFragment {
                        grid_format: *grid_format,
                        camera,
                        nodes,
                        bricks,
                        masks,
                        grid,
                        attributes,
                        palette,
                        color,
                        params,
                    })
                    .color
            }
            Self::RayTracing(VoxelStructureWires { boxes, cells }) => {
                let trace = VoxelRayTrace {
                    grid_format: *grid_format,
                    camera,
                    nodes,
                    bricks,
                    masks,
                    grid,
                    attributes,
                    palette,
                    boxes,
                    cells,
                    color,
                    params,
                };
                graph.add(trace).color
            }
            Self::Hybrid(VoxelStructureWires { boxes, cells }) => {
                let found = graph.image(Extent::Output);
                let found = &graph.add(VoxelFind { camera, boxes, cells, found, params }).found;
                let resume = VoxelResume {
                    grid_format: *grid_format,
                    camera,
                    nodes,
                    bricks,
                    masks,
                    grid,
                    attributes,
                    palette,
                    found,
                    color,
                    params,
                };
                graph.add(resume).color
            }
        }
    }

    /// As [`draw`](Self::draw), but says which voxel each ray hits: a [`HitRecord`](crate::voxel::HitRecord) a pixel.
    #[track_caller]
    pub fn hits(
        self,
        graph: &Graph,
        camera: &Wire<Buffer<CameraUniform>>,
        scene: &VoxelSceneWires,
        params: MarchParams,
    ) -> Wire<Image<Rgba32Int>> {
        let VoxelSceneWires { nodes, bricks, masks, grid, grid_format, .. } = scene;
        let hits = graph.image(Extent::Output);
        match self {
            Self::Compute => scene.hits(graph, hits, camera, params, false),
            Self::Fragment => {
                let params = params.into();
                graph
                    .add(VoxelFragmentHits {
                        grid_format: *grid_format,
                        camera,
                        nodes,
                        bricks,
                        masks,
                        grid,
                        hits,
                        params,
                    })
                    .hits
            }
            Self::RayTracing(VoxelStructureWires { boxes, cells }) => {
                let grid_format = *grid_format;
                let trace =
                    VoxelRayHits { grid_format, camera, nodes, bricks, masks, grid, boxes, cells, hits, params };
                graph.add(trace).hits
            }
            Self::Hybrid(VoxelStructureWires { boxes, cells }) => {
                let found = graph.image(Extent::Output);
                let found = &graph.add(VoxelFind { camera, boxes, cells, found, params }).found;
                graph
                    .add(VoxelResumeHits {
                        grid_format: *grid_format,
                        camera,
                        nodes,
                        bricks,
                        masks,
                        grid,
                        found,
                        hits,
                        params,
                    })
                    .hits
            }
        }
    }
}
