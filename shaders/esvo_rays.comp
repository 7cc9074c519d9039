#version 460
#extension GL_GOOGLE_include_directive : require

// Rays through the octree, to be counted.

#include "voxel_view.glsl"
#include "esvo.glsl"
#include "voxel_rays.glsl"
