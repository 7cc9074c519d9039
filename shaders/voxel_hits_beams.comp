#version 460
#extension GL_GOOGLE_include_directive : require

// Where the rays of voxel_hits.comp start.

#include "voxel_view.glsl"
#include "voxel_distances.glsl"
#include "voxel_beams.glsl"

layout(set = 0, binding = 6, rgba32i) writeonly uniform iimage2D hits;

void main() {
    ivec2 extent = imageSize(hits);
    // Never happens. Without a store the validation layer 1.3.239 takes the question for the size for a read of texels.
    if (extent.x == 0) {
        imageStore(hits, ivec2(0), ivec4(0));
    }
    write_start(extent);
}
