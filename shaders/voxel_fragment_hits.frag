#version 460
#extension GL_GOOGLE_include_directive : require

// voxel_hits.comp as a fragment shader: the voxel and the face that each pixel's ray hits.

#define EXTENT_IN_PARAMS
#include "voxel_view.glsl"
#include "voxel_scene.glsl"
#include "voxel_trace.glsl"

layout(location = 0) out ivec4 hits;

void main() {
    vec3 direction = primary_direction(ivec2(gl_FragCoord.xy), ivec2(params.extent));
    Hit hit;
    bool found = trace(ivec3(params.scene_size), int(params.scene_levels), camera.position.xyz, direction, 1e30, hit);
    hits = found ? ivec4(hit.voxel, int(hit.face)) : ivec4(-1, -1, -1, 7);
}
