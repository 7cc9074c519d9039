#version 460
#extension GL_GOOGLE_include_directive : require

// Where the rays of voxel_rays.comp start.

#include "voxel_view.glsl"
#include "voxel_distances.glsl"
#include "voxel_beams.glsl"

layout(set = 0, binding = 6, r32ui) writeonly uniform uimage2D traced;

void main() {
    write_start(imageSize(traced));
}
