#version 460
#extension GL_EXT_ray_tracing : require
#extension GL_GOOGLE_include_directive : require

// The ray enters no cell.

#include "voxel_find.glsl"

layout(location = 0) rayPayloadInEXT float nearest;

void main() {
    nearest = NOTHING;
}
