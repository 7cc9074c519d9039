#version 460
#extension GL_GOOGLE_include_directive : require

// Where the rays of voxel_hits.comp start.

#include "voxel_view.glsl"
#include "voxel_distances.glsl"
#include "voxel_beams.glsl"

layout(set = 0, binding = 6, rgba32i) writeonly uniform iimage2D hits;

void main() {
    write_start(imageSize(hits));
}
