#version 460
#extension GL_GOOGLE_include_directive : require

// Rays through the 64-tree, to be counted.

#include "voxel_view.glsl"
#include "tree64.glsl"
#include "voxel_rays.glsl"
