#version 460
#extension GL_GOOGLE_include_directive : require

// Marches from the cell that an acceleration structure has found, and says which voxel it hits, and by which face.

#include "voxel_view.glsl"
#include "voxel_scene.glsl"
#include "voxel_trace.glsl"
#include "voxel_resume.glsl"

layout(local_size_x = 8, local_size_y = 8) in;

layout(set = 0, binding = 6, rgba32i) writeonly uniform iimage2D hits;

void main() {
    ivec2 pixel = ivec2(gl_GlobalInvocationID.xy);
    ivec2 extent = imageSize(hits);
    if (any(greaterThanEqual(pixel, extent))) {
        return;
    }
    Hit hit;
    bool any_hit = resume(pixel, camera.position.xyz, primary_direction(pixel, extent), hit);
    imageStore(hits, pixel, any_hit ? ivec4(hit.voxel, int(hit.face)) : ivec4(-1, -1, -1, 7));
}
