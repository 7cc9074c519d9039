#version 460
#extension GL_GOOGLE_include_directive : require

// Rays through the brick map, to be counted.

#include "voxel_view.glsl"
#include "voxel_scene.glsl"
#include "voxel_trace.glsl"
#include "voxel_rays.glsl"
