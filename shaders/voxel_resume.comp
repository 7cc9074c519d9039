#version 460
#extension GL_GOOGLE_include_directive : require

// Marches from the cell that an acceleration structure has found, and lights what it hits.

#include "voxel_view.glsl"
#include "voxel_scene.glsl"
#include "voxel_trace.glsl"
#include "voxel_surface.glsl"
#include "voxel_light.glsl"
#include "voxel_picture.glsl"
#include "voxel_resume.glsl"

layout(local_size_x = 8, local_size_y = 8) in;

layout(set = 0, binding = 6, rgba16f) writeonly uniform image2D color;

void main() {
    ivec2 pixel = ivec2(gl_GlobalInvocationID.xy);
    ivec2 extent = imageSize(color);
    if (any(greaterThanEqual(pixel, extent))) {
        return;
    }
    vec3 origin = camera.position.xyz;
    vec3 direction = primary_direction(pixel, extent);
    Hit hit;
    bool hits = resume(pixel, origin, direction, hit);
    imageStore(color, pixel, picture(hits, hit, origin, direction, extent));
}
