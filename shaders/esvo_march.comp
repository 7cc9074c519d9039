#version 460
#extension GL_GOOGLE_include_directive : require

// One primary ray a pixel through the octree, lit by sun and sky.

#include "voxel_view.glsl"
#include "esvo.glsl"
#include "voxel_march.glsl"
