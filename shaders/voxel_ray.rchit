#version 460
#extension GL_EXT_ray_tracing : require
#extension GL_GOOGLE_include_directive : require

// Which voxel the ray hit.

#include "voxel_step.glsl"
#include "voxel_ray.glsl"

layout(location = 0) rayPayloadInEXT Hit seen;

hitAttributeEXT Found found;

void main() {
    seen = Hit(found.voxel, gl_HitKindEXT, gl_HitTEXT, found.brick, found.material);
}
