#version 460
#extension GL_EXT_ray_tracing : require
#extension GL_GOOGLE_include_directive : require

// The ray hit no voxel.

#include "voxel_step.glsl"
#include "voxel_ray.glsl"

layout(location = 0) rayPayloadInEXT Hit seen;

void main() {
    seen.face = FACE_NONE;
}
