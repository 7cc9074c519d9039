#version 460
#extension GL_GOOGLE_include_directive : require

// voxel_march.comp as a fragment shader: one primary ray a pixel, lit by sun and sky.

#define EXTENT_IN_PARAMS
#include "voxel_view.glsl"
#include "voxel_scene.glsl"
#include "voxel_trace.glsl"
#include "voxel_surface.glsl"
#include "voxel_light.glsl"
#include "voxel_picture.glsl"

layout(location = 0) out vec4 color;

void main() {
    ivec2 extent = ivec2(params.extent);
    vec3 origin = camera.position.xyz;
    vec3 direction = primary_direction(ivec2(gl_FragCoord.xy), extent);
    Hit hit;
    bool found = trace(ivec3(params.scene_size), int(params.scene_levels), origin, direction, 1e30, hit);
    color = picture(found, hit, origin, direction, extent);
}
