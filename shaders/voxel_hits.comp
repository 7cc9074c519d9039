#version 460
#extension GL_GOOGLE_include_directive : require

// The voxel and the face that each pixel's ray hits, for comparison with a reference: xyz and face; -1, -1, -1 and 7 for none.

#include "voxel_view.glsl"
#include "voxel_scene.glsl"
#include "voxel_trace.glsl"

layout(local_size_x = 8, local_size_y = 8) in;

layout(set = 0, binding = 4, rgba32i) writeonly uniform iimage2D hits;

void main() {
    ivec2 pixel = ivec2(gl_GlobalInvocationID.xy);
    ivec2 extent = imageSize(hits);
    if (any(greaterThanEqual(pixel, extent))) {
        return;
    }
    Hit hit;
    vec3 direction = primary_direction(pixel, extent);
    bool found = trace(ivec3(params.scene_size), int(params.scene_levels), camera.position.xyz, direction, 1e30, hit);
    imageStore(hits, pixel, found ? ivec4(hit.voxel, int(hit.face)) : ivec4(-1, -1, -1, 7));
}
