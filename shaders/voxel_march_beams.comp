#version 460
#extension GL_GOOGLE_include_directive : require

// Where the rays of voxel_march.comp start.

#include "voxel_view.glsl"
#include "voxel_distances.glsl"
#include "voxel_beams.glsl"

layout(set = 0, binding = 6, rgba16f) writeonly uniform image2D color;

void main() {
    write_start(imageSize(color));
}
