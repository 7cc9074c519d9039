#version 460
#extension GL_GOOGLE_include_directive : require

// Which voxel of the 64-tree each pixel's ray hits.

#include "voxel_view.glsl"
#include "tree64.glsl"
#include "voxel_hits.glsl"
