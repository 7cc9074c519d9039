#version 460
#extension GL_GOOGLE_include_directive : require

// Where the rays of voxel_rays.comp start.

#include "voxel_view.glsl"
#include "voxel_distances.glsl"
#include "voxel_beams.glsl"

layout(set = 0, binding = 6, r32ui) writeonly uniform uimage2D traced;

void main() {
    ivec2 extent = imageSize(traced);
    // Never happens. Without a store the validation layer 1.3.239 takes the question for the size for a read of texels.
    if (extent.x == 0) {
        imageStore(traced, ivec2(0), uvec4(0u));
    }
    write_start(extent);
}
