#version 460
#extension GL_GOOGLE_include_directive : require

// One primary ray a pixel through the 64-tree, lit by sun and sky.

#include "voxel_view.glsl"
#include "tree64.glsl"
#include "voxel_march.glsl"
