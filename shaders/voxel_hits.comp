#version 460
#extension GL_GOOGLE_include_directive : require

// Which voxel of the brick map each pixel's ray hits.

#include "voxel_view.glsl"
#include "voxel_scene.glsl"
#include "voxel_trace.glsl"
#include "voxel_hits.glsl"
