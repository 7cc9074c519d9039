#version 460
#extension GL_GOOGLE_include_directive : require

// Which voxel of the octree each pixel's ray hits.

#include "voxel_view.glsl"
#include "esvo.glsl"
#include "voxel_hits.glsl"
