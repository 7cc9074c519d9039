#version 460
#extension GL_EXT_ray_tracing : require
#extension GL_GOOGLE_include_directive : require

// The ray meets some box of voxels, whichever was found first: which voxel does it hit?
//
// The march does not begin at that box. Through what is empty it leaps, for less than it costs to find out which box is the nearest.

#include "voxel_view.glsl"
#include "voxel_scene.glsl"
#include "voxel_trace.glsl"
#include "voxel_ray.glsl"

layout(location = 0) rayPayloadInEXT Hit seen;

void main() {
    Hit hit;
    if (!trace(ivec3(params.scene_size), int(params.scene_levels), gl_WorldRayOriginEXT, gl_WorldRayDirectionEXT, 1e30, hit)) {
        hit.face = FACE_NONE;
    }
    seen = hit;
}
