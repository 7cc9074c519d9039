// Where the rays of blocks of pixels start: what voxel_beams.glsl found. Uses binding 7 of set 0.

layout(set = 0, binding = 7, r32f) readonly uniform image2D starts;

// The distance, in lengths of the ray's direction, up to which a pixel's ray meets nothing.
float start_of(ivec2 pixel) {
    ivec2 block = pixel / BEAM;
    return all(lessThan(block, imageSize(starts))) ? imageLoad(starts, block).x : 0.0;
}
