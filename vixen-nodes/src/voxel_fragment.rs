//! Voxels marched by a fragment shader over the whole screen.

use bytemuck::{Pod, Zeroable};
use vixen::{Block, Buffer, Graphics, Image, Rgba16Float, Rgba32Int, node};

use crate::voxel::{Brick, CameraUniform, MarchParams, Material, Node};

/// [`MarchParams`], and the picture's extent, which no image tells a fragment shader. The nodes fill it in.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable, Block)]
pub struct ScreenParams {
    scene_size: [u32; 3],
    scene_levels: u32,
    sun_direction: [f32; 3],
    occlusion: f32,
    sun_color: [f32; 3],
    haze: f32,
    sky_zenith: [f32; 3],
    haze_height: f32,
    sky_horizon: [f32; 3],
    exposure: f32,
    floor_color: [f32; 3],
    floor_radius: f32,
    extent: [u32; 2],
}

impl ScreenParams {
    fn with_extent(self, [width, height, _]: [u32; 3]) -> Self {
        Self { extent: [width, height], ..self }
    }
}

impl From<MarchParams> for ScreenParams {
    fn from(params: MarchParams) -> Self {
        let MarchParams { scene_size, scene_levels, sun_direction, occlusion, sun_color, haze, .. } = params;
        let MarchParams { sky_zenith, haze_height, sky_horizon, exposure, floor_color, floor_radius, .. } = params;
        Self {
            scene_size,
            scene_levels,
            sun_direction,
            occlusion,
            sun_color,
            haze,
            sky_zenith,
            haze_height,
            sky_horizon,
            exposure,
            floor_color,
            floor_radius,
            extent: [0; 2],
        }
    }
}

/// What [`VoxelMarch`](crate::VoxelMarch) draws, by a fragment shader.
#[node(graphics, vertex = "voxel_screen.vert.spv", fragment = "voxel_fragment.frag.spv")]
pub struct VoxelFragment {
    /// [How](crate::voxel::TopGrid::shader_format) the grid's cells lie in memory.
    #[spec]
    grid_format: i32,
    /// Where the rays start.
    #[uniform]
    camera: Buffer<CameraUniform>,
    /// Inner nodes of the scene's tree.
    #[storage]
    nodes: Buffer<[Node]>,
    /// Its leaves.
    #[storage]
    bricks: Buffer<[Brick]>,
    /// Occupancy of the leaves.
    #[storage]
    masks: Buffer<[u32]>,
    /// What stands where, and how far rays leap.
    #[storage]
    grid: Buffer<[u32]>,
    /// Materials and normals of voxels.
    #[storage]
    attributes: Buffer<[u32]>,
    /// What the materials look like.
    #[storage]
    palette: Buffer<[Material]>,
    /// Light that reaches the camera, linear.
    #[color(write)]
    color: Image<Rgba16Float>,
    /// Light and air.
    #[push]
    params: ScreenParams,
}

#[node]
impl Graphics for VoxelFragment {
    fn record(view: &View, commands: &mut Commands) {
        commands.push(&view.params.with_extent(view.color.extent()));
        commands.draw(3, 1);
    }
}

/// What [`VoxelHits`](crate::VoxelHits) finds, by a fragment shader.
#[node(graphics, vertex = "voxel_screen.vert.spv", fragment = "voxel_fragment_hits.frag.spv")]
pub struct VoxelFragmentHits {
    /// [How](crate::voxel::TopGrid::shader_format) the grid's cells lie in memory.
    #[spec]
    grid_format: i32,
    /// Where the rays start.
    #[uniform]
    camera: Buffer<CameraUniform>,
    /// Inner nodes of the scene's tree.
    #[storage]
    nodes: Buffer<[Node]>,
    /// Its leaves.
    #[storage]
    bricks: Buffer<[Brick]>,
    /// Occupancy of the leaves.
    #[storage]
    masks: Buffer<[u32]>,
    /// What stands where, and how far rays leap.
    #[storage]
    grid: Buffer<[u32]>,
    /// A [`HitRecord`](crate::voxel::HitRecord) a pixel.
    #[color(write)]
    hits: Image<Rgba32Int>,
    /// Only the size of the scene matters.
    #[push]
    params: ScreenParams,
}

#[node]
impl Graphics for VoxelFragmentHits {
    fn record(view: &View, commands: &mut Commands) {
        commands.push(&view.params.with_extent(view.hits.extent()));
        commands.draw(3, 1);
    }
}
